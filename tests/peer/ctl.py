# SPDX-License-Identifier: Apache-2.0
"""Speaks to a registry's control server, for tests in shell.

  ctl.py PORT rules JSON...           these rules now, in the place of those before (none: no faults)
  ctl.py PORT log [FIELD=REGEX...]    the requests whose fields match: "SERVER METHOD PATH[?QUERY] STATUS AUTH FAULTS"
                                      (AUTH: "-", or KIND:HASH[:USER]; FAULTS: "-", or names with commas)
  ctl.py PORT count [FIELD=REGEX...]  how many
  ctl.py PORT sum FIELD               the sum of a field (in, out) of all requests
  ctl.py PORT forget                  an empty log
  ctl.py PORT expire                  the end of every bearer token
  ctl.py PORT load REPOSITORY LAYOUT  takes an OCI layout in
  ctl.py PORT dump REPOSITORY LAYOUT  and out
  ctl.py PORT manifest REPOSITORY REFERENCE FILE MEDIA_TYPE    stores anything as a manifest"""
import http.client
import json
import os
import re
import sys
from typing import Any


def ask(port: str, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """A request that must succeed."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    data = answer.read()
    if answer.status >= 300:
        raise SystemExit(f"ctl.py: {method} {path}: {answer.status}: {data.decode(errors='replace').strip()}")
    return data


def credentials(entry: dict[str, Any]) -> str:
    """Credentials as a word."""
    shown = entry["auth"]
    return ":".join([shown["kind"], shown["hash"]] + ([shown["user"]] if "user" in shown else [])) if shown else "-"


def shown(entry: dict[str, Any], field: str) -> str:
    """A field as text."""
    if field == "auth":
        return credentials(entry)
    if field == "faults":
        return ",".join(entry["faults"]) or "-"
    value = entry[field] if field in entry else entry["headers"].get(field, "")
    return str(value)


def entries(port: str, filters: list[str]) -> list[dict[str, Any]]:
    """The entries of the log that match."""
    wanted = [one.partition("=")[::2] for one in filters]
    every = [json.loads(line) for line in ask(port, "GET", "/_log").splitlines()]
    return [entry for entry in every if all(re.search(pattern, shown(entry, field)) for field, pattern in wanted)]


def line(entry: dict[str, Any]) -> str:
    """An entry for people and for grep."""
    path = entry["path"] + ("?" + entry["query"] if entry["query"] else "")
    return f"{entry['server']} {entry['method']} {path} {entry['status']} {credentials(entry)} {shown(entry, 'faults')}"


def main() -> None:
    """One command."""
    port, verb, *rest = sys.argv[1:]
    if verb == "rules":
        ask(port, "PUT", "/_control", json.dumps([json.loads(one) for one in rest]).encode())
    elif verb == "log":
        print("".join(line(entry) + "\n" for entry in entries(port, rest)), end="")
    elif verb == "count":
        print(len(entries(port, rest)))
    elif verb == "sum":
        print(sum(int(entry[rest[0]]) for entry in entries(port, [])))
    elif verb == "forget":
        ask(port, "DELETE", "/_log")
    elif verb == "expire":
        ask(port, "DELETE", "/_tokens")
    elif verb in ("load", "dump"):
        ask(port, "POST", "/_" + verb, json.dumps({"repository": rest[0], "layout": os.path.abspath(rest[1])}).encode())
    elif verb == "manifest":
        with open(rest[2], "rb") as file:
            ask(port, "PUT", f"/_manifest/{rest[0]}/{rest[1]}", file.read(), **{"Content-Type": rest[3]})
    else:
        raise SystemExit(f"ctl.py: no such verb: {verb}")


main()
