# SPDX-License-Identifier: Apache-2.0
"""Faults of an answer's headers and body, and of how it is delivered."""
import hashlib
from typing import TYPE_CHECKING

from kinds import BODIES, READS, Params, after, position
from payload import Extended, Spoiled
from response import Response
from rules import Rule

if TYPE_CHECKING:
    from exchange import Exchange

PUSHED = ("manifest.put", "upload.put")
GETS = ("blob.get", "manifest.get")


def _stop(response: Response, at: float, how: str) -> Response:
    response.delivery.stop = position(at, response.body.size)
    response.delivery.how = how
    return response


@after("truncate", BODIES, "Content-Length says all, but the connection closes after that many bytes (or that part)", at=0.5)
def truncate(_x: "Exchange", response: Response, params: Params, _rule: Rule) -> Response:
    """An end before its time."""
    return _stop(response, params["at"], "close")


@after("reset-download", BODIES, "a reset after that many bytes (or that part)", at=0.5)
def reset_download(_x: "Exchange", response: Response, params: Params, _rule: Rule) -> Response:
    """An end that is an error."""
    return _stop(response, params["at"], "reset")


@after("stall", BODIES, "silence after that many bytes (or that part), until the client has had enough", at=0.5)
def stall(_x: "Exchange", response: Response, params: Params, _rule: Rule) -> Response:
    """No end."""
    return _stop(response, params["at"], "stall")


@after("drip", BODIES, "that many bytes a second", rate=1000)
def drip(_x: "Exchange", response: Response, params: Params, _rule: Rule) -> Response:
    """Slowly."""
    response.delivery.rate = float(params["rate"])
    return response


@after("spoil", GETS, "a byte in the middle is another; length and headers are right")
def spoil(_x: "Exchange", response: Response, _params: Params, _rule: Rule) -> Response:
    """A bad disk, or a bad mirror."""
    response.body = Spoiled(response.body)
    return response


@after("longer", GETS, "that many bytes more than the descriptor says", bytes=1024 * 1024)
def longer(_x: "Exchange", response: Response, params: Params, _rule: Rule) -> Response:
    """Whoever reads to the end reads too much."""
    response.body = Extended(response.body, int(params["bytes"]))
    return response


@after("wrong-digest", READS, "Docker-Content-Digest is that of something else")
def wrong_digest(_x: "Exchange", response: Response, _params: Params, _rule: Rule) -> Response:
    """A header that lies."""
    response.headers.set("Docker-Content-Digest", "sha256:" + hashlib.sha256(b"something else").hexdigest())
    return response


@after("no-digest-header", READS + PUSHED, "no Docker-Content-Digest")
def no_digest(_x: "Exchange", response: Response, _params: Params, _rule: Rule) -> Response:
    """The header is a SHOULD."""
    response.headers.drop("Docker-Content-Digest")
    return response


@after("no-length", READS + BODIES, "no Content-Length: the body ends with the connection")
def no_length(_x: "Exchange", response: Response, _params: Params, _rule: Rule) -> Response:
    """As HTTP/1.0 had it."""
    response.delivery.framing = "close"
    return response


@after("chunked", READS + BODIES, "a chunked body")
def chunked(_x: "Exchange", response: Response, _params: Params, _rule: Rule) -> Response:
    """The length is not known before."""
    response.delivery.framing = "chunked"
    return response


@after("header-flood", (), "that many headers of a thousand bytes", count=1000)
def flood(_x: "Exchange", response: Response, params: Params, _rule: Rule) -> Response:
    """More than anyone should read."""
    response.headers.pairs += [(f"X-Flood-{number}", "f" * 1000) for number in range(int(params["count"]))]
    return response
