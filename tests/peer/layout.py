# SPDX-License-Identifier: Apache-2.0
"""A repository from an OCI image layout directory, and into one. Names are the annotation org.opencontainers.image.ref.name, of which the
tag counts; what has none comes in by digest. Every blob's digest is checked on its way in."""
import json
import os
from typing import Any

from contents import write_file
from digests import digest_of_pieces, is_digest, is_tag
from payload import File, Memory
from storage import Manifest, Store

REF_NAME = "org.opencontainers.image.ref.name"


class BadLayout(ValueError):
    """A layout that is not whole."""


def load(store: Store, name: str, directory: str) -> None:
    """Takes every manifest of a layout's index.json, and what it names, into a repository."""
    with open(os.path.join(directory, "index.json"), encoding="utf-8") as file:
        index = json.load(file)
    for descriptor in index["manifests"]:
        given = descriptor.get("annotations", {}).get(REF_NAME, "")
        tag = given.rpartition(":")[2] if ":" in given.rpartition("/")[2] else given
        _load_manifest(store, name, directory, descriptor, tag if is_tag(tag) else "")


def _blob(directory: str, digest: str) -> File:
    if not is_digest(digest):
        raise BadLayout(f"{directory}: {digest} is no digest")
    path = os.path.join(directory, "blobs", *digest.split(":"))
    if not os.path.exists(path):
        raise BadLayout(f"{directory}: {digest} is missing")
    content = File(path, os.path.getsize(path))
    if digest_of_pieces(content.pieces(), digest.partition(":")[0]) != digest:
        raise BadLayout(f"{directory}: {digest} has other bytes")
    return content


def _load_manifest(store: Store, name: str, directory: str, descriptor: dict[str, Any], tag: str) -> None:
    digest = descriptor["digest"]
    manifest = Manifest(descriptor["mediaType"], _blob(directory, digest).data(), digest)
    parsed = manifest.parsed()
    for child in parsed.get("manifests", []):
        _load_manifest(store, name, directory, child, "")
    for blob in parsed.get("layers", []) + ([parsed["config"]] if "config" in parsed else []):
        if not blob.get("urls"):
            store.add_blob(name, blob["digest"], _blob(directory, blob["digest"]))
    store.put_manifest(name, manifest, tag)


def dump(store: Store, name: str, directory: str) -> None:
    """Writes a repository as a layout: its tags by name, and what no index of it names by digest."""
    repository = store.find(name)
    if repository is None:
        raise BadLayout(f"no repository {name}")
    os.makedirs(os.path.join(directory, "blobs"), exist_ok=True)
    with store.lock:
        tags, manifests, blobs = dict(repository.tags), dict(repository.manifests), set(repository.blobs)
    for digest in blobs:
        content = store.blob(name, digest)
        if content is not None:
            _write(directory, digest, content)
    children = set()
    for manifest in manifests.values():
        _write(directory, manifest.digest, Memory(manifest.data))
        children |= {child.get("digest") for child in manifest.parsed().get("manifests", [])}
    entries = [_descriptor(manifests[digest], tag) for tag, digest in sorted(tags.items()) if digest in manifests]
    entries += [_descriptor(manifests[digest], "") for digest in sorted(set(manifests) - set(tags.values()) - children)]
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries}
    write_file(os.path.join(directory, "index.json"), iter([json.dumps(index).encode()]))
    write_file(os.path.join(directory, "oci-layout"), iter([b'{"imageLayoutVersion":"1.0.0"}']))


def _descriptor(manifest: Manifest, tag: str) -> dict[str, Any]:
    annotations = {"annotations": {REF_NAME: tag}} if tag else {}
    return {"mediaType": manifest.media_type, "digest": manifest.digest, "size": len(manifest.data)} | annotations


def _write(directory: str, digest: str, content: Memory | File | Any) -> None:
    algorithm, value = digest.split(":")
    os.makedirs(os.path.join(directory, "blobs", algorithm), exist_ok=True)
    path = os.path.join(directory, "blobs", algorithm, value)
    if not os.path.exists(path):
        write_file(path, content.pieces())
