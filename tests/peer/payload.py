# SPDX-License-Identifier: Apache-2.0
"""What a response carries: bytes in memory or a file, a part of either, and the changed forms that faults make of them. A payload knows its
size and gives its bytes piece by piece, from any place on, so that nothing large is copied."""
from collections.abc import Iterator

PIECE = 256 * 1024
Piece = bytes | memoryview


class Payload:
    """Bytes of a known size."""

    size: int = 0

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[Piece]:
        """The bytes from start to before stop (the end, if None)."""
        raise NotImplementedError

    def data(self) -> bytes:
        """All of it at once."""
        return b"".join(self.pieces())


class Memory(Payload):
    """Bytes that are held."""

    def __init__(self, data: bytes | bytearray = b"") -> None:
        self.view = memoryview(data)
        self.size = len(data)

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[Piece]:
        stop = self.size if stop is None else stop
        for at in range(start, stop, PIECE):
            yield self.view[at:min(at + PIECE, stop)]


class File(Payload):
    """A file of a directory store; its bytes never change once it has its name."""

    def __init__(self, path: str, size: int) -> None:
        self.path = path
        self.size = size

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[Piece]:
        left = (self.size if stop is None else stop) - start
        with open(self.path, "rb") as file:
            file.seek(start)
            while left > 0 and (piece := file.read(min(PIECE, left))):
                left -= len(piece)
                yield piece


class Part(Payload):
    """The bytes from first to last of another payload: what a Range asks for."""

    def __init__(self, whole: Payload, first: int, last: int) -> None:
        self.whole = whole
        self.first = first
        self.size = last + 1 - first

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[Piece]:
        stop = self.size if stop is None else stop
        return self.whole.pieces(self.first + start, self.first + stop)


class Spoiled(Payload):
    """As long as another payload, with one other byte in its middle."""

    def __init__(self, whole: Payload) -> None:
        self.whole = whole
        self.size = whole.size

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[Piece]:
        at = start
        for piece in self.whole.pieces(start, stop):
            inside = self.size // 2 - at
            at += len(piece)
            if 0 <= inside < len(piece):
                changed = bytearray(piece)
                changed[inside] ^= 1
                piece = bytes(changed)
            yield piece


class Extended(Payload):
    """Another payload with bytes behind its end."""

    def __init__(self, whole: Payload, extra: int) -> None:
        self.whole = whole
        self.size = whole.size + extra

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[Piece]:
        stop = self.size if stop is None else stop
        yield from self.whole.pieces(start, max(start, min(stop, self.whole.size)))
        for at in range(max(start, self.whole.size), stop, PIECE):
            yield b"+" * (min(at + PIECE, stop) - at)
