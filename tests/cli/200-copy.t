#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze copy between places of this machine: layouts, archives, directories, the store. Nothing is lost on any way, nothing is named that is not
# whole, and what is wrong with an image is said before anything of it is taken. skopeo reads what was written.
. "$(dirname "$0")/lib.sh"

blobs() { (cd "$1" && find blobs -type f | sort); }
names() { sed 's/.*"manifests"//' "$1/index.json" | grep -o '"org.opencontainers.image.ref.name": *"[^"]*"' | cut -d'"' -f4 | sort; }
raw() { cat "$1/blobs/sha256/${2#sha256:}"; }

digest=$(py "$here/evidence.py" "$T/all")

does "an index goes from a layout to a layout" croze copy "oci:$T/all:v1" "oci:$T/second:v1"
is "  its digest is printed" "$out" "$digest"
is "  every platform and all that is about it is there" "$(blobs "$T/second")" "$(blobs "$T/all")"
is "  cosign's tags too" "$(names "$T/second")" "$(names "$T/all")"
like "  and counted" "$err" '5 manifests about it'
cp "$T/second/index.json" "$T/before"
does "the same again" croze copy "oci:$T/all:v1" "oci:$T/second:v1"
like "  has nothing to do" "$err" 'everything is there already'
is "  and leaves the index as it was" "$(cat "$T/second/index.json")" "$(cat "$T/before")"

py "$here/evidence.py" "$T/another" signed-by-another >/dev/null
signatures() { # DIR: under cosign's tag of v1, in the old form
    py -c 'import json, sys
blob = lambda digest: open(sys.argv[1] + "/blobs/sha256/" + digest[7:]).read()
tagged = [e for e in json.load(open(sys.argv[1] + "/index.json"))["manifests"] if e.get("annotations", {}).get("org.opencontainers.image.ref.name", "").endswith(".sig")]
print(*[blob(layer["digest"]) for entry in tagged for layer in json.loads(blob(entry["digest"]))["layers"]], sep="\n")' "$1"
}
croze copy -q "oci:$T/another:v1" "oci:$T/signed:v1" >/dev/null
does "what another party has signed, in the old form, at the destination" croze copy "oci:$T/all:v1" "oci:$T/signed:v1"
is "  stays beside what is brought" "$(signatures "$T/signed")" 'signed by another, in the old form
signed, in the old form'
for from in all another; do
    does "  from $from again" croze copy "oci:$T/$from:v1" "oci:$T/signed:v1"
    like "  there is nothing to do" "$err" 'everything is there already'
done

py "$here/evidence.py" "$T/sbom1" sbom one >/dev/null && py "$here/evidence.py" "$T/sbom2" sbom two >/dev/null
for to in "oci:$T/sboms:v1" "dir:$T/sboms-dir" store:demo/sboms:v1; do
    croze copy -q "oci:$T/sbom1:v1" "$to" >/dev/null
    refuses 1 'sha256-[0-9a-f]*\.sbom names another document there.*--replace-evidence' "another SBOM at $to" croze copy "oci:$T/sbom2:v1" "$to"
    does "  the same one" croze copy "oci:$T/sbom1:v1" "$to"
    like "  is there" "$err" 'everything is there already'
    does "  without evidence" croze copy --no-evidence "oci:$T/sbom2:v1" "$to"
    croze copy -q "$to" "oci:$T/kept:v1" >/dev/null
    like "  it stays" "$(cat "$T"/kept/blobs/sha256/*)" 'SBOM one'
    does "  with leave to replace it" croze copy --replace-evidence "oci:$T/sbom2:v1" "$to"
    like "  it is told" "$err" '\.sbom named something else there'
    croze copy -q "$to" "oci:$T/given:v1" >/dev/null
    is "  and there is the new one alone" "$(cat "$T"/given/blobs/sha256/* | grep -ao 'SBOM [a-z]*')" 'SBOM two'
    rm -r "$T/kept" "$T/given"
done

does "through an archive" croze copy "oci:$T/second:v1" "oci-archive:$T/all.tar:v1"
like "  which is called by its own name" "$err" "oci-archive:$T/all.tar"
does "and a directory" croze copy "oci-archive:$T/all.tar:v1" "dir:$T/dir"
does "into a layout again" croze copy "dir:$T/dir" "oci:$T/third:v1"
is "  nothing was lost" "$(blobs "$T/third")" "$(blobs "$T/all")"
is "  no name either" "$(names "$T/third")" "$(names "$T/all")"
croze copy -q "oci:$T/second:v1" "oci-archive:$T/again.tar:v1"
is "equal layouts give equal archives" "$(sha256sum <"$T/again.tar")" "$(sha256sum <"$T/all.tar")"
does "an archive of one image needs no tag" croze copy --no-evidence "oci-archive:$T/all.tar:v1" "oci:$T/bare:v1"
is "  and evidence may be left behind" "$(blobs "$T/bare" | wc -l)" 11

does "through the store" croze copy "oci:$T/all:v1" store:demo/all:v1
does "  and back" croze copy store:demo/all:v1 "oci:$T/back:v1"
is "  nothing was lost" "$(blobs "$T/back")" "$(blobs "$T/all")"
is "  no name either" "$(names "$T/back")" "$(names "$T/all")"
does "images passes over what is about it" croze images
like "images shows its digest" "$(croze images --digests 2>&1)" "demo/all +v1 +$digest"
does "and nothing is wrong with the store" croze fsck --deep
is "  that the digest of a platform finds" "$(croze inspect -f '{{.Os}}' "demo/all@$digest")" linux

does "a destination with the digest of what comes" croze copy "oci:$T/all:v1" "oci:$T/exact:v1@$digest"
is "  is that" "$(blobs "$T/exact")" "$(blobs "$T/all")"
other=sha256:$(printf 0%.0s $(seq 64))
refuses 1 "the destination is to be $other, and what would come there is $digest" "  with another" croze copy "oci:$T/all:v1" "oci:$T/wrong:v1@$other"
is "  nothing is written" "$(cat "$T/wrong/index.json" 2>/dev/null | grep -c sha256)$(blobs "$T/wrong" 2>/dev/null)" 0
refuses 2 'cannot be given' "  the store gives none" croze copy "oci:$T/all:v1" "store:demo/all@$digest"
does "one platform of an index" croze copy --platform linux/arm64 "oci:$T/all:v1" "oci:$T/arm:v1"
is "  is that image's own manifest" "$(raw "$T/all" "$digest" | grep -o "$out")" "$out"
refuses 1 'no image for linux/riscv64; there are: linux/amd64, linux/arm64/v8' "a platform that is not there" \
    croze copy --platform linux/riscv64 "oci:$T/all:v1" "oci:$T/none:v1"
does "a docker-archive gets the image of this machine" croze copy "oci:$T/all:v1" "docker-archive:$T/docker.tar:demo/x:1"
does "  and gives it" croze copy "docker-archive:$T/docker.tar:demo/x:1" "oci:$T/docker:1"
refuses 1 'no image of it is named demo/y:1' "  by its name" croze copy "docker-archive:$T/docker.tar:demo/y:1" "oci:$T/docker:1"
does "  or without" croze copy "docker-archive:$T/docker.tar" "oci:$T/docker:2"

if command -v skopeo >/dev/null; then
    does "skopeo reads the layout" skopeo inspect --raw "oci:$T/third:v1"
    does "  the archive" skopeo inspect --raw "oci-archive:$T/all.tar:v1"
    does "  the directory, with every platform" skopeo copy -q --all "dir:$T/dir" "oci:$T/skopeo:v1"
    does "  the docker-archive" skopeo inspect "docker-archive:$T/docker.tar"
    does "a directory of skopeo's" skopeo copy -q --all "oci:$T/all:v1" "dir:$T/theirs"
    does "  is read" croze copy "dir:$T/theirs" "oci:$T/ours:v1"
    is "  with the digest that it has" "$out" "$digest"
else
    skip "skopeo reads what croze writes" "skopeo is not installed"
fi

# --- what is not taken ---

bad() {
    bad_kind=$1 bad_re=$2
    py "$here/evidence.py" "$T/bad-$bad_kind" "$bad_kind" >/dev/null
    refuses 1 "$bad_re" "refused: $bad_kind" croze copy "oci:$T/bad-$bad_kind:v1" "oci:$T/into-$bad_kind:v1"
    is "  and nothing is named" "$(names "$T/into-$bad_kind")" ""
}
bad million-layers 'over the maximum|larger|limit'
bad many-layers '600 layers are over the limit of 500'
bad huge-config 'configuration of 1073741824 bytes is over the limit'
bad lying-size 'its descriptor says'
bad two-sizes 'is said to have'
bad no-size 'has no size'
bad foreign 'is a foreign layer'
bad data-url 'is a foreign layer'
bad no-digest 'digest'
bad missing '0000 is not there'
bad schema1 'schema 1'
bad twice 'the key "layers" stands twice'
bad both 'a manifest and an index at once'
bad masked 'is not what it is'
bad no-json 'not valid JSON'
bad itself '1111 is not there'

cp -r "$T/all" "$T/rotten"
for file in "$T"/rotten/blobs/sha256/*; do
    [ "$(stat -c %s "$file")" -ne 2 ] || printf '[]' >"$file"
done
refuses 1 'damaged: its bytes hash to' "a blob that has rotted" croze copy "oci:$T/rotten:v1" "oci:$T/rotten-copy:v1"
is "  names nothing" "$(names "$T/rotten-copy")" ""
cp -r "$T/rotten" "$T/healed" && echo '{"schemaVersion":2,"manifests":[]}' >"$T/healed/index.json"
does "what a layout has already is hashed, not believed" croze copy -q "oci:$T/all:v1" "oci:$T/healed:v1"
is "  and replaced" "$(cd "$T/healed/blobs/sha256" && sha256sum -- * | awk '$1 != $2')" ""
mkdir "$T/other" && echo mine >"$T/other/file"
refuses 1 'neither empty nor' "a directory that holds something else" croze copy "oci:$T/all:v1" "oci:$T/other:v1"
refuses 1 'neither empty nor' "  as a directory of blobs too" croze copy "oci:$T/all:v1" "dir:$T/other"
is "  keeps it" "$(ls "$T/other")" file
ln -s "$T/all/index.json" "$T/link" && cp -r "$T/all" "$T/linked" && rm "$T/linked/index.json" && ln -s "$T/link" "$T/linked/index.json"
refuses 1 'index.json' "an index that is a link" croze copy "oci:$T/linked:v1" "oci:$T/linked-copy:v1"
refuses 2 'no transport "ocl"; did you mean oci' "a transport that does not exist" croze copy "ocl:$T/all:v1" "oci:$T/x:v1"
refuses 1 'no image of it is named "v2"' "a tag that is not there" croze copy "oci:$T/all:v2" "oci:$T/x:v1"
refuses 1 'no such image' "an image that the store has not" croze copy store:nothing "oci:$T/x:v1"
refuses 2 'takes a source and a destination' "one place alone" croze copy "oci:$T/all:v1"
like "tags of a layout" "$(croze tags "oci:$T/all")" "^v1$"

# --- kill -9 ---

head -c 60000000 /dev/urandom >"$T/noise" && dockerfile "$T/big" <<'END'
FROM scratch
COPY noise /noise
END
mv "$T/noise" "$T/big/noise"
builds "a large image" big "$T/big"
croze copy -q store:big "oci:$T/killed:v0" >/dev/null
rm -r "$T/killed"
killed=0
for i in 1 2 3 4 5; do
    croze copy -q store:big "oci:$T/killed:v1" >/dev/null 2>&1 &
    pid=$!
    until_true 100 test -e "$T/killed/index.json"
    kill -9 $pid 2>/dev/null && killed=$((killed + 1))
    wait $pid 2>/dev/null
    [ -z "$(names "$T/killed")" ] || { croze copy -q "oci:$T/killed:v1" "oci:$T/whole-$i:v1" >/dev/null || fail "a name that is there is whole"; }
done
pass "killed $killed times: what is named is whole"
does "the next one completes it" croze copy store:big "oci:$T/killed:v1"
is "  and leaves no drafts" "$(find "$T/killed" -name '.tmp-*' | wc -l)" 0
done_testing
