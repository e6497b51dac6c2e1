# SPDX-License-Identifier: Apache-2.0
"""Blobs: GET, HEAD, DELETE, and the ranges that a resumed download asks for."""
import re
from typing import TYPE_CHECKING

from digests import is_digest
from kinds import asked
from payload import Part
from response import ApiError, Response, as_text, empty
from wire import Headers

if TYPE_CHECKING:
    from exchange import Exchange

NO_DELETE = asked("no-delete", ("manifest.delete", "blob.delete"), "405 UNSUPPORTED for every deletion, as Docker Hub answers")
NO_RANGE = asked("no-range", ("blob.get",), "the whole blob with 200, whatever range was asked for")
WRONG_RANGE = asked("wrong-range", ("blob.get",), "206 with another part than the one asked for, and a Content-Range that says so")


def check_deletion(x: "Exchange") -> None:
    """Raises if nothing can be deleted here."""
    if x.fault(NO_DELETE) is not None:
        raise ApiError("UNSUPPORTED", "The operation is unsupported.")


def blob_digest(x: "Exchange") -> str:
    """The digest of the path, or an error."""
    if not is_digest(x.reference):
        raise ApiError("DIGEST_INVALID", "provided digest did not match uploaded content", {"digest": x.reference})
    return x.reference


def parse_range(text: str, size: int) -> tuple[int, int] | None:
    """The first and last byte that a Range asks for, the first behind the last if the blob has no such part; None if it is no range."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", text.replace(" ", ""))
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    return first, last


def get_blob(x: "Exchange") -> Response:
    """GET and HEAD."""
    digest = blob_digest(x)
    content = x.registry.store.blob(x.name, digest)
    if content is None:
        raise ApiError("BLOB_UNKNOWN", "blob unknown to registry", {"digest": digest})
    headers = Headers(("Content-Type", "application/octet-stream"), ("Docker-Content-Digest", digest), ("ETag", f'"{digest}"'),
                      ("Accept-Ranges", "bytes"))
    if digest in x.request.headers.get("If-None-Match"):
        return Response(304, headers)
    wanted = parse_range(x.request.headers.get("Range"), content.size) if x.request.headers.has("Range") else None
    if wanted is None or x.fault(NO_RANGE) is not None:
        return Response(200, headers, content)
    first, last = wanted
    if first > last:
        answer = as_text("invalid range: failed to overlap\n", 416)
        answer.headers.add("Content-Range", f"bytes */{content.size}")
        return answer
    if x.fault(WRONG_RANGE) is not None and first > 0:
        first -= 1
    headers.add("Content-Range", f"bytes {first}-{last}/{content.size}")
    return Response(206, headers, Part(content, first, last))


def delete_blob(x: "Exchange") -> Response:
    """DELETE."""
    check_deletion(x)
    if not x.registry.store.drop_blob(x.name, blob_digest(x)):
        raise ApiError("BLOB_UNKNOWN", "blob unknown to registry", {"digest": x.reference})
    return empty(202)
