# SPDX-License-Identifier: Apache-2.0
"""Digests (sha256 and sha512) and the grammar of names, tags and digests."""
import hashlib
import re
from collections.abc import Iterable

HEX = {"sha256": 64, "sha512": 128}
NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")


def is_digest(text: str) -> bool:
    """Whether it is a digest of an algorithm that is known here."""
    algorithm, _, value = text.partition(":")
    return len(value) == HEX.get(algorithm, -1) and all(c in "0123456789abcdef" for c in value)


def is_name(text: str) -> bool:
    """Whether a repository may have that name."""
    return len(text) <= 255 and NAME.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    """Whether a tag may have that name."""
    return TAG.fullmatch(text) is not None


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """The digest of bytes that are held."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def digest_of_pieces(pieces: Iterable[bytes | memoryview], algorithm: str) -> str:
    """The digest of bytes that come piece by piece."""
    state = hashlib.new(algorithm)
    for piece in pieces:
        state.update(piece)
    return f"{algorithm}:{state.hexdigest()}"
