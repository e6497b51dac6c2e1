# SPDX-License-Identifier: Apache-2.0
"""What the self tests share: a registry as a process that ends with us, a client as plain as http.client is, images made of a few bytes,
and TAP."""
import base64
import hashlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

HERE = os.path.dirname(os.path.abspath(__file__))
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def sha256(data: bytes) -> str:
    """The digest of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def basic(user: str, password: str) -> dict[str, str]:
    """The header of Basic credentials."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": "Bearer " + token}


@dataclass
class Answer:
    """What came back. A body that broke off is in `body` as far as it came, and `broken` names the error."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    broken: str = ""

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def code(self) -> str:
        """The first error's code."""
        return str(self.json()["errors"][0]["code"])

    def __getitem__(self, name: str) -> str:
        return self.headers.get(name) or ""


class Client:
    """A connection that is kept; it follows nothing and repeats nothing."""

    def __init__(self, url: str, ca: str = "") -> None:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 0
        if parts.scheme == "https":
            self.connection = http.client.HTTPSConnection(host, port, timeout=30, context=ssl.create_default_context(cafile=ca))
        else:
            self.connection = http.client.HTTPConnection(host, port, timeout=30)  # type: ignore[assignment]

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, chunked: bool = False) -> Answer:
        """One request and its answer. Raises OSError or HTTPException if there is none."""
        try:
            self.connection.request(method, path, body, headers or {}, encode_chunked=chunked)
            response = self.connection.getresponse()
        except Exception:
            self.connection.close()
            raise
        try:
            return Answer(response.status, response.headers, response.read())
        except http.client.IncompleteRead as error:
            self.connection.close()
            return Answer(response.status, response.headers, error.partial, "IncompleteRead")
        except OSError as error:
            self.connection.close()
            return Answer(response.status, response.headers, b"", type(error).__name__)


@dataclass
class Peer:
    """A registry with a directory of its own. Use it with `with`."""

    arguments: tuple[str, ...] = ()
    ca: str = ""
    ports: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> "Peer":
        command = [sys.executable, "-B", os.path.join(HERE, "registry.py"), *self.arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        while "control" not in self.ports:  # the last
            name, _, port = self.process.stdout.readline().strip().partition("=")
            self.ports[name] = int(port)
        self.url = self.at("main")
        self.client = self.connect()
        self.control = Client(self.at("control"))
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def at(self, role: str) -> str:
        """The address of a server."""
        tls = "--tls" in self.arguments and role not in ("plain", "control")
        return f"{'https' if tls else 'http'}://127.0.0.1:{self.ports[role]}"

    def connect(self, role: str = "main") -> Client:
        """A connection to a server."""
        return Client(self.at(role), self.ca)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, chunked: bool = False) -> Answer:
        """A request on the kept connection to main."""
        return self.client.ask(method, path, body, headers, chunked)

    def rules(self, *rules: dict[str, Any]) -> None:
        """These faults from now on."""
        answer = self.control.ask("PUT", "/_control", json.dumps(rules))
        assert answer.status == 204, answer.body

    def fault(self, name: str, times: int | None = 1, **params: Any) -> None:
        """One fault from now on."""
        self.rules({"fault": {"name": name} | params} | ({} if times is None else {"times": times}))

    def log(self) -> list[dict[str, Any]]:
        """The log."""
        return [json.loads(line) for line in self.control.ask("GET", "/_log").body.splitlines()]

    def session(self, name: str) -> str:
        """A new upload session's path."""
        return path_of(self.ask("POST", f"/v2/{name}/blobs/uploads/")["Location"])

    def push_blob(self, name: str, data: bytes) -> str:
        """A blob by POST and PUT."""
        answer = self.ask("PUT", path_of(self.session(name), digest=sha256(data)), data)
        assert answer.status == 201, answer.body
        return sha256(data)

    def push_image(self, name: str, reference: str, text: str = "layer", **members: Any) -> str:
        """An image of one layer; further members of the manifest as given. Returns its digest."""
        data = image(self.push_blob(name, b"{}"), self.push_blob(name, text.encode()), len(text), **members)
        answer = self.ask("PUT", f"/v2/{name}/manifests/{reference or sha256(data)}", data, {"Content-Type": MANIFEST})
        assert answer.status == 201, answer.body
        return sha256(data)


def image(config: str, layer: str, size: int, **members: Any) -> bytes:
    """A manifest's bytes."""
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": {"mediaType": CONFIG, "digest": config, "size": 2},
                       "layers": [{"mediaType": LAYER, "digest": layer, "size": size}]} | members).encode()


def path_of(url: str, **query: str) -> str:
    """The path and query of an address, with more in the query."""
    parts = urlsplit(url)
    both = "&".join([parts.query] * bool(parts.query) + [f"{name}={value}" for name, value in query.items()])
    return parts.path + (f"?{both}" if both else "")


# --- TAP ---

TESTS: list[Callable[[], None]] = []


class Skip(Exception):
    """A test that cannot run here, and why."""


def test(function: Callable[[], None]) -> Callable[[], None]:
    """Declares a test; its docstring is its name."""
    TESTS.append(function)
    return function


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Waits for something that must come true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it never came true")
        time.sleep(0.01)


def equal(got: Any, want: Any, what: str = "") -> None:
    """Fails unless both are the same."""
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def ended(how: type[Exception], action: Callable[[], Any]) -> None:
    """The connection must end that way."""
    try:
        got = action()
    except how:
        return
    raise AssertionError(f"no {how.__name__}, but {got}")


def run_tests() -> None:
    """Runs every test that was declared, and exits."""
    failed = 0
    for number, function in enumerate(TESTS, 1):
        name = (function.__doc__ or function.__name__).strip().rstrip(".")
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception:  # a test may fail in any way
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
    print(f"1..{len(TESTS)}")
    sys.exit(1 if failed else 0)


def scratch() -> "tempfile.TemporaryDirectory[str]":
    """A directory for a while."""
    return tempfile.TemporaryDirectory(prefix="croze-peer.")
