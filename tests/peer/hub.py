# SPDX-License-Identifier: Apache-2.0
"""Docker Hub's own interface, as far as it takes to delete a tag: a login with user and password (or access token), and DELETE with what it
gave."""
import json
from typing import TYPE_CHECKING

from response import Response, as_json, empty

if TYPE_CHECKING:
    from exchange import Exchange

LOGIN_MAX = 64 * 1024


def login(x: "Exchange") -> Response:
    """POST /v2/users/login {username, password} gives {token}; POST /v2/auth/token {identifier, secret} gives {access_token}."""
    try:
        given = json.loads(x.request.body.read(LOGIN_MAX) or b"")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        return as_json({"message": "invalid request"}, 400)
    new = x.request.path.rstrip("/").endswith("/token")
    user, password = (str(given.get(name, "")) for name in (("identifier", "secret") if new else ("username", "password")))
    if not x.registry.access.knows(user, password):
        return as_json({"detail": "Incorrect authentication credentials"}, 401)
    token = x.registry.hub_tokens.issue(user, set())
    return as_json({"access_token" if new else "token": token})


def delete_tag(x: "Exchange") -> Response:
    """DELETE /v2/repositories/NAMESPACE/NAME/tags/TAG/."""
    kind, _, text = x.request.headers.get("Authorization").partition(" ")
    token = x.registry.hub_tokens.use(text.strip()) if kind.lower() in ("bearer", "jwt") else None
    if token is None:
        return as_json({"detail": "Authentication credentials were not provided"}, 401)
    x.user = token.user
    if not x.registry.access.allows(token.user, ("repository", x.name, "delete")):
        return as_json({"message": "access to the resource is forbidden"}, 403)
    if not x.registry.store.drop_tag(x.name, x.reference):
        return as_json({"message": "object not found", "errinfo": {"tag": x.reference}}, 404)
    return empty(204)
