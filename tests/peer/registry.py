# SPDX-License-Identifier: Apache-2.0
"""A registry for tests that behaves, and misbehaves when it is told to. README.md has the whole of it.

It listens on loopback, writes "SERVER=PORT" lines to standard output and to --ports, and ends with the process that started it (its
standard input closes), when it is killed, or after --seconds."""
import argparse
import json
import os
import shlex
import ssl
import sys
import threading

import layout
from access import MODES, Access, Grant
from app import Registry
from control import Control
from journal import Journal
from kinds import listing
from presets import LIKENESSES
from rules import BadRule, Rules
from server import Listener
from storage import Store
from tokens import TokenBook


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="A fault-injecting registry for tests.")
    add = parser.add_argument
    add("--ports", metavar="FILE", help="write the ports there, once all servers listen")
    add("--log", metavar="FILE", default="", help="append the log there")
    add("--storage", metavar="DIR", default="", help="keep everything in that directory; otherwise in memory")
    add("--load", metavar="REPOSITORY=LAYOUT", action="append", default=[], help="begin with an OCI layout directory's images")
    add("--tls", metavar="PEM", help="certificate and key: main, cdn and token speak TLS")
    add("--client-ca", metavar="PEM", help="main wants a client's certificate of that authority")
    add("--auth", choices=MODES, default="none")
    add("--user", metavar="NAME:PASSWORD", action="append", default=[], help="a user, who may do everything unless --grant names him")
    add("--grant", metavar="NAME=PATTERN:ACTIONS", action="append", default=[],
        help="lets a user (or everybody: an empty NAME) do that (pull,push,delete or *) to the repositories that match")
    add("--token-server", action="store_true", help="the token service has a port of its own")
    add("--token-seconds", type=float, default=60, help="how long bearer tokens are good")
    add("--token-uses", type=int, help="how many requests bearer tokens are good for")
    add("--like", choices=sorted(LIKENESSES), action="append", default=[], help="behave as that one does")
    add("--rules", metavar="JSON|FILE", default="[]", help="begin with these faults")
    add("--faults", action="store_true", help="print the table of faults")
    add("--seconds", type=float, default=3600, help="end after that long")
    return parser.parse_args()


def given_rules(text: str) -> object:
    """The rules of --rules."""
    if not text.lstrip().startswith(("[", "{")):
        with open(text, encoding="utf-8") as file:
            text = file.read()
    return json.loads(text)


def access(given: argparse.Namespace) -> Access:
    """Users and grants of the command line."""
    users = dict(user.partition(":")[::2] for user in given.user)
    grants = []
    for grant in given.grant:
        user, _, rest = grant.partition("=")
        pattern, _, actions = rest.rpartition(":")
        grants.append(Grant(user, pattern, frozenset(actions.split(","))))
    return Access(given.auth, users, grants, TokenBook(given.token_seconds, given.token_uses))


def tls_context(pem: str | None, client_ca: str | None = None) -> ssl.SSLContext | None:
    """TLS with that certificate and key; HTTP/1.1 is all that is spoken."""
    if not pem:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.set_alpn_protocols(["http/1.1"])
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def listen(registry: Registry, given: argparse.Namespace) -> list[Listener]:
    """All servers, bound but not yet accepting. "plain" never speaks TLS: it is where a redirect from https to http leads."""
    tls = tls_context(given.tls)
    listeners = [Listener("main", registry.answer, tls_context(given.tls, given.client_ca)), Listener("cdn", registry.answer, tls),
                 Listener("plain", registry.answer, None)]
    if given.token_server:
        listeners.append(Listener("token", registry.answer, tls))
    registry.urls = {listener.role: listener.url() for listener in listeners}
    return listeners + [Listener("control", Control(registry).answer, None)]


def publish(listeners: list[Listener], path: str | None) -> None:
    """Says the ports, in a form that a shell can read; control comes last."""
    text = "".join(f"{listener.role}={shlex.quote(str(listener.port))}\n" for listener in listeners)
    if path:
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)
    print(text, end="", flush=True)


def main() -> None:
    """Starts everything, then waits for the end."""
    given = options()
    if given.faults:
        print(listing())
        return
    rules = Rules([rule for name in given.like for rule in LIKENESSES[name]])
    try:
        rules.put(given_rules(given.rules))
    except (BadRule, ValueError, OSError) as error:
        raise SystemExit(f"--rules: {error}") from None
    registry = Registry(Store(given.storage), access(given), rules, Journal(given.log), hub="hub" in given.like)
    for load in given.load:
        name, _, directory = load.partition("=")
        layout.load(registry.store, name, directory)
    listeners = listen(registry, given)
    for listener in listeners:
        listener.start()
    publish(listeners, given.ports)
    threading.Timer(given.seconds, os._exit, [0]).start()
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
