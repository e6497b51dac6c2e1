# SPDX-License-Identifier: Apache-2.0
"""Answers: a status, headers, a payload, and how it is delivered, which is where most faults set to work. Errors have the specification's
form."""
import json
from dataclasses import dataclass, field
from email.utils import formatdate
from http.client import responses
from typing import Any

from payload import Memory, Payload
from wire import Headers

CODES = {"BLOB_UNKNOWN": 404, "BLOB_UPLOAD_INVALID": 404, "BLOB_UPLOAD_UNKNOWN": 404, "DENIED": 403, "DIGEST_INVALID": 400,
         "MANIFEST_BLOB_UNKNOWN": 400, "MANIFEST_INVALID": 400, "MANIFEST_UNKNOWN": 404, "NAME_INVALID": 400, "NAME_UNKNOWN": 404,
         "PAGINATION_NUMBER_INVALID": 400, "RANGE_INVALID": 416, "SIZE_INVALID": 400, "TAG_INVALID": 400, "TOOMANYREQUESTS": 429,
         "UNAUTHORIZED": 401, "UNKNOWN": 500, "UNSUPPORTED": 405}


@dataclass
class Delivery:
    """How a body goes out. `stop` is the byte before which it ends early, `how` what happens there: close, reset or stall."""

    stop: int | None = None
    how: str = "close"
    rate: float = 0  # bytes a second; 0: as fast as it goes
    framing: str = "length"  # or chunked, or close: up to the connection's end


@dataclass
class Response:
    """An answer. `entry` is its line of the log."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: Payload = field(default_factory=Memory)
    delivery: Delivery = field(default_factory=Delivery)
    entry: dict[str, Any] = field(default_factory=dict)

    def head(self, close: bool) -> bytes:
        """The status line and the headers, as they are sent."""
        lines = [f"HTTP/1.1 {self.status} {responses.get(self.status, 'Unknown')}", f"Date: {formatdate(usegmt=True)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.pairs]
        if self.delivery.framing == "chunked":
            lines.append("Transfer-Encoding: chunked")
        elif self.delivery.framing == "length" and self.status not in (204, 304):
            lines.append(f"Content-Length: {self.body.size}")
        if close:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class ApiError(Exception):
    """An error of the registry's interface: becomes {"errors": [{code, message, detail}]}."""

    def __init__(self, code: str, message: str, detail: Any = None, status: int = 0, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail
        self.status = status or CODES[code]
        self.headers = headers or Headers()

    def response(self) -> Response:
        """The answer that says so."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.detail is not None:
            error["detail"] = self.detail
        answer = as_json({"errors": [error]}, self.status)
        answer.headers.pairs += self.headers.pairs
        return answer


def as_json(value: Any, status: int = 200, media_type: str = "application/json; charset=utf-8") -> Response:
    """An answer that is JSON."""
    return Response(status, Headers(("Content-Type", media_type)), Memory(json.dumps(value, separators=(",", ":")).encode()))


def as_text(text: str, status: int = 200, media_type: str = "text/plain; charset=utf-8") -> Response:
    """An answer that is text."""
    return Response(status, Headers(("Content-Type", media_type)), Memory(text.encode()))


def empty(status: int, *headers: tuple[str, str]) -> Response:
    """An answer without a body."""
    return Response(status, Headers(*headers))


def not_found() -> Response:
    """The answer where the registry has nothing at all."""
    return as_text("404 page not found\n", 404)
