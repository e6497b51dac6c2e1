# SPDX-License-Identifier: Apache-2.0
"""Talks to a registry without authentication, step by step, and prints what it answered: status, error code, and the headers that
clients go by. Two registries that print the same are the same to a client. Left out are the steps where distribution 2.8 does not do what
the specification says (names and tags against the grammar, manifests that are too large).

usage: transcript.py PORT"""
import sys
from typing import Any

from harness import INDEX, MANIFEST, Answer, Client, Peer, image, path_of, sha256

SHOWN = ("Range", "Content-Range", "Content-Type", "Docker-Content-Digest", "ETag", "Link", "Docker-Distribution-Api-Version",
         "OCI-Subject")
ONE, LAYER, MISSING = sha256(b"0123456789"), sha256(b"layer"), sha256(b"missing")


class Steps:
    """A client that says what it hears."""

    def __init__(self, port: str) -> None:
        self.peer = Peer()
        self.peer.client = Client(f"http://127.0.0.1:{port}")

    def step(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, name: str = "") -> Answer:
        """One request; `name` stands for a path that is new each time."""
        answer = self.peer.ask(method, path, body, headers)
        told = answer.code() if answer.status >= 400 and answer.body.startswith(b"{") else ""
        shown = SHOWN if answer.status < 300 else ("Range", "Content-Range", "Docker-Distribution-Api-Version")
        kept = [f"{header}={answer[header]}" for header in shown if answer[header]]
        print(method, name or path, answer.status, told, *kept)
        return answer

    def uploads(self) -> None:
        """Sessions."""
        where = path_of(self.step("POST", "/v2/a/b/blobs/uploads/")["Location"])
        old, where = where, path_of(self.step("PATCH", where, b"01234", name="session")["Location"])
        self.step("GET", old, name="session with an old query")
        self.step("GET", where, name="session")
        where = path_of(self.step("PATCH", where, b"56789", {"Content-Range": "77-81"}, name="session")["Location"])
        self.step("PUT", path_of(where, digest=ONE), name="session")
        self.step("GET", where, name="session that is done")
        where = path_of(self.step("POST", "/v2/a/b/blobs/uploads/")["Location"])
        self.step("PUT", path_of(where, digest=MISSING), b"else", name="session")
        where = path_of(self.step("POST", "/v2/a/b/blobs/uploads/")["Location"])
        self.step("DELETE", where, name="session")
        self.step("GET", where, name="session that was cancelled")
        self.step("POST", f"/v2/a/b/blobs/uploads/?digest={MISSING}", b"missing")
        self.step("POST", f"/v2/c/blobs/uploads/?from=a/b&mount={ONE}")
        self.step("POST", f"/v2/c/blobs/uploads/?from=a/b&mount={MISSING}")

    def blobs(self) -> None:
        """Blobs."""
        for digest in (ONE, MISSING, "sha256:none"):
            for method in ("GET", "HEAD"):
                self.step(method, f"/v2/a/b/blobs/{digest}")
        for asked in ("bytes=3-5", "bytes=7-", "bytes=-2", "bytes=5-99", "bytes=10-"):
            self.step("GET", f"/v2/a/b/blobs/{ONE}", headers={"Range": asked})

    def manifests(self) -> None:
        """Manifests and tags."""
        digest = self.peer.push_image("a/b", "v1")
        good = image(sha256(b"{}"), LAYER, 5)
        for reference in ("v1", digest, "v9", MISSING):
            for method in ("GET", "HEAD"):
                self.step(method, f"/v2/a/b/manifests/{reference}", headers={"Accept": MANIFEST})
        self.step("GET", "/v2/a/b/manifests/v1", headers={"Accept": MANIFEST, "If-None-Match": f'"{digest}"'})
        self.step("GET", "/v2/a/b/manifests/v1", headers={"Accept": INDEX})
        self.step("GET", "/v2/none/manifests/v1", headers={"Accept": MANIFEST})
        lying = image(MISSING, LAYER, 5)
        for reference, kind, data in (("x", MANIFEST, b"{"), ("x", INDEX, good), ("x", MANIFEST, lying), (MISSING, MANIFEST, good),
                                      ("x", MANIFEST, good), (digest, MANIFEST, good)):
            self.step("PUT", f"/v2/a/b/manifests/{reference}", data, {"Content-Type": kind})

    def lists(self) -> None:
        """Lists, and what is not there."""
        for path in ("a/b/tags/list", "a/b/tags/list?n=1", "none/tags/list", "_catalog?n=1", f"a/b/referrers/{MISSING}", "nonsense", ""):
            self.step("GET", "/v2/" + path)

    def deletion(self) -> None:
        """Deletions."""
        digest = sha256(image(sha256(b"{}"), LAYER, 5))
        for path in ("manifests/v1", f"manifests/{digest}", f"manifests/{digest}", f"blobs/{LAYER}", f"blobs/{LAYER}"):
            self.step("DELETE", f"/v2/a/b/{path}")
        self.step("GET", "/v2/a/b/tags/list")


steps = Steps(sys.argv[1])
steps.uploads()
steps.blobs()
steps.manifests()
steps.lists()
steps.deletion()
