#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pulls, pushes and copies through a registry that breaks: each fault ends in a retry that succeeds or in an error that names the object, and
# nothing half-pulled or half-pushed is ever named. Then faults by chance, and kill -9 at both ends.
. "$(dirname "$0")/lib.sh"
. "$here/../peer/lib.sh"
export HOME="$T/home" CROZE_FETCH_TIMEOUT=5
mkdir -p "$HOME"

peer_start one
at=127.0.0.1:$port
digest=$(py "$here/evidence.py" "$T/all")
blobs() { (cd "$1" && find blobs -type f | sort); }

# 9 MB that do not compress, in a layer of their own: larger than what is sent at once
mkdir "$T/big" && py -c 'import random,sys; sys.stdout.buffer.write(random.Random(1).randbytes(9000000))' >"$T/big/noise"
printf 'FROM scratch\nCOPY noise /noise\n' >"$T/big/Dockerfile"
builds "an image" "$at/demo/big:1" "$T/big"
big=$(digest_of "$at/demo/big:1")
does "push in pieces" croze push "$at/demo/big:1"
like "  is a PATCH" "$(peer one log method=PATCH)" 'PATCH /v2/demo/big/blobs/uploads'

fresh() {
    remove_all "$T/fresh"
    CROZE_ROOT="$T/fresh" run "$@"
}
nothing_here() { is "  and nothing is named" "$(CROZE_ROOT="$T/fresh" croze images -q 2>/dev/null)" ""; }

# comes_through FAULT WHAT: a pull of the big image.
comes_through() {
    peer_faults one "$1"
    fresh croze pull -q "$at/demo/big:1"
    is "pull comes through: $2" "$code $err" "0 "
    is "  with all of it" "$(CROZE_ROOT="$T/fresh" croze inspect -f '{{.Digest}}' "$at/demo/big:1" 2>&1)" "$big"
}
# fails_with FAULT RE WHAT
fails_with() {
    peer_faults one "$1"
    fresh croze pull -q "$at/demo/big:1"
    if [ "$code" -ne 0 ] && ! crashed && printf '%s\n' "$err" | grep -qE "$2"; then
        pass "pull fails by name: $3"
    else
        fail "pull fails by name: $3" "exit code $code" "$err"
    fi
    nothing_here
}
get_blob='"match": {"operation": "blob.get"}'
comes_through '{"fault": {"name": "truncate", "at": 0.5}, '"$get_blob"', "times": 2}' "a body that breaks off"
like "  it went on from there" "$(peer one log operation=blob.get status=206)" ' 206 '
comes_through '{"fault": "reset-download", '"$get_blob"', "times": 2}' "a connection that is reset"
comes_through '{"fault": {"name": "status", "code": 503}, "times": 2}' "503"
comes_through '{"fault": {"name": "too-many", "retry_after": 1}, "times": 1}' "429 with Retry-After"
comes_through '{"fault": "spoil", '"$get_blob"', "times": 1}' "a blob with other bytes, once"
comes_through '{"fault": "longer", '"$get_blob"', "times": 1}' "a blob with a page behind it, once"
comes_through '{"fault": "wrong-digest", "times": 1}' "a digest header that lies, once"
comes_through '{"fault": "redirect", '"$get_blob"'}' "redirects to another host"
comes_through '{"fault": "no-range"}' "no ranges"
comes_through '{"fault": "chunked"}' "chunked bodies"
for fault in '{"fault": "spoil", '"$get_blob"', "times": 1}' '{"fault": {"name": "truncate", "at": 0.5}, '"$get_blob"', "times": 1}'; do
    peer_faults one "$fault"
    fresh croze pull -q --unpack "$at/demo/big:1"
    is "unpacked while it arrives, through $fault" "$code $err" "0 "
    is "  there is a tree" "$(find "$T/fresh/trees" -name noise | wc -l)" 1
    CROZE_ROOT="$T/fresh" does "  and the store is sound" croze fsck --deep
done
fails_with '{"fault": "spoil", '"$get_blob"'}' 'blob sha256:[0-9a-f]{64}: what came hashes to sha256' "a blob with other bytes"
fails_with '{"fault": "longer", '"$get_blob"'}' 'blob sha256' "a blob that is longer"
fails_with '{"fault": {"name": "redirect", "to": "loop"}, '"$get_blob"'}' 'redirects' "redirects without end"
fails_with '{"fault": {"name": "status", "code": 500}}' '500' "500"
fails_with '{"fault": "big-manifest"}' 'more than|over the' "a manifest without end"
peer_faults one

# --- hostile manifests ---

for kind in many-layers huge-config lying-size foreign schema1 twice both no-json fewer-diffids; do
    py "$here/evidence.py" "$T/bad-$kind" "$kind" >/dev/null
    hex=$(sed -n 's/.*sha256:\([0-9a-f]*\)".*/\1/p' "$T/bad-$kind/index.json" | head -1)
    peer one load demo/bad "$T/bad-$kind" >/dev/null 2>&1
    peer one manifest demo/bad "$kind" "$T/bad-$kind/blobs/sha256/$hex" application/vnd.oci.image.manifest.v1+json
    fresh croze pull -q "$at/demo/bad:$kind"
    if [ "$code" -eq 1 ] && printf '%s\n' "$err" | grep -q "demo/bad\|sha256:"; then
        pass "not pulled: $kind"
    else
        fail "not pulled: $kind" "exit code $code" "$err"
    fi
    nothing_here
done

# --- pushes ---

# pushes WHAT NAME RULE...
pushes() {
    pushes_what=$1 pushes_name=$2
    shift 2
    peer_faults one "$@"
    croze tag "$at/demo/big:1" "$at/demo/$pushes_name:1"
    does "push comes through: $pushes_what" croze push -q "$at/demo/$pushes_name:1"
    peer_faults one
    fresh croze pull -q "$at/demo/$pushes_name:1"
    is "  all of it is there" "$(CROZE_ROOT="$T/fresh" croze inspect -f '{{.Digest}}' "$at/demo/$pushes_name:1" 2>&1)" "$big"
}
no_mount='{"fault": "no-mount"}'
pushes "no mounts" p1 "$no_mount"
pushes "an upload that is reset" p2 "$no_mount" '{"fault": "reset-upload", "times": 2}'
pushes "an upload of which a part arrives" p3 "$no_mount" '{"fault": "short-upload", "times": 1}'
pushes "a session that is lost" p4 "$no_mount" '{"fault": "lost-upload", "times": 1}'
pushes "odd locations" p5 "$no_mount" '{"fault": "location-query"}' '{"fault": "relative-location"}'
peer one forget
pushes "the last answer of an upload is lost" p7 "$no_mount" '{"fault": "lost-answer", "match": {"operation": "upload.put"}, "times": 2}'
is "  and nothing is sent twice for that" "$(peer one count operation=upload.patch)" 1
like "  as the registry is asked what it has" "$(peer one log method=HEAD)" 'HEAD /v2/demo/p7/blobs/sha256.* 200'
pushes "503 on PUT" p6 '{"fault": {"name": "status", "code": 503}, "match": {"method": "PUT"}, "times": 2}'
peer_faults one '{"fault": {"name": "status", "code": 403}, "match": {"operation": "manifest.put"}}'
croze tag "$at/demo/big:1" "$at/demo/refused:1"
refuses 1 '403' "a manifest that is refused" croze push "$at/demo/refused:1"
peer_faults one
is "  leaves no tag" "$(croze tags "$at/demo/refused" 2>/dev/null)" ""

# what is refused for good is sent once, and its reason is told
for code in 413 400; do
    peer_faults one "$no_mount" '{"fault": {"name": "early-answer", "status": '$code'}, "match": {"operation": "upload.patch"}}'
    peer one forget
    croze tag "$at/demo/big:1" "$at/demo/toobig$code:1"
    refuses 1 "HTTP $code.*provided length did not match content length .SIZE_INVALID.; (it, or a proxy|sent again it would)" \
        "a piece that is refused with $code" croze push "$at/demo/toobig$code:1"
    is "  was sent once" "$(peer one count method=PATCH)" 1
done
peer_faults one '{"fault": {"name": "early-answer", "status": 413}, "match": {"operation": "upload.put"}}'
peer one forget
refuses 1 'HTTP 413.*client_max_body_size' "a small blob that is refused" croze copy "oci:$T/all:v1" "$at/demo/small413:v1"
is "  nor is any blob sent again" "$(peer one log operation=upload.put status=413 | grep -o 'digest=[^ ]*' | sort | uniq -d)" ""
peer_faults one "$no_mount" '{"fault": {"name": "status", "code": 503}, "match": {"operation": "upload.patch"}}'
croze tag "$at/demo/big:1" "$at/demo/stuck:1"
refuses 1 'stays at 0 of 9[0-9]* bytes; the last answer: .*HTTP 503' "an upload that does not go forward" croze push "$at/demo/stuck:1"

# a session that goes forward by a byte a piece, for ever
peer_faults one "$no_mount" '{"fault": {"name": "status", "code": 503}, "match": {"operation": "upload.patch"}}' \
    '{"fault": {"name": "answer", "code": 204, "headers": {"Range": "0-{n}"}}, "match": {"operation": "upload.get"}}'
refuses 1 'the upload stays at [0-9]* of 9[0-9]* bytes' "an upload that hardly goes forward" timeout 60 "$CROZE" push "$at/demo/stuck:1"
peer_faults one

# a directory that a copy was broken off in
peer_faults one '{"fault": {"name": "status", "code": 500}, "match": {"operation": "blob.get"}, "after": 1}'
refuses 1 500 "a copy to a directory that breaks off" croze copy "$at/demo/big:1" "dir:$T/broken"
peer_faults one
does "  is gone on with" croze copy -q "$at/demo/big:1" "dir:$T/broken"
does "  and is whole" croze copy -q "dir:$T/broken" "oci:$T/mended:1"

# nobody can check the digest that HEAD says: the first that is another one is not believed
peer_faults one '{"fault": "wrong-digest", "match": {"operation": "manifest.head", "path": "/v1$"}, "times": 1}'
does "copy through a HEAD of the tag that lies" croze copy -q "oci:$T/all:v1" "$at/demo/head:v1"
like "  it did" "$(peer one log operation=manifest.head)" 'manifests/v1 .* wrong-digest'
peer_faults one

# --- evidence where the API has holes ---

for fault in no-referrers empty-referrers; do
    peer_faults one "{\"fault\": \"$fault\"}"
    does "copy to a registry with $fault" croze copy -q "oci:$T/all:v1" "$at/demo/$fault:v1"
    does "  and back" croze copy -q "$at/demo/$fault:v1" "oci:$T/from-$fault:v1"
    is "  nothing is lost" "$(blobs "$T/from-$fault")" "$(blobs "$T/all")"
done
peer_faults one '{"fault": {"name": "status", "code": 500}, "match": {"operation": "referrers.get"}}'
refuses 1 '500' "a registry that cannot say is not one that has none" croze copy "$at/demo/no-referrers:v1" "oci:$T/lost:v1"
peer_faults one
is "pages of one tag each" "$(peer_faults one '{"fault": "short-pages"}'; croze tags "$at/demo/big" | tr '\n' ' ')" '1 '
peer_faults one '{"fault": "page-loop"}'
refuses 1 'no end' "pages that lead back to themselves" croze tags "$at/demo/no-referrers"
peer_faults one '{"fault": "page-elsewhere"}'
refuses 1 'which is another host' "pages of another host" croze tags "$at/demo/no-referrers"
is "  which is not asked" "$(peer one count server=cdn 'path=tags/list')" 0
printf '[[registry]]\nprefix = "docker.io"\nblocked = true\n[[registry]]\nprefix = "shop.example/far"\nlocation = "%s/demo"\n' "$at" >"$T/rewritten.conf"
peer_faults one '{"fault": {"name": "short-pages", "size": 1}}'
is "pages of a repository that is elsewhere than its name says" \
    "$(CONTAINERS_REGISTRIES_CONF="$T/rewritten.conf" croze tags shop.example/far/no-referrers 2>&1)" "$(croze tags "$at/demo/no-referrers")"
like "  are several" "$(peer one log operation=tags.get | tail -1)" 'last='
peer_faults one

# --- a destination that says which image it is for ---

peer one forget
refuses 1 'the destination is to be sha256:0000' "another image is not sent" croze copy "oci:$T/all:v1" "$at/demo/exact@sha256:$(printf 0%.0s $(seq 64))"
is "  not a byte of it" "$(peer one count method='PUT|POST|PATCH')" 0
does "the very one is, under the digest alone" croze copy -q "oci:$T/all:v1" "docker://$at/demo/exact@$digest"
does "  it is there" croze copy -q "$at/demo/exact@$digest" "oci:$T/from-exact:v1"
is "  without a tag" "$(croze tags "$at/demo/exact" 2>&1 | grep -v '^sha256-')" ""

# --- deletion in other dialects ---

peer_faults one '{"fault": "no-tag-delete"}'
croze tag "$at/demo/big:1" "$at/demo/big:2" && croze push -q "$at/demo/big:2" >/dev/null
does "delete a tag where only digests are deleted" croze delete "$at/demo/big:2"
is "  the other tag of the digest stays" "$(croze tags "$at/demo/big")" 1
peer_faults one '{"fault": "no-delete"}'
refuses 1 'does not delete' "delete where nothing is" croze delete "$at/demo/big:1"
peer_faults one
does "  the tag is as it was" croze copy -q "$at/demo/big:1" "oci:$T/still:1"
is "  exactly" "$out" ""
like "  indeed" "$(cat "$T/still/index.json")" "$big"

# What croze cannot read is no reason to let it lie there.
printf '{"schemaVersion": 1, "name": "x", "fsLayers": []}' >"$T/schema1"
printf '{"odd": true}' >"$T/odd"
cp "$T/bad-foreign/blobs/sha256/$(grep -o 'sha256:[0-9a-f]*' "$T/bad-foreign/index.json" | head -1 | cut -c8-)" "$T/foreign"
py -c 'import json; print(json.dumps({"schemaVersion": 2, "annotations": {"x": "y" * 5000000}}))' >"$T/huge"
unreadable() {
    case $1 in
    schema1) peer one manifest demo/odd "$1" "$T/$1" application/vnd.docker.distribution.manifest.v1+prettyjws ;;
    odd) peer one manifest demo/odd "$1" "$T/$1" application/vnd.example.odd+json ;;
    *) peer one manifest demo/odd "$1" "$T/$1" application/vnd.oci.image.manifest.v1+json ;;
    esac
}
for kind in schema1 odd foreign huge; do
    peer_faults one
    unreadable $kind
    fresh croze pull -q "$at/demo/odd:$kind"
    is "not pulled: $kind" "$code $(printf %s "$err" | grep -c "not there")" "1 0"
    croze tag "$at/demo/big:1" "$at/demo/odd:$kind"
    does "  pushed over" croze push -q "$at/demo/odd:$kind"
    unreadable $kind
    does "  copied over" croze copy -q "oci:$T/all:v1" "$at/demo/odd:$kind"
    unreadable $kind
    does "  deleted" croze delete "$at/demo/odd:$kind"
    is "  it is gone" "$(croze tags "$at/demo/odd" | grep -v '^sha256-')" ""
    [ $kind != huge ] || continue # it could not be put back
    unreadable $kind
    peer_faults one '{"fault": "no-tag-delete"}'
    does "  deleted where only digests are" croze delete "$at/demo/odd:$kind"
    is "  it is gone" "$(croze tags "$at/demo/odd" | grep -v '^sha256-')" ""
done
peer_faults one
unreadable odd
does "a digest is deleted beside one of them" croze delete "$at/demo/odd@$big"
printf '{"odd": "%s"}' "$digest" >"$T/odd"
unreadable odd
refuses 1 'is needed by odd' "  but for one that it names" croze delete "$at/demo/odd@$digest"

lose='{"fault": "lost-answer", "match": {"operation": "manifest.delete"}, "times": 1}'
for tries in 4 1; do
    croze push -q "$at/demo/big:2" >/dev/null
    peer_faults one "$lose"
    does "delete a tag, with an answer that is lost, in $tries tries" env CROZE_FETCH_TRIES=$tries "$CROZE" delete "$at/demo/big:2"
    is "  it is gone, the other one is not" "$(croze tags "$at/demo/big")" 1
    croze push -q "$at/demo/big:2" >/dev/null
    peer_faults one "$lose" '{"fault": "no-tag-delete"}'
    does "  where only digests are deleted" env CROZE_FETCH_TRIES=$tries "$CROZE" delete "$at/demo/big:2"
    is "  the same" "$(croze tags "$at/demo/big")" 1
    peer_faults one
    py "$here/evidence.py" "$T/plain" plain >/dev/null
    croze copy -q "oci:$T/plain:v1" "$at/demo/alone:v1" >/dev/null
    alone=$at/demo/alone@$(grep -o 'sha256:[0-9a-f]*' "$T/plain/index.json" | head -1)
    croze delete "$at/demo/alone:v1" >/dev/null
    peer_faults one "$lose"
    does "delete a digest, with an answer that is lost" env CROZE_FETCH_TRIES=$tries "$CROZE" delete "$alone"
    refuses 1 'is not there' "  it is gone" croze delete "$alone"
    peer_faults one
done

# Docker Hub: its registry refuses, its own interface deletes.
peer_start dockerhub --like hub --auth bearer --user ann:secret
unset CONTAINERS_REGISTRIES_CONF # "docker.io" is on this machine here
mkdir -p "$HOME/.config/containers" "$HOME/.docker"
printf '[[registry]]\nprefix = "docker.io"\nlocation = "127.0.0.1:%s"\n' "$port" >"$HOME/.config/containers/registries.conf"
printf '{"auths": {"https://index.docker.io/v1/": {"auth": "%s"}, "127.0.0.1:%s": {"auth": "%s"}}}' "$(printf ann:secret | base64)" "$port" \
    "$(printf ann:secret | base64)" >"$HOME/.docker/config.json"
does "push to a registry like Docker Hub" croze copy -q "oci:$T/all:v1" docker://ann/app:v1
does "  another tag" croze copy -q --no-evidence "oci:$T/all:v1" docker://ann/app:v2
does "delete a tag of Docker Hub's" env CROZE_HUB_URL="http://127.0.0.1:$port" "$CROZE" delete ann/app:v1
is "  the other one stays" "$(croze tags ann/app | grep '^v')" v2
croze copy -q --no-evidence "oci:$T/all:v1" docker://ann/app:v3 >/dev/null
peer_faults dockerhub '{"fault": "lost-answer", "match": {"operation": "hub.delete"}, "times": 1}'
does "  with an answer that is lost" env CROZE_HUB_URL="http://127.0.0.1:$port" "$CROZE" delete ann/app:v3
is "  too" "$(croze tags ann/app | grep '^v')" v2
unlike "  nobody was shown the password" "$out$err" secret
printf '{}' >"$HOME/.docker/config.json"
refuses 1 'as user "ann" from --creds' "with a wrong password" env CROZE_HUB_URL="http://127.0.0.1:$port" "$CROZE" delete --creds ann:wrong ann/app:v2
rm "$HOME/.docker/config.json" "$HOME/.config/containers/registries.conf"

# --- by chance, and killed ---

# Most of a round is waiting for the next try, so many go on at once. Which request suffers what depends on the seed and on the round's own
# repository, not on the others.
rounds=50 kills=10 at_once=25
[ -z "${CROZE_SOAK:-}" ] || rounds=1000 kills=100
seed=${CROZE_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
echo "# faults by chance: CROZE_SEED=$seed repeats them"

# One round, of number N: a push, and a pull into a layout or a store. It is whole, or says why not.
chance() {
    chance_at=$at/chance/$1:v1 chance_dir=$T/chance-$1
    if [ $(($1 % 2)) -eq 0 ]; then
        croze copy -q "oci:$T/all:v1" "$chance_at" && croze copy -q "$chance_at" "oci:$chance_dir:v1" &&
            [ "$(blobs "$chance_dir")" = "$(blobs "$T/all")" ]
    else
        export CROZE_ROOT="$chance_dir"
        croze copy -q "oci:$T/all:v1" "$chance_at" && croze pull -q "$chance_at" && croze fsck --deep &&
            [ "$(croze inspect -f '{{.Digest}}' "$chance_at")" = "$digest" ]
    fi >"$T/chance-$1.out" 2>&1 && : >"$T/chance-$1.whole"
    rm -rf "$chance_dir"
}
peer_faults one '{"fault": "transient", "probability": 0.15, "seed": '"$seed"', "streak": 2}'
round=0 whole=0
while [ $round -lt $rounds ]; do
    pids=
    for _ in $(seq $at_once); do
        round=$((round + 1))
        chance $round &
        pids="$pids $!"
    done
    for pid in $pids; do wait "$pid"; done
done
for i in $(seq $round); do
    if [ -e "$T/chance-$i.whole" ]; then whole=$((whole + 1)); else sed "s/^/# round $i of CROZE_SEED=$seed: /" "$T/chance-$i.out"; fi
done
rm -f "$T"/chance-*
peer_faults one
peer one forget
is "$rounds pushes and pulls through faults by chance lose nothing" "$whole" "$rounds"

# killed_at OPERATION COMMAND...: kill -9 when the first request of that kind has come, which is not answered.
killed=0
killed_at() {
    peer_faults one "$no_mount" '{"fault": "hang", "match": {"operation": "'"$1"'"}, "times": 1}'
    peer one forget
    killed_operation=$1
    shift
    "$@" >/dev/null 2>&1 &
    pid=$!
    until_true 300 hangs "$killed_operation"
    kill -9 $pid && killed=$((killed + 1))
    wait $pid 2>/dev/null
    peer_faults one
}
hangs() { [ "$(peer one count "operation=$1" faults=hang)" != 0 ]; }

wrong=0 i=0
while [ $i -lt $((kills / 2)) ]; do
    i=$((i + 1))
    remove_all "$T/fresh"
    case $((i % 2)) in 0) operation=manifest.get ;; *) operation=blob.get ;; esac
    CROZE_ROOT="$T/fresh" killed_at $operation "$CROZE" pull -q "$at/demo/big:1"
    [ -z "$(CROZE_ROOT="$T/fresh" croze images -q 2>/dev/null)" ] || wrong=$((wrong + 1))
    CROZE_ROOT="$T/fresh" croze pull -q "$at/demo/big:1" >/dev/null 2>&1 && CROZE_ROOT="$T/fresh" croze fsck --deep >/dev/null 2>&1 || wrong=$((wrong + 1))
done
is "pulls that are killed name nothing, and the next one succeeds" "$killed $wrong" "$i 0"
wrong=0 killed=0 i=0
while [ $i -lt $((kills / 2)) ]; do
    i=$((i + 1))
    croze tag "$at/demo/big:1" "$at/killed/$i:1"
    case $((i % 4)) in 0) operation=upload.post ;; 1) operation=upload.patch ;; 2) operation=upload.put ;; *) operation=manifest.put ;; esac
    killed_at $operation "$CROZE" push -q "$at/killed/$i:1"
    [ -z "$(croze tags "$at/killed/$i" 2>/dev/null)" ] || wrong=$((wrong + 1))
    croze push -q "$at/killed/$i:1" >/dev/null 2>&1 && croze copy -q "$at/killed/$i:1" "oci:$T/after:1" || wrong=$((wrong + 1))
    rm -rf "$T/after"
done
is "pushes that are killed leave no name, and the next one succeeds" "$killed $wrong" "$i 0"
done_testing
