#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# import: a root file system archive becomes an image of one layer.
#   * modes, owners, links, times, long names and device nodes arrive as they were in the archive, in normal order
#   * from a file and from standard input, plain, gzip and zstd; any format of tar; others are refused by name
#   * what the image's configuration holds; --compression, --message, SOURCE_DATE_EPOCH
#   * the same archive gives the same layer; an archive of one broken byte leaves no image behind
. "$(dirname "$0")/lib.sh"

py -m maketar "$T/base.tar"
does "import a root file system" croze import "$T/base.tar" base
like "... prints the image ID" "$out" '^sha256:[0-9a-f]{64}$'
is "... that the store has under the name" "$(config base '{{.Id}}')" "$out"
diff=$(img config base rootfs diff_ids 0)

py - "$T/odd.tar" <<'END'
import sys
from maketar import *
long = "n" * 200
with Tar(sys.argv[1]) as t:
    t.file("./late/file", "x", mode=0o4755, uid=70, gid=60000, mtime=1600000001)
    t.dir("./late", 0o750, uid=5, gid=6, mtime=1600000002)
    t.dir("./early", 0o1777)
    t.hard("./early/hard", "./late/file")
    t.link("./early/soft", "../late/file", uid=9)
    t.link("./early/absolute", "/etc/passwd")
    t.file("./%s/%s" % (long, long), "long")
    t.dir("./" + long)
    t.file("./größe/日本", "utf8")
    t.dir("./größe")
    t.file("./capable", "c", mode=0o755, pax_headers={"SCHILY.xattr.user.note": "hello"})
    t.fifo("./fifo", mode=0o600)
    t.file("./fraction", "p", pax_headers={"mtime": "1600000000.25"})
    t.device("./null", "c", 1, 3, mode=0o666)
    t.device("./disk", "b", 8, 1, mode=0o660, gid=6)
    t.file("./twice", "first", mode=0o600)
    t.file("./twice", "second")
END
long=$(printf '%0200d' 0 | tr 0 n)
does "import entries of every kind in an odd order" croze import "$T/odd.tar" odd
is "... each with its attributes, in normal order" "$(img layer odd 0)" "0755 0:0 f /capable
0660 0:6 b /disk 8,1
1777 0:0 d /early
0777 0:0 l /early/absolute -> /etc/passwd
4755 70:60000 f /early/hard
0777 9:0 l /early/soft -> ../late/file
0600 0:0 p /fifo
0644 0:0 f /fraction
0755 0:0 d /größe
0644 0:0 f /größe/日本
0750 5:6 d /late
4755 70:60000 h /late/file -> early/hard
0755 0:0 d /$long
0644 0:0 f /$long/$long
0666 0:0 c /null 1,3
0644 0:0 f /twice"
is "... the last of two entries of one name counts" "$(img cat odd /twice)" second
is "... times too" "$(img mtime odd /late/file /late /fraction | tr '\n' ' ')" "1600000001 1600000002 1600000000.25 "
is "... and extended attributes" "$(img xattr odd /capable)" "user.note=$(printf hello | od -An -tx1 | tr -d ' ')"

for how in gzip bzip2 xz zstd; do
    if ! command -v $how >/dev/null; then
        skip "import of a $how archive" "$how is not installed"
        continue
    fi
    $how -qc "$T/base.tar" >"$T/base.tar.$how"
    croze import "$T/base.tar.$how" "$how" >/dev/null
    is "import of a $how archive gives the same layer" "$(img config $how rootfs diff_ids 0)" "$diff"
done
xz -c "$T/base.tar" | head -c 2000 >"$T/cut.packed"
refuses 1 'cut\.packed: (.*: )?truncated xz' "an archive that is cut off is refused" croze import "$T/cut.packed" other
exits 0 "import from standard input" sh -c '"$CROZE" import - piped:v1 <"$1"' - "$T/base.tar"
is "... gives the same layer" "$(img config piped:v1 rootfs diff_ids 0)" "$diff"
mkdir "$T/x" && tar -C "$T/x" -xf "$T/base.tar" --no-same-owner --exclude=root --exclude=home bin etc 2>/dev/null
for format in v7 ustar gnu posix oldgnu; do
    tar -C "$T/x" --format=$format --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1600000000 -cf "$T/$format.tar" bin etc &&
        croze import "$T/$format.tar" "format:$format" >/dev/null && img config "format:$format" rootfs diff_ids 0
done >"$T/formats"
is "five formats of tar with the same files give one layer" "$(uniq -c <"$T/formats" | awk '{print $1}')" 5

does "import without a name" croze import "$T/odd.tar"
does "--compression none" croze import --compression none "$T/base.tar" plain
like "... leaves the layer a tar" "$(img manifest plain layers 0 mediaType)" 'layer\.v1\.tar"$'
is "... with the same diffID" "$(img config plain rootfs diff_ids 0)" "$diff"
does "--message" croze import -m "from the archive" "$T/base.tar" told
is "... is the history's comment" "$(img config told history 0 comment)" '"from the archive"'
is "the configuration has the platform" "$(img config base os) $(img config base architecture)" \
    "\"linux\" \"$(croze version --format json | sed 's/.*linux.\([a-z0-9]*\).*/\1/')\""

does "SOURCE_DATE_EPOCH" env SOURCE_DATE_EPOCH=1500000000 "$CROZE" import "$T/base.tar" old
is "... no time is newer" "$(img newest old)" 1500000000
is "... nor the image's" "$(config old '{{.Created}}')" 2017-07-14T02:40:00Z
first=$(digest_of old)
SOURCE_DATE_EPOCH=1500000000 croze import "$T/base.tar" old >/dev/null
is "... and the digest is the same again" "$(digest_of old)" "$first"

count=$(croze images -q --no-trunc | wc -l)
head -c 5000 "$T/base.tar" >"$T/short.tar"
refuses 1 'short\.tar' "an archive that ends too early" croze import "$T/short.tar" short
head -c 100000 "$T/base.tar.gzip" >"$T/short.gz"
refuses 1 'short\.gz' "a compressed one too" croze import "$T/short.gz" short
echo 'this is no archive, whatever its name says' >"$T/text.tar"
refuses 1 'text\.tar' "a file that is no archive" croze import "$T/text.tar" short
refuses 1 'nowhere\.tar.*No such file' "a file that is not there" croze import "$T/nowhere.tar" short
refuses 2 'UPPER' "a name that is none" croze import "$T/base.tar" UPPER/case
is "none of them made an image" "$(croze images -q --no-trunc | wc -l)" "$count"
does "... and the store is sound" croze fsck --deep

done_testing
