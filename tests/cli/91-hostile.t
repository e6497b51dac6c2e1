#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Input that means harm, or is broken: a clear error or a correct image; never a crash, never a write outside of the root, always a sound store.
#   * import and use (COPY --from, RUN, mount) of archives: absolute and .. names, symlinks out and writes through them, hard links to what is not
#     there, devices, overlay's own marks, long and many names, deep trees, sparse and truncated files, false sizes
#   * load of archives whose documents or layers lie about each other
#   * Dockerfiles: long lines, many instructions, nesting
#   * a context that changes and vanishes while it is read
. "$(dirname "$0")/lib.sh"

import_base
ARCH=$(img config base architecture | tr -d '"')
export ARCH
c=$T/context
mkdir -p "$c" "$T/canary"
echo alive >"$T/canary/file"
CANARY=$T/canary
export CANARY
canary() { ls -lR "$CANARY" /etc/croze-evil /croze-evil /tmp/croze-evil 2>/dev/null | grep -v '^total' | sha256sum; }
before=$(canary)

make() { (echo "import os, sys; from maketar import *; canary = os.environ['CANARY']; out = sys.argv[1]"; cat) >"$T/make.py" && py "$T/make.py" "$1"; }

# archive DESC RE < Python that fills t: import gives an error that matches RE, or (RE "ok") an image that can be used
archive() {
    (echo "with Tar(out) as t:"; sed 's/^/    /') | make "$T/evil.tar"
    run croze import "$T/evil.tar" evil
    use "$1" "$2"
}
use() {
    if crashed; then
        fail "$1" "crashed with exit code $code" "$err"
    elif [ "$2" != ok ]; then
        if [ "$code" -eq 1 ] && printf '%s\n' "$err" | grep -qE -e "^croze: .*($2)"; then pass "$1"; else fail "$1" "exit code $code, wanted an error that matches $2" "$err"; fi
    elif [ "$code" -ne 0 ]; then
        fail "$1" "$err"
    else
        printf 'FROM base\nCOPY --from=evil / /copied/\nRUN --mount=from=evil,target=/m,rw cp -a /m /by-mount; echo x >/m/new || true\nFROM evil\nCOPY --from=base /bin /bin/\nCOPY Dockerfile /\nRUN ["/bin/busybox", "true"]\n' |
            dockerfile "$c"
        printf 'x' >"$c/extra"
        run build used "$c" --target 0
        first="$code $err"
        ! crashed || first="crashed $first"
        run build used "$c"
        if crashed || [ "$code" -ne 0 ] || [ "${first%% *}" != 0 ]; then fail "$1" "used as a base: $err" "copied and mounted: $first"; else pass "$1"; fi
    fi
}

# --- archives ---
archive "absolute names are below the root" ok <<'END'
t.file(canary + "/croze-evil", "x")
t.file("//etc//croze-evil", "x")
END
is "... there" "$(img tree evil "$CANARY/croze-evil" | wc -l)" 1
archive ".. is refused" '\.\.' <<'END'
t.file("a/../../../../../../../../../../../" + canary + "/croze-evil", "x")
END
archive "a symlink out, and a file written through it" 'out|symbolic|ok' <<'END'
t.link("out", canary)
t.file("out/croze-evil", "x")
END
archive "a symlink chain out, and a directory through it" 'one|two|symbolic|directory' <<'END'
t.link("one", "two")
t.link("two", "/tmp")
t.dir("one/croze-evil")
END
archive "a symlink that a directory replaces" ok <<'END'
t.link("d", canary)
t.dir("d")
t.file("d/croze-evil", "x")
END
archive "a file below a file" 'f' <<'END'
t.file("f", "x")
t.file("f/below", "x")
END
archive "a hard link to what is not there" 'nowhere' <<'END'
t.hard("h", "nowhere")
END
archive "a hard link out of the root" 'file' <<'END'
t.hard("h", "../../../../../../.." + canary + "/file")
END
archive "a hard link through a symlink" 'link' <<'END'
t.link("out", canary)
t.hard("h", "out/file")
END
archive "a hard link to itself" 'h' <<'END'
t.hard("h", "h")
END
archive "a hard link to a directory" 'd' <<'END'
t.dir("d")
t.hard("h", "d")
END
archive "devices" ok <<'END'
t.device("disk", "b", 8, 0, mode=0o666)
t.device("mem", "c", 1, 1, mode=0o666)
END
archive "overlay's mark of a removed file" '0:0' <<'END'
t.device("passwd", "c", 0, 0)
END
archive "overlay's own extended attributes are dropped" ok <<'END'
for where in ("trusted", "user"):
    t.dir(where, pax_headers={"SCHILY.xattr.%s.overlay.opaque" % where: "y", "SCHILY.xattr.%s.overlay.redirect" % where: "/etc"})
END
is "... all of them" "$(img xattr evil /trusted)$(img xattr evil /user)" ""
archive "a name like a whiteout, in a root file system" '\.wh\.' <<'END'
t.file("a", "x")
t.file(".wh.a", "")
END
archive "a name of 64 KiB" 'long|bytes' <<'END'
t.file("x" * 65536, "x")
END
archive "a path of 64 KiB" 'long|deep|bytes' <<'END'
t.file("/".join(["d" * 200] * 330), "x")
END
archive "a path of 2,000 directories" 'deep|long' <<'END'
t.file("d/" * 2000 + "f", "x")
END
archive "a name with a NUL, a newline, an escape and no UTF-8" ok <<'END'
t.file("new\nline\x1b[31m", "x")
t.entry(b"\xff\xfe".decode("utf-8", "surrogateescape"), tarfile.REGTYPE)
END
archive "an empty name" 'name|root|ok' <<'END'
t.file("", "x")
END
{
    echo 'with Tar(out) as t:'
    echo '    for i in range(100000): t.file("d%d/f%d" % (i % 300, i))'
} | make "$T/many.tar"
does "100,000 entries" croze import "$T/many.tar" many
printf 'FROM scratch\nCOPY --from=many /d7 /\n' | dockerfile "$c"
builds "... and COPY of some" used "$c"
is "... they are there" "$(img tree used | wc -l)" 334
croze rmi many >/dev/null
archive "a sparse file of 2^50 bytes in a kilobyte" 'large|limit|sparse|size' <<'END'
import struct
h = tarfile.TarInfo("sparse")
h.size = 0
b = bytearray(h.tobuf(tarfile.GNU_FORMAT))
b[156:157] = b"S"
b[386:398] = b"%011o\0" % 0
def big(n): return b"\x80" + n.to_bytes(11, "big")
b[386:398] = big((1 << 50) - 512)
b[398:410] = b"%011o\0" % 0
b[483:495] = big(1 << 50)
b[148:156] = b"        "
b[148:156] = b"%06o\0 " % sum(b)
t.tar.fileobj.write(bytes(b))
END
archive "a file larger than its archive" 'evil\.tar' <<'END'
h = tarfile.TarInfo("large")
h.size = 1 << 40
t.tar.fileobj.write(h.tobuf(tarfile.GNU_FORMAT))
t.tar.fileobj.write(b"x" * 1000)
END
archive "a user number beyond 32 bits" 'owner|user' <<'END'
t.file("f", "x", uid=1 << 40)
END
archive "a time before and far beyond all times" ok <<'END'
t.file("old", "x", mtime=-5000000000)
t.file("future", "x", mtime=1 << 40)
END
archive "an extended attribute of 1 MiB" 'attribute|header' <<'END'
t.file("f", "x", pax_headers={"SCHILY.xattr.user.big": "v" * (1 << 20)})
END
archive "10,000 extended attributes" 'attributes' <<'END'
t.file("f", "x", pax_headers={"SCHILY.xattr.user.n%d" % i: "v" for i in range(10000)})
END
py - "$T/base.tar" "$T" <<'END'
import random, sys
data = bytearray(open(sys.argv[1], "rb").read())
random.seed(7)
for n in range(12):
    copy = bytearray(data)
    for i in range(40):  # headers are where it hurts: the archive's first and last parts
        at = random.randrange(512 * 24) if i % 2 else len(copy) - 1 - random.randrange(512 * 900)
        copy[at] = random.randrange(256)
    open("%s/noise%d.tar" % (sys.argv[2], n), "wb").write(copy)
END
bad=
for n in 0 1 2 3 4 5 6 7 8 9 10 11; do
    run croze import "$T/noise$n.tar" noise
    if crashed || [ "$code" -gt 1 ]; then bad="$bad $n:$code $err"; fi
done
is "twelve archives with random bytes: errors or images" "$bad" ""
is "nothing was written outside" "$(canary)" "$before"
does "the store is sound" croze fsck --deep

# --- images that lie ---
# image DESC RE < Python that changes the Layout "l" (or writes "out" itself)
image() {
    # bytes of its own, or the store would have the layer already and not look at the archive's
    images=$((${images-0} + 1))
    (echo "good = layer_bytes(lambda t: (t.dir('d'), t.file('d/f', 'x$images')))"; echo "l = Layout('evil:latest', [good], os.environ['ARCH'])"; cat; echo "l.write(out)") | make "$T/evil.tar"
    croze rmi -f evil >/dev/null 2>&1
    run croze load -i "$T/evil.tar"
    [ "$code" -ne 0 ] || [ "$2" = ok ] || run build used "$c" -f "$T/use-evil"
    use "$1" "$2"
}
printf 'FROM evil\nCOPY Dockerfile /x\nFROM base\nCOPY --from=0 / /y\n' >"$T/use-evil"
image "a good one (so that the others fail for their own reason)" ok </dev/null
image "a layer whose bytes are not its digest's" 'sha256' <<'END'
l.blobs[sha256(good)] = good[:-1] + b"y"
END
image "a diffID that is not the layer's" 'diffID|sha256' <<'END'
l.config["rootfs"]["diff_ids"] = ["sha256:" + "1" * 64]
END
image "a diffID of zeros" 'diffID|sha256|zero' <<'END'
l.config["rootfs"]["diff_ids"] = ["sha256:" + "0" * 64]
END
image "a layer that is not in the archive" 'sha256|missing' <<'END'
del l.blobs[sha256(good)]
END
image "a size that is not the blob's" 'bytes, its descriptor says 5' <<'END'
l.layers[0]["size"] = 5
END
image "more layers than diffIDs" 'diffID|layers' <<'END'
l.manifest["layers"] = l.layers * 3
END
image "a configuration that is no JSON" 'configuration|JSON|json|sha256' <<'END'
l.manifest["config"] = l.put(b"{", "config.v1")
END
image "a configuration nested 100,000 deep" 'deep|nest|JSON|json' <<'END'
l.manifest["config"] = l.put(b'{"a":' + b"[" * 100000 + b"]" * 100000 + b"}", "config.v1")
END
image "numbers where texts belong" ok <<'END'
l.config["os"] = 7
l.config["config"] = {"Env": 5, "Cmd": "x", "User": ["a"]}
END
image "another platform's: taken, as docker does" ok <<'END'
l.config["architecture"] = "vax"
END
image "a digest that is a path" 'digest|sha256' <<'END'
l.layers[0]["digest"] = "sha256:../../../../../../etc/passwd"
END
image "a name that is a path" 'name|\.\.' <<'END'
l.name = "../../evil"
END
image "a blob that is a symlink out" 'symbolic|regular|sha256|missing|link' <<'END'
del l.blobs[sha256(good)]
l.extra.append(lambda t: t.link("blobs/sha256/" + sha256(good)[7:], canary + "/file"))
END
image "entries that leave the archive" 'leaves' <<'END'
l.extra.append(lambda t: (t.file("../../../../../../../../" + canary + "/croze-evil", "x"), t.file("/tmp/croze-evil", "x")))
END
image "an index of 100,000 manifests that are not there" 'sha256|missing|manifest' <<'END'
l.index["manifests"] = [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:%064x" % i, "size": 10} for i in range(100000)]
END
image "a layer that is no archive" 'evil|sha256' <<'END'
l = Layout("evil:latest", [b"this is no archive" * 100], os.environ["ARCH"])
END
image "a layer with a device 0:0" '0:0' <<'END'
l = Layout("evil:latest", [layer_bytes(lambda t: t.device("x", "c", 0, 0))], os.environ["ARCH"])
END
image "a layer that writes through a symlink of its own" 'out|symbolic' <<'END'
l = Layout("evil:latest", [layer_bytes(lambda t: (t.link("out", canary), t.file("out/croze-evil", "x")))], os.environ["ARCH"])
END
image "... through one of the layer below: into the image" ok <<'END'
l = Layout("evil:latest", [layer_bytes(lambda t: t.link("out", canary)), layer_bytes(lambda t: t.file("out/croze-evil", "x"))], os.environ["ARCH"])
END
image "whiteouts of the root, of .. and of nothing" 'wh|whiteout' <<'END'
l = Layout("evil:latest", [good, layer_bytes(lambda t: (t.file(".wh...", ""), t.file(".wh.", ""), t.file("d/.wh...", "")))], os.environ["ARCH"])
END
py - "$T/docker.tar" <<'END'
import json, sys
from maketar import *
with Tar(sys.argv[1]) as t:
    t.file("manifest.json", json.dumps([{"Config": "../../etc/passwd", "RepoTags": ["x:y"], "Layers": ["/etc/shadow", "../x"]}]))
END
refuses 1 'docker\.tar' "a docker-archive that names files outside" croze load -i "$T/docker.tar"
is "nothing was written outside" "$(canary)" "$before"
croze rmi -f evil >/dev/null 2>&1
does "the store is sound" croze fsck --deep

# --- Dockerfiles ---
df() { # DESC LIMIT-CODE: of the Dockerfile that the Python on standard input prints
    py - >"$c/Dockerfile"
    run croze build -q "$c"
    if crashed || [ "$code" -gt 2 ]; then fail "$1" "exit code $code" "$err"; else is "$1" "$code" "$2"; fi
}
df "a line of 1 MiB" 0 <<'END'
print("FROM scratch\nENV A=" + "x" * (1 << 20 - 3))
END
df "20,000 instructions" 2 <<'END'
print("FROM scratch")
for i in range(20000):
    print("ENV V%d=x" % i)
END
df "3,000 stages" 0 <<'END'
for i in range(3000):
    print("FROM scratch AS s%d\nENV A=%d" % (i, i))
END
df "a variable nested 10,000 deep" 2 <<'END'
print("FROM scratch\nENV A=" + "${B:-" * 10000 + "}" * 10000)
END
df "bytes that are no text" 2 <<'END'
import sys
sys.stdout.flush()
sys.stdout.buffer.write(b"FROM scratch\n\x00\xff\xfeRUN\x00 x\n")
END
df "a here-document without an end, of a megabyte" 2 <<'END'
print("FROM scratch\nCOPY <<EOF /x\n" + "line\n" * 200000)
END
py -c 'print("**/" * 500 + "*a*" * 50 + "b"); print("a*" * 2000)' >"$c/.dockerignore"
mkdir -p "$c/$(printf '%0200d' 0 | tr 0 a)/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"
printf 'FROM scratch\nCOPY . /\n' >"$c/Dockerfile"
run timeout 20 "$CROZE" build -q "$c"
if crashed || [ "$code" -gt 2 ]; then fail "ignore patterns that backtrack" "exit code $code" "$err"; else pass "ignore patterns that backtrack"; fi
rm -r "$c"

# --- a context in motion ---
m=$T/motion
mkdir -p "$m/d"
printf 'FROM scratch\nCOPY d /d\n' | dockerfile "$m"
for i in 0 1 2 3 4 5 6 7 8 9; do head -c 400000 /dev/zero >"$m/d/f$i"; done
: >"$T/moving"
(
    while [ -e "$T/moving" ]; do
        rm -f "$m/d/f3" "$m/d/new"
        head -c 300000 /dev/urandom >"$m/d/f3"
        echo x >>"$m/d/f5"
        ln -s f1 "$m/d/new" 2>/dev/null
    done
) &
mover=$!
bad='' n=0
while [ $n -lt 10 ]; do
    run croze build -q -t motion "$m"
    if crashed || [ "$code" -gt 1 ]; then
        bad="$bad exit code $code: $err"
    elif [ "$code" -eq 1 ] && ! printf '%s\n' "$err" | grep -qE 'changed|not found|No such file|vanished'; then
        bad="$bad $err"
    elif [ "$code" -eq 0 ]; then
        img tree motion >/dev/null || bad="$bad (an image that is none)"
    fi
    n=$((n + 1))
done
rm "$T/moving"
wait $mover
is "files that change and vanish while they are read: a clear error or a whole image" "$bad" ""
does "at rest it builds" croze build -q -t motion "$m"
is "... what is there" "$(img cat motion /d/f3 | sha256sum)" "$(sha256sum <"$m/d/f3")"
does "the store is sound" croze fsck --deep

done_testing
