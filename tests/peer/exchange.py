# SPDX-License-Identifier: Apache-2.0
"""One request on its way through the registry: what it is, which faults it is to suffer, and the addresses that its answer may name."""
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kinds import Params
from response import Response
from rules import Choice, Rule
from wire import Request

if TYPE_CHECKING:
    from app import Registry


@dataclass
class Exchange:
    """`operation` is "noun.method", `names` what the path says (name, reference, session), `entry` the line of the log."""

    registry: "Registry"
    server: str
    request: Request
    operation: str
    names: dict[str, str]
    entry: dict[str, Any]
    drawn: list[tuple[Rule, Choice]] = field(default_factory=list)
    token: str = ""  # the bearer token that let it in
    user: str = ""

    @property
    def name(self) -> str:
        """The repository."""
        return self.names.get("name", "")

    @property
    def reference(self) -> str:
        """The tag or digest."""
        return self.names.get("reference", "")

    def identity(self) -> str:
        """What repetitions of this request have in common: an upload's session is new each time, the blob's digest is not."""
        path = re.sub(r"(/blobs/uploads/).*", r"\1", self.request.path)
        blob = self.request.argument("digest") or self.request.argument("mount")
        return f"{self.request.method} {self.operation} {path} {blob}"

    def draw(self) -> None:
        """Decides which faults it is to suffer."""
        self.drawn = self.registry.rules.draw(self)

    def fault(self, name: str) -> Params | None:
        """The parameters of a fault that the handler asks for, if it is to suffer it. It counts as suffered."""
        for rule, choice in self.drawn:
            if choice.kind.name == name and rule.take():
                self.entry["faults"].append(name)
                return choice.params
        return None

    def before(self) -> Response | None:
        """The faults before the handler. An answer is in its place."""
        for rule, choice in self.drawn:
            if choice.kind.before is not None and rule.take():
                self.entry["faults"].append(choice.kind.name)
                if (answer := choice.kind.before(self, choice.params)) is not None:
                    return answer
        return None

    def after(self, response: Response) -> Response:
        """The faults behind the handler. What is refused anyway is delivered as it is, unless it is the refusal that is at fault."""
        for rule, choice in self.drawn:
            wanted = response.status < 300 or self.operation == "challenge"
            if choice.kind.after is not None and wanted and rule.take():
                self.entry["faults"].append(choice.kind.name)
                response = choice.kind.after(self, response, choice.params, rule)
        return response

    def origin(self) -> str:
        """Scheme and host as the client named them."""
        own = self.registry.urls[self.server]
        return own.partition("://")[0] + "://" + self.request.headers.get("Host", own.partition("://")[2])
