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
# --- by chance, and killed ---

# Most of a round is waiting for the next try, so many go on at once. Which request suffers what depends on the seed and on the round's own
# repository, not on the others.
rounds=${ROUNDS:-50} kills=10 at_once=20
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


done_testing
