# SPDX-License-Identifier: Apache-2.0
"""Makes tar archives for the command-line tests, good ones and hostile ones. As a program: writes the tests' base root file system to a file."""
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile

EPOCH = 1600000000  # every entry's time unless it says otherwise


class Tar:
    def __init__(self, path, mode="w", format=tarfile.PAX_FORMAT, fileobj=None):
        self.tar = tarfile.open(path, mode, format=format, fileobj=fileobj)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.tar.close()

    def entry(self, name, kind, data=b"", **attributes):
        info = tarfile.TarInfo(name)
        info.type = kind
        info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
        info.mtime = EPOCH
        info.size = len(data)
        for key, value in attributes.items():
            setattr(info, key, value)
        self.tar.addfile(info, io.BytesIO(data))

    def dir(self, name, mode=0o755, **attributes):
        self.entry(name, tarfile.DIRTYPE, mode=mode, **attributes)

    def file(self, name, data=b"", **attributes):
        self.entry(name, tarfile.REGTYPE, data.encode() if isinstance(data, str) else data, **attributes)

    def link(self, name, target, **attributes):
        self.entry(name, tarfile.SYMTYPE, linkname=target, mode=0o777, **attributes)

    def hard(self, name, target, **attributes):
        self.entry(name, tarfile.LNKTYPE, linkname=target, **attributes)

    def device(self, name, kind, major, minor, **attributes):
        self.entry(name, {"c": tarfile.CHRTYPE, "b": tarfile.BLKTYPE}[kind], devmajor=major, devminor=minor, **attributes)

    def fifo(self, name, **attributes):
        self.entry(name, tarfile.FIFOTYPE, **attributes)


def layer_bytes(make):
    """The bytes of a tar that make(Tar) fills."""
    out = io.BytesIO()
    with Tar(None, fileobj=out) as t:
        make(t)
    return out.getvalue()


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(data, kind):
    return {"mediaType": "application/vnd.oci.image." + kind + "+json", "digest": sha256(data), "size": len(data)}


class Layout:
    """An image as an oci-archive, made by hand so that each part of it can be wrong: change its members before write()."""

    def __init__(self, name, layers, architecture):
        self.layers = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": sha256(l), "size": len(l)} for l in layers]
        self.blobs = {sha256(l): l for l in layers}
        self.config = {"os": "linux", "architecture": architecture, "config": {}, "rootfs": {"type": "layers", "diff_ids": [sha256(l) for l in layers]}}
        self.manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": self.layers}
        self.index = {"schemaVersion": 2, "manifests": []}
        self.name = name
        self.extra = []  # functions that add more entries to the archive

    def put(self, data, kind):
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.blobs[sha256(data)] = data
        return descriptor(data, kind)

    def write(self, path):
        self.manifest.setdefault("config", self.put(self.config, "config.v1"))
        entry = self.put(self.manifest, "manifest.v1")
        entry["annotations"] = {"org.opencontainers.image.ref.name": self.name}
        self.index["manifests"].append(entry)
        with Tar(path) as t:
            t.file("oci-layout", '{"imageLayoutVersion":"1.0.0"}')
            t.file("index.json", json.dumps(self.index))
            for digest, data in self.blobs.items():
                t.file("blobs/sha256/" + digest[7:], data)
            for add in self.extra:
                add(t)


PASSWD = """root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/:/bin/false
app:x:10001:10002:App:/home/app:/bin/sh
"""
GROUP = """root:x:0:
daemon:x:1:
audio:x:29:app,daemon
video:x:44:app
app:x:10002:
"""


def busybox():
    return shutil.which("busybox") or "/bin/busybox"


def base(path):
    with Tar(path) as t:
        for name in ("bin", "dev", "etc", "home", "lib", "opt", "proc", "srv", "sys", "usr", "usr/bin", "usr/share", "var", "var/lib"):
            t.dir(name)
        t.dir("root", 0o700)
        t.dir("tmp", 0o1777)
        t.dir("home/app", 0o750, uid=10001, gid=10002)
        with open(busybox(), "rb") as program:
            t.file("bin/busybox", program.read(), mode=0o755)
        for applet in subprocess.run([busybox(), "--list"], check=True, capture_output=True, text=True).stdout.split():
            if applet != "busybox":
                t.link("bin/" + applet, "busybox")
        t.file("etc/passwd", PASSWD)
        t.file("etc/group", GROUP)
        # what COPY and RUN meet in lower layers
        t.dir("opt/real", 0o711, uid=7, gid=8)
        t.link("opt/link", "real")
        t.link("opt/absolute", "/opt/real")
        t.dir("opt/lower")
        t.dir("opt/lower/dir", 0o700)
        t.file("opt/lower/dir/inner", "inner\n")
        t.dir("opt/lower/dir/sub")
        t.file("opt/lower/dir/sub/deep", "deep\n")
        t.file("opt/lower/file", "lower\n", mode=0o640, uid=3, gid=4)
        t.link("opt/lower/symlink", "file")
        t.hard("opt/lower/hard", "opt/lower/file", mode=0o640, uid=3, gid=4)


if __name__ == "__main__":
    base(sys.argv[1])
