# SPDX-License-Identifier: Apache-2.0
"""The other server, where redirects lead and uploads may go on: it serves what lies under /cdn by addresses whose query holds a signature,
and refuses requests that bring credentials, as object stores do."""
import hashlib
import urllib.parse
from typing import TYPE_CHECKING

from response import ApiError, Response, empty

if TYPE_CHECKING:
    from exchange import Exchange


def signature(secret: str, path: str) -> str:
    """What the query of a path must hold."""
    return hashlib.sha256(f"{secret} {path}".encode()).hexdigest()[:32]


def signed(base: str, secret: str, path: str, query: dict[str, str]) -> str:
    """The address of a path of the registry on another server."""
    full = "/cdn" + path.removeprefix("/cdn")
    return f"{base}{full}?{urllib.parse.urlencode(query | {'sig': signature(secret, full)})}"


def check(x: "Exchange") -> None:
    """Raises if the signature is wrong, or if there are credentials."""
    if x.request.headers.has("Authorization"):
        raise ApiError("DENIED", "only one authentication mechanism is allowed: the query has a signature", status=400)
    if x.request.argument("sig") != signature(x.registry.secret, x.request.path):
        raise ApiError("DENIED", "the signature does not match")


def hop(x: "Exchange") -> Response | None:
    """The next of several redirects, if there are more to come."""
    left = x.request.argument("hops", "0")
    if not left.isdecimal() or left == "0":
        return None
    return empty(307, ("Location", signed(x.registry.urls[x.server], x.registry.secret, x.request.path, {"hops": str(int(left) - 1)})))
