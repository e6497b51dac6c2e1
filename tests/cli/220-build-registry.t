#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build and run with images of registries: a base that is not here is pulled, --pull says when, --push and type=registry send the result.
. "$(dirname "$0")/lib.sh"
. "$here/../peer/lib.sh"
export HOME="$T/home"
mkdir -p "$HOME"
peer_start hub
at=127.0.0.1:$port

import_base
croze tag base "$at/demo/base:1" && croze push -q "$at/demo/base:1" >/dev/null
export CROZE_ROOT="$T/store2"
dockerfile "$T/app" <<END
FROM $at/demo/base:1
COPY Dockerfile /added
END
builds "FROM an image that is not here" "$at/demo/app:1" "$T/app"
like "  which is pulled" "$(img tree "$at/demo/app:1")" passwd
peer hub forget
builds "again" "$at/demo/app:1" "$T/app"
is "  asks nobody" "$(peer hub count)" 0
builds "with --pull" "$at/demo/app:1" "$T/app" --pull
is "  asks once" "$(peer hub count)" 1
builds "with --pull=always" "$at/demo/app:1" "$T/app" --pull=always
peer hub forget
builds "with --pull=newer" "$at/demo/app:1" "$T/app" --pull=newer
is "  asks once, and has nothing to bring" "$(peer hub count) $(peer hub count operation=blob.get)" '1 0'
peer_faults hub '{"fault": {"name": "status", "code": 500}}'
CROZE_FETCH_TRIES=1 builds "with --pull=newer of a registry that fails" "$at/demo/app:1" "$T/app" --pull=newer
like "  what is here is used, with a warning" "$err" 'HTTP 500.*; the .*/demo/base:1 that is here is used'
CROZE_FETCH_TRIES=1 fails_build 'HTTP 500' "with --pull=always that is an error" "$T/app" --pull=always
peer_faults hub
refuses 2 'always, newer, missing or never' "with --pull=perhaps" croze build --pull=perhaps "$T/app"
croze rmi "$at/demo/base:1" >/dev/null
peer_faults hub '{"fault": {"name": "status", "code": 500}}'
CROZE_FETCH_TRIES=1 fails_build 'HTTP 500' "with --pull=newer, and nothing here" "$T/app" --pull=newer
peer_faults hub
fails_build 'no such image.*pull=never' "with --pull=never" "$T/app" --pull=never
dockerfile "$T/twice" <<END
FROM $at/demo/base:1 AS one
FROM $at/demo/base:1
COPY --from=$at/demo/base:1 /etc/passwd /copied
END
croze rmi "$at/demo/base:1" >/dev/null 2>&1
peer hub forget
builds "one image in three places" twice "$T/twice" --pull=always
is "  is asked for once" "$(peer hub count path='manifests')" 1

# --- several bases ---

seen() { [ "$(peer hub count "$1")" != 0 ]; }
for name in left right; do
    dockerfile "$T/$name" <<END
FROM $at/demo/base:1
COPY Dockerfile /$name
END
    builds "a base for a build of several" "$at/demo/$name:1" "$T/$name"
    croze push -q "$at/demo/$name:1" >/dev/null
done
dockerfile "$T/both" <<END
FROM $at/demo/left:1 AS one
FROM $at/demo/right:1 AS two
FROM scratch
COPY --from=one /left /left
COPY --from=two /right /right
END
# the first base never comes: the second one is asked for all the same
export CROZE_ROOT="$T/store3"
peer hub forget
peer_faults hub '{"fault": "hang", "match": {"path": "/demo/left/"}}'
"$CROZE" build -q -t both "$T/both" >/dev/null 2>&1 &
pid=$!
if until_true 300 seen path=demo/right/blobs; then pass "bases of independent stages come side by side"; else fail "bases of independent stages come side by side" "$(peer hub log)"; fi
kill $pid
wait $pid 2>/dev/null
peer_faults hub '{"fault": {"name": "drip", "rate": 1000000}, "match": {"operation": "blob.get"}}'
export CROZE_ROOT="$T/store4"
peer hub forget
builds "with bases that have layers in common" both "$T/both"
is "  each of which is brought once" "$(peer hub log operation=blob.get | grep -o 'sha256:[0-9a-f]*' | sort | uniq -d)" ""
does "  and the store is sound" croze fsck --deep
peer_faults hub
export CROZE_ROOT="$T/store2"

# --- two commands at once ---

peer_faults hub '{"fault": {"name": "drip", "rate": 1000000}, "match": {"operation": "blob.get"}}'
export CROZE_ROOT="$T/store5"
peer hub forget
pids=
for i in 1 2 3; do
    "$CROZE" pull -q "$at/demo/left:1" >"$T/at-once-$i" 2>&1 &
    pids="$pids $!"
done
together=0
for pid in $pids; do wait "$pid" && together=$((together + 1)); done
is "three pulls of one image at once" "$together" 3
is "  bring each blob once" "$(peer hub log operation=blob.get | grep -o 'sha256:[0-9a-f]*' | sort | uniq -d)" ""
does "  and the store is sound" croze fsck --deep
export CROZE_ROOT="$T/store6"
peer hub forget
peer_faults hub '{"fault": "hang", "match": {"operation": "blob.get"}, "times": 2}'
"$CROZE" pull -q "$at/demo/base:1" >/dev/null 2>&1 &
first=$!
both_hang() { [ "$(peer hub count operation=blob.get)" = 2 ]; }
until_true 300 both_hang
"$CROZE" pull -q "$at/demo/base:1" >"$T/second" 2>&1 &
pid=$!
second_asks() { [ "$(peer hub count operation=manifest.get)" = 2 ]; }
until_true 300 second_asks
kill -9 $first
wait $first 2>/dev/null
if wait $pid; then pass "who waits for one that is killed brings it"; else fail "who waits for one that is killed brings it" "$(cat "$T/second")"; fi
peer_faults hub
export CROZE_ROOT="$T/store2"

does "build --push" croze build -q --push -t "$at/demo/app:2" "$T/app"
does "  the registry has it" croze copy -q "$at/demo/app:2" "oci:$T/pushed:2"
does "type=registry" croze build -q -o "type=registry,name=$at/demo/app:3" "$T/app"
does "  too" croze copy -q "$at/demo/app:3" "oci:$T/pushed:3"
like "  equal in digest" "$(cat "$T/pushed/index.json")" "$(digest_of "$at/demo/app:3")"
does "type=image,push=true" croze build -q -o "type=image,name=$at/demo/app:4,push=true" "$T/app"
is "tags" "$(croze tags "$at/demo/app" | tr '\n' ' ')" '2 3 4 '
refuses 2 'pushed under a name' "without a name" croze build --push "$T/app"
peer_faults hub '{"fault": {"name": "status", "code": 403}, "match": {"method": "PUT"}}'
refuses 1 "push $at/demo/app:5" "a push that is refused" croze build --push -t "$at/demo/app:5" "$T/app"
is "  names nothing" "$(croze images -q "$at/demo/app:5")" ""
peer_faults hub

if [ "$tier" = root ] || unshare --map-root-user --map-auto true 2>/dev/null; then
    croze rmi "$at/demo/base:1" >/dev/null 2>&1
    does "run pulls what is not here" croze run --rm "$at/demo/base:1" /bin/busybox true
    refuses 125 'no such image' "  but with --pull=never" croze run --rm --pull=never "$at/demo/other:1" true
    refuses 125 'always, newer, missing or never' "  or --pull=perhaps" croze run --rm --pull=perhaps "$at/demo/base:1" true
else
    skip "run pulls what is not here" "no user namespaces"
fi
done_testing
