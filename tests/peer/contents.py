# SPDX-License-Identifier: Apache-2.0
"""Where blobs' bytes are: in memory, or in a directory as files named by digest. An upload session is bytes that grow, and becomes a blob
when its digest is known. Bytes are appended at a place that the writer names, so that of two writers of one session only one can be
right."""
import hashlib
import os
import threading
from collections.abc import Iterator

from digests import digest_of_pieces
from payload import File, Memory, Payload


class Moved(Exception):
    """The upload session has another size than its writer thought."""


class Upload:
    """An upload session. `state` is what its Location must bring back, where a fault wants that, given at a size that,
    if `strict`, it must still have."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = 0
        self.state = ""
        self.state_size = 0
        self.strict = False
        self.lock = threading.Lock()
        self.hash = hashlib.sha256()

    def append(self, piece: bytes, at: int) -> None:
        """Appends a piece whose writer thinks that the session has `at` bytes."""
        with self.lock:
            if at != self.size:
                raise Moved
            self._write(piece)
            self.hash.update(piece)
            self.size += len(piece)

    def digest(self, algorithm: str) -> str:
        """The digest of all that was sent."""
        if algorithm == "sha256":
            return f"sha256:{self.hash.hexdigest()}"
        return digest_of_pieces(self.content().pieces(), algorithm)

    def content(self) -> Payload:
        """What was sent so far."""
        raise NotImplementedError

    def forget(self) -> None:
        """Frees what was sent."""

    def _write(self, piece: bytes) -> None:
        raise NotImplementedError


class MemoryUpload(Upload):
    """An upload session in memory."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.bytes = bytearray()

    def content(self) -> Payload:
        return Memory(self.bytes)

    def _write(self, piece: bytes) -> None:
        self.bytes += piece


class FileUpload(Upload):
    """An upload session in a file of its own."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name)
        self.path = path
        self.file = open(path, "wb", buffering=0)  # closed by forget, or when the session goes

    def content(self) -> Payload:
        return File(self.path, self.size)

    def forget(self) -> None:
        self.file.close()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def _write(self, piece: bytes) -> None:
        self.file.write(piece)


class Contents:
    """Bytes by digest."""

    def get(self, digest: str) -> Payload | None:
        """The bytes of that digest."""
        raise NotImplementedError

    def put(self, digest: str, data: Payload) -> None:
        """Bytes whose digest the caller knows."""
        raise NotImplementedError

    def put_bytes(self, digest: str, data: bytes) -> None:
        """The same for bytes at hand."""
        self.put(digest, Memory(data))

    def upload(self, name: str) -> Upload:
        """A new session."""
        raise NotImplementedError

    def adopt(self, upload: Upload, digest: str) -> None:
        """Makes a session's bytes those of that digest."""
        raise NotImplementedError


class MemoryContents(Contents):
    """Bytes in memory."""

    def __init__(self) -> None:
        self.blobs: dict[str, Payload] = {}

    def get(self, digest: str) -> Payload | None:
        return self.blobs.get(digest)

    def put(self, digest: str, data: Payload) -> None:
        self.blobs[digest] = Memory(data.data())

    def upload(self, name: str) -> Upload:
        return MemoryUpload(name)

    def adopt(self, upload: Upload, digest: str) -> None:
        self.blobs[digest] = upload.content()


class DirectoryContents(Contents):
    """Bytes in DIR/blobs/ALGORITHM/HEX, sessions in DIR/uploads/; a file gets its name when it is whole."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        for folder in ("blobs/sha256", "blobs/sha512", "uploads"):
            os.makedirs(os.path.join(directory, folder), exist_ok=True)

    def _path(self, digest: str) -> str:
        return os.path.join(self.directory, "blobs", *digest.split(":"))

    def get(self, digest: str) -> Payload | None:
        path = self._path(digest)
        return File(path, os.path.getsize(path)) if os.path.exists(path) else None

    def put(self, digest: str, data: Payload) -> None:
        write_file(self._path(digest), data.pieces())

    def upload(self, name: str) -> Upload:
        return FileUpload(name, os.path.join(self.directory, "uploads", name))

    def adopt(self, upload: Upload, digest: str) -> None:
        assert isinstance(upload, FileUpload)
        upload.file.close()
        os.rename(upload.path, self._path(digest))


def write_file(path: str, pieces: Iterator[bytes | memoryview]) -> None:
    """A file that has its name only when it is whole."""
    draft = f"{path}.{threading.get_ident()}"
    with open(draft, "wb") as file:
        for piece in pieces:
            file.write(piece)
    os.rename(draft, path)
