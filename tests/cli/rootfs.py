# SPDX-License-Identifier: Apache-2.0
"""Lists a root file system as image.py's `tree` does, so that what an output wrote can be compared with what the image holds.

  rootfs.py tar FILE             the entries of a tar file, sorted; hard links point to the first of their names
  rootfs.py dir DIRECTORY        a directory on disk, itself left out
  rootfs.py xattr DIRECTORY PATH extended attributes of a file on disk, one a line
  rootfs.py members FILE         the names of a tar file in the order in which they stand
  rootfs.py flat FILE            what an unpacker needs: each name once, parents before children, links behind their target, no whiteouts

A name that is not printable is shown with escapes."""
import os
import stat
import sys
import tarfile


def shown(path):
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogateescape").decode() if ord(c) < 0xDC80 else "\\x%02x" % (ord(c) - 0xDC00)
                   for c in path)


def line(mode, uid, gid, kind, path, target="", device=None):
    text = "%04o %d:%d %s /%s" % (mode & 0o7777, uid, gid, kind, shown(path))
    if target:
        text += " -> " + shown(target)
    if device:
        text += " %d,%d" % device
    return text


KINDS = {tarfile.REGTYPE: "f", tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l", tarfile.LNKTYPE: "h", tarfile.CHRTYPE: "c",
         tarfile.BLKTYPE: "b", tarfile.FIFOTYPE: "p"}


def read_tar(path):
    with tarfile.open(path) as tar:
        return [m for m in tar if m.name not in (".", "")]


def list_tar(path):
    members = {m.name: m for m in read_tar(path)}
    for name in sorted(members, key=lambda p: p.split("/")):
        m = members[name]
        of = members[m.linkname] if m.islnk() else m
        device = (m.devmajor, m.devminor) if m.ischr() or m.isblk() else None
        print(line(of.mode, of.uid, of.gid, KINDS[m.type], name, m.linkname if m.issym() or m.islnk() else "", device))


def walk(top, below=""):
    for name in sorted(os.listdir(os.path.join(top, below))):
        path = os.path.join(below, name)
        yield path
        full = os.path.join(top, path)
        if os.path.isdir(full) and not os.path.islink(full):
            yield from walk(top, path)


def list_dir(top):
    first = {}
    for path in walk(top):
        s = os.lstat(os.path.join(top, path))
        kind = {stat.S_IFREG: "f", stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFCHR: "c", stat.S_IFBLK: "b", stat.S_IFIFO: "p",
                stat.S_IFSOCK: "s"}[stat.S_IFMT(s.st_mode)]
        target = os.readlink(os.path.join(top, path)) if kind == "l" else ""
        if kind != "d" and s.st_nlink > 1:
            if s.st_ino in first:
                kind, target = "h", first[s.st_ino]
            else:
                first[s.st_ino] = path
        mode = 0o777 if kind == "l" else s.st_mode
        device = (os.major(s.st_rdev), os.minor(s.st_rdev)) if kind in "cb" else None
        print(line(mode, s.st_uid, s.st_gid, kind, path, target, device))


def list_xattrs(top, path):
    full = os.path.join(top, path)
    for name in sorted(os.listxattr(full, follow_symlinks=False)):
        print(name + "=" + os.getxattr(full, name, follow_symlinks=False).hex())


def check_flat(path):
    seen = {}
    for m in read_tar(path):
        assert m.name not in seen, "%r twice" % m.name
        parent = os.path.dirname(m.name)
        assert not parent or (parent in seen and seen[parent].isdir()), "%r without its parent" % m.name
        assert not m.islnk() or (m.linkname in seen and not seen[m.linkname].isdir()), "%r before its target" % m.name
        assert not os.path.basename(m.name).startswith(".wh."), "whiteout %r" % m.name
        assert m.uname == "" and m.gname == "", "%r names a user" % m.name
        seen[m.name] = m
    print("flat")


def main(verb, *args):
    sys.stdout.reconfigure(errors="surrogateescape")
    if verb == "members":
        print("\n".join(shown(m.name) for m in read_tar(args[0])))
    else:
        {"tar": list_tar, "dir": list_dir, "xattr": list_xattrs, "flat": check_flat}[verb](*args)


if __name__ == "__main__":
    main(*sys.argv[1:])
