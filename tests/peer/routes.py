# SPDX-License-Identifier: Apache-2.0
"""Which operation a request is, from its server, method and path, and who carries it out."""
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import blobs
import hub
import manifests
import tags
import tokens
import uploads
from response import Response, as_json

if TYPE_CHECKING:
    from exchange import Exchange

Handler = Callable[["Exchange"], Response]


def base(_x: "Exchange") -> Response:
    """GET /v2/: the registry is one."""
    return as_json({})


PATHS = [(noun, re.compile(pattern)) for noun, pattern in (
    ("base", r"/v2/?"),
    ("catalog", r"/v2/_catalog"),
    ("tags", r"/v2/(?P<name>.+)/tags/list"),
    ("manifest", r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)"),
    ("upload", r"/v2/(?P<name>.+)/blobs/uploads/(?P<session>[^/]*)"),
    ("blob", r"/v2/(?P<name>.+)/blobs/(?P<reference>[^/]+)"),
    ("referrers", r"/v2/(?P<name>.+)/referrers/(?P<reference>[^/]+)"))]
HUB_PATHS = [("hub", re.compile(r"/v2/(?:users/login|auth/token)/?")),
             ("hub", re.compile(r"/v2/repositories/(?P<name>[^/]+/[^/]+)/tags/(?P<reference>[^/]+)/?"))]

HANDLERS: dict[str, Handler] = {
    "base.get": base, "base.head": base,
    "catalog.get": tags.get_catalog, "tags.get": tags.get_tags, "referrers.get": tags.get_referrers,
    "manifest.get": manifests.get_manifest, "manifest.head": manifests.get_manifest,
    "manifest.put": manifests.put_manifest, "manifest.delete": manifests.delete_manifest,
    "blob.get": blobs.get_blob, "blob.head": blobs.get_blob, "blob.delete": blobs.delete_blob,
    "upload.post": uploads.start_upload, "upload.patch": uploads.patch_upload, "upload.put": uploads.put_upload,
    "upload.get": uploads.get_upload, "upload.delete": uploads.delete_upload,
    "token.get": tokens.get_token, "token.post": tokens.post_token,
    "hub.post": hub.login, "hub.delete": hub.delete_tag}
# The other servers only serve what is read, and uploads that began elsewhere.
ELSEWHERE = {"manifest", "blob", "upload"}


def find(server: str, method: str, path: str, with_hub: bool) -> tuple[str, dict[str, str]]:
    """The operation, or "" where there is nothing, and what the path names."""
    if path == "/token":
        return "token." + method.lower(), {}
    if server in ("cdn", "plain"):
        if not path.startswith("/cdn/"):
            return "", {}
        path = path.removeprefix("/cdn")
    elif server != "main":
        return "", {}
    for noun, pattern in (HUB_PATHS if with_hub else []) + PATHS:
        if found := pattern.fullmatch(path):
            if server != "main" and noun not in ELSEWHERE:
                break
            return f"{noun}.{method.lower()}", found.groupdict()
    return "", {}
