# SPDX-License-Identifier: Apache-2.0
"""The fault-injecting registry as a server: connections, storage and layouts, log and control, and that it ends with whoever started it.
TAP."""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys

from harness import HERE, INDEX, LAYER, MANIFEST, Peer, equal, image, path_of, run_tests, scratch, sha256, test, until

EMPTY = sha256(b"")


@test
def keep_alive() -> None:
    """one connection for many requests, also behind errors whose bodies were not read; HTTP/1.0 and Connection: close end it"""
    with Peer() as peer:
        peer.ask("GET", "/v2/")
        port = peer.client.connection.sock.getsockname()[1]
        equal(peer.ask("PUT", "/v2/a/manifests/-bad", b"x" * 1000000).status, 400)
        equal(peer.ask("GET", "/v2/").status, 200)
        equal(peer.client.connection.sock.getsockname()[1], port, "the connection")
        for line in (b"GET /v2/ HTTP/1.0\r\n\r\n", b"GET /v2/ HTTP/1.1\r\nConnection: close\r\n\r\n", b"nonsense\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", peer.ports["main"])) as sock:
                sock.sendall(line)
                with sock.makefile("rb") as stream:
                    said = stream.read()
            equal(said.split(b" ")[1], b"400" if line.startswith(b"nonsense") else b"200")


@test
def expectation() -> None:
    """Expect: 100-continue is answered before the body, and not at all if the answer does not need one"""
    with Peer() as peer:
        for path, first in (("/v2/a/blobs/uploads/?digest=" + sha256(b"body"), b"HTTP/1.1 100"), ("/v2/a/manifests/-bad", b"HTTP/1.1 400")):
            with socket.create_connection(("127.0.0.1", peer.ports["main"])) as sock:
                method = "POST" if "uploads" in path else "PUT"
                sock.sendall(f"{method} {path} HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n".encode())
                with sock.makefile("rb") as stream:
                    equal(stream.readline()[:12], first)
                    if first.endswith(b"100"):
                        stream.readline()
                        sock.sendall(b"body")
                        equal(stream.readline()[:12], b"HTTP/1.1 201")


@test
def proxied() -> None:
    """a request with a whole URL, as proxies get them"""
    with Peer() as peer:
        equal(peer.ask("GET", "http://registry.example/v2/").status, 200)


@test
def large() -> None:
    """a blob of 32 MiB up and down, in memory and in a directory, where another process finds it with its tags"""
    data = os.urandom(1024 * 1024) * 32
    with scratch() as folder:
        for arguments in ((), ("--storage", folder)):
            with Peer(arguments) as peer:
                digest = peer.push_blob("a", data)
                equal(sha256(peer.ask("GET", f"/v2/a/blobs/{digest}").body), digest)
                equal(peer.ask("GET", f"/v2/a/blobs/{digest}", headers={"Range": f"bytes={len(data) - 3}-"}).body, data[-3:])
                image_digest = peer.push_image("a/b", "v1")
        with Peer(("--storage", folder)) as peer:
            equal(peer.ask("HEAD", f"/v2/a/blobs/{digest}")["Content-Length"], str(len(data)))
            equal(peer.ask("GET", "/v2/a/b/manifests/v1")["Docker-Content-Digest"], image_digest)
        equal(os.listdir(os.path.join(folder, "uploads")), [])


def write_layout(folder: str, names: list[str]) -> str:
    """An OCI layout with an index of one image, by these names. Returns the index's digest."""
    os.makedirs(os.path.join(folder, "blobs", "sha256"))

    def blob(data: bytes) -> str:
        with open(os.path.join(folder, "blobs", "sha256", sha256(data)[7:]), "wb") as file:
            file.write(data)
        return sha256(data)
    inner = image(blob(b"{}"), blob(b"layer"), 5)
    descriptor = {"mediaType": MANIFEST, "digest": blob(inner), "size": len(inner)}
    outer = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor]}).encode()
    entries = [{"mediaType": INDEX, "digest": blob(outer), "size": len(outer), "annotations": {"org.opencontainers.image.ref.name": name}}
               for name in names]
    with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as file:
        json.dump({"schemaVersion": 2, "manifests": entries}, file)
    return sha256(outer)


@test
def layouts() -> None:
    """an OCI layout goes in at the start or later, and comes out the same; one with other bytes than its digests is refused"""
    with scratch() as folder:
        one, two, three = (os.path.join(folder, name) for name in ("one", "two", "three"))
        digest = write_layout(one, ["v1", "host:5000/some/name:v2", "host:5000/some/name"])
        with Peer(("--load", f"a/b={one}")) as peer:
            equal(peer.ask("GET", "/v2/a/b/tags/list").json()["tags"], ["v1", "v2"])
            equal(peer.ask("HEAD", "/v2/a/b/manifests/v2")["Docker-Content-Digest"], digest)
            equal(peer.control.ask("POST", "/_dump", json.dumps({"repository": "a/b", "layout": two})).status, 204)
            equal(peer.control.ask("POST", "/_load", json.dumps({"repository": "c", "layout": two})).status, 204)
            equal(peer.ask("HEAD", "/v2/c/manifests/v1")["Docker-Content-Digest"], digest)
            equal(peer.control.ask("POST", "/_dump", json.dumps({"repository": "c", "layout": three})).status, 204)
            for path in ("index.json", "oci-layout"):
                with open(os.path.join(two, path), "rb") as left, open(os.path.join(three, path), "rb") as right:
                    equal(left.read(), right.read(), path)
            equal(sorted(os.listdir(os.path.join(one, "blobs/sha256"))), sorted(os.listdir(os.path.join(two, "blobs/sha256"))))
            with open(os.path.join(two, "blobs/sha256", sha256(b"layer")[7:]), "ab") as file:
                file.write(b"!")
            refused = peer.control.ask("POST", "/_load", json.dumps({"repository": "d", "layout": two}))
            equal((refused.status, b"other bytes" in refused.body), (400, True))


@test
def hostile_manifest() -> None:
    """the control server stores anything as a manifest, under any digest"""
    with Peer() as peer:
        equal(peer.control.ask("PUT", "/_manifest/a/b/bad", b'{"a":1,"a":2', {"Content-Type": LAYER}).status, 204)
        answer = peer.ask("GET", "/v2/a/b/manifests/bad")
        equal((answer.body, answer["Content-Type"]), (b'{"a":1,"a":2', LAYER))
        equal(peer.control.ask("PUT", f"/_manifest/a/{EMPTY}", b"not empty", {"Content-Type": MANIFEST}).status, 204)
        equal(peer.ask("GET", f"/v2/a/manifests/{EMPTY}").body, b"not empty")


@test
def log() -> None:
    """the log has every request with server, status, bytes and faults, credentials only as kind, user and hash; it can be cleared"""
    with Peer(("--auth", "basic", "--user", "ann:secret")) as peer:
        header = {"Authorization": "Basic YW5uOnNlY3JldA==", "Proxy-Authorization": "Bearer hidden", "User-Agent": "t/1"}
        peer.ask("GET", "/v2/", headers=header)
        peer.ask("PUT", "/v2/a/manifests/v1?x=y", b"12345")
        one, two = peer.log()
        equal((one["method"], one["path"], one["status"], one["server"], one["out"], one["operation"]),
              ("GET", "/v2/", 200, "main", 2, "base.get"))
        equal(one["auth"], {"kind": "Basic", "hash": sha256(b"YW5uOnNlY3JldA==")[7:23], "user": "ann"})
        equal((one["proxy-auth"]["kind"], one["headers"]["user-agent"]), ("Bearer", "t/1"))
        assert "proxy-authorization" in one["header-names"]
        equal((two["status"], two["query"], two["auth"], two["operation"], two["n"]), (401, "x=y", None, "challenge", 2))
        text = peer.control.ask("GET", "/_log").body
        assert b"secret" not in text and b"YW5uOnNlY3JldA" not in text and b"hidden" not in text
        counts = peer.control.ask("GET", "/_counts").json()
        equal((counts["requests"], counts["operations"], counts["statuses"]), (2, {"base.get": 1, "challenge": 1}, {"200": 1, "401": 1}))
        equal(peer.control.ask("DELETE", "/_log").status, 204)
        equal(peer.log(), [])


@test
def log_file() -> None:
    """--log writes the same lines to a file, --ports the ports"""
    with scratch() as folder:
        path, ports = os.path.join(folder, "log"), os.path.join(folder, "ports")
        with Peer(("--log", path, "--ports", ports)) as peer:
            peer.ask("GET", "/v2/")
            with open(ports, encoding="utf-8") as file:
                equal(file.read(), "".join(f"{name}={port}\n" for name, port in peer.ports.items()))
        with open(path, encoding="utf-8") as file:
            equal(json.loads(file.readline())["path"], "/v2/")


@test
def parallel() -> None:
    """many connections at once, and a session that two write to: one of them is told that it is out of order"""
    with Peer() as peer:
        clients = [peer.connect() for _ in range(40)]
        for client in clients:
            client.connection.request("GET", "/v2/")
        equal({client.connection.getresponse().status for client in clients}, {200})
        where = path_of(peer.ask("POST", "/v2/a/blobs/uploads/")["Location"])
        slow, fast = http.client.HTTPConnection("127.0.0.1", peer.ports["main"]), peer.connect()
        slow.putrequest("PATCH", where)
        slow.putheader("Content-Length", "20")
        slow.endheaders(b"0123456789")
        until(lambda: fast.ask("GET", where)["Range"] == "0-9")
        equal(fast.ask("PATCH", where, b"abc")["Range"], "0-12")
        slow.send(b"9876543210")
        refused = slow.getresponse()
        equal((refused.status, refused.headers["Range"]), (416, "0-12"))


@test
def broken_upload() -> None:
    """an upload whose client goes away leaves what had come, and the log says that it went"""
    with Peer() as peer:
        where = path_of(peer.ask("POST", "/v2/a/blobs/uploads/")["Location"])
        other = http.client.HTTPConnection("127.0.0.1", peer.ports["main"])
        other.putrequest("PATCH", where)
        other.putheader("Content-Length", "20")
        other.endheaders(b"0123456789")
        until(lambda: peer.ask("GET", where)["Range"] == "0-9")
        other.close()
        equal(peer.ask("PATCH", where, b"ab", {"Content-Range": "10-11"})["Range"], "0-11")
        until(lambda: "gone" in [one["status"] for one in peer.log()])


@test
def ends() -> None:
    """it ends when its standard input closes, and when it is killed"""
    command = [sys.executable, "-B", os.path.join(HERE, "registry.py")]
    for how in ("input", "kill"):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout and process.stdin and process.stdout.readline().startswith(b"main=")
            if how == "input":
                process.stdin.close()
            else:
                process.kill()
            equal(process.wait(30), 0 if how == "input" else -signal.SIGKILL, how)


run_tests()
