# SPDX-License-Identifier: Apache-2.0
"""The fault-injecting registry as a good one: the distribution interface (1.1), request by request, with plain http.client. TAP."""
import hashlib
import json

from harness import CONFIG, INDEX, MANIFEST, Answer, Peer, equal, image, path_of, run_tests, sha256, test

EMPTY = sha256(b"")


def at_offset(peer: Peer, location: str, data: bytes, start: int) -> Answer:
    """A PATCH that says where it begins."""
    headers = {"Content-Range": f"{start}-{start + len(data) - 1}", "Content-Type": "application/octet-stream"}
    return peer.ask("PATCH", path_of(location), data, headers)


@test
def base() -> None:
    """GET /v2/ says that this is a registry; what is nothing is 404, a method that is none is 405"""
    with Peer() as peer:
        answer = peer.ask("GET", "/v2/")
        equal((answer.status, answer["Docker-Distribution-Api-Version"]), (200, "registry/2.0"))
        equal(peer.ask("GET", "/").status, 404)
        equal(peer.ask("GET", "/v1/search").status, 404)
        equal(peer.ask("POST", "/v2/a/manifests/x").code(), "UNSUPPORTED")


@test
def whole_upload() -> None:
    """a blob by POST and PUT: Location, Range and Docker-Upload-UUID on the way, then GET, HEAD and ETag"""
    with Peer() as peer:
        start = peer.ask("POST", "/v2/a/b/blobs/uploads/")
        equal((start.status, start["Range"], start["Content-Length"]), (202, "0-0", "0"))
        assert start["Location"].startswith(peer.url + "/v2/a/b/blobs/uploads/" + start["Docker-Upload-UUID"])
        put = peer.ask("PUT", path_of(start["Location"], digest=sha256(b"one")), b"one")
        equal((put.status, put["Location"]), (201, f"{peer.url}/v2/a/b/blobs/{sha256(b'one')}"))
        got = peer.ask("GET", path_of(put["Location"]))
        equal((got.status, got.body, got["Docker-Content-Digest"], got["Content-Length"]), (200, b"one", sha256(b"one"), "3"))
        head = peer.ask("HEAD", path_of(put["Location"]))
        equal((head.status, head.body, head["Content-Length"]), (200, b"", "3"))
        equal(peer.ask("GET", path_of(put["Location"]), headers={"If-None-Match": got["ETag"]}).status, 304)
        equal(peer.ask("GET", f"/v2/other/blobs/{sha256(b'one')}").code(), "BLOB_UNKNOWN")


@test
def pieces() -> None:
    """a blob in pieces: PATCH in order, 416 with the place out of order, GET for the state, PUT with the last piece"""
    with Peer() as peer:
        where = peer.ask("POST", "/v2/a/blobs/uploads/")["Location"]
        first = at_offset(peer, where, b"0123456789", 0)
        equal((first.status, first["Range"]), (202, "0-9"))
        again = at_offset(peer, first["Location"], b"0123456789", 0)
        equal((again.status, again["Range"]), (416, "0-9"))
        state = peer.ask("GET", path_of(again["Location"]))
        equal((state.status, state["Range"]), (204, "0-9"))
        second = at_offset(peer, state["Location"], b"abc", 10)
        equal((second.status, second["Range"]), (202, "0-12"))
        put = peer.ask("PUT", path_of(second["Location"], digest=sha256(b"0123456789abc!")), b"!")
        equal(put.status, 201)
        equal(peer.ask("GET", path_of(put["Location"])).body, b"0123456789abc!")
        equal(peer.ask("GET", path_of(second["Location"])).code(), "BLOB_UPLOAD_UNKNOWN")


@test
def streamed() -> None:
    """a chunked PATCH without a length, and an empty blob"""
    with Peer() as peer:
        where = peer.ask("POST", "/v2/a/blobs/uploads/")["Location"]
        patch = peer.ask("PATCH", path_of(where), iter([b"ab", b"cd" * 50000]), chunked=True)
        equal((patch.status, patch["Range"]), (202, "0-100001"))
        equal(peer.ask("PUT", path_of(patch["Location"], digest=sha256(b"ab" + b"cd" * 50000))).status, 201)
        equal(peer.push_blob("a", b""), EMPTY)
        equal(peer.ask("GET", f"/v2/a/blobs/{EMPTY}").body, b"")


@test
def monolithic() -> None:
    """a blob by one POST ?digest=; a wrong digest is DIGEST_INVALID and leaves nothing"""
    with Peer() as peer:
        equal(peer.ask("POST", f"/v2/a/blobs/uploads/?digest={sha256(b'x')}", b"x").status, 201)
        equal(peer.ask("HEAD", f"/v2/a/blobs/{sha256(b'x')}").status, 200)
        equal(peer.ask("POST", f"/v2/a/blobs/uploads/?digest={sha256(b'x')}", b"y").code(), "DIGEST_INVALID")
        equal(peer.ask("POST", "/v2/a/blobs/uploads/?digest=md5:00", b"y").code(), "DIGEST_INVALID")
        where = peer.ask("POST", "/v2/a/blobs/uploads/")["Location"]
        equal(peer.ask("PUT", path_of(where, digest=sha256(b"y")), b"z").code(), "DIGEST_INVALID")
        equal(peer.ask("HEAD", f"/v2/a/blobs/{sha256(b'y')}").status, 404)


@test
def sha512() -> None:
    """sha512 digests"""
    digest = "sha512:" + hashlib.sha512(b"five").hexdigest()
    with Peer() as peer:
        equal(peer.ask("POST", f"/v2/a/blobs/uploads/?digest={digest}", b"five").status, 201)
        equal(peer.ask("GET", f"/v2/a/blobs/{digest}").body, b"five")


@test
def mounts() -> None:
    """a mount from another repository is 201; of what is not there it is an ordinary session"""
    with Peer() as peer:
        digest = peer.push_blob("a", b"shared")
        equal(peer.ask("POST", f"/v2/b/blobs/uploads/?mount={digest}&from=a").status, 201)
        equal(peer.ask("GET", f"/v2/b/blobs/{digest}").body, b"shared")
        equal(peer.ask("POST", f"/v2/b/blobs/uploads/?mount={EMPTY}&from=a").status, 202)
        equal(peer.ask("POST", f"/v2/c/blobs/uploads/?mount={digest}&from=nowhere").status, 202)
        equal(peer.ask("HEAD", f"/v2/c/blobs/{digest}").status, 404)


@test
def cancelled() -> None:
    """DELETE of a session and of a blob"""
    with Peer() as peer:
        where = path_of(peer.ask("POST", "/v2/a/blobs/uploads/")["Location"])
        equal(peer.ask("DELETE", where).status, 204)
        equal(peer.ask("GET", where).status, 404)
        digest = peer.push_blob("a", b"gone")
        equal(peer.ask("DELETE", f"/v2/a/blobs/{digest}").status, 202)
        equal(peer.ask("DELETE", f"/v2/a/blobs/{digest}").code(), "BLOB_UNKNOWN")


@test
def ranges() -> None:
    """ranges of a blob: inside, to the end, from the end, 416 behind it"""
    with Peer() as peer:
        path = f"/v2/a/blobs/{peer.push_blob('a', b'0123456789')}"
        for asked, body, said in (("bytes=2-4", b"234", "bytes 2-4/10"), ("bytes=7-", b"789", "bytes 7-9/10"),
                                  ("bytes=-2", b"89", "bytes 8-9/10"), ("bytes=5-99", b"56789", "bytes 5-9/10")):
            answer = peer.ask("GET", path, headers={"Range": asked})
            equal((answer.status, answer.body, answer["Content-Range"]), (206, body, said), asked)
        behind = peer.ask("GET", path, headers={"Range": "bytes=10-"})
        equal((behind.status, behind["Content-Range"]), (416, "bytes */10"))
        equal(peer.ask("GET", path, headers={"Range": "lines=1-2"}).status, 200)


@test
def manifests() -> None:
    """a manifest by tag and by digest: GET, HEAD, media type, ETag, Accept"""
    with Peer() as peer:
        digest = peer.push_image("a", "v1")
        for reference in ("v1", digest):
            answer = peer.ask("GET", f"/v2/a/manifests/{reference}", headers={"Accept": f"{INDEX}, {MANIFEST};q=0.5"})
            equal((answer.status, sha256(answer.body), answer["Docker-Content-Digest"]), (200, digest, digest))
            equal(answer["Content-Type"], MANIFEST)
        equal(peer.ask("HEAD", "/v2/a/manifests/v1")["Docker-Content-Digest"], digest)
        equal(peer.ask("GET", "/v2/a/manifests/v1", headers={"If-None-Match": f'"{digest}"'}).status, 304)
        equal(peer.ask("GET", "/v2/a/manifests/v1", headers={"Accept": INDEX}).code(), "MANIFEST_UNKNOWN")
        equal(peer.ask("GET", "/v2/a/manifests/v2").code(), "MANIFEST_UNKNOWN")
        equal(peer.ask("GET", "/v2/nothing/manifests/v1").status, 404)


@test
def bad_manifests() -> None:
    """a manifest that is none, that lies about its type or names what is not there, a wrong digest, bad names and tags, 5 MiB"""
    with Peer() as peer:
        config, layer = peer.push_blob("a", b"{}"), peer.push_blob("a", b"layer")
        good = image(config, layer, 5)

        def put(reference: str, data: bytes, kind: str = MANIFEST, name: str = "a") -> tuple[int, str]:
            answer = peer.ask("PUT", f"/v2/{name}/manifests/{reference}", data, {"Content-Type": kind})
            return answer.status, answer.code() if answer.status >= 400 else ""
        equal(put("x", b"{"), (400, "MANIFEST_INVALID"))
        equal(put("x", b"[" * 100000), (400, "MANIFEST_INVALID"))
        equal(put("x", b'{"layers": 5}'), (400, "MANIFEST_INVALID"))
        equal(put("x", good, INDEX), (400, "MANIFEST_INVALID"))
        equal(put("x", image(config, sha256(b"missing"), 5)), (400, "MANIFEST_BLOB_UNKNOWN"))
        equal(put("x", json.dumps({"manifests": [{"digest": sha256(good)}]}).encode(), INDEX), (400, "MANIFEST_UNKNOWN"))
        equal(put(sha256(b"else"), good), (400, "DIGEST_INVALID"))
        equal(put("x", good + b" " * 5 * 1024 * 1024), (413, "MANIFEST_INVALID"))
        equal(put("-x", good), (400, "TAG_INVALID"))
        equal(put("x", good, name="A"), (400, "NAME_INVALID"))
        equal(put("x", good), (201, ""))


@test
def deletion() -> None:
    """DELETE of a tag takes the tag alone, of a digest all its tags"""
    with Peer() as peer:
        digest = peer.push_image("a", "v1")
        for tag in ("v2", "v3"):
            equal(peer.push_image("a", tag), digest)
        equal(peer.ask("DELETE", "/v2/a/manifests/v1").status, 202)
        equal(peer.ask("GET", "/v2/a/manifests/v1").status, 404)
        equal(peer.ask("GET", "/v2/a/tags/list").json()["tags"], ["v2", "v3"])
        equal(peer.ask("DELETE", f"/v2/a/manifests/{digest}").status, 202)
        equal(peer.ask("GET", "/v2/a/tags/list").json()["tags"], [])
        equal(peer.ask("DELETE", f"/v2/a/manifests/{digest}").code(), "MANIFEST_UNKNOWN")


@test
def paging() -> None:
    """tags and the catalogue in pages: n, last and Link, to the end"""
    with Peer() as peer:
        for tag in ("b", "a", "C", "10", "9"):
            peer.push_image("x/y", tag)
        equal(peer.ask("GET", "/v2/x/y/tags/list").json(), {"name": "x/y", "tags": ["10", "9", "C", "a", "b"]})
        pages, path = [], "/v2/x/y/tags/list?n=2"
        while path:
            answer = peer.ask("GET", path)
            pages.append(answer.json()["tags"])
            path = answer["Link"].partition(">")[0].lstrip("<")
        equal(pages, [["10", "9"], ["C", "a"], ["b"]])
        equal(peer.ask("GET", "/v2/x/y/tags/list?n=0").json()["tags"], [])
        equal(peer.ask("GET", "/v2/x/y/tags/list?n=x").code(), "PAGINATION_NUMBER_INVALID")
        equal(peer.ask("GET", "/v2/none/tags/list").code(), "NAME_UNKNOWN")
        peer.push_blob("a", b"1")
        answer = peer.ask("GET", "/v2/_catalog?n=1")
        equal((answer.json(), answer["Link"]), ({"repositories": ["a"]}, '</v2/_catalog?last=a&n=1>; rel="next"'))


@test
def referrers() -> None:
    """referrers: OCI-Subject after a push, descriptors with type and annotations, the filter, and an empty list of what is not known"""
    with Peer() as peer:
        digest = peer.push_image("a", "v1")
        subject = {"mediaType": MANIFEST, "digest": digest, "size": 1}
        more = {"subject": subject, "artifactType": "text/sbom", "annotations": {"k": "v"}}
        data = image(peer.push_blob("a", b"{}"), peer.push_blob("a", b"sbom"), 4, **more)
        answer = peer.ask("PUT", f"/v2/a/manifests/{sha256(data)}", data, {"Content-Type": MANIFEST})
        equal((answer.status, answer["OCI-Subject"]), (201, digest))
        peer.push_image("a", "", "other", subject=subject)
        listed = peer.ask("GET", f"/v2/a/referrers/{digest}")
        equal((listed.status, listed["Content-Type"], len(listed.json()["manifests"])), (200, INDEX, 2))
        kept = peer.ask("GET", f"/v2/a/referrers/{digest}?artifactType=text/sbom")
        equal(kept["OCI-Filters-Applied"], "artifactType")
        equal(kept.json()["manifests"], [{"mediaType": MANIFEST, "digest": sha256(data), "size": len(data), "artifactType": "text/sbom",
                                          "annotations": {"k": "v"}}])
        equal([one["artifactType"] for one in listed.json()["manifests"] if one["digest"] != sha256(data)], [CONFIG])
        equal(peer.ask("GET", f"/v2/a/referrers/{EMPTY}").json()["manifests"], [])


run_tests()
