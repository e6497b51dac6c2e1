#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Images that a name reaches through an index (one for each platform), as other tools put them into a layout or an archive:
#   * images, inspect, history, save, tag and rmi take the one for this machine; names, digests and IDs agree with each other
#   * an archive with an index loads under its name; an index without an image for this machine says so
# Saving: one entry an image with all names that were given, none for an ID.
. "$(dirname "$0")/lib.sh"

import_base plain:1
c=$T/context
printf 'FROM plain:1\nENV A=1\n' | dockerfile "$c"
build own:1 "$c" 2>/dev/null
manifest=$(digest_of own:1)
id=$(config own:1 '{{.Id}}')

# make_index LAYOUT NAME MANIFEST ARCH: puts an index of that manifest, and of one for another machine that is not there, into the layout.
make_index() {
    py - "$@" <<'END'
import hashlib, json, os, sys
layout, name, manifest, arch = sys.argv[1:]
def put(document):
    data = json.dumps(document).encode()
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as file:
        file.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}
kind = "application/vnd.oci.image.manifest.v1+json"
size = os.path.getsize(f"{layout}/blobs/sha256/{manifest[7:]}")
index = put({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
    {"mediaType": kind, "digest": "sha256:" + "0" * 64, "size": 7, "platform": {"os": "linux", "architecture": "sparc64"}},
    {"mediaType": kind, "digest": manifest, "size": size, "platform": {"os": "linux", "architecture": arch}}]})
with open(f"{layout}/index.json") as file:
    top = json.load(file)
top["manifests"].append({"mediaType": "application/vnd.oci.image.index.v1+json", **index,
                         "annotations": {"org.opencontainers.image.ref.name": name}})
with open(f"{layout}/index.json", "w") as file:
    json.dump(top, file)
print(index["digest"])
END
}
arch=$(config own:1 '{{.Architecture}}')
index=$(make_index "$CROZE_ROOT" many/arch:2 "$manifest" "$arch")

does "images" croze images --digests --no-trunc
like "... the index has its digest, and the ID of its image" "$out" "^many/arch +2 +$index +$id "
does "inspect by the name" croze inspect many/arch:2
is "... names of the index and of its image alike" "$(config many/arch:2 '{{join .RepoTags " "}}')" "own:1 many/arch:2"
is "... also the other way round" "$(config own:1 '{{join .RepoTags " "}}')" "own:1 many/arch:2"
is "... each with the digest that it leads to" "$(config many/arch:2 '{{join .RepoDigests " "}}')" "own@$manifest many/arch@$index"
is "... its digest is the one that images shows" "$(config many/arch:2 '{{.Digest}}')" "$index"
for way in "$index" "many/arch@$index" "$id" "$(echo "$id" | cut -c8-19)" "$manifest"; do
    is "found by $(echo "$way" | sed 's/[0-9a-f]\{60,\}/HEX/')" "$(config "$way" '{{.Id}}' 2>&1)" "$id"
done
is "history" "$(croze history --format json many/arch:2)" "$(croze history --format json own:1)"
does "tag" croze tag many/arch:2 third:1
is "... names the index" "$(config third:1 '{{.Digest}}')" "$index"
does "rmi" croze rmi third:1
does "rmi of the image's own name" croze rmi own:1
is "... the index still has it" "$(config many/arch:2 '{{join .RepoTags " "}}')" many/arch:2
is "... by its ID too" "$(config "$id" '{{join .RepoTags " "}}')" many/arch:2
does "gc" croze gc --all --grace 0
does "... leaves it whole" croze fsck --deep

does "save of the index" croze save -o "$T/saved.tar" many/arch:2
tags() { tar -xOf "$1" manifest.json | py -c 'import json, sys; print([i["RepoTags"] for i in json.load(sys.stdin)])'; }
is "... with its name" "$(tags "$T/saved.tar")" "[['many/arch:2']]"
CROZE_SAVED=$CROZE_ROOT CROZE_ROOT=$T/other
does "... loads elsewhere" croze load -i "$T/saved.tar"
is "... as the image" "$(config many/arch:2 '{{.Id}} {{.Digest}} {{join .RepoTags " "}}')" "$id $manifest many/arch:2"

# an archive that holds an index, as docker buildx and skopeo copy --all write them
mkdir "$T/layout"
tar -xf "$T/saved.tar" -C "$T/layout"
rm "$T/layout/manifest.json"
echo '{"schemaVersion":2,"manifests":[]}' >"$T/layout/index.json"
make_index "$T/layout" from/archive:3 "$manifest" "$arch" >/dev/null
tar -cf "$T/index.tar" -C "$T/layout" .
CROZE_ROOT=$T/third
does "load of an archive with an index" croze load -i "$T/index.tar"
is "... tells the name" "$out" "Loaded image: from/archive:3"
is "... that inspect knows" "$(config from/archive:3 '{{.Id}} {{join .RepoTags " "}}')" "$id from/archive:3"
like "... and images" "$(croze images --no-trunc)" "^from/archive +3 +$id "
does "... saves" croze save -o "$T/again.tar" from/archive:3
is "... with the name" "$(tags "$T/again.tar")" "[['from/archive:3']]"
echo '{"schemaVersion":2,"manifests":[]}' >"$T/layout/index.json"
make_index "$T/layout" odd:1 "$manifest" s390x >/dev/null
tar -cf "$T/odd.tar" -C "$T/layout" .
refuses 1 "no image for linux/$arch" "load of one without an image for this machine" croze load -i "$T/odd.tar"

# what save calls its images
croze tag from/archive:3 from/archive
does "save by two names of one image, one of them twice" croze save -o "$T/names.tar" from/archive:3 from/archive from/archive:3
is "... one entry with both" "$(tags "$T/names.tar")" "[['from/archive:3', 'from/archive:latest']]"
does "save by ID" croze save -o "$T/id.tar" "$id"
is "... without a name, as docker does" "$(tags "$T/id.tar")" "[[]]"
CROZE_ROOT=$CROZE_SAVED
done_testing
