# SPDX-License-Identifier: Apache-2.0
"""The registry as a whole: takes a request of one of its servers through access, faults and its handler to an answer. The order is such
that a fault befalls a request that would have been answered: what lacks credentials is a challenge, and suffers only what is said to befall
challenges."""
import secrets
from dataclasses import dataclass, field

import cdn
import fault_answers
import fault_bodies
import routes
from access import Access
from exchange import Exchange
from journal import Journal
from response import ApiError, Response, not_found
from rules import Rules
from storage import Store
from tokens import TokenBook
from wire import Closed, Cut, Gone, Malformed, Request

LOADED = (fault_answers, fault_bodies)  # modules that are imported for the faults they declare


@dataclass
class Registry:
    """`urls` are the servers' addresses by role, known once they listen; `secret` signs the addresses of other servers."""

    store: Store
    access: Access
    rules: Rules
    journal: Journal
    hub: bool = False
    urls: dict[str, str] = field(default_factory=dict)
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    hub_tokens: TokenBook = field(default_factory=lambda: TokenBook(3600, None))

    def signed(self, server: str, path: str, query: dict[str, str]) -> str:
        """The address of a path on another server."""
        return cdn.signed(self.urls[server], self.secret, path, query)

    def answer(self, server: str, request: Request) -> Response:
        """One request's answer. What ends the connection instead is raised; the log knows of it."""
        operation, names = routes.find(server, request.method, request.path, self.hub)
        x = Exchange(self, server, request, operation, names, {})
        x.entry = self.journal.begin(x)
        try:
            response = self._respond(x)
        except Cut:
            self._close(x, "reset")
            raise
        except (Gone, Malformed, OSError):
            self._close(x, "gone")
            raise
        except Closed:
            self._close(x, "closed")
            raise
        response.headers.add("Docker-Distribution-Api-Version", "registry/2.0")
        response.entry = x.entry
        self._close(x, response.status)
        return response

    def _close(self, x: Exchange, status: int | str) -> None:
        x.entry["status"] = status
        x.entry["in"] = x.request.body.received
        x.entry["operation"] = x.operation
        self.journal.note(x.entry)

    def _respond(self, x: Exchange) -> Response:
        try:
            return x.after(self._attempt(x))
        except ApiError as error:
            return x.after(error.response())

    def _attempt(self, x: Exchange) -> Response:
        handler = routes.HANDLERS.get(x.operation)
        if not x.operation:
            return not_found()
        if handler is None:
            raise ApiError("UNSUPPORTED", "The operation is unsupported.")
        refusal = self._refusal(x)
        x.draw()
        if (answer := x.before()) is not None:
            return answer
        if refusal:
            raise refusal
        if x.server in ("cdn", "plain") and (answer := cdn.hop(x)) is not None:
            return answer
        return handler(x)

    def _refusal(self, x: Exchange) -> ApiError | None:
        """Why the request may not come in. One without credentials becomes a challenge."""
        try:
            if x.server in ("cdn", "plain") and not x.operation.startswith("token."):
                cdn.check(x)
            elif not x.operation.startswith(("token.", "hub.")):
                self.access.check(x)
        except ApiError as error:
            if error.status == 401:
                x.operation = "challenge"
            return error
        return None
