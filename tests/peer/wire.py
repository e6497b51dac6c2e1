# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as it comes in: a request's line, headers and body. Bodies are read as they arrive, not when they are whole: an upload that
breaks off leaves what had come. Bodies may have a length or be chunked, and wait for "100 Continue" if the client said so."""
import socket
import ssl
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

LINE_MAX = 64 * 1024  # one line of a request; tokens of this size come as headers
HEADERS_MAX = 200

Socket = socket.socket | ssl.SSLSocket


class Gone(Exception):
    """The other end went away in the middle."""


class Malformed(Exception):
    """This is not HTTP; the answer is 400 and the end of the connection."""


class Cut(Exception):
    """A fault ends the connection here, with a reset."""


class Closed(Exception):
    """A fault ends the connection here, in order but without an answer."""


class Headers:
    """Names and values in their order; names are compared without case."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self.pairs: list[tuple[str, str]] = list(pairs)

    def all(self, name: str) -> list[str]:
        """Every value of that name."""
        return [value for key, value in self.pairs if key.lower() == name.lower()]

    def get(self, name: str, default: str = "") -> str:
        """The first value of that name."""
        return next(iter(self.all(name)), default)

    def has(self, name: str) -> bool:
        """Whether there is one of that name."""
        return bool(self.all(name))

    def add(self, name: str, value: str) -> None:
        """One more."""
        self.pairs.append((name, value))

    def drop(self, name: str) -> None:
        """None of that name any more."""
        self.pairs = [pair for pair in self.pairs if pair[0].lower() != name.lower()]

    def set(self, name: str, value: str) -> None:
        """Exactly one of that name."""
        self.drop(name)
        self.add(name, value)


class Body:
    """A request's body as a stream. `cut` is where a fault resets the connection; `received` is how many bytes have come."""

    def __init__(self, stream: BufferedReader, sock: Socket, length: int | None, expects: bool) -> None:
        self.stream = stream
        self.sock = sock
        self.length = length  # None: chunked
        self.expects = expects  # the client waits for 100 Continue
        self.received = 0
        self.cut: int | None = None
        self.finished = length == 0

    def pieces(self, most: int = 256 * 1024) -> Iterator[bytes]:
        """What comes, as it comes, at most that much at once."""
        if self.expects and not self.finished:
            self.expects = False
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        for piece in self._plain(most) if self.length is not None else self._chunked(most):
            self.received += len(piece)
            yield piece
            if self.cut is not None and self.received >= self.cut:
                raise Cut
        self.finished = True

    def read(self, most: int) -> bytes | None:
        """The whole body, or None if it is longer than most."""
        data = bytearray()
        for piece in self.pieces():
            data += piece
            if len(data) > most:
                return None
        return bytes(data)

    def drain(self) -> None:
        """Reads to its end and forgets it, so that the next request can be read."""
        if not self.finished:
            for _ in self.pieces():
                pass

    def _some(self, wanted: int) -> bytes:
        if self.cut is not None:
            wanted = max(1, min(wanted, self.cut - self.received))
        data = self.stream.read1(wanted)
        if not data:
            raise Gone
        return data

    def _plain(self, most: int) -> Iterator[bytes]:
        assert self.length is not None
        while (left := self.length - self.received) > 0:
            yield self._some(min(most, left))

    def _chunked(self, most: int) -> Iterator[bytes]:
        while True:
            try:
                left = int(read_line(self.stream).partition(b";")[0], 16)
            except ValueError:
                raise Malformed("a chunk without a size") from None
            if left <= 0:
                break
            while left:
                piece = self._some(min(most, left))
                left -= len(piece)
                yield piece
            if read_line(self.stream):
                raise Malformed("a chunk that is too long")
        while read_line(self.stream):  # trailers
            pass


@dataclass
class Request:
    """A request whose body is still to be read."""

    method: str
    target: str  # as it was sent
    path: str  # decoded, without the query
    query: list[tuple[str, str]]
    headers: Headers
    body: Body
    old: bool  # HTTP/1.0

    def argument(self, name: str, default: str = "") -> str:
        """The first value of that name in the query."""
        return next((value for key, value in self.query if key == name), default)

    def last(self) -> bool:
        """Whether the client wants the connection to end behind the answer."""
        said = self.headers.get("Connection").lower()
        return "close" in said or (self.old and "keep-alive" not in said)


def read_line(stream: BufferedReader) -> bytes:
    """One line without its end."""
    line = stream.readline(LINE_MAX)
    if not line:
        raise Gone
    if not line.endswith(b"\n"):
        raise Malformed("a line that is too long")
    return line.rstrip(b"\r\n")


def read_headers(stream: BufferedReader) -> Headers:
    """Header lines up to the empty one."""
    headers = Headers()
    while line := read_line(stream):
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name or name != name.strip() or len(headers.pairs) >= HEADERS_MAX:
            raise Malformed("a header that is none")
        headers.add(name, value.strip())
    return headers


def body_length(headers: Headers) -> int | None:
    """How long the body is; None if it is chunked."""
    if "chunked" in headers.get("Transfer-Encoding").lower():
        return None
    said = headers.get("Content-Length", "0")
    if not said.isdecimal():
        raise Malformed("a length that is no number")
    return int(said)


def read_request(stream: BufferedReader, sock: Socket) -> Request | None:
    """The next request of a connection, or None if there is none."""
    try:
        line = read_line(stream)
    except Gone:
        return None
    words = line.decode("latin-1").split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Malformed("no request line")
    method, target, version = words
    parts = urllib.parse.urlsplit(target)  # as a proxy is asked, the target has a host
    headers = read_headers(stream)
    expects = headers.get("Expect").lower() == "100-continue"
    return Request(method, target, urllib.parse.unquote(parts.path), urllib.parse.parse_qsl(parts.query, keep_blank_values=True), headers,
                   Body(stream, sock, body_length(headers), expects), version == "HTTP/1.0")
