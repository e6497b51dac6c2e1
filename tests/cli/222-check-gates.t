#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # ports come from tests/peer/lib.sh
# --require-checks where images come from, and what it needs to be cheap:
#   * a build: what does not pass is not named, written or sent; what a line left is said of that line of the Dockerfile
#   * a pull: what does not pass gets no name, whether it is brought or held
#   * what files told is kept: the same whether the layer was built, pulled or read later; a second check reads no layer
#   * marks that are damaged, out of date, of layers that are gone; a store that may only be read
#   * check --image --dockerfile: the lines of an image that was built before
. "$(dirname "$0")/lib.sh"
. "$here/../peer/lib.sh"
export HOME="$T/home"
mkdir -p "$HOME" "$T/bad" "$T/good"
cd "$T" || exit 1 # no exceptions but those of the test
import_base base
peer_start one
at=127.0.0.1:$port
named() { croze images -q "$1" | wc -l; }

token=ghp_abcdefghijklmnopqrstuvwxyz$((1000000000 + $$))
cat >"$T/bad/Dockerfile" <<'END'
FROM base AS files
# two lines, the second of which
RUN mkdir -p /opt/app && \
    echo >/opt/app/empty
FROM files
COPY key token /opt/app/
RUN rm /opt/app/key
USER 10001:10001
HEALTHCHECK CMD ["true"]
END
printf 'token=%s\n' "$token" >"$T/bad/token"
{
    echo '-----BEGIN PRIVATE KEY-----'
    head -c 96 /dev/zero | tr '\0' Q
    printf '\n-----END PRIVATE KEY-----\n'
} >"$T/bad/key"
sed '/^COPY/d; /^RUN rm/d' "$T/bad/Dockerfile" >"$T/good/Dockerfile"

# --- builds ---

does "a build of which nothing bad is found" croze build -q -t good:1 --require-checks "$T/good"
is "  has its name" "$(named good:1)" 1
refuses 10 'bad:1 is not named: 2 findings' "one with a key and a token" croze build -q -t bad:1 --require-checks "$T/bad"
is "  has no name" "$(named bad:1)" 0
like "  the key is said of the line that brought it, though it was deleted" "$err" \
    '^Dockerfile:6:1: /opt/app/key: error: line 1 begins a private key; a later layer hides it'
like "  so is the token" "$err" '^Dockerfile:6:1: /opt/app/token: error: line 1 has what looks like a GitHub token '
unlike "  which is not shown" "$err" "$token"
refuses 10 'is not named' "it is not written" croze build -q -o "type=oci,dest=$T/out.tar" --require-checks "$T/bad"
is "  to any file" "$(ls "$T/out.tar" 2>/dev/null)" ''
refuses 10 'is not named' "nor sent" croze build -q -t "$at/demo/bad:1" --push --require-checks "$T/bad"
is "  anywhere" "$(peer one log operation=manifest.put | wc -l)" 0
refuses 2 'require-checks: no severity is called "bad"' "a severity that there is not" croze build -q --require-checks=bad "$T/nowhere"
echo 'ignored: [No]' >.hadolint.yaml
refuses 2 'no rule is called "No"' "a file that cannot be read" croze build -q --require-checks "$T/nowhere"
refuses 2 'no rule is called "No"' "... for pull too" croze pull -q --require-checks "$at/demo/nowhere:1"
refuses 2 'no rule is called "No"' "... and push" croze push -q --require-checks nowhere:1
rm .hadolint.yaml
refuses 10 'is not named' "nor left as an image without a name" croze build -q --require-checks "$T/bad"
does "a stricter gate lets the good one pass still" croze build -q -t good:1 --require-checks=warning "$T/good"
refuses 2 '^croze: --require-checks: no output of this build is an image' "what is no image cannot pass" \
    croze build -q -o "type=local,dest=$T/tree" --require-checks "$T/good"
refuses 2 '^croze: --require-checks: no severity is called "eror"' "a word that is no severity is said before anything is done" \
    croze build -q --require-checks=eror "$T/bad"
unlike "  no step" "$err" '^  log: '
refuses 10 '^croze: in-the-store:1 is not named' "what -o names is called so" \
    croze build -q -o type=image,name=in-the-store:1 --require-checks "$T/bad"
run croze build --progress=rawjson -t bad:1 --require-checks "$T/bad"
is "events for programs are not mixed with findings" "$(echo "$err" | grep -vcE '^(\{.*\}|croze: .*|  log: .*)$')" 0
like "  which are events" "$(echo "$err" | sed -n 's/.*"data":"\([^"]*\)".*/\1/p' | while read -r text; do echo "$text" | base64 -d; done)" \
    '^Dockerfile:6:1: /opt/app/key: error: line 1 begins a private key'
does "both builds of --verify pass once" croze build -q -t good:1 --verify --require-checks "$T/good"
printf -- '- rule: ImageToken\n  path: opt/app/token\n  reason: a test token\n- rule: ImagePrivateKey\n  reason: a test key\n' >"$T/.croze-check.yaml"
does "exceptions with a reason let it pass" croze build -q -t bad:1 --require-checks "$T/bad"
printf -- '- rule: ImageToken\n  reason: a test token\n  until: 2020-01-01\n' >"$T/.croze-check.yaml"
refuses 10 '^croze: good:1 is not named: 1 finding' "an exception that is over is a finding here too" \
    croze build -q -t good:1 --require-checks "$T/good"
like "  and is told" "$err" '^\.croze-check\.yaml: error: The exception for ImageToken ended on 2020-01-01'
printf -- '- rule: ImageToken\n' >"$T/.croze-check.yaml"
refuses 2 'croze-check.yaml' "exceptions that cannot be read are said before anything is done" \
    croze build -q -t good:1 --require-checks "$T/good"
unlike "  no step" "$err" '^  log: '
rm "$T/.croze-check.yaml"

# Ten thousand trifles, of which there is no room for more, do not hide what is bad.
mkdir -p "$T/trifles/many"
(cd "$T/trifles/many" && seq 10500 | xargs touch)
cp "$T/bad/key" "$T/trifles/key"
printf 'FROM good:1\nCOPY --chmod=666 many /many\nCOPY key /opt/\n' >"$T/trifles/Dockerfile"
refuses 10 '^croze: trifles:1 is not named: 1 finding' "an error behind more findings than there is room for" \
    croze build -q -t trifles:1 --require-checks "$T/trifles"
croze build -q -t trifles:1 "$T/trifles" >/dev/null
exits 10 "  the exit code tells of it" croze check --failure-threshold error --image trifles:1
like "  and the list has it" "$out" 'opt/key: error: line 1 begins a private key'
like "  and says what it has not" "$out" '^trifles:1: [0-9]+ more findings are not shown'

# --- pushes ---

refuses 10 'bad:1 is not pushed: 2 findings' "a push by name" croze push -q --require-checks bad:1
refuses 10 'bad:1 is not pushed: 2 findings' "a push to another place" croze push -q --require-checks bad:1 "oci:$T/layout:1"
is "  leaves nothing there" "$(ls -d "$T/layout" 2>/dev/null)" ''
refuses 10 'bad:1 is not pushed: 2 findings' "a push under another name" \
    croze push -q --require-checks bad:1 "docker://$at/demo/bad:1"
does "a good one goes there" croze push -q --require-checks good:1 "oci:$T/layout:1"
py - "$CROZE_ROOT" "$(digest_of good:1)" "$(digest_of bad:1)" <<'END'
import hashlib, json, os, platform, sys
root, good, bad = sys.argv[1:]
def put(document):
    data = json.dumps(document).encode()
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{root}/blobs/sha256/{digest}", "wb") as file:
        file.write(data)
    return {"mediaType": document["mediaType"], "digest": "sha256:" + digest, "size": len(data)}
def child(digest, arch):
    return {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest,
            "size": os.path.getsize(f"{root}/blobs/sha256/{digest[7:]}"), "platform": {"os": "linux", "architecture": arch}}
def index(*manifests):
    return put({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": list(manifests)})
here = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
many = index(child(good, here), index(child(bad, "sparc64")))
few = index(child(good, here), {**child(bad, "sparc64"), "digest": "sha256:" + "1" * 64})
with open(f"{root}/index.json") as file:
    top = json.load(file)
for name, one in (("many:1", many), ("few:1", few)):
    top["manifests"].append({**one, "annotations": {"org.opencontainers.image.ref.name": name}})
with open(f"{root}/index.json", "w") as file:
    json.dump(top, file)
END
refuses 10 '^croze: many:1 .*\(linux/sparc64\) is not pushed' "of an index every image has to pass" \
    croze push -q --require-checks many:1 "docker://$at/demo/many:1"
is "  nothing was sent" "$(peer one log operation=manifest.put | wc -l)" 0
does "one that is here in part goes with what is sent of it" croze push -q --require-checks few:1 "docker://$at/demo/few:1"
croze rmi many:1 few:1 >/dev/null

# --- lines of an image that is there ---

lines() { croze check --image "$@" --format json 2>/dev/null | sed -n 's/.*"id":"\(ImagePrivateKey\|ImageToken\)".*"file":"\([^"]*\)"\(,"line":\([0-9]*\)\)\{0,1\}.*/\1 \2 \4/p'; }
is "without its Dockerfile, findings are of the image" "$(lines bad:1)" "ImagePrivateKey bad:1 
ImageToken bad:1 "
is "with it, of its lines" "$(lines --dockerfile bad/Dockerfile bad:1)" "ImagePrivateKey bad/Dockerfile 6
ImageToken bad/Dockerfile 6"
refuses 1 'bad/Other: line 6, RUN, is not what made the image: there its history has COPY' "another file is refused" sh -c \
    "sed s/COPY/RUN/ bad/Dockerfile >bad/Other; '$CROZE' check --image --dockerfile bad/Other bad:1"
refuses 1 'bad/Dockerfile: line [0-9]*, ' "so is another stage" croze check --image --dockerfile bad/Dockerfile --target files bad:1
(echo FROM scratch && sed '1,/^FROM files/d' bad/Dockerfile) >bad/Scratch
refuses 1 'bad/Scratch: it begins with nothing, and the image.s history with ' "and one that ends alike, but begins with nothing" \
    croze check --image --dockerfile bad/Scratch bad:1
croze build -q -t squashed:1 --squash-new bad >/dev/null
is "of a squashed image history has the lines still, but the layer has none" "$(lines --dockerfile bad/Dockerfile squashed:1)" "ImageToken squashed:1 "
refuses 2 'give --dockerfile, too' "a stage of nothing" croze check --image --target files bad:1
refuses 2 'give --image, too' "no image" croze check --dockerfile bad/Dockerfile bad/Dockerfile
for format in sarif checkstyle junit gitlab github; do
    exits 10 "$format names the file and the line" croze check --image --dockerfile bad/Dockerfile --format $format bad:1
    like "  $format" "$out" 'bad/Dockerfile'
    unlike "  and no file below it: $format" "$out" 'bad/Dockerfile:?/'
done

# --- what files told ---

marks() { (cd "$CROZE_ROOT/marks" && sha256sum -- * 2>/dev/null); }
croze gc --all >/dev/null
built=$(marks)
isnt "a build with checks leaves marks" "$built" ''
rm -f "$CROZE_ROOT"/marks/*
exits 10 "an image without marks is read" croze check --image bad:1
read=$(marks)
is "  and has the same marks then" "$(echo "$built" | grep -F "$read" | wc -l)" "$(echo "$read" | wc -l)"
puts=$(peer one log operation=manifest.put | wc -l)
refuses 10 'bad:1 is not pushed: 2 findings' "a push of it to a place" croze push -q --require-checks bad:1 "docker://$at/demo/bad:1"
croze tag bad:1 "$at/demo/bad:1"
refuses 10 'demo/bad:1 is not pushed' "... under its own name" croze push -q --require-checks "$at/demo/bad:1"
is "  reaches nobody" "$(peer one log operation=manifest.put | wc -l)" "$puts"
croze rmi "$at/demo/bad:1" >/dev/null
croze push -q bad:1 "docker://$at/demo/bad:1" >/dev/null
refuses 10 "$at/demo/bad:1 is not pulled: 2 findings" "a pull of it" env CROZE_ROOT="$T/second" "$CROZE" pull -q --require-checks "$at/demo/bad:1"
is "  gives it no name" "$(CROZE_ROOT="$T/second" named "$at/demo/bad:1")" 0
is "  and finds the same marks" "$(cd "$T/second/marks" && sha256sum -- *)" "$read"
does "without the gate it comes" env CROZE_ROOT="$T/second" "$CROZE" pull -q "$at/demo/bad:1"
refuses 10 'is not pulled' "what is held does not pass either" env CROZE_ROOT="$T/second" "$CROZE" pull -q --require-checks "$at/demo/bad:1"
is "  but stays" "$(CROZE_ROOT="$T/second" named "$at/demo/bad:1")" 1
croze push -q good:1 "docker://$at/demo/good:1" >/dev/null
croze push -q bad:1 "docker://$at/demo/bad:2" >/dev/null
refuses 10 '^croze: 2 of 2 images were not pulled' "two that do not pass" \
    env CROZE_ROOT="$T/second" "$CROZE" pull -q --require-checks "$at/demo/bad:1" "$at/demo/bad:2"
refuses 1 '^croze: 2 of 2 images were not pulled' "one that does not pass, one that is not there" \
    env CROZE_ROOT="$T/second" "$CROZE" pull -q --require-checks "$at/demo/bad:1" "$at/demo/none:1"
does "a good one is pulled" env CROZE_ROOT="$T/second" "$CROZE" pull -q --require-checks "$at/demo/good:1"
is "  under its name" "$(CROZE_ROOT="$T/second" named "$at/demo/good:1")" 1

# --- the digest to pin ---

printf 'FROM %s AS a\nFROM good:1\nCOPY --from=a /opt /opt\n' "$at/demo/good:1" >"$T/tagged"
cp "$T/tagged" "$T/pinned"
digest=$(CROZE_ROOT="$T/second" digest_of "$at/demo/good:1")
exits 10 "a base by its tag" env CROZE_ROOT="$T/second" "$CROZE" check --enable FromUndigested "$T/tagged"
like "  with the digest that it had when it was pulled" "$out" "tagged:1:[0-9]*: info: FROM $at/demo/good:1 names no digest; here it is $digest "
like "  one that is not here" "$out" 'tagged:2:[0-9]*: info: FROM good:1 names no digest \['
does "--fix pins it" env CROZE_ROOT="$T/second" "$CROZE" check --no-fail --enable FromUndigested --fix "$T/pinned"
is "  and no other" "$(cat "$T/pinned")" "FROM $at/demo/good:1@$digest AS a
FROM good:1
COPY --from=a /opt /opt"

CROZE_ROOT="$T/second" croze tag "$at/demo/good:1" good:1
exits 10 "a name that was given here" env CROZE_ROOT="$T/second" "$CROZE" check --enable FromUndigested "$T/tagged"
like "  is of a repository that does not have the digest" "$out" 'tagged:2:[0-9]*: info: FROM good:1 names no digest \['
CROZE_ROOT="$T/second" croze rmi good:1 >/dev/null

# Tables of contents and marks tell all: the layers may even be gone.
croze check --image bad:1 --format json >"$T/before"
mkdir "$T/aside"
croze inspect -f '{{range .RootFS.Layers}}{{println .}}{{end}}' bad:1 >/dev/null
py - "$CROZE_ROOT" "$(digest_of bad:1)" "$T/aside" <<'END'
import json, os, sys
root, manifest, aside = sys.argv[1:]
for layer in json.load(open(f"{root}/blobs/sha256/{manifest[7:]}"))["layers"]:
    path = f"{root}/blobs/sha256/{layer['digest'][7:]}"
    if os.path.exists(path):
        os.rename(path, f"{aside}/{layer['digest'][7:]}")
END
croze check --image bad:1 --format json >"$T/after"
is "a second check reads no layer" "$(cmp "$T/before" "$T/after" 2>&1)" ''
mv "$T/aside"/* "$CROZE_ROOT/blobs/sha256/"

# --- marks that are no good ---

one=$(echo "$read" | sed -n 's/^[0-9a-f]*  //p' | head -1)
for what in 'printf x' 'printf ""' 'head -c 100 /dev/urandom' 'head -c 30 "$CROZE_ROOT/marks/'"$one"'"'; do
    eval "$what" >"$T/wrong" && cp "$T/wrong" "$CROZE_ROOT/marks/$one"
    croze check --image bad:1 --format json >"$T/after"
    is "marks that are no good are made again: $what" "$(cmp "$T/before" "$T/after" 2>&1)" ''
    is "  as they were" "$(marks)" "$read"
done
touch "$CROZE_ROOT/marks/no-digest"
does "fsck sees a name that is none" croze fsck
like "  and says it" "$out" '^leftover: marks/no-digest'
does "  and removes it" croze fsck --repair
does "fsck is content with marks" croze fsck
is "  and has nothing to say of them" "$out" 'the store is sound'
for image in $(croze images -aq); do croze rmi -f "$image" >/dev/null 2>&1; done
croze gc --all --grace 0 >/dev/null
is "gc takes marks of layers that are gone" "$(marks)" ''
import_base base

# --- a store that may only be read ---

croze build -q -t bad:1 "$T/bad" >/dev/null
rm -f "$CROZE_ROOT"/marks/*
if [ "$(id -u)" -eq 0 ]; then
    skip "a store that may only be read" "root may write anywhere"
else
    chmod a-w "$CROZE_ROOT" "$CROZE_ROOT"/marks "$CROZE_ROOT"/leases "$CROZE_ROOT"/locks "$CROZE_ROOT"/work
    exits 10 "a store that may only be read" croze check --image bad:1
    like "  tells all the same" "$out" 'begins a private key'
    is "  and nothing is written" "$(marks)" ''
    chmod u+w "$CROZE_ROOT" "$CROZE_ROOT"/marks "$CROZE_ROOT"/leases "$CROZE_ROOT"/locks "$CROZE_ROOT"/work
fi
croze build -q -t good:1 "$T/good" >/dev/null
does "a good one is pushed" croze push -q --require-checks good:1 "oci:$T/layout:1"
done_testing
