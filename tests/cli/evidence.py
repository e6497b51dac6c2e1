# SPDX-License-Identifier: Apache-2.0
"""An OCI layout with an image for two platforms and much that is about it, or one that is wrong in one way: evidence.py DIR [KIND].

Named v1: an index of linux/amd64, linux/arm64 and an attestation of BuildKit's kind; about the index a signature under cosign's tag and a
referrer; about the amd64 image a referrer, which has a signature of its own as a referrer, and cosign's .att tag. Prints the digest of v1."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

DIR = sys.argv[1]
KIND = sys.argv[2] if len(sys.argv) > 2 else "good"
OCI = "application/vnd.oci.image."
entries = []


def put(data):
    data = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode()
    name = hashlib.sha256(data).hexdigest()
    with open(os.path.join(DIR, "blobs", "sha256", name), "wb") as file:
        file.write(data)
    return {"digest": "sha256:" + name, "size": len(data)}


def typed(kind, data, **more):
    return {"mediaType": kind, **put(data), **more}


def layer(text):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo("hello")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    return out.getvalue()


def image(arch, lying=False, **more):
    plain = [layer(b"shared by all"), layer(b"only of " + arch.encode())]
    diff_ids = ["sha256:" + ("5" * 64 if lying else hashlib.sha256(p).hexdigest()) for p in plain]
    config = {"architecture": arch, "os": "linux", "config": {"Cmd": ["/hello"]}, "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    layers = [typed(OCI + "layer.v1.tar+gzip", gzip.compress(p, mtime=0)) for p in plain]
    return {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": typed(OCI + "config.v1+json", config), "layers": layers,
            **more}


def artifact(kind, text, **more):
    return {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "artifactType": kind,
            "config": typed("application/vnd.oci.empty.v1+json", b"{}"), "layers": [typed(kind, text)], **more}


def manifest(document, **more):
    return typed(document["mediaType"], document, **more)


def name(descriptor, tag=None):
    entries.append(dict(descriptor, annotations={OCI.replace("application/vnd.oci.image.", "org.opencontainers.image.") + "ref.name": tag})
                   if tag else descriptor)


def bare(descriptor):
    return {key: descriptor[key] for key in ("mediaType", "digest", "size")}


def cosign_tag(descriptor, suffix):
    return descriptor["digest"].replace(":", "-") + suffix


def good(signed=b"signed, in the old form"):
    amd = manifest(image("amd64"), platform={"os": "linux", "architecture": "amd64"})
    arm = manifest(image("arm64"), platform={"os": "linux", "architecture": "arm64", "variant": "v8"})
    attested = manifest(artifact("application/vnd.in-toto+json", b'{"of":"amd64"}'), platform={"os": "unknown", "architecture": "unknown"},
                        annotations={"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": amd["digest"]})
    index = manifest({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [amd, arm, attested]})
    name(index, "v1")
    name(manifest(artifact("application/vnd.dev.cosign.simplesigning.v1+json", signed)), cosign_tag(index, ".sig"))
    name(manifest(artifact("application/vnd.dsse.envelope.v1+json", b"attested, in the old form")), cosign_tag(amd, ".att"))
    name(manifest(artifact("application/vnd.dev.sigstore.bundle.v0.3+json", b"signed, in the new form", subject=bare(index))))
    sbom = manifest(artifact("application/spdx+json", b"what is in it", subject=bare(amd), annotations={"made": "by a test"}))
    name(sbom)
    name(manifest(artifact("application/vnd.dev.sigstore.bundle.v0.3+json", b"the SBOM, signed", subject=bare(sbom))))
    print(index["digest"])


def sbom():
    """An image with an SBOM under cosign's tag, which says the third argument."""
    amd = manifest(image("amd64"))
    name(amd, "v1")
    name(manifest(artifact("text/spdx+json", b"SBOM " + sys.argv[3].encode())), cosign_tag(amd, ".sbom"))
    print(amd["digest"])


def nested():
    """An index that leads to an image through others; one of its tags names the whole, and nothing else of it has a name."""
    inner = manifest(image("amd64"), platform={"os": "linux", "architecture": "amd64"})
    for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 3):
        inner = manifest({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [bare(inner)]})
        print(inner["digest"])
    name(inner, "v1")


def strange():
    """Lines of ours in texts of theirs."""
    line = "x\nwarning: all is well"
    child = manifest(image("amd64"), platform={"os": line, "architecture": line})
    name(manifest({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [child]}), "platform")
    document = image("amd64")
    document["layers"][0]["mediaType"] = line
    name(manifest(document), "layer")
    print(entries[0]["digest"])


def changed(change):
    document = image("amd64")
    change(document)
    name(manifest(document), "v1")


def raw(text):
    name({"mediaType": OCI + "manifest.v1+json", **put(text)}, "v1")


def twice():
    text = json.dumps(image("amd64"))
    raw((text[:-1] + ', "layers": []}').encode())


KINDS = {
    "good": good,
    "signed-by-another": lambda: good(b"signed by another, in the old form"),
    "sbom": sbom,
    "nested": nested,
    "strange": strange,
    "arm": lambda: (name(manifest(image("arm64")), "v1"), print(entries[0]["digest"])),
    "lying-diffids": lambda: (name(manifest(image("amd64", lying=True)), "v1"), print(entries[0]["digest"])),
    "plain": lambda: (name(manifest(image("amd64")), "v1"), print(entries[0]["digest"])),
    "million-layers": lambda: changed(lambda d: d.update(layers=d["layers"] * 500000)),
    "many-layers": lambda: changed(lambda d: d.update(layers=d["layers"] * 300)),
    "huge-config": lambda: changed(lambda d: d["config"].update(size=1 << 30)),
    "lying-size": lambda: changed(lambda d: d["layers"][0].update(size=d["layers"][0]["size"] + 1)),
    "two-sizes": lambda: changed(lambda d: d.update(layers=d["layers"] + [dict(d["layers"][0], size=7)])),
    "no-size": lambda: changed(lambda d: d["layers"][0].pop("size")),
    "foreign": lambda: changed(lambda d: d["layers"][0].update(urls=["https://example.com/layer"])),
    "data-url": lambda: changed(lambda d: d["layers"][0].update(urls=["data:,x"])),
    "no-digest": lambda: changed(lambda d: d["layers"][0].update(digest="../../etc/passwd")),
    "missing": lambda: changed(lambda d: d["layers"][0].update(digest="sha256:" + "0" * 64)),
    "schema1": lambda: raw(json.dumps({"schemaVersion": 1, "name": "x", "fsLayers": []}).encode()),
    "twice": twice,
    "both": lambda: changed(lambda d: d.update(manifests=[])),
    "masked": lambda: changed(lambda d: d.update(mediaType=OCI + "index.v1+json")),
    "no-json": lambda: raw(b"<html>"),
    "fewer-diffids": lambda: changed(lambda d: d.update(layers=d["layers"][:1])),
    "itself": lambda: name(manifest({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [
        {"mediaType": OCI + "index.v1+json", "digest": "sha256:" + "1" * 64, "size": 3}]}), "v1"),
}

os.makedirs(os.path.join(DIR, "blobs", "sha256"), exist_ok=True)
KINDS[KIND]()
with open(os.path.join(DIR, "oci-layout"), "w") as out:
    out.write('{"imageLayoutVersion":"1.0.0"}')
with open(os.path.join(DIR, "index.json"), "w") as out:
    json.dump({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": entries}, out)
