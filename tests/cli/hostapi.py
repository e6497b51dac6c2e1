# SPDX-License-Identifier: Apache-2.0
"""An engine that answers what it is told, on a Unix socket: hostapi.py SOCKET DIR. GET /a/b/json?x=1 is answered with DIR/a_b_json; what is not
there is a 404. Files that end in a fault's name, DIR/a_b_json.FAULT, have the answer go wrong: .status gives its number, .endless never ends,
.drip sends a little for ever, .silent nothing, .cut says more than it sends, .headers begins with 1 MB of headers, .garbage is no HTTP. Each request is a line of DIR/log. Ends when its
standard input does."""
import http.server
import os
import socketserver
import sys
import threading
import time

SOCKET, DIR = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def address_string(self):
        return "local"

    def answer(self, status, body, length=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def endless(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b"[" * 65536)
        except OSError:
            pass

    def drip(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b"[" * 1024)
                time.sleep(0.1)
        except OSError:
            pass

    def silent(self):
        self.close_connection = True
        self.connection.recv(1)

    def headers_without_end(self):
        self.send_response(200)
        for _ in range(1024):
            self.send_header("X-Long", "x" * 1024)
        self.answer(200, b"{}")

    def do_GET(self):
        with open(os.path.join(DIR, "log"), "a") as log:
            log.write(self.path + "\n")
        file = os.path.join(DIR, self.path.split("?")[0].strip("/").replace("/", "_"))
        faults = {"endless": self.endless, "drip": self.drip, "silent": self.silent, "headers": self.headers_without_end,
                  "cut": lambda: self.answer(200, b'{"Driver":', 1000),
                  "garbage": lambda: self.wfile.write(b"\0\xff no HTTP\r\n\r\n"),
                  "status": lambda: self.answer(int(open(file + ".status").read()), b"{}")}
        for name, fault in faults.items():
            if os.path.exists(file + "." + name):
                self.close_connection = True
                fault()
                return
        if not os.path.exists(file):
            self.answer(404, b'{"message":"page not found"}')
            return
        with open(file, "rb") as f:
            self.answer(200, f.read())


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass


with Server(SOCKET, Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
