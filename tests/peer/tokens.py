# SPDX-License-Identifier: Apache-2.0
"""The token service: short-lived bearer tokens for GET with a query and for OAuth2's POST, identity (refresh) tokens, and the lies it can
tell. A token ends by time, after a number of uses, or when it is revoked."""
import base64
import binascii
import secrets
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kinds import TOKENS, asked
from response import ApiError, Response, as_json, as_text, empty
from wire import Headers

if TYPE_CHECKING:
    from exchange import Exchange

FORM_MAX = 1024 * 1024
Scope = tuple[str, str, str]  # type, name, action

REFUSED = asked("token-refused", TOKENS, "401, whatever the credentials")
NO_SCOPE = asked("token-no-scope", TOKENS, "a token that allows nothing, though the login was right")
EXPIRED = asked("token-expired", TOKENS, "a token with expires_in 0, and it has expired")
USES = asked("token-uses", TOKENS, "a token that says 300 seconds, and ends after so many requests", uses=1)
HUGE = asked("token-huge", TOKENS, "a token of that many bytes", bytes=1024 * 1024)
MISSING = asked("token-missing", TOKENS, "JSON without a token: form is empty, null, number or list", form="empty")
CONTROL = asked("token-control", TOKENS, "a token with a line end and a header behind it")
HTML = asked("token-html", TOKENS, "a page of HTML with status 200")
REDIRECT = asked("token-redirect", TOKENS, "302 to the token service of another server (cdn, plain), or to a URL", to="cdn")


@dataclass
class Token:
    """What a bearer token stands for."""

    user: str
    scopes: set[Scope]
    until: float
    uses: int | None


@dataclass
class TokenBook:
    """The tokens that are out."""

    lifetime: float
    uses: int | None
    tokens: dict[str, Token] = field(default_factory=dict)
    identities: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self, user: str, scopes: set[Scope], lifetime: float | None = None, uses: int | None = None) -> str:
        """A new token, as long as those of real services."""
        text = secrets.token_urlsafe(600)
        with self.lock:
            self.tokens[text] = Token(user, scopes, time.monotonic() + (self.lifetime if lifetime is None else lifetime), uses or self.uses)
        return text

    def use(self, text: str) -> Token | None:
        """What the token stands for, if it is still good; counts the use."""
        with self.lock:
            token = self.tokens.get(text)
            if token is None or time.monotonic() >= token.until or token.uses == 0:
                return None
            if token.uses is not None:
                token.uses -= 1
            return token

    def revoke(self, text: str | None = None) -> None:
        """Ends a token, or all of them."""
        with self.lock:
            if text is None:
                self.tokens.clear()
            else:
                self.tokens.pop(text, None)

    def identity(self, user: str) -> str:
        """A new identity token."""
        text = "identity-" + secrets.token_urlsafe(32)
        self.identities[text] = user
        return text


def basic_credentials(headers: Headers) -> tuple[str, str] | None:
    """User and password of an Authorization header of that kind."""
    kind, _, value = headers.get("Authorization").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


def parse_scopes(texts: list[str]) -> set[Scope]:
    """The scopes of a request: "repository:NAME:pull,push", several with blanks between them, or several times."""
    scopes = set()
    for scope in " ".join(texts).split():
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        scopes |= {(kind, name, action) for action in actions.split(",")}
    return scopes


def refusal(message: str) -> ApiError:
    """Wrong credentials."""
    return ApiError("UNAUTHORIZED", message)


def _lie(x: "Exchange") -> Response | None:
    """The answers that have nothing to do with the credentials."""
    if x.fault(REFUSED) is not None:
        raise refusal("incorrect username or password")
    if x.fault(HTML) is not None:
        return as_text("<!DOCTYPE html><title>Welcome</title><p>Please accept the terms of this network.\n", media_type="text/html")
    if (params := x.fault(REDIRECT)) is not None:
        to = str(params["to"])
        url = x.registry.urls[to] + "/token" if to in x.registry.urls else to
        query = x.request.target.partition("?")[2]
        return empty(302, ("Location", url + (f"?{query}" if query else "")))
    if (params := x.fault(MISSING)) is not None:
        form = {"empty": {}, "null": {"token": None}, "number": {"token": 5}, "list": []}
        return as_json(form[str(params["form"])])
    return None


def _token(x: "Exchange", user: str, asked_for: list[str]) -> tuple[str, set[Scope], int]:
    """A token for the user: its text, what it allows, and the seconds that it is said to be good for."""
    access = x.registry.access
    book = access.tokens
    scopes = {scope for scope in parse_scopes(asked_for) if access.allows(user, scope)}
    said = int(book.lifetime)
    if x.fault(NO_SCOPE) is not None:
        scopes = set()
    if x.fault(EXPIRED) is not None:
        return book.issue(user, scopes, 0), scopes, 0
    if (params := x.fault(USES)) is not None:
        return book.issue(user, scopes, 300, int(params["uses"])), scopes, 300
    if (params := x.fault(HUGE)) is not None:
        return "h" * int(params["bytes"]), scopes, said
    if x.fault(CONTROL) is not None:
        return "control\r\nX-Injected: yes", scopes, said
    return book.issue(user, scopes), scopes, said


def get_token(x: "Exchange") -> Response:
    """GET /token?service=&scope=: with Basic credentials, or anonymous."""
    if (lie := _lie(x)) is not None:
        return lie
    user = ""
    if x.request.headers.has("Authorization"):
        given = basic_credentials(x.request.headers)
        if given is None or not x.registry.access.knows(*given):
            raise refusal("incorrect username or password")
        user = given[0]
    text, _, seconds = _token(x, user, [value for name, value in x.request.query if name == "scope"])
    answer = {"token": text, "access_token": text, "expires_in": seconds, "issued_at": _now()}
    if x.request.argument("offline_token") == "true" and user:
        answer["refresh_token"] = x.registry.access.tokens.identity(user)
    return as_json(answer)


def post_token(x: "Exchange") -> Response:
    """OAuth2's POST /token: grant_type password or refresh_token."""
    form = dict(urllib.parse.parse_qsl((x.request.body.read(FORM_MAX) or b"").decode("latin-1"), keep_blank_values=True))
    if (lie := _lie(x)) is not None:
        return lie
    book = x.registry.access.tokens
    kind = form.get("grant_type")
    if kind == "password":
        user: str | None = form.get("username", "")
        if not x.registry.access.knows(user or "", form.get("password", "")):
            raise refusal("incorrect username or password")
        identity = book.identity(user or "") if form.get("access_type") == "offline" else ""
    elif kind == "refresh_token":
        identity = form.get("refresh_token", "")
        user = book.identities.get(identity)
        if user is None:
            raise refusal("unknown refresh token")
    else:
        return as_json({"error": "unsupported_grant_type"}, 400)
    text, scopes, seconds = _token(x, user or "", [form.get("scope", "")])
    scope = " ".join(":".join(one) for one in sorted(scopes))
    answer = {"access_token": text, "expires_in": seconds, "issued_at": _now(), "scope": scope}
    return as_json(answer | ({"refresh_token": identity} if identity else {}))


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
