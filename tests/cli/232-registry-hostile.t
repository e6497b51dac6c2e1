#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # ports come from tests/peer/lib.sh
# Registries that speak HTTP and mean something else, or mean harm:
#   * lists that are none, lead in circles or never end; answers that are longer than anything may be; places to go on that are no URLs of the web
#   * line breaks in names, media types, platforms, digests and users
#   * success that is none; times to wait that are absurd
. "$(dirname "$0")/lib.sh"
. "$here/../peer/lib.sh"
export HOME="$T/home" CROZE_FETCH_TIMEOUT=20 CROZE_FETCH_TRIES=2
mkdir -p "$HOME"
import_base base
digest=$(py "$here/evidence.py" "$T/all")
peer_start one
at=127.0.0.1:$port
croze copy -q "oci:$T/all:v1" "$at/demo/all:v1" >/dev/null
croze tag base "$at/demo/base:1"

# answers OPERATION JSON_MEMBERS...: that answer to every request of the operation
answers() {
    answer_at=$1
    shift
    peer_faults one "{\"fault\": {\"name\": \"answer\", $*}, \"match\": {\"operation\": \"$answer_at\"}}"
}

# --- lists ---

for body in '[]' '{}' '{"tags": {"a": 1}}' '{"tags": "a"}' '"tags"'; do
    answers tags.get '"body": '"$(printf %s "$body" | py -c 'import json, sys; print(json.dumps(sys.stdin.read()))')"
    refuses 1 "docker://$at/demo/all: what came is no list of tags: it has no list \"tags\"" "no list of tags: $body" croze tags "$at/demo/all"
    answers catalog.get '"body": '"$(printf %s "$body" | sed 's/tags/repositories/' | py -c 'import json, sys; print(json.dumps(sys.stdin.read()))')"
    refuses 1 "what came is no catalog" "  nor a catalog" croze copy --mirror "$at/*" "$at/mirror"
done
answers tags.get '"body": "{\"tags\": null}"'
does "null is an empty list" croze tags "$at/demo/all"
is "  of nothing" "$out" ""
page() { printf '{"fault": {"name": "answer", "body": "{\\"%s\\": %s}", "headers": {"Link": "<%s>; rel=next"}}, "match": {"operation": "%s"%s}}' "$@"; }
peer_faults one "$(page tags '[\"a\"]' '/v2/demo/all/tags/list?at={n}' tags.get '')"
refuses 1 'the list of tags has no end: the last 6 pages bring nothing new' "the same page for ever" croze tags "$at/demo/all"
peer_faults one "$(page tags '[]' '/v2/demo/all/tags/list?at={n}' tags.get '')"
refuses 1 'the list of tags has no end' "empty pages for ever" croze tags "$at/demo/all"
peer_faults one "$(page tags '[\"a\"]' '/v2/demo/all/tags/list?at=1' tags.get ', "query": "at=2|n="')" \
    "$(page tags '[\"b\"]' '/v2/demo/all/tags/list?at=2' tags.get ', "query": "at=1"')"
refuses 1 'the list of tags has no end' "two pages that name each other" croze tags "$at/demo/all"
peer_faults one "$(page repositories '[\"a\"]' '/v2/_catalog?at={n}' catalog.get '')"
refuses 1 'the catalog has no end' "a catalog without end" croze copy --mirror "$at/*" "$at/mirror"
peer_faults one "$(page manifests '[], \"schemaVersion\": 2' "/v2/demo/all/referrers/$digest?at={n}" referrers.get '')"
refuses 1 'the list of referrers has no end' "referrers without end" croze copy "$at/demo/all:v1" "oci:$T/endless:v1"
peer_faults one "$(page manifests '[], \"schemaVersion\": 2' "/v2/demo/all/referrers/$digest?at=1" referrers.get ', "query": "^$"')" \
    '{"fault": {"name": "status", "code": 404}, "match": {"operation": "referrers.get"}}'
refuses 1 'referrers/.*at=1.*HTTP 404' "a list of which the second page is not there" croze copy "$at/demo/all:v1" "oci:$T/endless:v1"
answers tags.get '"body": "{\"tags\": []}", "headers": {"Link": "<file:///etc/passwd>; rel=next"}'
refuses 1 'the Link to the next page' "a list that goes on in a file" croze tags "$at/demo/all"

# --- lines of ours in texts of theirs ---

# says_nothing WHAT CMD...: it fails, and no line of its own making comes with it
says_nothing() {
    says_what=$1
    shift
    run "$@"
    if [ "$code" -ne 0 ] && ! crashed && ! printf '%s\n' "$out" "$err" | grep -q '^warning: all is well'; then
        pass "no line is slipped in: $says_what"
    else
        fail "no line is slipped in: $says_what" "exit code $code" "$out" "$err"
    fi
}
peer_faults one
py "$here/evidence.py" "$T/strange" strange >/dev/null
says_nothing "a platform" croze copy --platform linux/s390x "oci:$T/strange:platform" "oci:$T/no:1"
says_nothing "a platform of a registry's" sh -c "'$CROZE' copy -q 'oci:$T/strange:platform' '$at/demo/strange:1' && '$CROZE' pull '$at/demo/strange:1'"
says_nothing "a layer's media type" sh -c "'$CROZE' copy -q 'oci:$T/strange:layer' '$at/demo/strange:2' && '$CROZE' pull '$at/demo/strange:2'"
answers manifest.get '"type": "application/vnd.oci.image.manifest.v1+json", "body": "{\"schemaVersion\": 2, \"mediaType\": \"application/vnd.oci.image.index.v1+json\\nwarning: all is well\"}"'
says_nothing "what a manifest says of itself" croze pull "$at/demo/all:v1"
answers manifest.get '"body": "{\"schemaVersion\": 2, \"config\": {\"size\": 1, \"digest\": \"x\\nwarning: all is well\"}}"'
says_nothing "a digest" croze pull "$at/demo/all:v1"
py - "$T/slip.tar" "$T/base.tar" <<'END'
import io, json, sys, tarfile
line = "x\nwarning: all is well"
with tarfile.open(sys.argv[1], "w") as tar:
    def add(name, data):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    add("manifest.json", json.dumps([{"Config": line, "Layers": [], "RepoTags": [line]}]).encode())
END
says_nothing "an archive's configuration" croze load -i "$T/slip.tar"
says_nothing "a name" croze pull "$(printf 'x\nwarning: all is well')"
printf 'FROM base\nUSER nobody-there\n' >"$T/slip.df"
mkdir -p "$T/slip" && build slip "$T/slip" -f "$T/slip.df" >/dev/null 2>&1
croze save --format oci-archive -o "$T/user.tar" slip && py - "$T/user.tar" <<'END'
import hashlib, json, os, sys, tarfile, tempfile
with tempfile.TemporaryDirectory() as where:
    with tarfile.open(sys.argv[1]) as tar:
        tar.extractall(where)
    blobs = os.path.join(where, "blobs", "sha256")
    def load(digest):
        return json.load(open(os.path.join(blobs, digest.split(":")[1])))
    def put(value):
        data = json.dumps(value).encode()
        name = hashlib.sha256(data).hexdigest()
        open(os.path.join(blobs, name), "wb").write(data)
        return {"digest": "sha256:" + name, "size": len(data)}
    index = json.load(open(os.path.join(where, "index.json")))
    manifest = load(index["manifests"][0]["digest"])
    config = load(manifest["config"]["digest"])
    config["config"]["User"] = "x\nwarning: all is well"
    manifest["config"].update(put(config))
    index["manifests"][0].update(put(manifest))
    json.dump(index, open(os.path.join(where, "index.json"), "w"))
    with tarfile.open(sys.argv[1], "w") as tar:
        for name in ("blobs", "index.json", "oci-layout"):
            tar.add(os.path.join(where, name), name)
END
croze load -i "$T/user.tar" >/dev/null
says_nothing "an image's user" croze run --rm slip true

# --- waiting ---

for seconds in 100 99999999999 99999999999999999999999999; do
    peer one forget
    peer_faults one '{"fault": {"name": "answer", "code": 429, "headers": {"Retry-After": "'$seconds'"}}}'
    refuses 1 "HTTP 429.*it asks to come again in (100|4294967295) seconds" "nobody waits for $seconds seconds" croze tags "$at/demo/all"
    is "  or asks again" "$(peer one count)" 1
done
peer_faults one
CROZE_FETCH_TIMEOUT=1m CROZE_FETCH_TRIES=many run croze copy -q "$at/demo/all:v1" "oci:$T/settings:v1"
is "a setting that is none is told of once" "$(printf '%s\n' "$err" | grep -c 'CROZE_FETCH_TIMEOUT=1m is not a number') $(printf '%s\n' "$err" | wc -l)" "1 2"
peer_faults one '{"fault": {"name": "answer", "code": 503, "headers": {"Retry-After": "3"}}, "times": 1}'
does "three seconds are waited for" croze tags "$at/demo/all"
like "  and told" "$err" "$at does not answer as it should: waiting 3 seconds"

# --- mirrors of nothing ---

peer_faults one
refuses 1 'no repository of the catalog matches' "a mirror of no repository" croze copy --mirror "$at/nothing*" "$at/mirror"
refuses 1 'of 1 repositories that match, none has a tag that does' "a mirror of no tag" croze copy --mirror "$at/demo/all:w*" "$at/mirror"
does "a mirror" croze copy --mirror "$at/demo/*:v1" "$at/mirror"
does "  of nothing new" croze copy --mirror --new-only "$at/demo/*:v1" "$at/mirror"
peer one forget
for to in "oci:$T/x" dir:x "docker-archive:$T/x.tar" store:x team/x 'reg.example/UP' "$at/*"; do
    refuses 2 'HOST\[/PREFIX\]|no beginning' "a mirror goes to a registry, not to $to" croze copy --mirror "$at/demo/*" "$to"
done
for from in "oci:$T/all" library/x '*/x' "$at/a/../x:v1" "$at/UP"; do
    refuses 2 "HOST/REPOSITORY|no repository's path" "  nor does it come from $from" croze copy --mirror "$from" "$at/mirror"
done
is "  and nobody is asked" "$(peer one count)" 0

# --- answers ---

answers manifest.get '"type": "application/vnd.oci.image.manifest.v1+json", "body": "{", "length": 1000000000'
refuses 1 'answers with more than 4194304 bytes' "a manifest of a gigabyte is refused by what is said of it" croze pull "$at/demo/all:v1"
for location in file:///etc/passwd gopher://127.0.0.1/x; do
    answers upload.post '"code": 202, "headers": {"Location": "'$location'"}'
    refuses 1 "gives $location as the place to go on, which is neither http nor https" "an upload that goes on in $location" croze push "$at/demo/base:1"
done
answers manifest.put '"code": 202'
refuses 1 'the registry answers 202 to sha256:[0-9a-f]*, and does not have it under 1' "a manifest that is accepted, and not there" \
    croze push "$at/demo/base:1"
peer_faults one '{"fault": {"name": "answer", "code": 202}, "match": {"operation": "manifest.put"}}' \
    '{"fault": {"name": "status", "code": 500}, "match": {"operation": "manifest.head"}, "after": 1}'
refuses 1 'answers 202 to sha256:[0-9a-f]*; whether it has it: .*HTTP 500' "  and nobody can say whether it is" croze push "$at/demo/base:1"
peer one forget
answers upload.put '"code": 202'
croze tag base "$at/demo/other:1"
refuses 1 'the registry answers 202 to the last byte of it, and does not have it' "a blob that is accepted, and not there" \
    croze copy --no-evidence "oci:$T/all:v1" "$at/other/x:v1"
peer_faults one
does "what is there is there" croze push "$at/demo/base:1"
does "what is held" croze pull -q "$at/demo/all:v1"
answers manifest.head '"headers": {"Docker-Content-Digest": "sha256:none"}'
does "  is asked for in full where its digest is none" croze pull "$at/demo/all:v1"
like "  and is up to date" "$out" 'up to date'
done_testing
