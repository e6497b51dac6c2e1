# SPDX-License-Identifier: Apache-2.0
"""Faults that take an answer's place, for any operation: errors of servers and of what stands before them, waiting, silence, redirects."""
import time
from email.utils import formatdate
from itertools import count
from typing import TYPE_CHECKING

from kinds import READS, Params, after, before
from payload import Extended
from response import ApiError, Response, as_text, empty
from rules import Rule
from wire import Closed, Cut, Headers

if TYPE_CHECKING:
    from exchange import Exchange

NUMBERS = count(1)
PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"


@before("status", (), "that status, with an error in JSON, a page of HTML, or nothing (form=json, html, empty)", code=500, form="json")
def status(_x: "Exchange", params: Params) -> Response | None:
    """An error, or a 200 that is none."""
    code = int(params["code"])
    if params["form"] == "json":
        raise ApiError("UNKNOWN", "unknown error", status=code)
    if params["form"] == "html":
        return as_text(PAGE.format(f"{code} from the gateway"), code, "text/html")
    return empty(code)


@before("answer", (), "that status with that body and these headers, whatever was asked, and nothing is done; {n} is another number each "
        "time; silence before the end of a body that is said to be longer", code=200, type="application/json", body="", headers={}, length=0)
def answer(_x: "Exchange", params: Params) -> Response | None:
    """A server that speaks HTTP, and means something else."""
    number = str(next(NUMBERS))
    response = as_text(str(params["body"]).replace("{n}", number), int(params["code"]), str(params["type"]))
    for name, value in params["headers"].items():
        response.headers.add(name, str(value).replace("{n}", number))
    said = response.body.size or 0
    if int(params["length"]) > said:
        response.body = Extended(response.body, int(params["length"]) - said)
        response.delivery.stop, response.delivery.how = said, "stall"
    return response


@before("too-many", (), "429 with Retry-After in seconds, as a date, or without (form=seconds, date, none)", retry_after=1, form="seconds")
def too_many(_x: "Exchange", params: Params) -> Response | None:
    """Says when to come again."""
    seconds = int(params["retry_after"])
    headers = Headers()
    if params["form"] != "none":
        headers.add("Retry-After", str(seconds) if params["form"] == "seconds" else formatdate(time.time() + seconds, usegmt=True))
    raise ApiError("TOOMANYREQUESTS", "too many requests", headers=headers)


@before("close", (), "the connection ends without a byte of an answer")
def close(_x: "Exchange", _params: Params) -> Response | None:
    """As a server does that closes an idle connection just when a request comes."""
    raise Closed


@before("reset", (), "the connection is reset without a byte of an answer")
def reset(_x: "Exchange", _params: Params) -> Response | None:
    """As a server does that dies."""
    raise Cut


@after("lost-answer", (), "what was asked for is done, and the connection ends without a byte of an answer")
def lost_answer(_x: "Exchange", _response: Response, _params: Params, _rule: Rule) -> Response:
    """The client cannot know."""
    raise Closed


@before("hang", (), "no answer, until the client has had enough")
def hang(x: "Exchange", _params: Params) -> Response | None:
    """Reads what comes, and says nothing."""
    x.request.body.drain()
    while x.request.body.sock.recv(64 * 1024):
        pass
    raise Closed


@after("redirect", READS[:2], "a redirect to cdn, plain (http), loop (itself), or a URL, over that many hops",
       when=lambda x: x.server == "main", to="cdn", code=307, hops=1)
def redirect(x: "Exchange", _response: Response, params: Params, _rule: Rule) -> Response:
    """What is there is fetched elsewhere, by an address with a signature in its query, from a server that refuses credentials."""
    to = str(params["to"])
    if to in x.registry.urls:
        location = x.registry.signed(to, x.request.path, {"hops": str(int(params["hops"]) - 1)})
    elif to == "loop":
        location = x.origin() + x.request.target
    else:
        location = to
    return empty(int(params["code"]), ("Location", location))
