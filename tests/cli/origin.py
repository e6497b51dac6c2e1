# SPDX-License-Identifier: Apache-2.0
"""Package databases for tests/cli/89-check-origin.t, and what croze says of them.

  origin.py dpkg TREE PACKAGE FILE...   lists FILEs of TREE (as they are there now) as dpkg does; "etc/..." as conffiles; "a=b": b's bytes under the name a
  origin.py own TREE PACKAGE            copies a package of this machine into TREE, as dpkg says it is
  origin.py apk TREE PACKAGE FILE...
  origin.py rpm TREE PACKAGE signed|unsigned FILE...    an rpmdb.sqlite
  origin.py classes  < JSON             "class files" of each class that has some, and the unproven paths
"""
import base64
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys


def put(tree, path, text):
    path = os.path.join(tree, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "ab") as f:
        f.write(text if isinstance(text, bytes) else text.encode())


def read(tree, path):
    with open(os.path.join(tree, path), "rb") as f:
        return f.read()


def dpkg(tree, package, *files):
    sums, conffiles = "", ""
    for name in files:
        name, _, at = name.partition("=")
        md5 = hashlib.md5(read(tree, at or name)).hexdigest()
        if name.startswith("etc/"):
            conffiles += " /%s %s\n" % (name, md5)
        else:
            sums += "%s  %s\n" % (md5, name)
    put(tree, "var/lib/dpkg/info/%s.md5sums" % package, sums)
    put(tree, "var/lib/dpkg/status", "Package: %s\nStatus: install ok installed\nConffiles:\n%sDescription: x\n\n" % (package, conffiles))


def own(tree, package):
    listed = subprocess.run(["dpkg-query", "-L", package], capture_output=True, text=True, check=True).stdout.splitlines()
    for path in listed:
        real = os.path.realpath(path)
        if os.path.isfile(path) and not os.path.islink(path):
            put(tree, real.lstrip("/"), read("/", real))
    for name in os.listdir("/var/lib/dpkg/info"):
        if name.split(":")[0] in (package, package + ".md5sums") and name.endswith(".md5sums"):
            put(tree, "var/lib/dpkg/info/" + name, read("/", "/var/lib/dpkg/info/" + name))
    for name in ("bin", "sbin", "lib"):
        if os.path.islink("/" + name) and not os.path.lexists(os.path.join(tree, name)):
            os.symlink(os.readlink("/" + name), os.path.join(tree, name))


def apk(tree, package, *files):
    text = "P:%s\nV:1\n" % package
    for name in files:
        sha1 = base64.b64encode(hashlib.sha1(read(tree, name)).digest()).decode()
        text += "F:%s\nM:0:0:755\nR:%s\na:0:0:755\nZ:Q1%s\n" % (os.path.dirname(name), os.path.basename(name), sha1)
    put(tree, "lib/apk/db/installed", text + "\n")


def rpm_header(package, signed, tree, files):
    index, store = [], b""

    def tag(number, kind, count, value):
        nonlocal store
        store += b"\0" * (-len(store) % 4)
        index.append(struct.pack(">IIII", number, kind, len(store), count))
        store += value

    def texts(list):
        return b"".join(t.encode() + b"\0" for t in list)

    n = len(files)
    if signed:
        tag(268, 7, 4, b"sign")
    tag(1000, 6, 1, texts([package]))
    tag(1035, 8, n, texts(hashlib.sha256(read(tree, f)).hexdigest() for f in files))
    tag(1037, 4, n, b"".join(struct.pack(">I", f.startswith("etc/")) for f in files))
    tag(1116, 4, n, b"".join(struct.pack(">I", k) for k in range(n)))
    tag(1117, 8, n, texts(os.path.basename(f) for f in files))
    tag(1118, 8, n, texts("/%s/" % os.path.dirname(f) for f in files))
    tag(5011, 4, 1, struct.pack(">I", 8))
    return struct.pack(">II", len(index), len(store)) + b"".join(index) + store


def rpm(tree, package, signed, *files):
    path = os.path.join(tree, "usr/lib/sysimage/rpm/rpmdb.sqlite")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    db.execute("INSERT INTO Packages(blob) VALUES (?)", (rpm_header(package, signed == "signed", tree, files),))
    db.commit()
    db.close()


def classes():
    for line in sys.stdin:
        document = json.loads(line)
        if "origin" not in document:
            continue
        origin = document["origin"]
        assert sum(c["bytes"] for c in origin["classes"]) == origin["bytes"]
        assert sum(c["files"] for c in origin["classes"]) == origin["files"]
        assert [u["bytes"] for u in origin["unproven"]] == sorted((u["bytes"] for u in origin["unproven"]), reverse=True)
        said = ["%s %d" % (c["class"], c["files"]) for c in origin["classes"] if c["files"]]
        print("; ".join(said + sorted(u["path"] for u in origin["unproven"])))


if __name__ == "__main__":
    {"dpkg": dpkg, "own": own, "apk": apk, "rpm": rpm, "classes": classes}[sys.argv[1]](*sys.argv[2:])
