# SPDX-License-Identifier: Apache-2.0
"""The faults of meaning, where HTTP is right and the registry is not, each proved with plain http.client: uploads, tags, manifests, lists.
One registry serves all tests; each has a repository of its own. TAP."""
from typing import Any

from harness import MANIFEST, Answer, Peer, ended, equal, path_of, run_tests, sha256, test

peer = Peer()
DATA = bytes(range(256)) * 4096


# --- uploads ---

@test
def lost_sessions() -> None:
    """a session that is gone: 404 BLOB_UPLOAD_UNKNOWN, and it does not come back"""
    peer.rules()
    where = peer.session("lost")
    peer.fault("lost-upload")
    equal(peer.ask("PATCH", where, b"x").code(), "BLOB_UPLOAD_UNKNOWN")
    equal(peer.ask("GET", where).status, 404)
    equal(peer.push_blob("lost", b"again"), sha256(b"again"))


@test
def short_uploads() -> None:
    """less was taken than was sent: the PATCH and the GET say how much, and the rest can follow"""
    peer.rules()
    where = peer.session("short")
    peer.fault("short-upload", keep=4)
    answer = peer.ask("PATCH", where, b"0123456789")
    equal((answer.status, answer["Range"], peer.ask("GET", where)["Range"]), (202, "0-3", "0-3"))
    equal(peer.ask("PATCH", where, b"456789", {"Content-Range": "4-9"})["Range"], "0-9")
    equal(peer.ask("PUT", path_of(where, digest=sha256(b"0123456789"))).status, 201)
    where = peer.session("short")
    peer.fault("short-upload")
    equal(peer.ask("PATCH", where, b"0123456789")["Range"], "0-4")


@test
def reset_uploads() -> None:
    """a reset at a byte of an upload; what had come stays, and a session goes on from there"""
    peer.rules()
    where = peer.session("reset")
    peer.fault("reset-upload", at=100000)
    ended(OSError, lambda: peer.ask("PATCH", where, DATA))
    equal(peer.ask("GET", where)["Range"], "0-99999")
    equal(peer.ask("PATCH", where, DATA[100000:], {"Content-Range": f"100000-{len(DATA) - 1}"}).status, 202)
    equal(peer.ask("PUT", path_of(where, digest=sha256(DATA))).status, 201)
    equal([one["status"] for one in peer.log() if one["faults"] == ["reset-upload"]], ["reset"])


@test
def early_answers() -> None:
    """413 before the body is read"""
    peer.rules()
    where = peer.session("early")
    peer.fault("early-answer")
    equal(peer.ask("PATCH", where, DATA).status, 413)
    equal(peer.ask("GET", where)["Range"], "0-0")


@test
def locations() -> None:
    """Location as a path, as a bare name, with a query that must come back, and on another server that wants no credentials"""
    peer.rules()
    peer.fault("relative-location")
    equal(peer.ask("POST", "/v2/where/blobs/uploads/")["Location"].startswith("/v2/where/blobs/uploads/"), True)
    peer.fault("relative-location", form="bare")
    answer = peer.ask("POST", "/v2/where/blobs/uploads/")
    equal(answer["Location"], answer["Docker-Upload-UUID"])
    peer.fault("location-query", times=None)
    one = path_of(peer.ask("POST", "/v2/where/blobs/uploads/")["Location"])
    two = path_of(peer.ask("PATCH", one, b"abc")["Location"])
    assert "?_state=" in one and one != two
    equal(peer.ask("PATCH", one, b"def").code(), "BLOB_UPLOAD_INVALID")
    equal(peer.ask("PATCH", two.partition("?")[0], b"def").code(), "BLOB_UPLOAD_INVALID")
    equal(peer.ask("PUT", path_of(two, digest=sha256(b"abc"))).status, 201)
    peer.rules({"fault": {"name": "location-query", "strict": True}}, {"fault": "reset-upload", "times": 1})
    one = path_of(peer.ask("POST", "/v2/where/blobs/uploads/")["Location"])
    ended(OSError, lambda: peer.ask("PATCH", one, DATA))
    equal(peer.ask("GET", one).code(), "BLOB_UPLOAD_INVALID")
    peer.fault("location-elsewhere", times=None)
    where = peer.ask("POST", "/v2/where/blobs/uploads/")["Location"]
    assert where.startswith(peer.at("cdn") + "/cdn/v2/where/blobs/uploads/"), where
    other = peer.connect("cdn")
    equal(other.ask("PATCH", path_of(where), b"x", {"Authorization": "Bearer x"}).status, 400)
    next_one = other.ask("PATCH", path_of(where), b"there")["Location"]
    assert next_one.startswith(peer.at("cdn")), next_one
    equal(other.ask("PUT", path_of(next_one, digest=sha256(b"there")))["Location"], f"{peer.url}/v2/where/blobs/{sha256(b'there')}")
    equal(peer.ask("GET", f"/v2/where/blobs/{sha256(b'there')}").body, b"there")


@test
def refused_shortcuts() -> None:
    """no mount and no monolithic POST: both become a session; a PATCH whose Content-Range is not looked at"""
    peer.rules()
    digest = peer.push_blob("cut/a", b"1")
    peer.fault("no-mount")
    equal(peer.ask("POST", f"/v2/cut/b/blobs/uploads/?mount={digest}&from=cut/a").status, 202)
    peer.fault("no-monolithic")
    answer = peer.ask("POST", f"/v2/cut/b/blobs/uploads/?digest={digest}", b"1")
    equal((answer.status, peer.ask("HEAD", f"/v2/cut/b/blobs/{digest}").status), (202, 404))
    peer.fault("no-range-check")
    equal(peer.ask("PATCH", peer.session("cut/b"), b"12", {"Content-Range": "5-6"})["Range"], "0-1")


# --- tags ---

@test
def immutable() -> None:
    """an immutable tag cannot move, with 400 or 409, but can be made and pushed again"""
    peer.rules({"fault": "immutable-tags"})
    digest = peer.push_image("fixed", "v1", "one")
    peer.push_image("fixed", "v1", "one")
    peer.push_image("fixed", "other", "two")
    data = peer.ask("GET", "/v2/fixed/manifests/other").body
    equal(peer.ask("PUT", "/v2/fixed/manifests/v1", data, {"Content-Type": MANIFEST}).code(), "TAG_INVALID")
    peer.fault("immutable-tags", status=409)
    equal(peer.ask("PUT", "/v2/fixed/manifests/v1", data, {"Content-Type": MANIFEST}).status, 409)
    equal(peer.ask("HEAD", "/v2/fixed/manifests/v1")["Docker-Content-Digest"], digest)


@test
def stale() -> None:
    """a tag list and a tag as they were some changes ago"""
    peer.rules()
    first = peer.push_image("stale", "v1", "one")
    second = peer.push_image("stale", "v2", "two")
    peer.push_image("stale", "v1", "two")
    peer.fault("stale-manifest", times=None, behind=1)
    equal(peer.ask("HEAD", "/v2/stale/manifests/v1")["Docker-Content-Digest"], first)
    equal(peer.ask("HEAD", f"/v2/stale/manifests/{second}").status, 200)
    peer.fault("stale-manifest", behind=3)
    equal(peer.ask("GET", "/v2/stale/manifests/v1").status, 404)
    peer.fault("stale-tags", behind=2)
    equal(peer.ask("GET", "/v2/stale/tags/list").json()["tags"], ["v1"])
    equal(peer.ask("GET", "/v2/stale/tags/list").json()["tags"], ["v1", "v2"])


@test
def moving() -> None:
    """500 while a tag moves, for the next reads of that tag only; a manifest that is not there yet when it was just pushed"""
    peer.rules({"fault": {"name": "tag-move-500", "reads": 2}})
    digest = peer.push_image("moving", "v1", "one")
    equal(peer.ask("GET", "/v2/moving/manifests/v1").status, 200)
    peer.push_image("moving", "v1", "two")
    equal([peer.ask("GET", f"/v2/moving/manifests/{reference}").status for reference in (digest, "v1", "v1", "v1")], [200, 500, 500, 200])
    peer.fault("late-manifest", times=None)
    digest = peer.push_image("moving", "v3", "three")
    equal([peer.ask("GET", f"/v2/moving/manifests/{reference}").status for reference in (digest, "v3", "v3", digest)], [404, 404, 200, 200])


@test
def undeletable() -> None:
    """405 for deletions, as Hub answers; 400 for a deletion by tag, as distribution 2.8 does"""
    peer.rules()
    digest = peer.push_image("kept", "v1")
    peer.rules({"fault": "no-delete"})
    for path in ("manifests/v1", f"manifests/{digest}", f"blobs/{digest}"):
        equal(peer.ask("DELETE", f"/v2/kept/{path}").code(), "UNSUPPORTED")
    peer.rules({"fault": "no-tag-delete"})
    equal(peer.ask("DELETE", "/v2/kept/manifests/v1").code(), "DIGEST_INVALID")
    equal(peer.ask("DELETE", f"/v2/kept/manifests/{digest}").status, 202)


@test
def missing_referrers() -> None:
    """no referrers API, and one that knows of none while a fallback tag does; neither says OCI-Subject"""
    for fault, status in (("no-referrers", 404), ("empty-referrers", 200)):
        peer.rules({"fault": fault})
        digest = peer.push_image(fault, "v1")
        subject = {"mediaType": MANIFEST, "digest": digest, "size": 1}
        peer.push_image(fault, digest.replace(":", "-"), "fallback", subject=subject)
        data = peer.ask("GET", f"/v2/{fault}/manifests/{digest.replace(':', '-')}").body
        equal(peer.ask("PUT", f"/v2/{fault}/manifests/again", data, {"Content-Type": MANIFEST})["OCI-Subject"], "")
        answer = peer.ask("GET", f"/v2/{fault}/referrers/{digest}")
        equal(answer.status, status)
        equal(answer.status == 404 or answer.json()["manifests"] == [], True)


@test
def rate_limited() -> None:
    """ratelimit headers that count down over GETs of manifests, then 429"""
    peer.rules()
    peer.push_image("limit", "v1")
    peer.fault("rate-limit", times=None, limit=10, remaining=2, retry_after=3)
    equal(peer.ask("HEAD", "/v2/limit/manifests/v1")["ratelimit-limit"], "")
    got = [peer.ask("GET", "/v2/limit/manifests/v1") for _ in range(3)]
    equal([(one.status, one["ratelimit-limit"], one["ratelimit-remaining"], one["Retry-After"]) for one in got],
          [(200, "10;w=21600", "1;w=21600", ""), (200, "10;w=21600", "0;w=21600", ""), (429, "10;w=21600", "0;w=21600", "3")])


# --- lists ---

@test
def odd_lists() -> None:
    """no catalogue; no paging; short pages; a Link to the same page, and to another server; null for no tags"""
    peer.rules()
    for tag in ("a", "b", "c"):
        digest = peer.push_image("lists", tag)
    path = "/v2/lists/tags/list?n=1"

    def listed(fault: str, at: str = path, **params: Any) -> Answer:
        peer.fault(fault, **params)
        return peer.ask("GET", at)
    equal((listed("no-catalog", "/v2/_catalog").status, listed("no-catalog", "/v2/_catalog", status=404).status), (405, 404))
    answer = listed("no-paging")
    equal((answer.json()["tags"], answer["Link"]), (["a", "b", "c"], ""))
    answer = listed("short-pages", "/v2/lists/tags/list?n=100", size=2)
    equal((answer.json()["tags"], answer["Link"]), (["a", "b"], '</v2/lists/tags/list?last=b&n=2>; rel="next"'))
    equal(listed("page-loop")["Link"], f'<{path}>; rel="next"')
    equal(listed("page-elsewhere")["Link"].startswith(f"<{peer.at('cdn')}/v2/lists/tags/list?"), True)
    answer = listed("endless-list", entries=3, bytes=9)
    equal((answer.json()["tags"][2], answer["Link"]), ("0000000.2"[-9:], '</v2/lists/tags/list?page=1>; rel="next"'))
    equal(listed("endless-list", f"/v2/lists/referrers/{digest}?page=7", entries=1)["Link"].endswith('?page=8>; rel="next"'), True)
    peer.rules()
    peer.ask("DELETE", f"/v2/lists/manifests/{digest}")
    equal(listed("null-tags").json()["tags"], None)


with peer:
    run_tests()
