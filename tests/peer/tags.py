# SPDX-License-Identifier: Apache-2.0
"""Lists: tags, the catalogue, referrers; paging with n, last and Link, and how lists go stale, loop or lead elsewhere."""
import urllib.parse
from typing import TYPE_CHECKING, Any

from digests import digest_of, is_digest
from kinds import Params, asked
from manifests import EMPTY_REFERRERS, NO_REFERRERS
from response import ApiError, Response, as_json, not_found
from uploads import check_name

if TYPE_CHECKING:
    from exchange import Exchange

LISTS = ("tags.get", "catalog.get")
STALE = asked("stale-tags", ("tags.get",), "the list as it was before that many changes", behind=1)
NO_CATALOG = asked("no-catalog", ("catalog.get",), "the catalogue is refused with that status", status=405)
NO_PAGING = asked("no-paging", LISTS, "n and last are ignored, as with distribution 2.8")
SHORT_PAGES = asked("short-pages", LISTS, "at most that many entries on a page, whatever was asked for", size=2)
LOOP = asked("page-loop", LISTS, "a Link that leads to the same page again")
ELSEWHERE = asked("page-elsewhere", LISTS, "a Link to another server", to="cdn")
NULL = asked("null-tags", ("tags.get",), "tags is null when there are none, as with distribution 2.8")
ENDLESS = asked("endless-list", LISTS + ("referrers.get",), "pages without end, of so many entries, each of so many bytes", entries=1000,
                bytes=100)
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def endless(x: "Exchange", params: Params) -> tuple[list[str], str]:
    """A page of names that no other page has, and the Link to the next."""
    number = int(x.request.argument("page") or 0)
    entries = [f"{number}.{entry}".rjust(int(params["bytes"]), "0") for entry in range(int(params["entries"]))]
    return entries, f'<{x.request.path}?page={number + 1}>; rel="next"'


def page(x: "Exchange", entries: list[str]) -> tuple[list[str], str]:
    """The entries of the page that was asked for, and the Link to the next, or nothing."""
    most = None
    if (params := x.fault(ENDLESS)) is not None:
        return endless(x, params)
    if x.fault(NO_PAGING) is None:
        given = x.request.argument("n")
        if given and not given.isdecimal():
            raise ApiError("PAGINATION_NUMBER_INVALID", "invalid number of results requested", {"n": given})
        most = int(given) if given else None
        last = x.request.argument("last")
        entries = [entry for entry in entries if entry > last]
    if (params := x.fault(SHORT_PAGES)) is not None:
        most = min(int(params["size"]), len(entries) if most is None else most)
    if (params := x.fault(ELSEWHERE)) is not None:
        return entries[:most], f'<{x.registry.urls[str(params["to"])]}{x.request.path}?last=zzz&n=1>; rel="next"'
    if x.fault(LOOP) is not None:
        return entries[:most], f'<{x.request.target}>; rel="next"'
    if not most or len(entries) <= most:
        return entries[:most], ""
    return entries[:most], f'<{x.request.path}?{urllib.parse.urlencode({"last": entries[most - 1], "n": most})}>; rel="next"'


def listing(member: dict[str, Any], link: str) -> Response:
    """A list's page."""
    answer = as_json(member)
    if link:
        answer.headers.add("Link", link)
    return answer


def get_tags(x: "Exchange") -> Response:
    """GET tags/list."""
    check_name(x)
    store = x.registry.store
    repository = store.find(x.name)
    if repository is None:
        raise ApiError("NAME_UNKNOWN", "repository name not known to registry", {"name": x.name})
    stale = x.fault(STALE)
    with store.lock:
        entries = sorted(repository.tags_before(int(stale["behind"]) if stale else 0))
    entries, link = page(x, entries)
    null = not entries and x.fault(NULL) is not None
    return listing({"name": x.name, "tags": None if null else entries}, link)


def get_catalog(x: "Exchange") -> Response:
    """GET _catalog."""
    if (params := x.fault(NO_CATALOG)) is not None:
        raise ApiError("UNSUPPORTED", "The operation is unsupported.", status=int(params["status"]))
    entries, link = page(x, x.registry.store.names())
    return listing({"repositories": entries}, link)


def get_referrers(x: "Exchange") -> Response:
    """GET referrers/DIGEST: an index, also of what is not known."""
    if x.fault(NO_REFERRERS) is not None:
        return not_found()
    if not is_digest(x.reference):
        raise ApiError("DIGEST_INVALID", "provided digest did not match uploaded content", {"digest": x.reference})
    found = [] if x.fault(EMPTY_REFERRERS) is not None else x.registry.store.referrers(x.name, x.reference)
    descriptors = [manifest.descriptor() for manifest in found]
    wanted = x.request.argument("artifactType")
    if wanted:
        descriptors = [one for one in descriptors if one.get("artifactType") == wanted]
    link = ""
    if (params := x.fault(ENDLESS)) is not None:
        kinds, link = endless(x, params)
        descriptors = [{"mediaType": MANIFEST, "digest": digest_of(kind.encode()), "size": 1, "artifactType": kind} for kind in kinds]
    answer = as_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors}, media_type=INDEX)
    if link:
        answer.headers.add("Link", link)
    if wanted:
        answer.headers.add("OCI-Filters-Applied", "artifactType")
    return answer
