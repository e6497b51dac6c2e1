# SPDX-License-Identifier: Apache-2.0
"""Listening sockets, a thread for each connection, TLS, and how answers go out: whole, or cut, slowed and framed as their delivery says."""
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import cast

from payload import Piece
from response import Response, as_text
from wire import Closed, Cut, Gone, Malformed, Request, Socket, read_request

IDLE_SECONDS = 300  # a connection on which nothing comes
FAREWELL_SECONDS = 5  # how long what the client still sends is read behind the last answer
Answer = Callable[[str, Request], Response]


class Listener:
    """A port on loopback that answers for one role (main, token, cdn, plain, control)."""

    def __init__(self, role: str, answer: Answer, tls: ssl.SSLContext | None, port: int = 0) -> None:
        self.role = role
        self.answer = answer
        self.tls = tls
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", port))
        self.socket.listen(128)
        self.port: int = self.socket.getsockname()[1]

    def url(self) -> str:
        """Where it is reached."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Accepts from now on."""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection = Connection(self.socket.accept()[0], self)
            threading.Thread(target=connection.run, daemon=True).start()


class Connection:
    """One connection, from its first request to its last."""

    def __init__(self, sock: Socket, listener: Listener) -> None:
        self.sock = sock
        self.listener = listener
        self.clean = True  # its end is one that HTTP and TLS know of

    def run(self) -> None:
        """Answers until either side has enough."""
        try:
            self._talk()
        except Malformed as error:
            self._apologise(str(error))
        except Closed:
            self.clean = False
            self._hang_up()
        except Cut:
            # with a linger of zero seconds, closing is a reset
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except (Gone, OSError):
            pass  # the client has gone, or speaks no TLS
        finally:
            self.sock.close()

    def _talk(self) -> None:
        self._open()
        with cast(BufferedReader, self.sock.makefile("rb", 64 * 1024)) as stream:
            while (request := read_request(stream, self.sock)) is not None and self._exchange(request):
                pass
            self._hang_up()

    def _open(self) -> None:
        self.sock.settimeout(IDLE_SECONDS)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.listener.tls:
            self.sock = self.listener.tls.wrap_socket(self.sock, server_side=True)

    def _exchange(self, request: Request) -> bool:
        """One request and its answer. Returns whether another may follow."""
        response = self.listener.answer(self.listener.role, request)
        unasked = request.body.expects and not request.body.finished  # a body that may or may not come
        if not self._deliver(request, response, unasked or request.last()):
            return False
        request.body.drain()
        return True

    def _deliver(self, request: Request, response: Response, last: bool) -> bool:
        way = response.delivery
        bare = request.method == "HEAD" or response.status in (204, 304)
        last = last or (way.framing == "close" and not bare)
        waiting = response.head(last)
        if bare:
            self.sock.sendall(waiting)
            return not last
        stop = response.body.size if way.stop is None else min(way.stop, response.body.size)
        chunked = way.framing == "chunked"
        for piece in paced(response.body.pieces(0, stop), way.rate):
            response.entry["out"] = response.entry.get("out", 0) + len(piece)
            data = b"".join((b"%x\r\n" % len(piece), piece, b"\r\n")) if chunked else piece
            self.sock.sendall(waiting + data if waiting else data)
            waiting = b""
        if stop < response.body.size:
            self.sock.sendall(waiting)
            return self._break_off(way.how)
        self.sock.sendall(waiting + (b"0\r\n\r\n" if chunked else b""))
        return not last

    def _break_off(self, how: str) -> bool:
        self.clean = False
        if how == "reset":
            raise Cut
        if how == "stall":  # until the client has had enough
            while select.select([self.sock], [], [], IDLE_SECONDS)[0] and self.sock.recv(64 * 1024):
                pass
        return False

    def _hang_up(self) -> None:
        """Ends the connection so that the client gets all that was sent: what it still sends is read, or its kernel would see a reset."""
        try:
            self.sock.settimeout(FAREWELL_SECONDS)
            if self.clean and isinstance(self.sock, ssl.SSLSocket):
                self.sock = self.sock.unwrap()
            self.sock.shutdown(socket.SHUT_WR)
            while self.sock.recv(64 * 1024):
                pass
        except OSError:
            pass  # it has gone already

    def _apologise(self, why: str) -> None:
        answer = as_text(why + "\n", 400)
        try:
            self.sock.sendall(answer.head(True) + answer.body.data())
        except OSError:
            return
        self._hang_up()


def paced(pieces: Iterator[Piece], rate: float) -> Iterator[Piece]:
    """The same bytes at that many a second, ten times a second or a byte at a time."""
    if not rate:
        yield from pieces
        return
    step = max(1, int(rate / 10))
    for piece in pieces:
        for at in range(0, len(piece), step):
            yield piece[at:at + step]
            time.sleep(step / rate)
