# SPDX-License-Identifier: Apache-2.0
"""The table of faults: each has a name, the operations that it can befall, parameters with defaults, and one of three stages.

  before   it answers in the handler's place, or changes the request on its way there
  after    it changes the handler's answer, or how it is delivered
  asked    the handler asks for it, where the fault is one of meaning and not of transport

The modules that do the work declare their faults here; `registry.py --faults` prints the table."""
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exchange import Exchange
    from response import Response
    from rules import Rule

Params = dict[str, Any]
Before = Callable[["Exchange", Params], "Response | None"]
After = Callable[["Exchange", "Response", Params, "Rule"], "Response"]

# Operations are "noun.method"; "challenge" is a request that is answered with 401 for want of credentials.
BODIES = ("blob.get", "manifest.get", "tags.get", "referrers.get", "catalog.get", "token.get", "token.post")
READS = ("blob.get", "blob.head", "manifest.get", "manifest.head")
SENDS = ("upload.patch", "upload.put", "upload.post", "manifest.put")
UPLOADS = ("upload.post", "upload.patch", "upload.put", "upload.get")
SESSIONS = ("upload.patch", "upload.put", "upload.get")
TOKENS = ("token.get", "token.post")
REGISTRY = READS + SENDS + UPLOADS + ("tags.get", "referrers.get", "catalog.get", "blob.delete", "manifest.delete")


@dataclass(frozen=True)
class Kind:
    """One kind of fault. No operations: all but challenges. `when` says whether a request can suffer it at all."""

    name: str
    stage: str
    operations: tuple[str, ...]
    text: str
    params: Params = field(default_factory=dict)
    before: Before | None = None
    after: After | None = None
    when: Callable[["Exchange"], bool] | None = None

    def fits(self, x: "Exchange", operations: tuple[str, ...]) -> bool:
        """Whether it can befall this request; operations that a rule names count more than its own."""
        at = operations or self.operations
        named = x.operation in at if at else x.operation != "challenge"
        return named and (self.when is None or self.when(x))


KINDS: dict[str, Kind] = {}


def _add(kind: Kind) -> None:
    assert kind.name not in KINDS, kind.name
    KINDS[kind.name] = kind


def asked(name: str, operations: tuple[str, ...], text: str, **params: Any) -> str:
    """Declares a fault that handlers ask for. Returns its name."""
    _add(Kind(name, "asked", operations, text, params))
    return name


def before(name: str, operations: tuple[str, ...], text: str, when: Callable[["Exchange"], bool] | None = None,
           **params: Any) -> Callable[[Before], Before]:
    """Declares a fault that sets in before the handler; decorates what it does."""
    def declare(function: Before) -> Before:
        _add(Kind(name, "before", operations, text, params, before=function, when=when))
        return function
    return declare


def after(name: str, operations: tuple[str, ...], text: str, when: Callable[["Exchange"], bool] | None = None,
          **params: Any) -> Callable[[After], After]:
    """Declares a fault that sets in behind the handler; decorates what it does."""
    def declare(function: After) -> After:
        _add(Kind(name, "after", operations, text, params, after=function, when=when))
        return function
    return declare


def position(at: float, size: int | None) -> int:
    """A place in bytes: a whole number is one, a fraction below 1 is a part of the size."""
    return int(at * (size if size is not None else 64 * 1024)) if isinstance(at, float) and at < 1 else int(at)


def listing() -> str:
    """The table as text."""
    lines = []
    for kind in sorted(KINDS.values(), key=lambda kind: kind.name):
        params = "".join(f" {name}={value}" for name, value in kind.params.items())
        lines.append(f"{kind.name}{params}\n    {kind.text}\n    at: {' '.join(dict.fromkeys(kind.operations)) or 'every operation'}")
    return "\n".join(lines)
