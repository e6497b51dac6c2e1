#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# save and load, and what other programs make of the store and its archives:
#   * docker-archive and oci-archive: read by skopeo, loaded into an empty store with the same digest; deterministic; several images; standard output
#   * the store itself as an OCI layout for skopeo (and umoci)
#   * archives that skopeo made, both kinds, compressed too; a second load changes nothing
#   * errors leave nothing behind
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
printf 'FROM base\nENV A=1\nRUN echo x >/x && rm /opt/lower/file\nUSER app\nCMD ["sh"]\n' | dockerfile "$c"
build demo/one:1.0 "$c" -t second:name 2>/dev/null
printf 'FROM scratch\nCOPY Dockerfile /\n' >"$c/Dockerfile"
build two "$c" 2>/dev/null
digest=$(digest_of demo/one:1.0)
id=$(config demo/one:1.0 '{{.Id}}')
tree=$(img tree demo/one:1.0)
CROZE_SAVED=$CROZE_ROOT

have() { command -v "$1" >/dev/null; }
# skopeo as this user, without a configuration of the host's
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$T/policy.json"
sk() { skopeo --policy "$T/policy.json" --tmpdir "$T" "$@"; }
# in an empty store
empty() {
    remove_all "$T/empty"
    CROZE_ROOT=$T/empty
}
full() { CROZE_ROOT=$CROZE_SAVED; }

for format in docker-archive oci-archive; do
    file=$T/$format.tar
    does "save as $format" croze save --format $format -o "$file" demo/one:1.0
    croze save --format $format demo/one:1.0 >"$T/again.tar"
    is "... to standard output: the same bytes again" "$(sha256sum <"$T/again.tar")" "$(sha256sum <"$file")"
    empty
    like "... with the name that containerd goes by" "$(tar -xOf "$file" index.json)" '"io.containerd.image.name":"docker.io/demo/one:1.0"'
    does "load it into an empty store" croze load -i "$file"
    is "... tells the name" "$out" "Loaded image: demo/one:1.0"
    is "... the same digest and ID" "$(digest_of demo/one:1.0) $(config demo/one:1.0 '{{.Id}}')" "$digest $id"
    is "... the same tree" "$(img tree demo/one:1.0)" "$tree"
    does "... a sound store" croze fsck --deep
    exits 0 "load from standard input, compressed" sh -c 'gzip -c "$1" | "$CROZE" load -q' - "$file"
    is "... nothing more is there" "$(croze images -q | wc -l)" 1
    full
done
does "save of two images with three names" croze save -o "$T/three.tar" demo/one:1.0 second:name two
empty
does "... and load" croze load -i "$T/three.tar"
is "... tells them all" "$(printf '%s\n' "$out" | sort | tr '\n' ' ')" "Loaded image: demo/one:1.0 Loaded image: second:name Loaded image: two:latest "
is "... all with their digests" "$(digest_of second:name)" "$digest"
full
does "save by ID" croze save -o "$T/id.tar" "$id"
empty
does "... and load" croze load -i "$T/id.tar"
is "... finds it by its ID" "$(config "$id" '{{.Id}}')" "$id"
full

if have skopeo; then
    is "skopeo reads the docker-archive" "$(sk inspect --config "docker-archive:$T/docker-archive.tar" | py -c 'import json, sys
c = json.load(sys.stdin)
print(c["config"]["Env"][-1], c["config"]["User"], len(c["rootfs"]["diff_ids"]))')" "A=1 app 2"
    is "... by its name too" "$(sk inspect "docker-archive:$T/three.tar:docker.io/demo/one:1.0" | py -c 'import json, sys; print(len(json.load(sys.stdin)["Layers"]))')" 2
    is "skopeo reads the oci-archive" "$(sk inspect --format '{{.Digest}}' "oci-archive:$T/oci-archive.tar")" "$digest"
    is "skopeo reads the store" "$(sk inspect --format '{{.Digest}}' "oci:$CROZE_ROOT:demo/one:1.0")" "$digest"
    does "skopeo copies from the store to a docker-archive" sk copy -q "oci:$CROZE_ROOT:demo/one:1.0" "docker-archive:$T/by-skopeo.tar:demo/one:1.0"
    does "... and to an OCI layout" sk copy -q "oci:$CROZE_ROOT:demo/one:1.0" "oci:$T/layout:x"
    does "... and to a compressed oci-archive" sk copy -q --dest-compress-format zstd --dest-compress "oci:$CROZE_ROOT:demo/one:1.0" "oci-archive:$T/zstd.tar:demo/zstd:1"
    does "... and from an archive of ours to one of its own" sk copy -q "docker-archive:$T/docker-archive.tar" "oci-archive:$T/back.tar:demo/back:1"
    does "the store is as it was" croze fsck --deep
    empty
    does "load skopeo's docker-archive" croze load -i "$T/by-skopeo.tar"
    is "... the same image by its configuration" "$(config demo/one:1.0 '{{.Id}}')" "$id"
    is "... the same tree" "$(img tree demo/one:1.0)" "$tree"
    does "load its oci-archives" croze load -i "$T/back.tar"
    is "... the same diffIDs" "$(img config demo/back:1 rootfs)" "$(CROZE_ROOT=$CROZE_SAVED img config demo/one:1.0 rootfs)"
    does "... with zstd layers, if its version made such" croze load -i "$T/zstd.tar"
    is "... the same diffIDs" "$(img config demo/zstd:1 rootfs)" "$(CROZE_ROOT=$CROZE_SAVED img config demo/one:1.0 rootfs)"
    bzip2 -c "$T/by-skopeo.tar" >"$T/by-skopeo.bz2" 2>/dev/null
    gzip -c "$T/by-skopeo.tar" >"$T/by-skopeo.gz"
    does "load a docker-archive that was gzipped" croze load -i "$T/by-skopeo.gz"
    printf 'FROM demo/one:1.0\nRUN cat /x >/tmp/y\n' >"$c/Dockerfile"
    builds "build on what skopeo made" child "$c"
    is "... works" "$(img cat child /tmp/y)" x
    does "... and leaves a sound store" croze fsck --deep
    full
else
    skip "skopeo reads archives and store, croze reads skopeo's" "skopeo is not installed"
fi
if ! have umoci; then
    skip "umoci unpacks the image" "umoci is not installed"
elif [ "$tier" = user ]; then
    skip "umoci unpacks the image" "without root it cannot give files to other users"
else
    # umoci wants one manifest a tag, and no colon in it
    sk copy -q "oci:$CROZE_ROOT:demo/one:1.0" "oci:$T/for-umoci:one" >/dev/null 2>&1
    does "umoci unpacks the image" umoci unpack --image "$T/for-umoci:one" "$T/bundle"
    is "... as we mean it" "$(cd "$T/bundle/rootfs" && find . -mindepth 1 -printf '%m %U:%G %y /%P\n' | sort -k4 | sha256sum)" \
        "$(img tree demo/one:1.0 | sed 's/ -> .*//; s/^0*//; s/ h / f /' | sort -k4 | sha256sum)"
fi

# --- errors ---
refuses 1 'nothing' "save of what is not there" croze save -o "$T/no.tar" two nothing
is "... leaves no file" "$(ls "$T"/no.tar* 2>/dev/null)" ""
refuses 1 'nowhere' "save to where nothing can be written" croze save -o "$T/nowhere/x.tar" two
refuses 1 'full|standard output|No space' "save to a full disk" sh -c '"$CROZE" save two >/dev/full'
empty
head -c 200000 "$T/docker-archive.tar" >"$T/cut.tar"
refuses 1 'cut\.tar' "load of half an archive" croze load -i "$T/cut.tar"
is "... gives no image" "$(croze images -q)" ""
gzip -c "$T/docker-archive.tar" | head -c 100000 >"$T/cut.gz"
refuses 1 'cut\.gz' "... compressed" croze load -i "$T/cut.gz"
refuses 1 'base\.tar' "load of a root file system: use import" croze load -i "$T/base.tar"
: >"$T/nothing"
refuses 1 'nothing' "load of an empty file" croze load -i "$T/nothing"
refuses 1 'not-there' "load of a file that is not there" croze load -i "$T/not-there"
does "the store is sound" croze fsck --deep
is "... and empty" "$(croze images -q)" ""
full

done_testing
