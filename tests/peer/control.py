# SPDX-License-Identifier: Apache-2.0
"""The control server, on a port of its own, where tests (and nobody else) say what shall happen and see what did:

  /_control   GET: the rules and their counts   PUT: these rules now   POST: these as well   DELETE: none
  /_log       GET: the log, a JSON object a line   DELETE: forget it
  /_counts    GET: requests by operation, status, server and fault, and bytes
  /_tokens    DELETE: every bearer token ends
  /_load      POST {"repository", "layout"}: take an OCI layout in   /_dump: the same, out
  /_manifest/NAME/REFERENCE   PUT: store these bytes, whatever they are, as a manifest of the Content-Type"""
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import layout
from digests import is_digest
from response import Response, as_json, as_text, empty
from rules import BadRule
from storage import Manifest, new_manifest
from wire import Request

if TYPE_CHECKING:
    from app import Registry

BODY_MAX = 256 * 1024 * 1024


class Control:
    """Answers for the control server."""

    def __init__(self, registry: "Registry") -> None:
        self.registry = registry
        self.shown = self._shown()
        self.done = self._done()

    def answer(self, _role: str, request: Request) -> Response:
        """One request."""
        body = request.body.read(BODY_MAX)
        if body is None:
            return as_text("too much\n", 413)
        path = request.path
        if path.startswith("/_manifest/") and request.method == "PUT":
            return self._put_manifest(path.removeprefix("/_manifest/"), request.headers.get("Content-Type"), body)
        try:
            if request.method == "GET" and path in self.shown:
                return self.shown[path]()
            if (request.method, path) not in self.done:
                return as_text(f"no such thing: {request.method} {path}\n", 404)
            self.done[request.method, path](json.loads(body) if body else None)
        except (BadRule, ValueError, KeyError, TypeError, OSError) as error:
            return as_text(f"{error}\n", 400)
        return empty(204)

    def _shown(self) -> dict[str, Callable[[], Response]]:
        registry = self.registry
        return {
            "/_control": lambda: as_json(registry.rules.state()),
            "/_log": lambda: as_text(registry.journal.lines(), media_type="application/jsonl"),
            "/_counts": lambda: as_json(registry.journal.counts())}

    def _done(self) -> dict[tuple[str, str], Callable[[Any], None]]:
        registry = self.registry
        return {
            ("PUT", "/_control"): lambda rules: registry.rules.put(rules),
            ("POST", "/_control"): lambda rules: registry.rules.put(rules, keep=True),
            ("DELETE", "/_control"): lambda _: registry.rules.put([]),
            ("DELETE", "/_log"): lambda _: registry.journal.clear(),
            ("DELETE", "/_tokens"): lambda _: registry.access.tokens.revoke(),
            ("POST", "/_load"): lambda what: layout.load(registry.store, what["repository"], what["layout"]),
            ("POST", "/_dump"): lambda what: layout.dump(registry.store, what["repository"], what["layout"])}

    def _put_manifest(self, where: str, media_type: str, data: bytes) -> Response:
        name, _, reference = where.rpartition("/")
        if is_digest(reference):
            self.registry.store.put_manifest(name, Manifest(media_type, data, reference))
        else:
            self.registry.store.put_manifest(name, new_manifest(media_type, data), reference)
        return empty(204)
