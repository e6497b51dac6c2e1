# SPDX-License-Identifier: Apache-2.0
"""Image archives that are wrong in one way each, on standard output: badimage.py KIND. What people may be handed as an image to load."""
import gzip
import hashlib
import io
import json
import sys
import tarfile

ESCAPE = "\x1b[31mred\x1b]0;title\x07\u009b2J"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def archive(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


LAYER = archive([("hello", b"hello\n")])


def packed(o):
    return o if isinstance(o, bytes) else json.dumps(o).encode()


def configuration(diff_ids, **more):
    return {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": diff_ids}, **more}


def layout(names=("bad:1",), blobs=(gzip.compress(LAYER, mtime=0),), kind="tar+gzip", config=None, manifest=None, extra=()):
    """An oci-archive; `manifest` changes the manifest's members, `config` replaces the configuration."""
    config = packed(config or configuration([digest(LAYER)] * len(blobs)))
    layers = [{"mediaType": "application/vnd.oci.image.layer.v1." + kind, "digest": digest(b), "size": len(b)} for b in blobs]
    document = packed({"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(config),
                                                      "size": len(config)}, "layers": layers, **(manifest or {})})
    entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(document), "size": len(document)}
    index = [dict(entry, annotations={"org.opencontainers.image.ref.name": n}) for n in names]
    return archive([("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", packed({"schemaVersion": 2, "manifests": index}))] +
                   [("blobs/sha256/%d" % i, b) for i, b in enumerate([config, document, *blobs, *extra])])


def docker(config=None, layers=None, tags=("bad:1",), name="layer.tar", entry=None):
    config = packed(config or configuration([digest(LAYER)]))
    item = {"Config": "config.json", "RepoTags": list(tags), "Layers": layers or ["layer.tar"]}
    item.update(entry or {})
    return archive([("manifest.json", packed([item])), ("config.json", config), (name, LAYER)])


def triggers(*texts):
    return layout(["parent:1"], config=configuration([digest(LAYER)], config={"OnBuild": texts}))


MANY = {"l%d" % i: "" for i in range(100000)}
HISTORY = [{"created_by": ESCAPE, "comment": ESCAPE, "author": ESCAPE}]
ODD = {"Labels": {ESCAPE: ESCAPE}, "Env": [ESCAPE + "=1"], "User": ESCAPE, "WorkingDir": ESCAPE, "Cmd": [ESCAPE]}

KINDS = {
    "good": lambda: layout(),
    "escape-name": lambda: layout([ESCAPE]),
    "escape-config": lambda: layout(config=configuration([digest(LAYER)], config=ODD, history=HISTORY, author=ESCAPE)),
    "escape-type": lambda: layout(kind=ESCAPE),
    "digest-name": lambda: layout(["sha256:" + digest(LAYER)[7:19]]),
    "hex-name": lambda: layout([digest(LAYER)[7:]]),
    "path-name": lambda: layout(["../../etc/passwd"]),
    "name-by-digest": lambda: layout(["bydigest@" + digest(LAYER)]),
    "many-labels": lambda: layout(config=configuration([digest(LAYER)], config={"Labels": MANY})),
    "many-variables": lambda: layout(config=configuration([digest(LAYER)], config={"Env": [k + "=" for k in MANY]})),
    "many-annotations": lambda: layout(manifest={"annotations": MANY}),
    "many-names": lambda: layout(["n%d:1" % i for i in range(20000)]),
    "many-layers": lambda: layout(blobs=[gzip.compress(LAYER, mtime=0)] * 600),
    "most-layers": lambda: layout(["most:1"], blobs=[gzip.compress(LAYER, mtime=0)] * 500),
    "wrong-size": lambda: layout(manifest={"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": 5,
                                                       "digest": digest(gzip.compress(LAYER, mtime=0))}]}),
    "absent-layer": lambda: layout(manifest={"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "size": 5,
                                                         "digest": digest(b"absent")}]}),
    "sha512": lambda: layout(manifest={"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "size": 5,
                                                   "digest": "sha512:" + "0" * 128}]}),
    "path-digest": lambda: layout(manifest={"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "size": 5,
                                                        "digest": "sha256:../../../../../../../../etc/passwd"}]}),
    "wrong-count": lambda: layout(config=configuration([])),
    "wrong-plain-layer": lambda: layout(blobs=[LAYER], kind="tar", config=configuration(["sha256:" + "1" * 64])),
    "wrong-packed-layer": lambda: layout(["tampered:1"], config=configuration(["sha256:" + "1" * 64])),
    "deep-json": lambda: archive([("oci-layout", b"{}"), ("index.json", b"[" * 100000 + b"]" * 100000)]),
    "nulls": lambda: archive([("oci-layout", b"null"), ("index.json", b'{"manifests":[null]}')]),
    "docker-outside": lambda: docker(entry={"Layers": ["../../../../etc/passwd"]}),
    "docker-config-outside": lambda: docker(entry={"Config": "/etc/passwd"}),
    "docker-wrong-layer": lambda: docker(config=configuration(["sha256:" + "1" * 64])),
    "docker-escape-layer": lambda: docker(entry={"Layers": [ESCAPE]}),
    "docker-nulls": lambda: archive([("manifest.json", b"[null]")]),
    "trigger-unknown": lambda: triggers("LABEL a=b", "RUNN x"),
    "trigger-expansion": lambda: triggers("LABEL a=b", "ENV a=b \\\n c=${d"),
    "trigger-two": lambda: triggers("LABEL a=b\nLABEL c=d"),
    "trigger-chain": lambda: triggers("ONBUILD LABEL a=b"),
    "trigger-from": lambda: triggers("FROM parent:1"),
    "trigger-heredoc": lambda: triggers("COPY <<E /x\nnever ends\n"),
    "trigger-escape": lambda: triggers(ESCAPE),
    "trigger-nothing": lambda: triggers(""),
    "trigger-stage": lambda: triggers("COPY --from=child / /"),
    "trigger-missing": lambda: triggers("LABEL a=b", "COPY missing /"),
    "trigger-long": lambda: triggers("R" * 5000000),
    "triggers-many": lambda: triggers(*["LABEL a=b"] * 10000),
    "docker-many-tags": lambda: docker(tags=["n:%d" % i for i in range(20000)]),
}

if __name__ == "__main__":
    sys.stdout.buffer.write(KINDS[sys.argv[1]]())
