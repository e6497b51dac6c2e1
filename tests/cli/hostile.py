# SPDX-License-Identifier: Apache-2.0
"""An OCI layout that asks for more memory than anybody should give: hostile.py DIR KIND. Named v1; every digest and size is right but for
the kinds that lie."""
import hashlib
import json
import os
import sys

DIR, KIND = sys.argv[1:]
OCI = "application/vnd.oci.image."
MANIFEST, INDEX = OCI + "manifest.v1+json", OCI + "index.v1+json"
MIB = 1 << 20
entries = []


def blob(data):
    name = hashlib.sha256(data).hexdigest()
    with open(os.path.join(DIR, "blobs", "sha256", name), "wb") as file:
        file.write(data)
    return {"digest": "sha256:" + name, "size": len(data)}


EMPTY = None


def manifest(number, bytes=0, **more):
    """An artifact's manifest, filled up to a size."""
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": EMPTY, "layers": [], "annotations": {"number": str(number)}, **more}
    document["padding"] = "x" * max(0, bytes - len(json.dumps(document)))
    return {"mediaType": MANIFEST, **blob(json.dumps(document).encode())}


def index(children, **more):
    return {"mediaType": INDEX, **blob(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).encode()), **more}


def name(descriptor, tag):
    entries.append(dict(descriptor, annotations={"org.opencontainers.image.ref.name": tag}))


def children():
    name(index([manifest(i, MIB) for i in range(30)]), "v1")


def liars():
    """Each says that it is small."""
    name(index([dict(manifest(i, 4 * MIB - 100), size=500) for i in range(12)]), "v1")


def signatures():
    images = [manifest(i) for i in range(15)]
    name(index(images), "v1")
    for i, image in enumerate(images):
        name(manifest(100 + i, 2 * MIB), image["digest"].replace(":", "-") + ".sig")


def referrers():
    image = manifest(0)
    name(image, "v1")
    entries.extend(manifest(1 + i, MIB, subject={key: image[key] for key in ("mediaType", "digest", "size")}) for i in range(30))


def layers():
    """Little text, much to remember."""
    one = '{"digest":"sha256:%s","size":1}'
    for i in range(999):
        blob(b"%d" % i)
    text = ",".join(one % hashlib.sha256(b"%d" % i).hexdigest() for i in range(999))
    children_of = []
    for i in range(120):
        data = '{"schemaVersion":2,"config":%s,"layers":[%s],"annotations":{"number":"%d"}}' % (json.dumps(EMPTY), text, i)
        children_of.append({"mediaType": MANIFEST, **blob(data.encode())})
    name(index(children_of), "v1")


def values():
    """Two bytes of text are sixteen of memory."""
    data = '{"schemaVersion":2,"config":%s,"layers":[],"x":[%s0]}' % (json.dumps(EMPTY), "0," * 2000000)
    name({"mediaType": MANIFEST, **blob(data.encode())}, "v1")


def entries_of_index():
    name(manifest(0), "v1")
    entries.extend({"mediaType": MANIFEST, "digest": "sha256:%064x" % i, "size": 1} for i in range(300000))


KINDS = {"children": children, "liars": liars, "signatures": signatures, "referrers": referrers, "layers": layers, "values": values,
         "entries": entries_of_index}
os.makedirs(os.path.join(DIR, "blobs", "sha256"))
EMPTY = {"mediaType": "application/vnd.oci.empty.v1+json", **blob(b"{}")}
KINDS[KIND]()
with open(os.path.join(DIR, "oci-layout"), "w") as out:
    out.write('{"imageLayoutVersion":"1.0.0"}')
with open(os.path.join(DIR, "index.json"), "w") as out:
    json.dump({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}, out)
