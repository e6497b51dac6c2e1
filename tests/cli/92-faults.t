#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Accidents:
#   * kill -9 of a build at random moments, 20 times (200 with CROZE_SOAK=1): the store is sound at once, the next build succeeds with the right
#     digest, and nothing half-made is left in the end
#   * kill -9 of import, load and gc
#   * a full disk: a clear error, a sound store; with room again the build succeeds
#   * TERM and INT end a build and its step
. "$(dirname "$0")/lib.sh"

unset CROZE_NO_SYNC # as people run it
export SOURCE_DATE_EPOCH=1500000000
rounds=20
[ -z "${CROZE_SOAK-}" ] || rounds=200

c=$T/context
mkdir -p "$c/d"
for i in 1 2 3 4 5 6 7 8; do head -c 200000 /dev/urandom >"$c/d/f$i"; done
printf 'FROM base AS a\nRUN head -c 300000 /bin/busybox >/part && rm -r /opt/lower\nFROM base\nCOPY d /d\nCOPY --from=a /part /\nRUN cat /d/* >/all && mv /d /e\nWORKDIR /w\n' >"$c/Dockerfile"
py -m maketar "$T/base.tar"

# The right digest, from another store.
export CROZE_ROOT="$T/other"
croze import "$T/base.tar" base >/dev/null
build right "$c" 2>"$T/log" || cat "$T/log" >&2
want=$(digest_of right)
croze save -o "$T/right.tar" right
remove_all "$CROZE_ROOT"
export CROZE_ROOT="$T/store"
croze import "$T/base.tar" base >/dev/null

random() { od -An -N2 -tu2 /dev/urandom | awk -v most="$1" '{print $1 % most}'; }
# killed_after MICROSECONDS CMD...: starts it and kills it then; the moment is the point here, not a wait for something
killed_after() {
    delay=$1
    shift
    "$@" >/dev/null 2>&1 &
    pid=$!
    busybox usleep "$delay"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
}
start=$(date +%s%N)
build timed "$c" --no-cache 2>/dev/null
took=$((($(date +%s%N) - start) / 1000))
croze rmi timed >/dev/null

bad='' n=0 interrupted=0
while [ $n -lt $rounds ]; do
    croze gc --all --grace 0 >/dev/null || bad="$bad gc:$n"
    killed_after "$(random $((took + 1000)))" "$CROZE" build -q -t "killed" "$c"
    croze fsck --deep >"$T/fsck" || bad="$bad fsck:$n:$(cat "$T/fsck")"
    croze inspect killed >/dev/null 2>&1 || interrupted=$((interrupted + 1))
    if croze build -q -t killed "$c" >/dev/null 2>"$T/log"; then
        [ "$(digest_of killed)" = "$want" ] || bad="$bad digest:$n"
    else
        bad="$bad build:$n:$(cat "$T/log")"
    fi
    croze rmi killed >/dev/null
    n=$((n + 1))
done 2>/dev/null
is "$rounds builds killed at random moments: sound stores, right builds" "$bad" ""
if [ $interrupted -gt 0 ]; then pass "... and some of them were really killed before their end ($interrupted)"; else fail "... none was killed before its end"; fi
does "gc" croze gc --all --grace 0
is "... leaves nothing half-made" "$(ls "$CROZE_ROOT/work"; find "$CROZE_ROOT"/[!t]* "$CROZE_ROOT/toc" -name '.tmp-*')" ""
run croze fsck --deep
is "fsck has nothing to say" "$out" "the store is sound"

bad='' n=0
while [ $n -lt 6 ]; do
    killed_after "$(random 60000)" "$CROZE" import "$T/base.tar" other
    killed_after "$(random 60000)" "$CROZE" load -i "$T/right.tar"
    killed_after "$(random 20000)" "$CROZE" gc --all --grace 0
    croze fsck --deep >"$T/fsck" || bad="$bad $n:$(cat "$T/fsck")"
    n=$((n + 1))
done 2>/dev/null
is "import, load and gc killed: a sound store" "$bad" ""
does "... and load works" croze load -i "$T/right.tar"
is "... with the right digest" "$(digest_of right)" "$want"

# --- TERM and INT ---
mark=croze-faults-$$ # another run of these tests has steps of its own
printf 'FROM base\nRUN --mount=target=/c echo started; while :; do usleep 20000 && : %s; done\n' "$mark" >"$T/forever"
for signal in TERM INT; do
    : >"$T/log" # what the last one said is not this one's
    "$CROZE" build --progress=plain -f "$T/forever" "$c" >"$T/log" 2>&1 &
    pid=$!
    until_true 100 grep -q ' started$' "$T/log"
    # a shell starts what it puts into the background with INT ignored, which the program may leave so
    [ $signal = TERM ] || kill -HUP $pid
    kill -$signal $pid
    wait $pid 2>/dev/null
    isnt "$signal ends a build" $? 0
done
step_gone() { ! pgrep -f "usleep 20000 && : $mark" >/dev/null; }
if command -v pgrep >/dev/null; then
    exits 0 "... and its step" until_true 50 step_gone
else
    skip "... and its step" "pgrep is not installed"
fi
run croze fsck --deep
is "... the store is sound" "$code" 0

# --- a full disk ---
# In a mount namespace of our own, as root or as root of a user namespace: a small file system that is filled to different degrees.
cat >"$T/full" <<'END'
set -u
mkdir "$1/disk"
mount -t tmpfs -o size=${2}k croze-full "$1/disk" || exit 99
export CROZE_ROOT="$1/disk/store"
bad=''
"$CROZE" import "$1/base.tar" base >/dev/null 2>"$1/err" || bad="import"
if [ -z "$bad" ]; then
    "$CROZE" build -q -t full "$1/context" >/dev/null 2>"$1/err" || bad="build"
fi
[ -z "$bad" ] || grep -q 'No space left' "$1/err" || { echo "no clear message: $(cat "$1/err")"; exit 1; }
"$CROZE" fsck --deep >"$1/fsck" 2>&1 || { echo "fsck with a full disk: $(cat "$1/fsck")"; exit 1; }
mount -o remount,size=200m "$1/disk"
"$CROZE" fsck --deep >"$1/fsck" 2>&1 || { echo "fsck with room: $(cat "$1/fsck")"; exit 1; }
"$CROZE" import "$1/base.tar" base >/dev/null && "$CROZE" build -q -t full "$1/context" >/dev/null || { echo "the build with room fails"; exit 1; }
got=$("$CROZE" inspect -f '{{.Digest}}' full)
[ "$got" = "$3" ] || { echo "digest $got, not $3"; exit 1; }
echo "${bad:-fits}"
END
enter="unshare -m"
[ "$(id -u)" -eq 0 ] || enter="unshare --map-root-user --map-auto -m"
if ! $enter sh -c "mount -t tmpfs x '$T' && true" 2>/dev/null; then
    skip "a full disk" "no tmpfs can be mounted here"
    done_testing
fi
seen=''
for size in 400 1500 2600 4000 6000 9000; do
    rm -rf "$T/disk"
    run $enter sh "$T/full" "$T" "$size" "$want"
    is "a disk of $size KiB: sound, and the build succeeds once there is room" "$code $(printf '%s' "$out" | grep -vE '^(import|build|fits)$')$err" "0 "
    seen="$seen $out"
done
like "... it was full in import and in builds" "$seen" 'import.*build'

done_testing
