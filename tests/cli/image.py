# SPDX-License-Identifier: Apache-2.0
"""Reads an image out of an OCI layout (croze's store as it lies) with nothing of croze's own: what the command-line tests compare with.

  image.py tree NAME [PREFIX]     the merged file tree: "MODE UID:GID TYPE /path[ -> target]", whiteouts applied
  image.py layer NAME INDEX       the entries of one layer in their order, whiteouts as they stand (INDEX as Python's: -1 is the top)
  image.py cat NAME PATH          a file's bytes
  image.py mtime NAME PATH...     modification times in seconds (fraction if there is one)
  image.py newest NAME            the newest modification time of all entries of all layers
  image.py xattr NAME PATH        the extended attributes, one a line
  image.py layers NAME            how many layers
  image.py config NAME [KEY...]   the configuration's member as JSON with sorted keys
  image.py manifest NAME [KEY...] the manifest's

The layout is $CROZE_ROOT. Every blob is hashed, every diffID compared; a mismatch is an error."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

ROOT = os.environ["CROZE_ROOT"]
KINDS = {tarfile.REGTYPE: "f", tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l", tarfile.LNKTYPE: "h", tarfile.CHRTYPE: "c",
         tarfile.BLKTYPE: "b", tarfile.FIFOTYPE: "p"}


def blob(descriptor):
    algorithm, hexadecimal = descriptor["digest"].split(":")
    with open(os.path.join(ROOT, "blobs", algorithm, hexadecimal), "rb") as file:
        data = file.read()
    assert hashlib.sha256(data).hexdigest() == hexadecimal, "blob %s has other bytes" % hexadecimal
    assert len(data) == descriptor["size"], "blob %s has another size" % hexadecimal
    return data


def normal(name):
    return name if ":" in name.rsplit("/", 1)[-1] else name + ":latest"


def find(name):
    with open(os.path.join(ROOT, "index.json"), encoding="utf-8") as file:
        index = json.load(file)
    for m in index["manifests"]:
        if m.get("annotations", {}).get("org.opencontainers.image.ref.name") == normal(name) or m["digest"] == name:
            return json.loads(blob(m))
    sys.exit("image.py: no image " + name)


class Image:
    def __init__(self, name):
        self.manifest = find(name)
        self.config = json.loads(blob(self.manifest["config"]))
        self.layers = self.manifest["layers"]
        assert len(self.layers) == len(self.config["rootfs"]["diff_ids"]), "layers and diffIDs differ in number"
        made = [h for h in self.config.get("history", []) if not h.get("empty_layer")]
        assert not self.config.get("history") or len(made) == len(self.layers), "history and layers differ in number"

    def layer(self, index):
        data = blob(self.layers[index])
        if self.layers[index]["mediaType"].endswith("gzip"):
            data = gzip.decompress(data)
        assert "sha256:" + hashlib.sha256(data).hexdigest() == self.config["rootfs"]["diff_ids"][index], "diffID of layer %d" % index
        return tarfile.open(fileobj=io.BytesIO(data))


def check_entry(m, seen):
    """What holds for every entry that croze writes: docs/layers.md."""
    assert not m.name.startswith(("/", "./", "../")) and "/../" not in m.name and not m.name.endswith("/"), "name %r" % m.name
    assert m.name not in seen, "%r twice" % m.name
    assert m.uname == "" and m.gname == "", "%r names a user" % m.name
    assert m.type in KINDS, "%r has type %r" % (m.name, m.type)
    parent = os.path.dirname(m.name)
    assert parent == "" or parent in seen, "%r comes without its parent directory" % m.name
    seen.add(m.name)


def merged(image):
    """path -> (entry, layer's tar); a path that goes takes what is below it along."""
    tree = {}
    for index in range(len(image.layers)):
        tar, added = image.layer(index), set()
        for m in tar:
            folder, name = os.path.split(m.name)
            if name == ".wh..wh..opq":
                drop(tree, folder, False, added)
            elif name.startswith(".wh."):
                drop(tree, os.path.join(folder, name[4:]), True, added)
            else:
                if m.name in tree and not (m.isdir() and tree[m.name][0].isdir()):
                    drop(tree, m.name, True, added)
                tree[m.name] = (m, tar)
                added.add(m.name)
    return tree


def drop(tree, path, itself, keep):
    for p in [p for p in tree if (p == path and itself or p.startswith(path + "/")) and p not in keep]:
        del tree[p]


def line(m, tar=None):
    of = tar.getmember(m.linkname) if tar and m.islnk() else m
    text = "%04o %d:%d %s /%s" % (of.mode, of.uid, of.gid, KINDS[m.type], m.name if m.name != "." else "")
    if m.issym() or m.islnk():
        text += " -> " + m.linkname
    if m.isdev() and not m.isfifo():
        text += " %d,%d" % (m.devmajor, m.devminor)
    return text


def tree(image, prefix="/"):
    nodes = merged(image)
    for path in sorted(nodes, key=lambda p: p.split("/")):
        if ("/" + path + "/").startswith(prefix.rstrip("/") + "/"):
            print(line(*nodes[path]))


def layer(image, index):
    seen = set()
    for m in image.layer(int(index)):
        check_entry(m, seen)
        print(line(m))


def node(image, path):
    nodes = merged(image)
    path = path.strip("/")
    if path not in nodes:
        sys.exit("image.py: no /" + path)
    return nodes[path]


def cat(image, path):
    m, tar = node(image, path)
    sys.stdout.buffer.write(tar.extractfile(m).read())


def number(seconds):
    return ("%.9f" % float(seconds)).rstrip("0").rstrip(".")


def mtime(image, *paths):
    for path in paths:
        m = node(image, path)[0]
        print(number(m.pax_headers.get("mtime", m.mtime)))


def newest(image):
    print(number(max(float(m.mtime) for i in range(len(image.layers)) for m in image.layer(i))))


def xattr(image, path):
    for key, value in sorted(node(image, path)[0].pax_headers.items()):
        if key.startswith("SCHILY.xattr."):
            print(key[13:] + "=" + value.encode("utf-8", "surrogateescape").hex())


def member(value, keys):
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else value[int(key)]
    print(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def main(verb, name, *args):
    image = Image(name)
    if verb == "layers":
        print(len(image.layers))
    elif verb in ("config", "manifest"):
        member(getattr(image, verb), args)
    else:
        {"tree": tree, "layer": layer, "cat": cat, "mtime": mtime, "newest": newest, "xattr": xattr}[verb](image, *args)


if __name__ == "__main__":
    main(*sys.argv[1:])
