# SPDX-License-Identifier: Apache-2.0
"""Makes tar archives for the command-line tests, good ones and hostile ones. As a program: writes the tests' base root file system to a file."""
import io
import shutil
import subprocess
import sys
import tarfile

EPOCH = 1600000000  # every entry's time unless it says otherwise


class Tar:
    def __init__(self, path, mode="w", format=tarfile.PAX_FORMAT):
        self.tar = tarfile.open(path, mode, format=format)

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
