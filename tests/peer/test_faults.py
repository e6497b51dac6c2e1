# SPDX-License-Identifier: Apache-2.0
"""The faults of the fault-injecting registry, each proved with plain http.client: rules and chance, answers, bodies and how they
are delivered, redirects. One registry serves all tests; each has a repository of its own. TAP."""
import http.client
import json
import os
import select
import socket
import subprocess
import sys
import time
from email.utils import parsedate_to_datetime

from harness import HERE, Peer, ended, equal, path_of, run_tests, sha256, test

peer = Peer()
DATA = bytes(range(256)) * 4096


def blob(name: str) -> str:
    """A blob of 1 MiB in that repository, before any fault. Returns its path."""
    peer.rules()
    return f"/v2/{name}/blobs/{peer.push_blob(name, DATA)}"


# --- rules ---

@test
def refused_rules() -> None:
    """rules that mean nothing are refused: an unknown fault, parameter, field or expression"""
    for rule in ({"fault": "none"}, {"fault": {"name": "status", "cod": 5}}, {"fault": "status", "time": 1},
                 {"fault": "status", "match": {"path": "("}}, 5, {}):
        equal(peer.control.ask("PUT", "/_control", json.dumps(rule)).status, 400, str(rule))


@test
def matching() -> None:
    """a rule's match by method, path, operation and server, its after and times; GET /_control counts"""
    path = blob("match")
    match = {"method": "GET", "path": "/match/blobs/sha256:", "operation": "blob.get", "server": "main"}
    peer.rules({"fault": "status", "match": match, "after": 1, "times": 2})
    equal([peer.ask(method, path).status for method in ("HEAD", "GET", "GET", "HEAD", "GET", "GET")], [200, 200, 500, 200, 500, 200])
    state = peer.control.ask("GET", "/_control").json()
    equal((state[0]["seen"], state[0]["fired"]), (4, 2))
    peer.rules({"fault": "status", "match": {"server": ["cdn", "token"]}}, {"fault": "status", "match": {"operation": ["tags.get"]}})
    equal((peer.ask("GET", path).status, peer.ask("GET", "/v2/match/tags/list").status), (200, 500))
    equal([one["faults"] for one in peer.log()[-2:]], [[], ["status"]])


@test
def chance() -> None:
    """chance depends on seed and request alone: the same again in another order, other with another seed, at most so often in a row"""
    path = blob("chance")
    others = [f"/v2/chance/manifests/{number}" for number in range(40)]

    def run(seed: int, order: list[str], **more: int) -> dict[str, list[int]]:
        peer.rules({"fault": {"name": "status", "code": 503}, "probability": 0.5, "seed": seed} | more)
        seen: dict[str, list[int]] = {}
        for one in order:
            seen.setdefault(one, []).append(peer.ask("GET", one).status)
        return seen
    first = run(1, [path] * 40 + others)
    equal(run(1, others + [path] * 40), first)
    assert run(2, [path] * 40 + others) != first
    assert 8 <= first[path].count(503) <= 32, first[path]
    assert "503, 503" not in str(run(1, [path] * 40, streak=1)[path])


@test
def random_faults() -> None:
    """a client that only tries again comes through random transient faults, 200 times, and they were of many kinds"""
    path = blob("random")
    peer.control.ask("DELETE", "/_log")
    peer.rules({"fault": "transient", "probability": 0.4, "seed": 3, "streak": 3})
    for _ in range(200):
        for _ in range(5):
            try:
                answer = peer.ask("GET", path)
            except (OSError, http.client.HTTPException):
                continue
            if answer.status == 200 and sha256(answer.body) == path.rpartition("/")[2]:
                break
        else:
            raise AssertionError("five times in vain")
    peer.rules()
    faults = peer.control.ask("GET", "/_counts").json()["faults"]
    assert len(faults) >= 8, faults


# --- answers ---

@test
def statuses() -> None:
    """500 once, 502 with HTML, 503 with nothing, 200 with HTML"""
    path = blob("status")
    peer.fault("status")
    equal((peer.ask("GET", path).code(), peer.ask("GET", path).status), ("UNKNOWN", 200))
    for code, form, start in ((502, "html", b"<!DOCTYPE html>"), (503, "empty", b""), (200, "html", b"<!DOCTYPE")):
        peer.fault("status", code=code, form=form)
        answer = peer.ask("GET", path)
        equal((answer.status, answer.body.startswith(start), bool(answer.body)), (code, True, form == "html"))


@test
def too_many() -> None:
    """429 with Retry-After in seconds, as a date, and without"""
    path = blob("many")
    peer.fault("too-many", retry_after=7)
    answer = peer.ask("GET", path)
    equal((answer.status, answer["Retry-After"], answer.code()), (429, "7", "TOOMANYREQUESTS"))
    peer.fault("too-many", retry_after=1000, form="date")
    assert 500 < parsedate_to_datetime(peer.ask("GET", path)["Retry-After"]).timestamp() - time.time() < 1500
    peer.fault("too-many", form="none")
    equal(peer.ask("GET", path)["Retry-After"], "")


@test
def any_answer() -> None:
    """an answer of a test's own: its status, body, headers and number, and silence where it is said to be longer; nothing is done"""
    path = blob("any")
    peer.fault("answer", times=2, code=202, body="{n}", headers={"Link": "</{n}>"})
    first, second = peer.ask("GET", path), peer.ask("DELETE", path)
    equal((first.status, first["Link"]), (202, f"</{first.body.decode()}>"))
    assert first.body != second.body, first.body
    equal(peer.ask("GET", path).status, 200)
    peer.fault("answer", body="ab", length=5)
    with socket.create_connection(("127.0.0.1", peer.ports["main"])) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        came = b""
        while not came.endswith(b"ab"):
            came += raw.recv(4096)
    assert b"Content-Length: 5" in came, came


@test
def no_answer() -> None:
    """a connection that closes, is reset, or says nothing until the client goes"""
    path = blob("silence")
    peer.fault("close")
    ended(http.client.RemoteDisconnected, lambda: peer.ask("GET", path))
    where = peer.session("silence")
    peer.rules({"fault": "close", "match": {"method": "PATCH"}, "times": 1})
    ended(http.client.RemoteDisconnected, lambda: peer.ask("PATCH", where, b"x" * 1000))
    peer.fault("reset")
    ended(ConnectionResetError, lambda: peer.ask("GET", path))
    peer.fault("hang")
    other = peer.connect().connection
    other.request("GET", path)
    equal(silent(other), True)
    other.close()
    equal(peer.ask("GET", path).status, 200)


@test
def lost_answers() -> None:
    """an upload is done, and nobody is told"""
    data = b"arrived all the same"
    where = peer.session("lost")
    peer.rules({"fault": "lost-answer", "match": {"operation": "upload.put"}, "times": 1})
    mark = "&" if "?" in where else "?"
    ended(http.client.RemoteDisconnected, lambda: peer.ask("PUT", f"{where}{mark}digest={sha256(data)}", data))
    equal(peer.ask("HEAD", f"/v2/lost/blobs/{sha256(data)}").status, 200)


def silent(connection: http.client.HTTPConnection) -> bool:
    """Whether nothing comes."""
    return not select.select([connection.sock], [], [], 0.2)[0]


@test
def floods() -> None:
    """a thousand headers of a thousand bytes"""
    peer.fault("header-flood", count=1000)
    ended(http.client.HTTPException, lambda: peer.ask("GET", "/v2/"))


# --- bodies ---

@test
def broken_bodies() -> None:
    """a body that is cut, reset or stalls at a byte or a part, behind a whole Content-Length"""
    path = blob("broken")
    for at, length in ((1000, 1000), (0.25, len(DATA) // 4), (0, 0)):
        peer.fault("truncate", at=at)
        answer = peer.ask("GET", path)
        equal((answer.status, len(answer.body), answer.broken, answer["Content-Length"]), (200, length, "IncompleteRead", str(len(DATA))))
    peer.fault("truncate", at=2 * len(DATA))
    equal(peer.ask("GET", path).body, DATA)
    peer.fault("reset-download", at=1000)
    equal(peer.ask("GET", path).broken in ("ConnectionResetError", "IncompleteRead"), True)
    equal(peer.log()[-1]["faults"], ["reset-download"])
    peer.fault("stall")
    other = peer.connect().connection
    other.request("GET", path)
    half = other.getresponse().read(len(DATA) // 2)
    equal((half == DATA[:len(half)], len(half), silent(other)), (True, len(DATA) // 2, True))
    other.close()
    equal((peer.log()[-1]["out"], peer.ask("GET", path).body), (len(DATA) // 2, DATA))


@test
def slow() -> None:
    """so many bytes a second"""
    path = blob("slow")
    peer.fault("drip", rate=1000)
    other = peer.connect().connection
    other.request("GET", path)
    assert 0 < len(other.getresponse().read1()) < 10000
    other.close()
    peer.fault("drip", rate=100000000)
    equal(peer.ask("GET", path).body, DATA)


@test
def wrong_bytes() -> None:
    """one byte is another; more bytes than the descriptor says; a digest header of something else, or none"""
    path = blob("wrong")
    digest = path.rpartition("/")[2]
    peer.fault("spoil")
    answer = peer.ask("GET", path)
    equal((len(answer.body), sum(a != b for a, b in zip(answer.body, DATA)), answer["Docker-Content-Digest"]), (len(DATA), 1, digest))
    peer.fault("spoil")
    answer = peer.ask("GET", path, headers={"Range": "bytes=10-12"})
    equal((answer.status, len(answer.body), answer.body != DATA[10:13]), (206, 3, True))
    peer.fault("longer", bytes=300000)
    answer = peer.ask("GET", path)
    equal((answer.body, answer["Content-Length"]), (DATA + b"+" * 300000, str(len(DATA) + 300000)))
    peer.fault("wrong-digest")
    answer = peer.ask("GET", path)
    equal((answer.body, len(answer["Docker-Content-Digest"]), answer["Docker-Content-Digest"] != digest), (DATA, 71, True))
    peer.fault("no-digest-header")
    equal(peer.ask("HEAD", path)["Docker-Content-Digest"], "")
    peer.push_image("wrong", "v1")
    peer.fault("spoil")
    answer = peer.ask("GET", "/v2/wrong/manifests/v1")
    equal(sha256(answer.body) == answer["Docker-Content-Digest"], False)


@test
def framings() -> None:
    """no Content-Length, a chunked body, also for HEAD; a chunked one that is cut"""
    path = blob("framing")
    for fault, name, value in (("no-length", "Connection", "close"), ("chunked", "Transfer-Encoding", "chunked")):
        peer.fault(fault)
        answer = peer.ask("GET", path)
        equal((answer.body, answer["Content-Length"], answer[name]), (DATA, "", value), fault)
        peer.fault(fault)
        equal(peer.ask("HEAD", path)["Content-Length"], "")
    peer.rules({"fault": "chunked", "times": 1}, {"fault": {"name": "truncate", "at": 500}, "times": 1})
    answer = peer.ask("GET", path)
    equal((answer.broken, len(answer.body)), ("IncompleteRead", 500))


@test
def odd_ranges() -> None:
    """a range that is ignored, and one that is answered with another"""
    path = blob("ranges")
    peer.fault("no-range")
    equal(peer.ask("GET", path, headers={"Range": "bytes=5-9"}).status, 200)
    peer.fault("wrong-range")
    answer = peer.ask("GET", path, headers={"Range": "bytes=5-9"})
    equal((answer.status, answer["Content-Range"], answer.body), (206, f"bytes 4-9/{len(DATA)}", DATA[4:10]))


@test
def big_manifest() -> None:
    """a manifest of 10 MiB, with the digest of what is sent"""
    peer.rules()
    peer.push_image("big", "v1")
    peer.fault("big-manifest", bytes=10 * 1024 * 1024)
    answer = peer.ask("GET", "/v2/big/manifests/v1")
    equal((len(answer.body), answer["Docker-Content-Digest"], answer.json()["schemaVersion"]), (10 * 1024 * 1024, sha256(answer.body), 2))


@test
def lost_answer() -> None:
    """what was asked for is done, and nobody says so"""
    peer.rules()
    peer.push_image("lost", "v1")
    peer.fault("lost-answer")
    ended(OSError, lambda: peer.ask("DELETE", "/v2/lost/manifests/v1"))
    equal(peer.ask("GET", "/v2/lost/manifests/v1").status, 404)


# --- redirects ---

@test
def redirects() -> None:
    """a blob is elsewhere: over hops to a server that refuses credentials and wrong signatures; a loop; any URL; 404 stays 404"""
    path = blob("away")
    peer.fault("redirect", times=None, hops=3)
    answer = peer.ask("GET", path)
    other, hops = peer.connect("cdn"), 0
    while answer.status == 307:
        hops += 1
        where = answer["Location"]
        assert where.startswith(peer.at("cdn") + "/cdn/v2/away/blobs/"), where
        answer = other.ask("GET", path_of(where))
    equal((hops, answer.status, answer.body), (3, 200, DATA))
    equal(other.ask("GET", path_of(where), headers={"Authorization": "Bearer x"}).status, 400)
    equal(peer.log()[-1]["auth"]["kind"], "Bearer")
    equal(other.ask("GET", path_of(where).replace("sig=", "sig=0")).status, 403)
    equal(other.ask("GET", "/v2/").status, 404)
    equal(other.ask("GET", path_of(where), headers={"Range": "bytes=0-0"}).body, DATA[:1])
    equal(peer.ask("GET", f"/v2/away/blobs/{sha256(b'none')}").status, 404)
    peer.fault("redirect", to="loop", code=302)
    answer = peer.ask("GET", path)
    equal((answer.status, answer["Location"]), (302, peer.url + path))
    peer.fault("redirect", to="http://192.0.2.1/x")
    equal(peer.ask("HEAD", path)["Location"], "http://192.0.2.1/x")
    peer.push_image("away", "v1")
    peer.rules({"fault": "redirect", "match": {"operation": "manifest.get"}})
    equal(other.ask("GET", path_of(peer.ask("GET", "/v2/away/manifests/v1")["Location"])).json()["schemaVersion"], 2)


@test
def every_fault_is_known() -> None:
    """README.md names every fault of the table, and a test has it"""
    command = [sys.executable, "-B", os.path.join(HERE, "registry.py"), "--faults"]
    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = [line.split()[0] for line in table.splitlines() if not line.startswith(" ")]
    with open(os.path.join(HERE, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    tests = ""
    for script in ("test_faults.py", "test_meaning.py", "test_access.py"):
        with open(os.path.join(HERE, script), encoding="utf-8") as file:
            tests += file.read()
    equal([name for name in names if f"`{name}`" not in readme], [], "not in README.md")
    equal([name for name in names if f'"{name}"' not in tests], [], "not in a test")
    assert len(names) > 50, names


with peer:
    run_tests()
