#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# -o/--output: what becomes of a build, as other programs see it.
#   * type=image: names, compression (the steps are not done again), force-compression, annotations, docker's media types
#   * type=oci, docker: archives and a layout directory, read by skopeo and umoci; standard output
#   * type=tar, local: the root file system, equal to the image's; owners, modes, times, links, devices; deterministic
#   * several at once; cacheonly; what is refused, by name
#   * a hostile image, and a directory that lies in wait: nothing is written outside of dest; a full disk leaves no half archive
# shellcheck disable=SC2086
. "$(dirname "$0")/lib.sh"

import_base
rootfs() { py "$here/rootfs.py" "$@"; }
have() { command -v "$1" >/dev/null; }
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$T/policy.json"
sk() { skopeo --policy "$T/policy.json" --tmpdir "$T" "$@"; }
steps() { printf '%s\n' "$err" | sed -n 's/^#[0-9]* \(CACHED\|DONE\).*/\1/p' | tr '\n' ' '; }
# A hard link is a file by another name: the same for whoever compares what is there.
norm() { sed 's,^\([^ ]* [^ ]*\) h \(/.*\) -> .*,\1 f \2,'; }
# What a directory holds: as a user all is the caller's, and set-user-id bits are gone.
owned() { if [ "$tier" = root ]; then norm; else norm | sed -E "s/^[246]([0-7]{3} [^ ]+ f)/0\1/; s/^([0-7]+) [0-9]+:[0-9]+/\1 $(id -u):$(id -g)/"; fi; }
out() { # out WHAT... DIR: build with plain progress
    croze build --progress=plain "$@"
}

c=$T/context
mkdir -p "$c"
cat >"$c/Dockerfile" <<'END'
FROM base
RUN rm /opt/lower/file && rm -r /opt/lower/dir && mkdir /opt/lower/dir && echo new >/opt/lower/dir/new
RUN echo set >/srv/setuid && chown 33:44 /srv/setuid && chmod 6755 /srv/setuid && ln /srv/setuid /srv/another \
 && mkfifo -m 0640 /srv/pipe && mkdir -m 3770 /srv/sticky && touch -h -d @1234567890 /srv/setuid && ln -s /etc/passwd /srv/absolute
RUN head -c 3000000 /dev/zero | tr '\0' x >/srv/large
COPY Dockerfile /srv/
RUN rm /srv/Dockerfile && mkdir /empty && chmod 700 /empty
LABEL a=b
END
out -t plain "$c" 2>/dev/null
tree=$(img tree plain)

# --- image ---
does "-o type=image,name=" out -o type=image,name=other:tag "$c"
is "... that name alone" "$(croze images -q other) $(digest_of other:tag)" "$(croze images -q plain) $(digest_of plain)"
does "several names in one field, several outputs" out -o '"type=image","name=one,two"' -o type=image,name=three -t four "$c"
is "... each" "$(digest_of one) $(digest_of two) $(digest_of three)" "$(digest_of plain) $(digest_of plain) $(digest_of plain)"
refuses 1 'no such image' "-t is for outputs without a name of their own" croze inspect four
does "-o type=docker without dest is docker's load" out -o type=docker -t loaded "$c"
is "... an image of the store" "$(digest_of loaded)" "$(digest_of plain)"

does "compression=zstd" out -o type=image,name=z,compression=zstd "$c"
like "... no step is done again" "$(steps)" '^CACHED CACHED CACHED CACHED CACHED DONE'
is "... the new layers are zstd, the base's is what it was" "$(for i in 0 1 5; do img manifest z layers $i mediaType; done | sed 's/.*tar+//' | tr '\n' ' ')" 'gzip" zstd" zstd" '
is "... the same files and ID" "$(img config z rootfs diff_ids)" "$(img config plain rootfs diff_ids)"
isnt "... another manifest" "$(digest_of z)" "$(digest_of plain)"
does "... again" out -o type=image,name=z2,compression=zstd "$c"
is "... nothing is packed" "$(steps)" "CACHED CACHED CACHED CACHED CACHED "
is "... the same digest" "$(digest_of z2)" "$(digest_of z)"
CROZE_ROOT=$T/cold && export CROZE_ROOT
import_base
SOURCE_DATE_EPOCH=1600000000 out -o type=image,name=z,compression=zstd "$c" 2>/dev/null
cold=$(img manifest z layers)
CROZE_ROOT=$T/store
SOURCE_DATE_EPOCH=1600000000 out -t g "$c" 2>/dev/null
run env SOURCE_DATE_EPOCH=1600000000 "$CROZE" build --progress=plain -o type=image,name=z3,compression=zstd "$c"
like "layers packed again" "$(steps)" '^CACHED CACHED CACHED CACHED CACHED DONE'
is "... are those of a build with that encoder in an empty store" "$(img manifest z3 layers)" "$cold"
does "force-compression" out -o type=image,name=zf,compression=zstd,force-compression=true "$c"
is "... packs the base's layer too" "$(img manifest zf layers 0 mediaType)" '"application/vnd.oci.image.layer.v1.tar+zstd"'
is "... the same tree" "$(py - zf <<'END'
import json, os, subprocess, sys
root = os.environ["CROZE_ROOT"]
index = json.load(open(root + "/index.json"))
entry = [m for m in index["manifests"] if m.get("annotations", {}).get("org.opencontainers.image.ref.name") == "zf:latest"][0]
manifest = json.load(open(root + "/blobs/sha256/" + entry["digest"][7:]))
config = json.load(open(root + "/blobs/sha256/" + manifest["config"]["digest"][7:]))
import hashlib
bad = 0
for layer, diff in zip(manifest["layers"], config["rootfs"]["diff_ids"]):
    plain = subprocess.run(["zstd", "-dcq", root + "/blobs/sha256/" + layer["digest"][7:]], capture_output=True, check=True).stdout
    bad += "sha256:" + hashlib.sha256(plain).hexdigest() != diff
print(bad)
END
)" 0
does "uncompressed, and a level" out -o type=image,name=u,compression=uncompressed -o type=image,name=g9,compression=gzip,compression-level=9 "$c"
is "... the blob is the tar" "$(img manifest u layers -1 digest)" "$(img config u rootfs diff_ids -1)"
like "... the level is in the layer's annotation" "$(img manifest g9 layers -1 annotations)" 'gzip-9'
does "... the image can be read" img tree g9
does "oci-mediatypes=false" out -o type=image,name=d2,oci-mediatypes=false "$c"
is "... docker's types" "$(img manifest d2 mediaType) $(img manifest d2 config mediaType) $(img manifest d2 layers 0 mediaType)" \
    '"application/vnd.docker.distribution.manifest.v2+json" "application/vnd.docker.container.image.v1+json" "application/vnd.docker.image.rootfs.diff.tar.gzip"'
is "... no annotations, which docker's types have not" "$(img manifest d2 | grep -c annotations)" 0
does "... it is a base like any other" sh -c 'printf "FROM d2\nRUN true\n" | "$CROZE" build -q -f - "$1"' - "$c"
does "rewrite-timestamp, unpack, push=false are accepted" out -o type=image,rewrite-timestamp=true,unpack=true,push=false "$c"

# --- annotations, metadata ---
notes() { img manifest "$1" annotations; }
does "--annotation" out --annotation org.example.a=1 --annotation "manifest:b=two words" --annotation "manifest[$(img config base os | tr -d '"')/$(img config base architecture | tr -d '"')]:c=x=y" -t noted "$c"
is "... is in the manifest" "$(notes noted)" '{"b":"two words","c":"x=y","org.example.a":"1"}'
is "... not in the configuration" "$(img config noted)" "$(img config plain)"
does "annotation.* of an output" out --annotation a=general --annotation b=general -o type=image,name=na,annotation.a=own -o type=image,name=nb "$c"
is "... wins over --annotation, for that output" "$(notes na) $(notes nb)" '{"a":"own","b":"general"} {"a":"general","b":"general"}'
for level in index manifest-descriptor index-descriptor; do
    refuses 2 "level \"$level\" are not supported" "--annotation $level:" croze build --annotation "$level:a=b" "$c"
done
refuses 2 'not a level' "--annotation of no level" croze build --annotation "index1:a=b" "$c"
refuses 2 'KEY=VALUE' "--annotation without a value" croze build --annotation a "$c"
refuses 2 'annotations need OCI media types' "annotations in docker's types" croze build --annotation a=b -o type=image,oci-mediatypes=false "$c"
refuses 2 'no output of this build is an image' "--annotation without an image" croze build --annotation a=b -o "$T/none" "$c"
meta() { # meta FILE: what scripts read of it, on one line
    py - "$1" <<'END'
import json, sys
m = json.load(open(sys.argv[1]))
d = m.get("containerimage.descriptor", {})
print(sorted(m), m.get("image.name"), m.get("containerimage.digest") == d.get("digest"), d.get("platform", {}).get("os"), m.get("containerimage.digest"), m.get("containerimage.config.digest"))
END
}
does "--metadata-file of several outputs" out --metadata-file "$T/meta" -t a:1 -t b -o type=image -o type=oci,dest="$T/x.tar",name=c,compression=zstd -o type=image,name=b "$c"
is "... the first image, all names" "$(meta "$T/meta")" \
    "['containerimage.config.digest', 'containerimage.descriptor', 'containerimage.digest', 'image.name'] a:1,b,c True linux $(digest_of plain) $(config plain '{{.Id}}')"
does "... of an archive alone" out --metadata-file "$T/meta" --iidfile "$T/iid" -o type=oci,dest="$T/x.tar",name=c "$c"
is "... its image" "$(meta "$T/meta" | cut -d] -f2) $(cat "$T/iid")" " c True linux $(digest_of plain) $(config plain '{{.Id}}') $(config plain '{{.Id}}')"
does "... of no image" out --metadata-file "$T/meta" -o type=cacheonly "$c"
is "... is an empty object" "$(meta "$T/meta")" "[] None True None None None"

# --- archives ---
for type in oci docker; do
    f=$T/$type.tar
    does "type=$type,dest=" out -o type=$type,dest="$f" -t demo/archive:1 -t second "$c"
    out -o type=$type,dest=- -t demo/archive:1 -t second "$c" >"$T/stdout.tar" 2>/dev/null
    is "... to standard output: the same bytes" "$(sha256sum <"$T/stdout.tar")" "$(sha256sum <"$f")"
    refuses 1 'no such image' "... no name in the store" croze inspect demo/archive:1
    CROZE_ROOT=$T/loaded-$type && export CROZE_ROOT
    does "... can be loaded" croze load -i "$f"
    is "... under both names" "$(digest_of demo/archive:1) $(digest_of second)" "$(CROZE_ROOT=$T/store digest_of plain) $(CROZE_ROOT=$T/store digest_of plain)"
    CROZE_ROOT=$T/store
done
like "a docker archive has docker's list" "$(tar -xOf "$T/docker.tar" manifest.json)" '"RepoTags":\["demo/archive:1","second:latest"\]'
unlike "... an OCI archive has not" "$(tar -tf "$T/oci.tar")" 'manifest.json'
if have skopeo; then
    for type in oci docker; do
        run sk inspect --config "$type-archive:$T/$type.tar:demo/archive:1"
        is "skopeo reads the $type archive's configuration" "$(printf %s "$out" | py -c 'import json,sys; print(json.load(sys.stdin)["config"]["Labels"])')" "{'a': 'b'}"
        does "... and copies all of it" sk copy "$type-archive:$T/$type.tar:demo/archive:1" "dir:$T/skopeo-$type"
    done
else
    skip "archives read by skopeo" "skopeo is not installed"
fi
echo keep >"$T/kept.tar"
printf 'FROM base\nRUN false\n' >"$c/fails.file"
refuses 1 'exit code:? 1' "a build that fails" croze build -o type=oci,dest="$T/kept.tar" -f "$c/fails.file" "$c"
is "... leaves the old file" "$(cat "$T/kept.tar")" keep
l=$T/layout
does "type=oci,tar=false" out -o type=oci,tar=false,dest="$l" -t demo/layout:1 "$c"
does "... a second image goes beside the first" out -o type=oci,tar=false,dest="$l",compression=zstd -t demo/layout:2 "$c"
does "... and a name that is given again moves" out --label moved=1 -o type=oci,tar=false,dest="$l" -t demo/layout:1 "$c"
is "... two images" "$(py -c 'import json,sys; print([m["annotations"]["org.opencontainers.image.ref.name"] for m in json.load(open(sys.argv[1]))["manifests"]])' "$l/index.json")" \
    "['demo/layout:2', 'demo/layout:1']"
is "... all blobs are what they are called" "$(cd "$l/blobs/sha256" && sha256sum -- * | awk '$1 != $2' | wc -l)" 0
is "... nothing else lies there" "$(ls -A "$l" | tr '\n' ' ')$(ls -A "$l/blobs" | tr '\n' ' ')" "blobs index.json oci-layout sha256 "
if have umoci; then
    out -o type=oci,tar=false,dest="$T/umoci" -t demo:plain "$c" 2>/dev/null
    py - "$T/umoci/index.json" <<'END'
import json, sys
index = json.load(open(sys.argv[1]))
index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] = "plain" # umoci's names have no slash and colon
json.dump(index, open(sys.argv[1], "w"))
END
    rootless='' && [ "$(id -u)" -eq 0 ] || rootless=--rootless
    run umoci unpack $rootless --image "$T/umoci:plain" "$T/bundle"
    if [ $code -eq 0 ]; then
        is "umoci unpacks the layout: the same tree" "$(rootfs dir "$T/bundle/rootfs" | owned)" "$(out -o "$T/as-umoci" "$c" 2>/dev/null; rootfs dir "$T/as-umoci" | owned)"
    else
        case $err in
        *"operation not permitted"*) skip "umoci unpacks the layout: the same tree" "umoci cannot unpack here: $(printf %s "$err" | tail -1)" ;;
        *) fail "umoci unpacks the layout" "$err" ;;
        esac
    fi
else
    skip "a layout unpacked by umoci" "umoci is not installed"
fi

# --- tar ---
does "type=tar,dest=" out -o type=tar,dest="$T/root.tar" "$c"
is "... no image is made" "$err" "$(printf '%s\n' "$err" | grep -v '^image ')"
is "... is the image's tree" "$(rootfs tar "$T/root.tar" | norm)" "$(printf '%s\n' "$tree" | norm)"
is "... in an order that any reader takes, without whiteouts" "$(rootfs flat "$T/root.tar")" flat
like "... with hard links" "$(rootfs tar "$T/root.tar")" '^6755 33:44 h /srv/setuid -> srv/another$'
unlike "... the one whose first name was removed is a file" "$(rootfs tar "$T/root.tar")" ' h /opt/lower'
is "... contents, times" "$(tar -xOf "$T/root.tar" srv/large | sha256sum) $(tar -tvf "$T/root.tar" --full-time srv/another | awk '{print $4, $5}')" \
    "$(img cat plain /srv/large | sha256sum) 2009-02-13 23:31:30"
out -o - "$c" >"$T/again.tar" 2>/dev/null
is "-o -: the same bytes on standard output" "$(sha256sum <"$T/again.tar")" "$(sha256sum <"$T/root.tar")"
out --no-cache -o type=tar,dest="$T/epoch.tar" --build-arg SOURCE_DATE_EPOCH=1300000000 "$c" 2>/dev/null
is "with an epoch nothing in it is newer, the base's files neither" "$(py -c 'import sys,tarfile; print(max(m.mtime for m in tarfile.open(sys.argv[1])))' "$T/epoch.tar")" 1300000000
croze import "$T/root.tar" imported >/dev/null
is "croze import takes it" "$(img tree imported | norm)" "$(printf '%s\n' "$tree" | norm)"
does "a tar of nothing" sh -c 'printf "FROM scratch\n" | "$CROZE" build -q -f - -o type=tar,dest="$1/empty.tar" "$2"' - "$T" "$c"
is "... is empty" "$(tar -tf "$T/empty.tar" | wc -l) $(wc -c <"$T/empty.tar")" "0 1024"

# --- local ---
d=$T/rootfs
does "-o DIR" out -o "$d" "$c"
is "... is the image's tree" "$(rootfs dir "$d" | norm)" "$(printf '%s\n' "$tree" | owned)"
is "... contents and times" "$(sha256sum <"$d/srv/large") $(stat -c %Y "$d/srv/setuid" "$d/empty")" "$(img cat plain /srv/large | sha256sum) 1234567890
$(img mtime plain /empty | cut -d. -f1)"
is "... hard links are links" "$(stat -c %h "$d/srv/setuid" "$d/srv/another" "$d/opt/lower/hard" | tr '\n' ' ')" "2 2 1 "
[ "$tier" = root ] || like "... what a user cannot have is warned of" "$err" "warning: written as a user: 1 files without their set-user-id and set-group-id bits .srv/another"
ino=$(stat -c %i "$d/srv/large")
echo mine >"$d/mine"
echo old >"$d/opt/lower/dir/new"
chmod 600 "$d/opt/lower/dir/new"
mkdir "$d/home/app/kept"
does "-o type=local,dest= onto what is there" out -o type=local,dest="$d" "$c"
is "... files are replaced" "$(cat "$d/opt/lower/dir/new") $(stat -c %a "$d/opt/lower/dir/new")" "new 644"
isnt "... by new ones" "$(stat -c %i "$d/srv/large")" "$ino"
is "... others stay" "$(cat "$d/mine") $(ls "$d/home/app")" "mine kept"
is "... no temporary names are left" "$(find "$d" -name '.tmp-*')" ""
does "a relative path, made with its parents" sh -c 'cd "$1" && "$CROZE" build -q -o deep/er/dir "$2"' - "$T" "$c"
is "... it is there" "$(cat "$T/deep/er/dir/opt/lower/dir/new")" new
does "a directory inside the context" out -o "$c/dist" "$c"
is "... is written after the steps" "$(cat "$c/dist/opt/lower/dir/new")" new
rm -rf "$c/dist"
printf 'FROM scratch\nCOPY Dockerfile /only\n' >"$c/only.file"
does "a stage that is scratch" out -f "$c/only.file" -o "$T/only" "$c"
is "... gives just its files" "$(ls -A "$T/only")" only

# --- several, none ---
does "four outputs at once" out -o "$T/m/dir" -o type=tar,dest="$T/m.tar" -o type=oci,dest="$T/m.oci",compression=zstd -o type=image,name=many "$c"
is "... all are there" "$(sha256sum <"$T/m.tar") $(rootfs dir "$T/m/dir") $(digest_of many)" "$(sha256sum <"$T/root.tar") $(rootfs dir "$d" | grep -vE ' /(mine|home/app/kept)$') $(digest_of plain)"
before=$(croze images -q | sort)
printf 'FROM base\nRUN echo cacheonly\n' >"$c/cacheonly.file"
does "type=cacheonly" out -f "$c/cacheonly.file" -o type=cacheonly -t nothing "$c"
is "... the steps were carried out" "$(steps)" "DONE "
is "... there is no image" "$(croze images -q | sort)" "$before"
refuses 1 'no such image' "... and no name" croze inspect nothing
does "... the next build has its steps" out -f "$c/cacheonly.file" -t something "$c"
is "... CACHED" "$(steps)" "CACHED "
does "--load beside another output" out --load -o type=oci,dest="$T/load.tar" -t by-load "$c"
is "... names the image too" "$(digest_of by-load)" "$(digest_of plain)"

# --- what is refused ---
no() { # no RE WHAT
    refuses 2 "$1" "refused: $2" croze build -o "$2" "$c"
}
no 'pushed under a name' type=registry
no 'pushed under a name' type=image,push=true
no 'type is image, registry, oci' type=zip,dest=x
no 'type=... is missing' dest=x,name=y
no '"dset" is not supported for type=oci .did you mean dest' type=oci,dset=x
no '"dest" is not supported for type=image' type=image,dest=x
no 'compression is gzip, zstd or uncompressed, not "estargz"' type=image,compression=estargz
no 'gzip has levels 1 to 12' type=image,compression-level=19
no 'what is not compressed has no level' type=image,compression=uncompressed,compression-level=3
no 'dest=DIR' type=local
no 'dest=DIR' type=oci,tar=false
no 'true or false, not "maybe"' type=oci,tar=maybe
no 'only type=oci' type=docker,tar=false,dest=x
no 'rewrite-timestamp=false' type=image,rewrite-timestamp=false
no 'a directory' type=tar,dest=/
no 'is no directory' "$c/Dockerfile"
no 'fields are KEY=VALUE' 'type=oci,dest'
no 'oci-mediatypes=false' type=oci,oci-mediatypes=false
no 'not a level of annotations|index' type=oci,annotation-index.x=y
refuses 1 'no directory' "refused: no such parent directory" croze build -o type=tar,dest="$T/none/x.tar" "$c"
refuses 2 'taken by another' "two streams on standard output" croze build -o - -o type=oci "$c"
refuses 2 'taken by -q' "-q and a stream" croze build -q -o - "$c"
refuses 2 'no output of this build is an image' "--iidfile without an image" croze build --iidfile "$T/iid" -o - "$c"
if have script; then
    like "a terminal gets no archive" "$(script -qec "'$CROZE' build -o - '$c'" /dev/null </dev/null 2>&1)" 'does not belong on a terminal'
else
    skip "a terminal gets no archive" "script is not installed"
fi
refuses 2 'BAD' "a bad name in name=" croze build -o type=image,name=BAD:x "$c"

# --- hostile ---
mkdir "$T/canary"
echo alive >"$T/canary/file"
canary() { ls -lR "$T/canary" | sha256sum; }
safe=$(canary)
(cd "$T" && py - "$T/evil.tar" "$T/canary" <<'END'
import sys
from maketar import Tar
out, canary = sys.argv[1:]
with Tar(out) as t:
    t.link("abs", canary)
    t.link("up", "../../../../../../../../../.." + canary)
    t.dir("d")
    t.link("d/file", canary + "/file")
    t.file("a\nname\x1b[31m", "odd\n")
    t.file("-rf", "dash\n")
    t.file("d/suid", "s", mode=0o4755, uid=0)
    t.file("d/sgid", "s", mode=0o2755, uid=0, gid=5)
    t.device("d/null", "c", 1, 3)
    t.device("d/disk", "b", 8, 0)
    t.hard("d/null2", "d/null")
    t.dir("closed", 0o000)
    t.file("closed/inner", "in\n", mode=0o000)
    t.fifo("pipe")
END
)
croze import "$T/evil.tar" evil >/dev/null
printf 'FROM evil\n' >"$c/evil.file"
# a directory that lies in wait: links where the image has directories and files
mkdir -p "$T/trap/closed"
ln -s "$T/canary" "$T/trap/d"
ln -s "$T/canary/file" "$T/trap/-rf"
ln -s "$T/canary" "$T/trap/pipe"
ln -s nowhere "$T/trap/abs"
does "a hostile image into a directory full of links" out -f "$c/evil.file" -o "$T/trap" "$c"
is "... nothing is written outside" "$(canary)" "$safe"
is "... links are as the image has them" "$(readlink "$T/trap/abs") $(readlink "$T/trap/d/file")" "$T/canary $T/canary/file"
is "... what was a link is a file now" "$(cat "$T/trap/-rf") $([ -L "$T/trap/-rf" ] || echo file)" "dash file"
is "... any name" "$(cat "$T/trap/a
name$(printf '\033')[31m")" odd
is "... a closed directory is closed behind what lies in it" "$(stat -c %a "$T/trap/closed")" 0
if [ "$tier" = root ]; then
    is "... root gets bits, owners" "$(stat -c '%a %u:%g' "$T/trap/d/suid" "$T/trap/d/sgid" | tr '\n' ' ')" "4755 0:0 2755 0:5 "
    case $err in
    *"device nodes left out"*) skip "... and devices" "no device can be made here" ;;
    *) is "... and devices" "$(stat -c '%F %t:%T %h' "$T/trap/d/null" "$T/trap/d/disk" | tr '\n' ' ')" "character special file 1:3 2 block special file 8:0 1 " ;;
    esac
else
    is "... a user gets no set-user-id file" "$(stat -c '%a %u' "$T/trap/d/suid" "$T/trap/d/sgid" | tr '\n' ' ')" "755 $(id -u) 755 $(id -u) "
    like "... is told" "$err" 'warning: written as a user: 2 files without their set-user-id'
    like "... and no device" "$err" 'warning: written as a user: 3 device nodes left out .d/disk and others'
    is "... none is there" "$(find "$T/trap" \( -type b -o -type c \) 2>/dev/null | wc -l) $(ls "$T/trap/d" | tr '\n' ' ')" "0 file sgid suid "
fi
unlike "... no control characters reach the terminal" "$err" "$(printf '\033')"
mkdir -p "$T/full-dir/-rf/x"
refuses 1 'a directory with something in it is there' "a directory where the image has a file is not removed" croze build -f "$c/evil.file" -o "$T/full-dir" "$c"
is "... its files stay" "$(ls "$T/full-dir/-rf")" x
mkdir -p "$T/empty-dir/-rf"
does "... but an empty one gives way" out -f "$c/evil.file" -o "$T/empty-dir" "$c"
refuses 2 'root directory of this machine' "not into /" croze build -f "$c/evil.file" -o / "$c"
is "... nothing" "$(canary)" "$safe"

# --- a full disk ---
cat >"$T/fill" <<'END'
mkdir -p "$1/disk"
mount -t tmpfs -o size=1m croze-output "$1/disk" || exit 99
echo old >"$1/disk/archive.tar"
for what in "type=oci,dest=$1/disk/archive.tar" "type=docker,dest=$1/disk/archive.tar" "type=tar,dest=$1/disk/archive.tar" "type=oci,tar=false,dest=$1/disk/layout"; do
    "$CROZE" build -q -t full -o "$what" -o type=image "$2" 2>"$1/err" </dev/null && { echo "$what fits"; exit 1; }
    grep -q 'No space left on device' "$1/err" || { echo "no clear message: $(cat "$1/err")"; exit 1; }
    grep -q 'croze gc' "$1/err" && { echo "the store is blamed: $(cat "$1/err")"; exit 1; }
    [ "$(cat "$1/disk/archive.tar")" = old ] || { echo "$what: the old archive is gone"; exit 1; }
    [ -z "$(find "$1/disk" -name '.tmp*')" ] && [ ! -e "$1/disk/layout/index.json" ] || { echo "$what: left behind: $(ls -lAR "$1/disk")"; exit 1; }
    rm -rf "$1/disk/layout"
done
"$CROZE" build -q -o "$1/disk/root" "$2" 2>"$1/err" </dev/null && { echo "local fits"; exit 1; }
grep -q 'No space left on device' "$1/err" || { echo "no clear message: $(cat "$1/err")"; exit 1; }
[ -z "$(find "$1/disk" -name '.tmp*')" ] || { echo "left behind: $(ls -lAR "$1/disk")"; exit 1; }
"$CROZE" inspect full >/dev/null 2>&1 && { echo "a name was given"; exit 1; }
echo fine
END
enter="unshare -m"
[ "$(id -u)" -eq 0 ] || enter="unshare --map-root-user --map-auto -m"
if $enter sh -c "mount -t tmpfs x '$T/m' && true" 2>/dev/null; then
    printf 'FROM base\nCOPY noise /\n' >"$c/Dockerfile"
    head -c 4000000 /dev/urandom >"$c/noise"
    is "a full disk: a clear error, no half archive, no name" "$($enter sh "$T/fill" "$T" "$c" 2>&1)" fine
else
    skip "a full disk" "no tmpfs can be mounted here"
fi

done_testing
