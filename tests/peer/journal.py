# SPDX-License-Identifier: Apache-2.0
"""The log: an entry for each request, made before its answer is sent, so that a client who has an answer finds its request here.
Credentials are masked: their kind, a hash to compare with, and for Basic the user.

  {"n", "at" (seconds since the start), "server", "host", "method", "path", "query", "operation",
   "status" (a number, "gone", "closed" or "reset"), "in", "out" (bytes of bodies), "faults": [...],
   "auth": {"kind", "hash", "user"?} or null, "proxy-auth": the same, "headers": those that tests look at, "header-names": all}"""
import hashlib
import json
import threading
import time
from typing import TYPE_CHECKING, Any

from tokens import basic_credentials
from wire import Headers

if TYPE_CHECKING:
    from exchange import Exchange

SHOWN = ("accept", "accept-encoding", "content-length", "content-range", "content-type", "expect", "if-none-match", "range",
         "transfer-encoding", "user-agent")


def masked(headers: Headers, name: str) -> dict[str, str] | None:
    """What may be shown of credentials."""
    if not headers.has(name):
        return None
    kind, _, secret = headers.get(name).partition(" ")
    shown = {"kind": kind, "hash": hashlib.sha256(secret.strip().encode("latin-1")).hexdigest()[:16]}
    given = basic_credentials(Headers(("Authorization", headers.get(name))))
    return shown | ({"user": given[0]} if given else {})


class Journal:
    """All requests but those of the control server, in memory and, as each ends, in a file."""

    def __init__(self, path: str = "") -> None:
        self.lock = threading.Lock()
        self.began = time.monotonic()
        self.entries: list[dict[str, Any]] = []
        self.file = open(path, "a", encoding="utf-8", buffering=1) if path else None  # open as long as the process runs

    def begin(self, x: "Exchange") -> dict[str, Any]:
        """A new entry."""
        request, headers = x.request, x.request.headers
        entry: dict[str, Any] = {
            "at": round(time.monotonic() - self.began, 3), "server": x.server, "host": headers.get("Host"), "method": request.method,
            "path": request.path, "query": request.target.partition("?")[2], "operation": x.operation, "status": None, "in": 0, "out": 0,
            "auth": masked(headers, "Authorization"), "proxy-auth": masked(headers, "Proxy-Authorization"), "faults": [],
            "headers": {name: headers.get(name) for name in SHOWN if headers.has(name)},
            "header-names": sorted({name.lower() for name, _ in headers.pairs})}
        with self.lock:
            entry["n"] = len(self.entries) + 1
            self.entries.append(entry)
        return entry

    def note(self, entry: dict[str, Any]) -> None:
        """Writes an entry to the file."""
        if self.file:
            with self.lock:
                self.file.write(json.dumps(entry) + "\n")

    def lines(self) -> str:
        """All entries, a JSON object a line."""
        with self.lock:
            return "".join(json.dumps(entry) + "\n" for entry in self.entries)

    def clear(self) -> None:
        """Forgets the entries."""
        with self.lock:
            self.entries.clear()

    def counts(self) -> dict[str, Any]:
        """Requests in all and by operation, status, server and fault, and bytes."""
        counts: dict[str, Any] = {"requests": 0, "in": 0, "out": 0, "operations": {}, "statuses": {}, "servers": {}, "faults": {}}
        with self.lock:
            for entry in self.entries:
                counts["requests"] += 1
                counts["in"] += entry["in"]
                counts["out"] += entry["out"]
                keys = [("operations", entry["operation"]), ("statuses", str(entry["status"])), ("servers", entry["server"])]
                for group, key in keys + [("faults", name) for name in entry["faults"]]:
                    counts[group][key] = counts[group].get(key, 0) + 1
        return counts
