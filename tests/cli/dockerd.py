# SPDX-License-Identifier: Apache-2.0
"""What croze needs of a dockerd, on a Unix socket: dockerd.py SOCKET DIR. An archive that is loaded lies in DIR/loaded.tar, the one that is
asked for comes from DIR/saved.tar; where DIR/error exists, loading fails with its text as dockerd says it, under status 200. DIR/silent says
for how many seconds it does its work without a word, as a dockerd does with a large image; where DIR/dies exists, it closes the connection
in place of an answer. Ends when its standard input does."""
import http.server
import json
import os
import socketserver
import sys
import threading
import time

SOCKET, DIR = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def address_string(self):
        return "local"

    def work(self):
        """False: there will be no answer."""
        silent = os.path.join(DIR, "silent")
        if os.path.exists(silent):
            time.sleep(float(open(silent).read()))
        self.close_connection = os.path.exists(os.path.join(DIR, "dies"))
        return not self.close_connection

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.work():
            return
        error = os.path.join(DIR, "error")
        if os.path.exists(error):
            self.answer(200, json.dumps({"errorDetail": {}, "error": open(error).read().strip()}).encode() + b"\n")
            return
        with open(os.path.join(DIR, "loaded.tar"), "wb") as file:
            file.write(data)
        self.answer(200, b'{"stream":"Loaded image"}\n')

    def do_GET(self):
        if not self.work():
            return
        saved = os.path.join(DIR, "saved.tar")
        if not self.path.startswith("/images/demo%2Fx%3A1/get") or not os.path.exists(saved):
            self.answer(404, b'{"message":"No such image"}')
            return
        with open(saved, "rb") as file:
            self.answer(200, file.read())


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


with Server(SOCKET, Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
