#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pull, push, copy, tags and delete with Debian's docker-registry, and skopeo as the second client: what one pushes the other reads, byte-equal.
. "$(dirname "$0")/lib.sh"
. "$here/../peer/lib.sh"
unset DOCKER_CONFIG REGISTRY_AUTH_FILE DOCKER_AUTH_CONFIG XDG_RUNTIME_DIR XDG_CONFIG_HOME
export HOME="$T/home"
mkdir -p "$HOME"

if ! docker_registry real; then
    skip "a real registry" "$why"
    done_testing
fi
at=127.0.0.1:$port

# requests PATTERN: how many lines of the registry's log match.
requests() { grep -cE "\"$1" "$T/real.d/out"; }

digest=$(py "$here/evidence.py" "$T/all")
py "$here/evidence.py" "$T/plain" plain >/dev/null
blobs() { (cd "$1" && find blobs -type f | sort); }
import_base

# --- push ---

croze tag base "$at/demo/base:1.0"
does "push" croze push "$at/demo/base:1.0"
like "  says where to" "$out" "^The push refers to repository \[$at/demo/base\]"
like "  and what, as docker does" "$out" "^1\.0: digest: $(digest_of base) size: [0-9]+$"
does "push again" croze push -q "$at/demo/base:1.0"
is "  -q prints the name" "$out" "$at/demo/base:1.0"
croze tag base "$at/demo/base:1.1"
before=$(requests 'HEAD /v2/demo/base/blobs')
does "another tag" croze push "$at/demo/base:1.1" --digestfile "$T/digestfile"
is "  asks for no blob" "$(requests 'HEAD /v2/demo/base/blobs')" "$before"
is "  --digestfile has the digest" "$(cat "$T/digestfile")" "$(digest_of base)"
sends=$(requests 'PATCH |"PUT /v2/[^ ]*/blobs/')
croze tag base "$at/other/base:1.0"
does "another repository" croze push "$at/other/base:1.0"
is "  mounts what this one has" "$(requests 'PATCH |"PUT /v2/[^ ]*/blobs/')" "$sends"
dockerfile "$T/next" <<END
FROM base
COPY Dockerfile /added
END
build "$at/demo/base:1.1" "$T/next" >/dev/null 2>&1
before=$(requests 'HEAD /v2/demo/base/blobs')
does "the next image of a tag" croze push "$at/demo/base:1.1"
is "  has the base's layer implied by what the tag had" "$(requests 'HEAD /v2/demo/base/blobs')" $((before + 2))
refuses 1 'no such image' "an image that is not here" croze push "$at/demo/nothing:1"
refuses 2 'under a tag' "a digest" croze push "$at/demo/base@$(digest_of base)"
printf 'FROM base\nRUN echo machine x >/root/.netrc && rm /root/.netrc\nUSER 10001:10002\n' >"$T/next/Dockerfile"
croze build -q -t "$at/demo/gate:good" "$T/next" >/dev/null
printf 'FROM base\nRUN echo machine x >/root/.netrc\nRUN rm /root/.netrc\nUSER 10001:10002\n' >"$T/next/Dockerfile"
croze build -q -t "$at/demo/gate:bad" "$T/next" >/dev/null
does "an image that nothing bad is found of" croze push -q --require-checks "$at/demo/gate:good"
exits 10 "one that has a credential file in a layer" croze push -q --require-checks "$at/demo/gate:bad"
like "  which is said" "$err" 'gate:bad: /root/.netrc: error: .*ImageCredentialFile'
like "  and what follows from it" "$err" '^croze: .*demo/gate:bad is not pushed: 1 finding of .croze check --image. is in the way'
is "  is not there" "$(croze tags "$at/demo/gate")" good
exits 10 "a stricter gate" croze push -q --require-checks=info "$at/demo/gate:good"
refuses 2 'no severity is called "some"' "a gate of no kind" croze push --require-checks=some "$at/demo/gate:good"
printf -- '- {rule: ImageCredentialFile, path: root/.netrc, reason: a dummy}\n' >"$T/.croze-check.yaml"
cd "$T" || exit 1
does "an exception opens it" croze push -q --require-checks "$at/demo/gate:bad"
cd / || exit 1
rm "$T/.croze-check.yaml"
does "all tags" croze push -a "$at/demo/base"
is "  are pushed" "$(printf '%s\n' "$out" | grep -c 'digest: sha256')" 2

# --- pull ---

export CROZE_ROOT="$T/store2"
does "pull" croze pull "$at/demo/base:1.0"
like "  says from where, as docker does" "$out" '^1\.0: Pulling from '"$at"'/demo/base$'
like "  which digest" "$out" '^Digest: sha256:[0-9a-f]{64}$'
like "  that it is new" "$out" "^Status: Downloaded newer image for $at/demo/base:1\.0$"
is "  and the name last" "$(printf '%s\n' "$out" | tail -1)" "$at/demo/base:1.0"
before=$(requests '[A-Z]+ /v2/')
does "pull again" croze pull "$at/demo/base:1.0"
like "  has nothing to do" "$out" "^Status: Image is up to date for $at/demo/base:1\.0$"
is "  and was one request for the manifest" "$(requests '[A-Z]+ /v2/demo/base/manifests/')" $(($(requests 'GET /v2/demo/base/manifests/') + $(requests 'HEAD /v2/demo/base/manifests/') + $(requests 'PUT /v2/demo/base/manifests/')))
is "  nothing else" "$(($(requests '[A-Z]+ /v2/[a-z]') - before))" 1
does "pull -q" croze pull -q "$at/demo/base:1.0"
is "  prints the name only" "$out" "$at/demo/base:1.0"
does "the store is sound" croze fsck --deep
by_digest="$at/demo/base@$(digest_of "$at/demo/base:1.0")"
does "by a digest that is held" croze pull "$by_digest"
croze rmi "$at/demo/base:1.0" >/dev/null
does "by a digest" croze pull "$by_digest"
does "  which then finds it" croze inspect "$by_digest"
like "  images has its repository, and no tag" "$(croze images --digests)" "^$at/demo/base +<none> +${by_digest#*@} "
is "  and finds it by that" "$(croze images -q "$at/demo/base") $(croze images -q -f dangling=true)" "$(croze images -q) $(croze images -q)"
refuses 1 '404.*there are 1.1, 1.0' "a tag that is not there" croze pull "$at/demo/base:9.9"
refuses 1 '.' "a repository that is not there" croze pull "$at/demo/nothing:1"
does "every tag" croze pull -a "$at/demo/base"
is "  is here" "$(croze images -q "$at/demo/base" | wc -l)" 2
refuses 2 'without a tag' "-a with a tag" croze pull -a "$at/demo/base:1.0"
does "unpacked at once" croze pull --unpack "$at/other/base:1.0"
is "  there is a tree" "$(find "$CROZE_ROOT/trees" -mindepth 2 -maxdepth 2 | wc -l)" 1
export CROZE_ROOT="$T/store"

# --- an index, and what is about it ---

does "copy to a registry" croze copy "oci:$T/all:v1" "$at/demo/all:v1"
is "  keeps the digest" "$out" "$digest"
does "copy from a registry" croze copy "docker://$at/demo/all:v1" "oci:$T/back:v1"
is "  nothing was lost" "$(blobs "$T/back")" "$(blobs "$T/all")"
puts=$(requests 'PUT ')
does "copy again" croze copy "oci:$T/all:v1" "$at/demo/all:v1"
is "  sends nothing" "$(requests 'PUT ')" "$puts"
like "  and says so" "$err" 'everything is there already'
sends=$(requests 'PATCH |"PUT /v2/[^ ]*/blobs/')
does "copy inside a registry" croze copy "$at/demo/all:v1" "$at/demo/copy:v2"
is "  mounts the blobs" "$(requests 'PATCH |"PUT /v2/[^ ]*/blobs/')" "$sends"
does "  and back out" croze copy "docker://$at/demo/copy:v2" "oci:$T/back2:v1"
is "  nothing was lost" "$(blobs "$T/back2" | grep -v "$(sha256sum <"$T/back2/index.json" | cut -c1-64)")" "$(blobs "$T/all")"
does "pull of an index" croze pull "$at/demo/all:v1"
like "  has its digest" "$out" "^Digest: $digest$"
is "  this machine's image" "$(config "$at/demo/all:v1" '{{.Architecture}}')" "$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')"
does "pull of another platform" croze pull --platform linux/arm64 "$at/demo/copy:v2"
is "  is that" "$(config "$at/demo/copy:v2" '{{.Architecture}}')" arm64
refuses 1 'no image for linux/s390x; there are: linux/amd64, linux/arm64/v8' "one that is not there" croze pull --platform linux/s390x "$at/demo/all:v1"
does "push of what was pulled, to the same tag" croze push "$at/demo/all:v1"
like "  leaves the index there" "$out" "$digest"
croze tag "$at/demo/all:v1" "$at/demo/part:v1"
does "push to another repository" croze push "$at/demo/part:v1"
like "  is this machine's image, alone" "$err" 'alone'
before=$(find "$T/store/blobs" -type f | wc -l)
does "a copy of one index leaves nothing in the store" croze copy -q "$at/demo/all:v1" "$at/demo/all:v3"
is "  as before" "$(find "$T/store/blobs" -type f | wc -l)" "$before"
if command -v skopeo >/dev/null; then
    does "skopeo reads it" skopeo inspect --tls-verify=false --raw "docker://$at/demo/copy:v2"
    is "  byte-equal" "$(printf %s "$out" | sha256sum | cut -c1-64)" "${digest#sha256:}"
    does "skopeo pushes" skopeo copy -q --all --dest-tls-verify=false "oci:$T/all:v1" "docker://$at/demo/theirs:v1"
    does "  and croze pulls" croze pull "$at/demo/theirs:v1"
    like "  the same" "$out" "$digest"
    skopeo copy -q --dest-tls-verify=false --format v2s2 "oci:$T/plain:v1" "docker://$at/demo/docker:v1"
    does "docker's schema 2" croze pull "$at/demo/docker:v1"
    does "  goes on as it is" croze copy "$at/demo/docker:v1" "$at/demo/docker:v2"
    is "  byte-equal" "$(skopeo inspect --tls-verify=false --raw "docker://$at/demo/docker:v2")" "$(skopeo inspect --tls-verify=false --raw "docker://$at/demo/docker:v1")"
else
    skip "skopeo as the other side" "skopeo is not installed"
fi

# --- many ---

does "a mirror of repositories and tags by patterns" croze copy --mirror "$at/demo/*:v*" "$at/mirror"
like "  has them" "$out" "^$at/mirror/demo/all:v1: $digest copied"
is "  and their tags" "$(croze tags "$at/mirror/demo/all" | grep -v sha256- | tr '\n' ' ')" 'v1 v3 '
does "  and what is about them" croze copy -q "$at/mirror/demo/all:v1" "oci:$T/mirrored:v1"
is "  all of it" "$(blobs "$T/mirrored")" "$(blobs "$T/all")"
does "again, for new ones only" croze copy --mirror --new-only "docker://$at/demo/all" "docker://$at/mirror"
is "  there are none" "$out" ""
refuses 2 'HOST/REPOSITORY' "a registry alone" croze copy --mirror "$at" "$at/mirror"

# --- writers at the same moment ---

for i in 1 2 3 4 5 6; do
    py - "$T/all" "$T/writer$i" "$i" <<'END'
import hashlib, json, os, shutil, sys
source, to, number = sys.argv[1:]
shutil.copytree(source, to)
index = json.load(open(to + "/index.json"))
root = index["manifests"][0]
document = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": "application/writer." + number,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": "sha256:" + hashlib.sha256(b"{}").hexdigest(), "size": 2},
            "layers": [], "subject": {k: root[k] for k in ("mediaType", "digest", "size")}}
data = json.dumps(document).encode()
name = hashlib.sha256(data).hexdigest()
open(to + "/blobs/sha256/" + name, "wb").write(data)
entry = {"mediaType": document["mediaType"], "digest": "sha256:" + name, "size": len(data)}
json.dump(dict(index, manifests=[root, entry]), open(to + "/index.json", "w"))
END
done
pids=
for i in 1 2 3 4 5 6; do
    croze copy -q "oci:$T/writer$i:v1" "$at/demo/race:v1" >"$T/race$i" 2>&1 &
    pids="$pids $!"
done
raced=0
for pid in $pids; do
    wait "$pid" && raced=$((raced + 1))
done
[ $raced -eq 6 ] || sed 's/^/# /' "$T"/race?
is "six at once say that they are done" "$raced" 6
does "  and all of it is there" croze copy -q "$at/demo/race:v1" "oci:$T/raced:v1"
is "  every one's referrer" "$(grep -lh 'application/writer\.' "$T"/raced/blobs/sha256/* | wc -l)" 6

# --- tags, delete ---

is "tags" "$(croze tags "$at/demo/base" | tr '\n' ' ')" '1.0 1.1 '
like "  as JSON" "$(croze tags --format json "$at/demo/base")" '"Tags":\["1.0","1.1"\]'
croze tag base "$at/demo/base:also" && croze push -q "$at/demo/base:also" >/dev/null
croze tag base "$at/demo/base:too" && croze push -q "$at/demo/base:too" >/dev/null
does "delete a tag" croze delete "$at/demo/base:also"
is "  it is gone" "$out" "Untagged: $at/demo/base:also"
does "  the other tag of the digest is not" croze pull -q "$at/demo/base:too"
refuses 1 'is needed by 1.0, too' "a digest that tags need" croze delete "$at/demo/base@$(digest_of base)"
inside=$(skopeo inspect --tls-verify=false --raw "docker://$at/demo/all:v1" 2>/dev/null | grep -o '"digest":"sha256:[0-9a-f]*"' | head -1 | cut -d'"' -f4)
if [ -n "$inside" ]; then
    refuses 1 'is needed by v1, v3' "one that an index needs" croze delete "$at/demo/all@$inside"
else
    skip "one that an index needs" "skopeo is not installed"
fi
referrer=$(cd "$T/all/blobs/sha256" && grep -l "\"subject\":{[^}]*$digest" -- *)
does "delete what is about an image" croze delete "$at/demo/copy@sha256:$referrer"
refuses 1 'is not there' "  it is gone" croze delete "$at/demo/copy@sha256:$referrer"
does "  a copy of the image goes on" croze copy "$at/demo/copy:v2" "oci:$T/less:v1"
is "  without it" "$(blobs "$T/less" | grep -c "$referrer") $(printf %s "$err" | grep -c 'passed over')" "0 0"
sbom=$(cd "$T/all/blobs/sha256" && grep -l '"made":"by a test"' -- *)
py -c 'import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1])
connection.request("DELETE", sys.argv[2])
sys.exit(connection.getresponse().status != 202)' "$at" "/v2/demo/copy/manifests/sha256:$sbom" || fail "a manifest is deleted by somebody who leaves its entry"
does "one that somebody deleted, and left its entry" croze copy "$at/demo/copy:v2" "oci:$T/least:v1"
like "  is told of" "$err" "sha256:$sbom is listed as being about another manifest, and is not there; it is passed over"
is "  once" "$(printf '%s\n' "$err" | grep -c 'passed over')" 1
nested=$(py "$here/evidence.py" "$T/nested" nested)
croze copy -q "oci:$T/nested:v1" "$at/demo/nested:v1" >/dev/null
for inside in $nested $(cd "$T/nested/blobs/sha256" && grep -l '"layers":' -- * | sed 's/^/sha256:/'); do
    refuses 1 "$inside is needed by v1" "one that indexes need, whatever lies between" croze delete "$at/demo/nested@$inside"
done
does "  without the tag it goes" croze delete "$at/demo/nested:v1"
does "  from the outside in" croze delete "$at/demo/nested@$(printf '%s\n' "$nested" | tail -1)"
does "delete the tags" croze delete "$at/demo/base:1.0" "$at/demo/base:too"
does "  then the digest" croze delete "$at/demo/base@$(digest_of base)"
CROZE_ROOT="$T/store3" refuses 1 '.' "  it is gone" croze pull "$at/demo/base@$(digest_of base)"
refuses 1 '.' "a tag that is not there" croze delete "$at/demo/base:nothing"
does "  with --force" croze delete --force "$at/demo/base:nothing"
refuses 2 'whole repository' "a repository" croze delete "$at/demo/base"
peer_stop real
refuses 3 "$at" "a registry that is gone" croze pull "$at/demo/base:1.1"
refuses 3 "$at" "  its tags cannot be told" croze tags "$at/demo/base"

docker_registry fixed nodelete
croze tag base "127.0.0.1:$port/demo/base:1.0"
croze push -q "127.0.0.1:$port/demo/base:1.0" >/dev/null
refuses 1 'does not delete' "a registry that does not delete" croze delete "127.0.0.1:$port/demo/base:1.0"
does "  has the tag as it was" croze pull "127.0.0.1:$port/demo/base:1.0"
like "  exactly" "$out" "$(digest_of base)"
done_testing
