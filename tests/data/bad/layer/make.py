#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the bad samples beside it (make.py) and the seeds of tests/fuzz/corpus/tar (make.py --seeds FOLDER).

refuse-*.tar.gz must be an error, accept-*.tar.gz must become a correct layer; the name says what is wrong with it. Headers are put together by hand,
since no archiver would write these."""
import gzip
import os
import sys

BLOCK = 512


def pad(data):
    return data + b"\0" * (-len(data) % BLOCK)


def header(name, kind=b"0", size=0, mode=0o644, link=b"", uid=0, major=0, minor=0, magic=b"ustar\x0000"):
    h = bytearray(BLOCK)
    h[0:100] = name[:100].ljust(100, b"\0")
    for at, width, value in ((100, 8, mode), (108, 8, uid), (116, 8, 0), (124, 12, size), (136, 12, 0), (329, 8, major), (337, 8, minor)):
        h[at:at + width] = b"%0*o\0" % (width - 1, value)
    h[156:157] = kind
    h[157:257] = link[:100].ljust(100, b"\0")
    h[257:265] = magic
    h[148:156] = b" " * 8
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def file(name, data=b"x", **more):
    return header(name, size=len(data), **more) + pad(data)


def folder(name, **more):
    return header(name, b"5", mode=0o755, **more)


def link(kind, name, target):
    return header(name, kind, link=target)


def pax(*records):
    data = b""
    for r in records:
        n = len(r) + 3
        while len(b"%d %s\n" % (n, r)) != n:
            n += 1
        data += b"%d %s\n" % (n, r)
    return header(b"PaxHeaders", b"x", len(data)) + pad(data)


def long_name(kind, name):
    return header(b"././@LongLink", kind, len(name) + 1, magic=b"ustar  \0") + pad(name + b"\0")


SYMLINK, HARDLINK, CHAR, FIFO = b"2", b"1", b"3", b"6"
END = b"\0" * 2 * BLOCK

BAD = {
    "refuse-absolute-and-dotdot": file(b"/../../etc/passwd"),
    "refuse-dotdot-in-the-middle": folder(b"a") + file(b"a/../../x"),
    "refuse-dotdot-by-pax": pax(b"path=../../x") + file(b"innocent"),
    "refuse-dotdot-by-gnu-long-name": long_name(b"L", b"../" * 50 + b"x") + file(b"innocent"),
    "refuse-write-through-symlink": link(SYMLINK, b"out", b"/tmp") + file(b"out/x"),
    "refuse-write-through-symlink-chain": folder(b"d") + link(SYMLINK, b"d/a", b"..") + link(SYMLINK, b"b", b"d/a") + file(b"b/x"),
    "refuse-directory-through-symlink": link(SYMLINK, b"out", b"..") + folder(b"out/d"),
    "refuse-hardlink-through-symlink": link(SYMLINK, b"out", b"/") + link(HARDLINK, b"out/x", b"out"),
    "refuse-hardlink-to-dotdot": link(HARDLINK, b"x", b"../../etc/shadow"),
    "refuse-hardlink-to-itself": link(HARDLINK, b"x", b"./x"),
    "refuse-hardlink-to-directory": folder(b"d") + link(HARDLINK, b"x", b"d"),
    "refuse-hardlink-before-its-target": link(HARDLINK, b"x", b"y") + file(b"y"),
    "refuse-hardlink-with-a-body": pax(b"comment=pax") + header(b"x", HARDLINK, 5, link=b"y") + pad(b"hello"),
    "refuse-hardlink-that-removes-its-target": folder(b"d") + file(b"d/x") + link(HARDLINK, b"d", b"d/x"),
    "refuse-entry-below-a-file": file(b"f") + file(b"f/x"),
    "refuse-root-as-symlink": link(SYMLINK, b"./", b"/"),
    "refuse-overlay-whiteout-device": header(b"etc", CHAR),
    "refuse-device-number-beyond-linux": header(b"d", CHAR, major=0o77777, minor=1),
    "refuse-whiteout-of-nothing": file(b".wh."),
    "refuse-whiteout-of-dot": file(b"d/.wh.."),
    "refuse-whiteout-of-dotdot": file(b".wh..."),
    "refuse-file-below-whiteout": file(b".wh.d/x"),
    "refuse-name-part-of-300-bytes": pax(b"path=" + b"n" * 300) + file(b"x"),
    "refuse-name-of-64-kib": pax(b"path=" + b"n/" * 32768) + file(b"x"),
    "refuse-name-of-64-kib-gnu": long_name(b"L", b"n/" * 32768) + file(b"x"),
    "refuse-name-1100-deep": pax(b"path=" + b"d/" * 1100) + folder(b"x"),
    "refuse-link-target-of-5-kib": pax(b"linkpath=" + b"t" * 5000) + link(SYMLINK, b"x", b"t"),
    "refuse-empty-symlink": link(SYMLINK, b"x", b""),
    "refuse-sparse-terabytes": pax(b"GNU.sparse.size=2000000000000", b"GNU.sparse.numblocks=1", b"GNU.sparse.map=0,1") + file(b"x"),
    "refuse-sparse-backwards": pax(b"GNU.sparse.size=200", b"GNU.sparse.numblocks=2", b"GNU.sparse.map=100,5,0,5") + file(b"x", b"helloworld"),
    "refuse-size-of-a-petabyte": header(b"x", b"0", 0)[:124] + b"\x80\0\0\0\0\4\0\0\0\0\0\0" + header(b"x")[136:],
    "refuse-pax-size-of-a-petabyte": pax(b"size=1125899906842624") + file(b"x"),
    "refuse-pax-record-without-length": header(b"PaxHeaders", b"x", 5) + pad(b"path=") + file(b"x"),
    "refuse-pax-header-of-2-mib": pax(b"comment=" + b"c" * (2 << 20)) + file(b"x"),
    "refuse-xattr-of-70-kb": pax(b"SCHILY.xattr.user.big=" + b"v" * 70000) + file(b"x"),
    "refuse-200-xattrs": pax(*(b"SCHILY.xattr.user.%d=v" % i for i in range(200))) + file(b"x"),
    "refuse-owner-that-means-none": header(b"x")[:108] + b"\x80\0\0\0\xff\xff\xff\xff" + header(b"x")[116:],
    "refuse-truncated-in-a-file": header(b"x", size=5000) + b"short",
    "refuse-truncated-in-a-header": file(b"x") + header(b"y")[:200],
    "refuse-damaged-header": b"X" + header(b"x")[1:],
    "refuse-text": b"This is a letter and no archive.\n" * 40,
    "refuse-socket": header(b"x", b"M"),
    "accept-absolute-name": file(b"/etc/passwd"),
    "accept-doubles": file(b"x", b"1") + file(b"x", b"22") + file(b"./x", b"333"),
    "accept-file-to-directory-and-back": file(b"x") + folder(b"x") + file(b"x/y") + file(b"x") + folder(b"x") + file(b"x/z"),
    "accept-symlink-out-of-the-tree": link(SYMLINK, b"x", b"../../../../etc/passwd"),
    "accept-file-replaces-symlink": link(SYMLINK, b"x", b"/tmp/victim") + file(b"x"),
    "accept-hardlink-to-symlink": link(SYMLINK, b"x", b"/etc/passwd") + link(HARDLINK, b"y", b"x"),
    "accept-overlay-xattrs-stripped": pax(b"SCHILY.xattr.trusted.overlay.redirect=/etc", b"SCHILY.xattr.user.overlay.opaque=y",
                                          b"SCHILY.xattr.user.croze.dev=c 1 1") + folder(b"x"),
    "accept-whiteout-of-the-root-contents": file(b".wh..wh..opq"),
    "accept-whiteout-and-entry": file(b".wh.d") + folder(b"d") + file(b".wh.f") + file(b"f"),
    "accept-sparse": pax(b"GNU.sparse.size=9000", b"GNU.sparse.numblocks=1", b"GNU.sparse.map=4096,5") + file(b"x", b"hello"),
    "accept-1000-deep": pax(b"path=" + b"d/" * 1000) + folder(b"x"),
    "accept-terminal-escapes-in-a-name": file(b"\x1b[2J\x07"),
    "accept-latin-1-by-pax": pax(b"path=caf\xe9") + file(b"x"),
    "accept-root-first": folder(b"./") + file(b"./x"),
    "refuse-directories-implied-by-the-thousand": b"".join(pax(b"path=%d/" % n + b"d/" * 1000) + file(b"x", b"") for n in range(70)),
    "accept-bytes-behind-the-end": file(b"x") + END + b"more" * 1000,
}

# The checksum of these was broken on purpose, or by cutting fields in.
KEEP_CHECKSUM = {"refuse-damaged-header", "refuse-text"}

SEEDS = {
    "kinds": folder(b"d") + file(b"d/f", b"hello") + link(SYMLINK, b"s", b"d/f") + link(HARDLINK, b"h", b"d/f") + header(b"p", FIFO) +
    header(b"n", CHAR, major=1, minor=3),
    "pax": pax(b"path=long/" + b"n" * 120, b"mtime=1.5", b"SCHILY.xattr.user.a=1") + file(b"x"),
    "gnu": long_name(b"L", b"l" * 150) + long_name(b"K", b"k" * 150) + link(SYMLINK, b"x", b"y"),
    "sparse": BAD["accept-sparse"],
    "sparse-1.0": pax(b"GNU.sparse.major=1", b"GNU.sparse.minor=0", b"GNU.sparse.name=x", b"GNU.sparse.realsize=9000") +
    file(b"x", b"1\n4096\n5\n".ljust(BLOCK, b"\0") + b"hello"),
    "whiteouts": BAD["accept-whiteout-and-entry"] + file(b"e/.wh..wh..opq") + file(b"e/.wh.x"),
    "doubles": BAD["accept-file-to-directory-and-back"],
    "through-symlink": BAD["refuse-write-through-symlink"],
}


def sums(data):
    """Puts the checksums of headers right again after fields were cut in."""
    out = bytearray(data)
    for at in range(0, len(out) - BLOCK + 1, BLOCK):
        if out[at + 257:at + 262] == b"ustar":
            out[at + 148:at + 156] = b" " * 8
            out[at + 148:at + 156] = b"%06o\0 " % sum(out[at:at + BLOCK])
    return bytes(out)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.argv[1:2] == ["--seeds"]:
        for name, data in SEEDS.items():
            with open(os.path.join(sys.argv[2], name), "wb") as f:
                f.write(data + END)
        return
    for name, data in BAD.items():
        if name not in KEEP_CHECKSUM:
            data = sums(data)
        if "truncated" not in name:
            data += END
        with open(os.path.join(here, name + ".tar.gz"), "wb") as f:
            f.write(gzip.compress(data, 9, mtime=0))


main()
