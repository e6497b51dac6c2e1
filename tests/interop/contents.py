# SPDX-License-Identifier: Apache-2.0
"""What an image is, told by a reader that shares nothing with croze: contents.py WHERE [REFERENCE [OS/ARCHITECTURE]].

WHERE is http://HOST:PORT/REPOSITORY, the directory of an OCI layout (croze's store is one), or an archive of `docker save`'s kind. Of a
repository or a layout it prints a line for each manifest, configuration and layer that the reference reaches, with digest and size (of an
index only the images for that platform); of an archive the configuration's digest and the layers' diffIDs. Every byte is read and hashed,
and what does not fit is an error."""
import gzip
import hashlib
import json
import os
import sys
import tarfile
import urllib.request

KINDS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
         "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.list.v2+json")
NAME = "org.opencontainers.image.ref.name"


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Repository:
    def __init__(self, url):
        host, _, path = url[len("http://"):].partition("/")
        self.base = f"http://{host}/v2/{path}"

    def get(self, path):
        request = urllib.request.Request(f"{self.base}/{path}", headers={"Accept": ", ".join(KINDS)})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def manifest(self, reference):
        return self.get("manifests/" + reference)

    def blob(self, digest):
        return self.get("blobs/" + digest)


class Layout:
    def __init__(self, path):
        self.path = path

    def manifest(self, reference):
        if not reference.startswith("sha256:"):
            with open(os.path.join(self.path, "index.json"), "rb") as file:
                entries = json.load(file)["manifests"]
            found = [e["digest"] for e in entries if not reference or e.get("annotations", {}).get(NAME) == reference]
            if len(found) != 1:
                raise SystemExit(f"{self.path}: {len(found)} manifests are named {reference!r}")
            reference = found[0]
        return self.blob(reference)

    def blob(self, digest):
        with open(os.path.join(self.path, "blobs", "sha256", digest[7:]), "rb") as file:
            return file.read()


def checked(data, descriptor):
    if sha256(data) != descriptor["digest"] or len(data) != descriptor["size"]:
        raise SystemExit(f"{descriptor['digest']}, {descriptor['size']} bytes: there are {len(data)}, with {sha256(data)}")
    return data


def is_for(child, platform):
    says = child.get("platform", {})
    return not platform or platform == f"{says.get('os')}/{says.get('architecture')}"


def walk(place, data, platform=""):
    document = json.loads(data)
    yield "manifest", sha256(data), len(data)
    for child in document.get("manifests", ()):
        if not is_for(child, platform):
            continue
        yield from walk(place, checked(place.manifest(child["digest"]), child))
    parts = [("config", document["config"])] if "config" in document else []
    for kind, part in parts + [("layer", layer) for layer in document.get("layers", ())]:
        checked(place.blob(part["digest"]), part)
        yield kind, part["digest"], part["size"]


def archive(path):
    with tarfile.open(path) as tar:
        def read(name):
            return tar.extractfile(name).read()

        entry = json.loads(read("manifest.json"))[0]
        yield ("config", sha256(read(entry["Config"])))
        for name in entry["Layers"]:
            data = read(name)
            yield ("diffID", sha256(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data))


def main(where, reference="", platform=""):
    if os.path.isfile(where):
        lines = archive(where)
    else:
        place = Repository(where) if where.startswith("http://") else Layout(where)
        data = place.manifest(reference)
        if reference.startswith("sha256:") and sha256(data) != reference:
            raise SystemExit(f"{where}: what is served as {reference} is {sha256(data)}")
        lines = walk(place, data, platform)
    for line in lines:
        print(*line)


main(*sys.argv[1:])
