# SPDX-License-Identifier: Apache-2.0
"""Who may do what: no authentication, Basic, Bearer, or both, challenges as RFC 7235 and RFC 6750 have them, and the faults of
challenges."""
import fnmatch
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kinds import Params, after, before
from response import ApiError, Response
from rules import Rule
from tokens import Scope, TokenBook, basic_credentials
from wire import Headers

if TYPE_CHECKING:
    from exchange import Exchange

SERVICE = "registry.test"
MODES = ("none", "basic", "bearer", "both")
ACTIONS = {"get": ("pull",), "head": ("pull",), "delete": ("delete",)}
WRITES = ("pull", "push")


@dataclass(frozen=True)
class Grant:
    """A user (or "" for those without credentials) and the repositories, by a pattern, that it may use for these actions."""

    user: str
    pattern: str
    actions: frozenset[str]


@dataclass
class Access:
    """Users and what they may do. A user whom no grant names may do everything."""

    mode: str
    users: dict[str, str]
    grants: list[Grant]
    tokens: TokenBook
    named: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.named = {grant.user for grant in self.grants}

    def knows(self, user: str, password: str) -> bool:
        """Whether these are the credentials of a user."""
        return self.users.get(user) == password

    def allows(self, user: str, scope: Scope) -> bool:
        """Whether the user may do that."""
        if user and user not in self.named:
            return True
        _, name, action = scope
        mine = [grant for grant in self.grants if grant.user == user and grant.actions & {"*", action}]
        return any(fnmatch.fnmatchcase(name, grant.pattern) for grant in mine)

    def check(self, x: "Exchange") -> None:
        """Lets the request through, or raises what it is refused with."""
        if self.mode == "none":
            return
        wanted = needs(x)
        kind = x.request.headers.get("Authorization").partition(" ")[0].lower()
        if kind == "bearer" and self.mode in ("bearer", "both"):
            self._check_bearer(x, wanted)
        elif kind == "basic" and self.mode in ("basic", "both"):
            self._check_basic(x, wanted)
        elif not (self.mode == "basic" and wanted and all(self.allows("", scope) for scope in wanted)):
            raise self.challenge(x, "authentication required")

    def _check_basic(self, x: "Exchange", wanted: list[Scope]) -> None:
        given = basic_credentials(x.request.headers)
        if given is None or not self.knows(*given):
            raise self.challenge(x, "authentication required")
        x.user = given[0]
        if not all(self.allows(x.user, scope) for scope in wanted):
            raise ApiError("DENIED", "requested access to the resource is denied", _detail(wanted))

    def _check_bearer(self, x: "Exchange", wanted: list[Scope]) -> None:
        text = x.request.headers.get("Authorization").partition(" ")[2].strip()
        token = self.tokens.use(text)
        if token is None:
            raise self.challenge(x, "authentication required", "invalid_token")
        x.token, x.user = text, token.user
        if not set(wanted) <= token.scopes:
            raise self.challenge(x, "requested access to the resource is denied", "insufficient_scope")

    def challenge(self, x: "Exchange", message: str, error: str = "") -> ApiError:
        """401 with one header for each scheme."""
        headers = Headers()
        wanted = needs(x)
        if self.mode in ("bearer", "both"):
            scopes: dict[str, list[str]] = {}
            for kind, name, action in wanted:
                scopes.setdefault(f"{kind}:{name}", []).append(action)
            scope = " ".join(f"{name}:{','.join(actions)}" for name, actions in scopes.items())
            realm = (x.registry.urls["token"] if "token" in x.registry.urls else x.origin()) + "/token"
            parts = {"realm": realm, "service": SERVICE, "scope": scope, "error": error}
            headers.add("WWW-Authenticate", "Bearer " + ",".join(f'{name}="{value}"' for name, value in parts.items() if value))
        if self.mode in ("basic", "both"):
            headers.add("WWW-Authenticate", 'Basic realm="peer"')
        return ApiError("UNAUTHORIZED", message, _detail(wanted), headers=headers)


def needs(x: "Exchange") -> list[Scope]:
    """What a request needs."""
    noun, _, method = x.operation.partition(".")
    if noun == "catalog":
        return [("registry", "catalog", "*")]
    if not x.name:
        return []
    actions = WRITES if noun == "upload" else ACTIONS.get(method, WRITES)
    wanted = [("repository", x.name, action) for action in actions]
    if x.operation == "upload.post" and (source := x.request.argument("from")):
        wanted.append(("repository", source, "pull"))
    return wanted


def _detail(wanted: list[Scope]) -> list[dict[str, str]]:
    return [{"Type": kind, "Name": name, "Action": action} for kind, name, action in wanted]


# --- faults ---

@before("expired", (), "401 invalid_token: the bearer token ends in the middle of its life", when=lambda x: bool(x.token))
def expired(x: "Exchange", _params: Params) -> Response | None:
    """Revokes the token and refuses it."""
    x.registry.access.tokens.revoke(x.token)
    raise x.registry.access.challenge(x, "authentication required", "invalid_token")


@after("joined-challenges", ("challenge",), "all challenges in one WWW-Authenticate header")
def joined(_x: "Exchange", response: Response, _params: Params, _rule: Rule) -> Response:
    """One header in the place of several."""
    response.headers.set("WWW-Authenticate", ", ".join(response.headers.all("WWW-Authenticate")))
    return response


@after("strange-challenges", ("challenge",), "schemes that nobody speaks around the true one, odd case, blanks, escapes, unquoted values")
def strange(_x: "Exchange", response: Response, _params: Params, _rule: Rule) -> Response:
    """Everything that RFC 7235 allows in one answer."""
    true = response.headers.all("WWW-Authenticate")
    response.headers.drop("WWW-Authenticate")
    response.headers.add("WWW-Authenticate", "Negotiate")
    for challenge in true:
        scheme, _, rest = challenge.partition(" ")
        rest = re.sub(r",(?=[a-z]+=)", " ,  ", rest).replace("realm=", "REALM = ").replace(f'service="{SERVICE}"', f"service={SERVICE}")
        response.headers.add("WWW-Authenticate", f'Digest realm="a \\"quoted\\", realm", nonce=abc , {scheme.swapcase()} {rest}')
    return response


@after("realm", ("challenge",), "a challenge whose token service is another server (cdn, plain), or a URL", to="cdn")
def realm(x: "Exchange", response: Response, params: Params, _rule: Rule) -> Response:
    """Sends the client and its password elsewhere."""
    to = str(params["to"])
    url = x.registry.urls[to] + "/token" if to in x.registry.urls else to
    challenges = [re.sub(r'realm="[^"]*/token"', lambda _: f'realm="{url}"', text) for text in response.headers.all("WWW-Authenticate")]
    response.headers.drop("WWW-Authenticate")
    for text in challenges:
        response.headers.add("WWW-Authenticate", text)
    return response
