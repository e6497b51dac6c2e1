# SPDX-License-Identifier: Apache-2.0
"""Blobs on their way in: sessions (POST, PATCH, PUT, GET, DELETE), a whole blob with POST ?digest=, mounts from another repository, and
what can go wrong with each. A session keeps what came, however the request ended."""
import secrets
import urllib.parse
from typing import TYPE_CHECKING

from contents import Moved, Upload
from digests import is_digest, is_name
from kinds import SENDS, SESSIONS, UPLOADS, Params, asked, before, position
from response import ApiError, Response, empty

if TYPE_CHECKING:
    from exchange import Exchange

NO_MOUNT = asked("no-mount", ("upload.post",), "a mount from another repository becomes an ordinary session (202)")
NO_MONOLITHIC = asked("no-monolithic", ("upload.post",), "POST ?digest= starts a session (202), as distribution 2.8 does")
RELATIVE = asked("relative-location", UPLOADS, "Location is a path (form=path) or the session's bare name (form=bare)", form="path")
QUERY = asked("location-query", UPLOADS, "Location has a query of its own, another in each answer, which must come back; strict: another "
              "for each size, so that none leads back into an upload that broke off, as with distribution 2.8", strict=False)
ELSEWHERE = asked("location-elsewhere", UPLOADS, "Location is on another server, which wants no credentials", to="cdn")
NO_RANGE_CHECK = asked("no-range-check", ("upload.patch",), "what is sent is appended whatever its Content-Range, as with distribution 2.8")
SHORT = asked("short-upload", ("upload.patch",), "only a part of what was sent is taken, and the Range of the answer says so", keep=0.5)


def session_of(x: "Exchange") -> Upload:
    """The session that the path names."""
    upload = x.registry.store.upload(x.name, x.names["session"])
    if upload is None:
        raise ApiError("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", {"session": x.names["session"]})
    grown = upload.strict and upload.state_size != upload.size
    if upload.state and (grown or x.request.argument("_state") != upload.state):
        raise ApiError("BLOB_UPLOAD_INVALID", "blob upload invalid")
    return upload


def locate(x: "Exchange", upload: Upload) -> str:
    """Where the session goes on."""
    path = f"/v2/{x.name}/blobs/uploads/{upload.name}"
    query = {}
    if (params := x.fault(QUERY)) is not None:
        upload.strict = bool(params["strict"])
        if not (upload.strict and upload.state and upload.state_size == upload.size):
            upload.state, upload.state_size = secrets.token_urlsafe(16), upload.size
    if upload.state:
        query = {"_state": upload.state, "part": str(upload.state_size)}
    if x.server in ("cdn", "plain"):  # it stays where it is
        return x.registry.signed(x.server, path, query)
    if (params := x.fault(ELSEWHERE)) is not None:
        return x.registry.signed(str(params["to"]), path, query)
    more = "?" + urllib.parse.urlencode(query) if query else ""
    if (params := x.fault(RELATIVE)) is not None:
        # the session's own path is its base, but for POST, whose path ends in "uploads/"
        return (upload.name if params["form"] == "bare" else path) + more
    return x.origin() + path + more


def progress(x: "Exchange", upload: Upload, status: int) -> Response:
    """The answer that says how far a session is."""
    return empty(status, ("Location", locate(x, upload)), ("Range", f"0-{max(0, upload.size - 1)}"), ("Docker-Upload-UUID", upload.name))


def created(x: "Exchange", digest: str) -> Response:
    """The answer when a blob is there."""
    return empty(201, ("Location", f"{x.registry.urls['main']}/v2/{x.name}/blobs/{digest}"), ("Docker-Content-Digest", digest))


def check_name(x: "Exchange") -> None:
    """Raises if no repository may have the path's name."""
    if not is_name(x.name):
        raise ApiError("NAME_INVALID", "invalid repository name", {"name": x.name})


def receive(x: "Exchange", upload: Upload, keep: float | None = None) -> None:
    """Appends the request's body to a session, as it comes; only the first `keep` bytes or that part of it, if given."""
    left = None if keep is None else position(keep, x.request.body.length)
    at = upload.size
    try:
        for piece in x.request.body.pieces():
            piece = piece if left is None else piece[:left]
            if piece:
                upload.append(piece, at)
                at += len(piece)
            left = None if left is None else left - len(piece)
    except Moved:
        raise out_of_order(x, upload) from None


def out_of_order(x: "Exchange", upload: Upload) -> ApiError:
    """416 with the place where the session is."""
    return ApiError("RANGE_INVALID", "invalid content range", headers=progress(x, upload, 416).headers)


def start_upload(x: "Exchange") -> Response:
    """POST: a session, a mount, or a whole blob."""
    check_name(x)
    store = x.registry.store
    mount, source, digest = (x.request.argument(name) for name in ("mount", "from", "digest"))
    if mount and source and store.blob(source, mount) is not None and x.fault(NO_MOUNT) is None:
        store.link_blob(x.name, mount)
        return created(x, mount)
    upload = store.start_upload(x.name)
    if digest and x.fault(NO_MONOLITHIC) is None:
        return finish(x, upload, digest)
    return progress(x, upload, 202)


def finish(x: "Exchange", upload: Upload, digest: str) -> Response:
    """Takes what is left of a blob, and makes it one if the digest is right."""
    if not is_digest(digest):
        raise ApiError("DIGEST_INVALID", "provided digest did not match uploaded content", {"digest": digest})
    receive(x, upload)
    if upload.digest(digest.partition(":")[0]) != digest:
        x.registry.store.drop_upload(upload.name)
        raise ApiError("DIGEST_INVALID", "provided digest did not match uploaded content", {"digest": digest})
    x.registry.store.finish_upload(x.name, upload, digest)
    return created(x, digest)


def patch_upload(x: "Exchange") -> Response:
    """PATCH: the next bytes. A Content-Range must begin where the session ends."""
    upload = session_of(x)
    said = x.request.headers.get("Content-Range").removeprefix("bytes ").partition("-")[0]
    if said and said != str(upload.size) and x.fault(NO_RANGE_CHECK) is None:
        raise out_of_order(x, upload)
    short = x.fault(SHORT)
    receive(x, upload, None if short is None else float(short["keep"]))
    return progress(x, upload, 202)


def put_upload(x: "Exchange") -> Response:
    """PUT ?digest=: the end of a session, with or without bytes."""
    return finish(x, session_of(x), x.request.argument("digest"))


def get_upload(x: "Exchange") -> Response:
    """GET: how far it is."""
    return progress(x, session_of(x), 204)


def delete_upload(x: "Exchange") -> Response:
    """DELETE: an end without a blob."""
    x.registry.store.drop_upload(session_of(x).name)
    return empty(204)


# --- faults ---

@before("lost-upload", SESSIONS, "the session is gone: 404 BLOB_UPLOAD_UNKNOWN, now and for ever")
def lost(x: "Exchange", _params: Params) -> Response | None:
    """Forgets the session; the handler then says what it must."""
    x.registry.store.drop_upload(x.names["session"])
    return None


@before("reset-upload", SENDS, "a reset when that many bytes of the body (or that part of it) have come",
        when=lambda x: x.request.body.length != 0, at=0.5)
def reset_upload(x: "Exchange", params: Params) -> Response | None:
    """The body ends the connection while it is read."""
    x.request.body.cut = max(1, position(params["at"], x.request.body.length))
    return None


@before("early-answer", SENDS, "an error of that status before the body is read", status=413)
def early(_x: "Exchange", params: Params) -> Response | None:
    """Says no at once."""
    raise ApiError("SIZE_INVALID", "provided length did not match content length", status=int(params["status"]))
