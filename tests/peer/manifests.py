# SPDX-License-Identifier: Apache-2.0
"""Manifests: GET, HEAD, PUT, DELETE by tag and by digest, and what registries do to tags that move."""
import json
from typing import TYPE_CHECKING, Any

from blobs import check_deletion
from digests import is_digest, is_tag
from kinds import Params, after, asked
from payload import Memory
from response import ApiError, Response, empty
from rules import Rule
from storage import Manifest, new_manifest
from uploads import check_name
from wire import Headers

if TYPE_CHECKING:
    from exchange import Exchange

MANIFEST_MAX = 4 * 1024 * 1024

READ = ("manifest.get", "manifest.head")
STALE = asked("stale-manifest", READ, "a tag shows the manifest that it had before that many changes", behind=1)
IMMUTABLE = asked("immutable-tags", ("manifest.put",), "TAG_INVALID with that status for a tag that would move", status=400)
TAG_MOVE = asked("tag-move-500", ("manifest.put",), "after a tag moved, that many reads of it are 500, as with distribution 2.8", reads=1)
LATE = asked("late-manifest", ("manifest.put",), "after a push, that many reads of it are 404", reads=1)
NO_TAG_DELETE = asked("no-tag-delete", ("manifest.delete",), "400 DIGEST_INVALID for a deletion by tag, as with distribution 2.8")
NO_REFERRERS = asked("no-referrers", ("referrers.get", "manifest.put"), "no referrers API: 404, and no OCI-Subject after a push")
EMPTY_REFERRERS = asked("empty-referrers", ("referrers.get", "manifest.put"),
                        "a referrers API that knows of none, and no OCI-Subject, as with GHCR")


def accepts(headers: Headers, media_type: str) -> bool:
    """Whether the Accept headers allow that type; none at all allow all."""
    given = [part.partition(";")[0].strip() for value in headers.all("Accept") for part in value.split(",")]
    return not given or any(one in ("*/*", "application/*", media_type) for one in given)


def unknown(x: "Exchange", message: str = "manifest unknown") -> ApiError:
    """404."""
    return ApiError("MANIFEST_UNKNOWN", message, {"name": x.name, "reference": x.reference})


def find(x: "Exchange") -> Manifest:
    """The manifest that a read is about, or the trouble that it has."""
    stale = None if is_digest(x.reference) else x.fault(STALE)
    manifest = x.registry.store.manifest(x.name, x.reference, int(stale["behind"]) if stale else 0)
    if manifest is None:
        raise unknown(x)
    meet_trouble(x)
    if not accepts(x.request.headers, manifest.media_type):
        raise unknown(x, f"manifest found, but the accept header does not support {manifest.media_type}")
    return manifest


def meet_trouble(x: "Exchange") -> None:
    """Raises if reads of this reference are to fail for a while."""
    repository = x.registry.store.make(x.name)
    with x.registry.store.lock:
        left, name = repository.troubles.get(x.reference, (0, ""))
        if not left:
            return
        repository.troubles[x.reference] = (left - 1, name)
    x.entry["faults"].append(name)
    if name == TAG_MOVE:
        raise ApiError("UNKNOWN", "unknown error", {})
    raise unknown(x)


def get_manifest(x: "Exchange") -> Response:
    """GET and HEAD."""
    manifest = find(x)
    headers = Headers(("Content-Type", manifest.media_type), ("Docker-Content-Digest", manifest.digest), ("ETag", f'"{manifest.digest}"'))
    if manifest.digest in x.request.headers.get("If-None-Match"):
        return Response(304, headers)
    return Response(200, headers, Memory(manifest.data))


def put_manifest(x: "Exchange") -> Response:
    """PUT by tag or digest. What it names must be there, its subject excepted."""
    check_name(x)
    store = x.registry.store
    by_digest = is_digest(x.reference)
    if not by_digest and not is_tag(x.reference):
        raise ApiError("TAG_INVALID", "manifest tag did not match URI", {"tag": x.reference})
    data = x.request.body.read(MANIFEST_MAX)
    if data is None:
        raise ApiError("MANIFEST_INVALID", f"manifest is larger than {MANIFEST_MAX} bytes", status=413)
    media_type = x.request.headers.get("Content-Type").partition(";")[0].strip()
    manifest = new_manifest(media_type, data, x.reference.partition(":")[0] if by_digest else "sha256")
    if by_digest and manifest.digest != x.reference:
        raise ApiError("DIGEST_INVALID", "provided digest did not match uploaded content", {"digest": x.reference})
    check_manifest(x, manifest)
    old = None if by_digest else store.manifest(x.name, x.reference)
    moves = old is not None and old.digest != manifest.digest
    if moves and (params := x.fault(IMMUTABLE)) is not None:
        message = f"The image tag '{x.reference}' already exists and cannot be overwritten because the tag is immutable."
        raise ApiError("TAG_INVALID", message, status=int(params["status"]))
    plan_trouble(x, manifest, moves)
    store.put_manifest(x.name, manifest, "" if by_digest else x.reference)
    answer = empty(201, ("Location", f"{x.origin()}/v2/{x.name}/manifests/{manifest.digest}"), ("Docker-Content-Digest", manifest.digest))
    if (subject := manifest.subject()) and x.fault(NO_REFERRERS) is None and x.fault(EMPTY_REFERRERS) is None:
        answer.headers.add("OCI-Subject", subject)
    return answer


def plan_trouble(x: "Exchange", manifest: Manifest, moves: bool) -> None:
    """Makes the next reads fail, if a fault wants that."""
    troubles = x.registry.store.make(x.name).troubles
    if moves and (params := x.fault(TAG_MOVE)) is not None:
        troubles[x.reference] = (int(params["reads"]), TAG_MOVE)
    if (params := x.fault(LATE)) is not None:
        for reference in {x.reference, manifest.digest}:
            troubles[reference] = (int(params["reads"]), LATE)


def check_manifest(x: "Exchange", manifest: Manifest) -> None:
    """What a registry looks at: JSON, the media type, and whether all that it names is in the repository."""
    try:
        parsed = json.loads(manifest.data)
    except (ValueError, RecursionError):
        raise ApiError("MANIFEST_INVALID", "manifest invalid") from None
    if not isinstance(parsed, dict) or parsed.get("mediaType", manifest.media_type) != manifest.media_type:
        raise ApiError("MANIFEST_INVALID", "manifest invalid", "mediaType is not the Content-Type")
    store = x.registry.store
    for descriptor in listed(parsed, "manifests"):
        if store.manifest(x.name, str(descriptor.get("digest"))) is None:
            raise ApiError("MANIFEST_UNKNOWN", "manifest unknown", {"digest": descriptor.get("digest")}, status=400)
    for descriptor in listed(parsed, "layers") + listed({"config": [parsed.get("config", {})]}, "config"):
        if descriptor and not descriptor.get("urls") and store.blob(x.name, str(descriptor.get("digest"))) is None:
            raise ApiError("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", {"digest": descriptor.get("digest")})


def listed(parsed: dict[str, Any], member: str) -> list[dict[str, Any]]:
    """The objects of a member that should be a list of descriptors."""
    value = parsed.get(member, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ApiError("MANIFEST_INVALID", "manifest invalid", f"{member} is no list of descriptors")
    return value


def delete_manifest(x: "Exchange") -> Response:
    """DELETE: a digest goes with all its tags, a tag goes alone."""
    check_deletion(x)
    by_digest = is_digest(x.reference)
    if not by_digest and x.fault(NO_TAG_DELETE) is not None:
        raise ApiError("DIGEST_INVALID", "provided digest did not match uploaded content")
    store = x.registry.store
    if not (store.drop_manifest if by_digest else store.drop_tag)(x.name, x.reference):
        raise unknown(x)
    return empty(202)


# --- faults ---

@after("big-manifest", ("manifest.get",), "a manifest of that many bytes, with the digest of what is sent", bytes=10 * 1024 * 1024)
def big(_x: "Exchange", response: Response, params: Params, _rule: Rule) -> Response:
    """Fills an annotation until it is that large."""
    parsed = json.loads(response.body.data())
    parsed.setdefault("annotations", {})["padding"] = ""
    short = int(params["bytes"]) - len(json.dumps(parsed))
    parsed["annotations"]["padding"] = "x" * max(0, short)
    grown = new_manifest("", json.dumps(parsed).encode())
    response.headers.set("Docker-Content-Digest", grown.digest)
    response.body = Memory(grown.data)
    return response


@after("rate-limit", ("manifest.get",), "ratelimit-limit and ratelimit-remaining, counting down, and 429 when nothing remains",
       limit=100, remaining=100, window=21600, retry_after=1)
def rate_limit(_x: "Exchange", response: Response, params: Params, rule: Rule) -> Response:
    """Counts as Docker Hub does: GETs of manifests."""
    with rule.lock:
        left = rule.memory["left"] = rule.memory.get("left", int(params["remaining"])) - 1
    if left < 0:
        message = "You have reached your pull rate limit. You may increase the limit by authenticating and upgrading."
        response = ApiError("TOOMANYREQUESTS", message, headers=Headers(("Retry-After", str(params["retry_after"])))).response()
    response.headers.add("ratelimit-limit", f"{params['limit']};w={params['window']}")
    response.headers.add("ratelimit-remaining", f"{max(0, left)};w={params['window']}")
    return response
