# SPDX-License-Identifier: Apache-2.0
"""Which request suffers which fault. A rule is a JSON object:

  {"fault": NAME | {"name": NAME, PARAMETER: VALUE} | [either, ...] | "transient",   one of several is drawn by the seed
   "match": {"method": M, "path": REGEX, "query": REGEX, "operation": O or [O...], "server": S or [S...]},   all that is given must hold
   "after": N, "times": N,            lets N requests pass first; sets in for N requests at most
   "probability": P, "seed": S,       sets in by chance
   "streak": N}                       by chance, but at most N times in a row for one request and its repetitions

What chance decides depends on the seed, the request and how often that request came before, never on what other requests do meanwhile: a
client that runs in parallel meets the same faults each time."""
import random
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kinds import KINDS, Kind, Params

if TYPE_CHECKING:
    from exchange import Exchange

FIELDS = {"fault", "match", "after", "times", "probability", "seed", "streak"}
MATCHES = {"method", "path", "query", "operation", "server"}

# Faults that a client comes through by trying again, or by doing what the answer says.
TRANSIENT: list[Any] = [
    {"name": "status", "code": 500}, {"name": "status", "code": 502, "form": "html"}, {"name": "status", "code": 503},
    {"name": "too-many", "retry_after": 0}, "close", "reset", "truncate", "reset-download", "reset-upload", "spoil", "wrong-digest",
    "lost-upload", "short-upload", "expired", "chunked", "no-length", "relative-location", "location-query", "redirect"]


class BadRule(Exception):
    """A rule that means nothing."""


@dataclass(frozen=True)
class Choice:
    """A kind of fault with its parameters."""

    kind: Kind
    params: Params


@dataclass
class Rule:
    """A rule at work. `memory` is what its fault keeps from one request to the next."""

    source: dict[str, Any]
    choices: list[Choice]
    method: str = ""
    path: re.Pattern[str] | None = None
    query: re.Pattern[str] | None = None
    operations: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    seen: int = 0  # requests that matched
    fired: int = 0  # requests that suffered
    repeats: dict[str, int] = field(default_factory=dict)
    streaks: dict[str, int] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def draw(self, x: "Exchange") -> Choice | None:
        """The fault that this request is to suffer, if any."""
        if not self._matches(x):
            return None
        fitting = [choice for choice in self.choices if choice.kind.fits(x, self.operations)]
        if not fitting:
            return None
        with self.lock:
            self.seen += 1
            if self.seen <= int(self.source.get("after", 0)) or self._spent():
                return None
            key = x.identity()
            turn = self.repeats[key] = self.repeats.get(key, 0) + 1
            chance = random.Random(f"{self.source.get('seed', 0)} {key} {turn}")
            if not self._sets_in(key, chance):
                return None
            return chance.choice(fitting)

    def take(self) -> bool:
        """Counts a fault that sets in now; false if others took the last."""
        with self.lock:
            if self._spent():
                return False
            self.fired += 1
            return True

    def state(self) -> dict[str, Any]:
        """The rule and what became of it."""
        return self.source | {"seen": self.seen, "fired": self.fired}

    def _matches(self, x: "Exchange") -> bool:
        return ((not self.method or self.method == x.request.method) and (self.path is None or self.path.search(x.request.path) is not None)
                and (self.query is None or self.query.search(x.request.target.partition("?")[2]) is not None)
                and (not self.servers or x.server in self.servers))

    def _spent(self) -> bool:
        return "times" in self.source and self.fired >= int(self.source["times"])

    def _sets_in(self, key: str, chance: random.Random) -> bool:
        streak, most = self.streaks.get(key, 0), self.source.get("streak")
        hit = chance.random() < float(self.source.get("probability", 1)) and (most is None or streak < int(most))
        self.streaks[key] = streak + 1 if hit else 0
        return hit


class Rules:
    """The standing rules, which a registry's likeness gives it, and those that a test has put."""

    def __init__(self, standing: Iterable[Any] = ()) -> None:
        self.standing = parse(list(standing))
        self.rules: list[Rule] = []

    def put(self, source: Any, keep: bool = False) -> None:
        """Puts rules in the place of those before, or behind them."""
        self.rules = (self.rules if keep else []) + parse(source)

    def draw(self, x: "Exchange") -> list[tuple[Rule, Choice]]:
        """The faults that a request is to suffer."""
        drawn = [(rule, rule.draw(x)) for rule in self.rules + self.standing]
        return [(rule, choice) for rule, choice in drawn if choice is not None]

    def state(self) -> list[dict[str, Any]]:
        """The rules that a test has put, with their counts."""
        return [rule.state() for rule in self.rules]


def _choice(source: Any) -> Choice:
    if isinstance(source, str):
        source = {"name": source}
    kind = KINDS.get(str(source.get("name")))
    if kind is None:
        raise BadRule(f"no fault {source.get('name')!r}; registry.py --faults lists them")
    params = {key: value for key, value in source.items() if key != "name"}
    if unknown := set(params) - set(kind.params):
        raise BadRule(f"{kind.name} has no {', '.join(sorted(unknown))}")
    return Choice(kind, kind.params | params)


def _words(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _rule(source: dict[str, Any]) -> Rule:
    match = source.get("match", {})
    if unknown := set(source) - FIELDS | set(match) - MATCHES:
        raise BadRule(f"a rule has no {', '.join(sorted(unknown))}")
    faults = source.get("fault")
    if faults == "transient":
        faults = TRANSIENT
    choices = [_choice(one) for one in (faults if isinstance(faults, list) else [faults])]
    path, query = (re.compile(match[name]) if name in match else None for name in ("path", "query"))
    return Rule(source, choices, str(match.get("method", "")), path, query, _words(match.get("operation", ())), _words(match.get("server", ())))


def parse(source: Any) -> list[Rule]:
    """Rules of JSON: one or a list."""
    try:
        return [_rule(one) for one in (source if isinstance(source, list) else [source])]
    except (AttributeError, TypeError, ValueError, re.error) as error:
        raise BadRule(f"a rule that means nothing: {error}") from error
