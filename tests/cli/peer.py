# SPDX-License-Identifier: Apache-2.0
"""An HTTP server on loopback for tests, well behaved or not, by the first part of the path:

  /files/P     the file P of the directory, with ETag and Last-Modified, and 304 where they are asked about
  /dated/P     Last-Modified only          /bare/P      neither
  /stubborn/P  an ETag, but never a 304    /fresh/P     another ETag at each request
  /status/N    that status                 /flaky/N/P   503 for the first N requests, then the file
  /broken/P    half of the file, then the connection ends; the rest to who asks for it with Range and If-Range
  /short/P     a Content-Length that is too long           /lie/P   one that is too short
  /endless     a body that does not end    /drip        a byte now and then    /headers  a flood of headers
  /auth/P      only for user:secret        /to/URL      a redirect to URL      /hops/N/P N redirects, then the file
  As a proxy it answers for every host.
  /loop        a redirect to itself        /repo/...    git http-backend, over repositories in the directory

usage: peer.py DIR PORT_FILE LOG [CERTIFICATE]. With a certificate (and key, one PEM file) it speaks TLS. The log has a line a request:
"METHOD PATH STATUS AUTHORIZATION RANGE". It ends with the process that started it (a closed standard input), or after ten minutes."""
import hashlib
import http.server
import os
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
from email.utils import formatdate, parsedate_to_datetime

root, port_file, log_file = sys.argv[1:4]
seen = {}
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        pass

    def note(self, status):
        with lock, open(log_file, "a") as f:
            f.write(f"{self.command} {self.path} {status} {self.headers.get('Authorization', '-').replace(' ', ':')} "
                    f"{self.headers.get('Range', '-')}\n")

    def start(self, status, length, *headers):
        self.note(status)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def body(self, data):
        if self.command != "HEAD":
            self.wfile.write(data)

    def count(self):
        with lock:
            seen[self.path] = seen.get(self.path, 0) + 1
            return seen[self.path]

    def read(self, path):
        try:
            with open(os.path.join(root, path.rstrip("/")), "rb") as f:
                return f.read()
        except OSError:
            self.start(404, 0)
            return None

    def validators(self, path, data):
        return ('"%s"' % hashlib.sha256(data).hexdigest()[:16],
                formatdate(int(os.stat(os.path.join(root, path.rstrip("/"))).st_mtime), usegmt=True))

    def unchanged(self, etag, date):
        asked = self.headers.get("If-None-Match")
        if asked is not None:
            return etag is not None and etag in asked
        since = self.headers.get("If-Modified-Since")
        return date is not None and since is not None and parsedate_to_datetime(since) >= parsedate_to_datetime(date)

    def do_files(self, path, etag=True, date=True, obey=True):
        data = self.read(path)
        if data is None:
            return
        tag, when = self.validators(path, data)
        headers = ([("ETag", tag)] if etag else []) + ([("Last-Modified", when)] if date else [])
        if obey and self.unchanged(tag if etag else None, when if date else None):
            self.start(304, None, *headers)
        else:
            self.start(200, len(data), *headers)
            self.body(data)

    def do_dated(self, path):
        self.do_files(path, etag=False)

    def do_bare(self, path):
        self.do_files(path, etag=False, date=False)

    def do_stubborn(self, path):
        self.do_files(path, obey=False)

    def do_fresh(self, path):
        data = self.read(path)
        self.start(200, len(data), ("ETag", '"%d"' % self.count()))
        self.body(data)

    def do_status(self, path):
        empty = path in ("204", "304")  # a body behind these would be the beginning of the next answer
        self.start(int(path), None if empty else 5)
        self.body(b"" if empty else b"what?")

    def do_flaky(self, path):
        n, _, path = path.partition("/")
        if self.count() <= int(n):
            self.start(503, 0)
        else:
            self.do_files(path)

    def do_broken(self, path):
        data = self.read(path)
        tag, when = self.validators(path, data)
        asked = self.headers.get("Range")
        if asked and self.headers.get("If-Range") == tag:
            first = int(asked.split("=")[1].rstrip("-"))
            self.start(206, len(data) - first, ("ETag", tag), ("Last-Modified", when),
                       ("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}"))
            self.body(data[first:])
        else:
            self.start(200, len(data), ("ETag", tag), ("Last-Modified", when))
            self.body(data[:len(data) // 2])
        self.close_connection = True

    def do_short(self, path):
        data = self.read(path)
        self.start(200, len(data) + 1000)
        self.body(data)
        self.close_connection = True

    def do_lie(self, path):
        data = self.read(path)
        self.start(200, len(data) - 1)
        self.body(data)
        self.close_connection = True

    def pour(self, piece, pause, most):
        self.start(200, None, ("Connection", "close"))
        self.close_connection = True
        for _ in range(most):
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(pause)

    def do_endless(self, _):
        self.pour(b"x" * 65536, 0, 1 << 20)

    def do_drip(self, _):
        self.pour(b"x", 0.1, 600)

    def do_headers(self, _):
        self.note(200)
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-Flood: " + b"y" * 1000 + b"\r\n")
        for i in range(4000):
            self.wfile.write(b"X-Flood-%d: " % i + b"y" * 1000 + b"\r\n")
        self.close_connection = True

    def do_auth(self, path):
        if self.headers.get("Authorization") == "Basic dXNlcjpzZWNyZXQ=":
            self.do_files(path)
        else:
            self.start(401, 0, ("WWW-Authenticate", 'Basic realm="test"'))

    def do_to(self, path):
        self.start(302, 0, ("Location", path))

    def do_hops(self, path):
        n, _, path = path.partition("/")
        self.start(301, 0, ("Location", f"/hops/{int(n) - 1}/{path}" if int(n) > 1 else f"/files/{path}"))

    def do_loop(self, _):
        self.start(302, 0, ("Location", "/loop"))

    def do_repo(self, path):
        path, _, query = path.partition("?")
        env = dict(os.environ, GIT_PROJECT_ROOT=root, GIT_HTTP_EXPORT_ALL="1", PATH_INFO="/" + path, QUERY_STRING=query,
                   REQUEST_METHOD=self.command, CONTENT_TYPE=self.headers.get("Content-Type", ""), REMOTE_USER="", REMOTE_ADDR="127.0.0.1",
                   GIT_PROTOCOL=self.headers.get("Git-Protocol", ""), HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""))
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            sent = b""
            while size := int(self.rfile.readline(), 16):
                sent += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        done = subprocess.run(["git", "http-backend"], input=sent, env=env, capture_output=True, check=False).stdout
        head, _, data = done.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n") if line]
        status = next((int(value[:3]) for name, value in headers if name == "Status"), 200)
        self.start(status, len(data), *[h for h in headers if h[0] != "Status"])
        self.body(data)

    def do_GET(self):
        path = self.path
        if path.startswith("http://"):  # we are asked as a proxy, and answer for any host
            path = "/" + path.split("/", 3)[3]
        kind, _, path = path.lstrip("/").partition("/")
        kind = kind.partition("?")[0]
        if kind not in ("auth", "to", "repo"):
            path = urllib.parse.unquote(path.partition("?")[0])
        if kind == "authrepo":
            if self.headers.get("Authorization") != "Basic dXNlcjpzZWNyZXQ=":
                self.start(401, 0, ("WWW-Authenticate", 'Basic realm="test"'))
                return
            kind = "repo"
        try:
            getattr(self, "do_" + kind)(path)
        except OSError:
            self.close_connection = True

    do_HEAD = do_POST = do_GET


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(port_file + ".new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(port_file + ".new", port_file)
threading.Timer(600, lambda: os._exit(0)).start()
sys.stdin.read()
os._exit(0)
