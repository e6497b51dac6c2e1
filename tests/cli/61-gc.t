#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# gc:
#   * --dry-run tells and removes nothing; what is young stays; what a name, a recent step or a running command needs stays
#   * what rmi let go is freed once its steps have had their time; --all frees steps, trees and kept files
#   * the records of an image that is there stay: an unchanged build gets its digest again
#   * an image is whole after it, a build after it is right; leftovers of killed commands go
#   * a damaged store is not swept
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir "$c"
head -c 300000 /dev/urandom >"$c/noise"
printf 'FROM base\nCOPY noise /noise\nRUN sha256sum /noise >/sum\n' >"$c/Dockerfile"
build old "$c" 2>/dev/null
head -c 300000 /dev/urandom >"$c/noise"
build new "$c" 2>/dev/null
files() { (cd "$CROZE_ROOT" && find blobs steps toc trees kept -maxdepth 2 2>/dev/null | sort); }
count() { find "$CROZE_ROOT/$1" -maxdepth "${2:-1}" -mindepth "${2:-1}" | wc -l; }
freed() { croze gc --format json "$@" | py -c 'import json, sys; o = json.load(sys.stdin); print(o["Blobs"], o["Steps"])'; }

is "nothing to free" "$(freed --grace 0)" "0 0"
croze rmi old >/dev/null
before=$(files)
is "what is young stays" "$(freed --keep-steps 0 --grace 60 --dry-run | cut -d' ' -f1)" 0
is "a dry run: two layers, configuration, manifest" "$(freed --dry-run --grace 0 --keep-steps 0)" "4 3"
like "... as text" "$(croze gc -n --grace 0 --keep-steps 0)" '^Would free .*: 4 blobs, '
is "... all is still there" "$(files)" "$before"
is "what recent steps made stays: its configuration and manifest go" "$(freed --grace 0)" "2 0"
sum=$(img cat new /sum)
does "gc" croze gc --keep-steps 0 --grace 0
like "... says what it freed" "$out" '^Freed .*: 2 blobs, .* 3 steps'
is "... the other image's steps are still there" "$(count steps)" 3
does "the store is sound" croze fsck --deep
is "what has a name is whole" "$(img cat new /sum)" "$sum"
is "... and nothing else is there: base, two layers, two configurations, two manifests" "$(count blobs 2)" 7
refuses 1 'old' "what had none is gone" croze inspect old
builds "a build afterwards" new2 "$c"
is "... is right" "$(img cat new2 /sum)" "$sum"
is "... and the image that it was before" "$(digest_of new2)" "$(digest_of new)"
is "nothing to free again" "$(freed --grace 0)" "0 0"

# trees and kept files
trees() { find "$CROZE_ROOT/trees" -mindepth 2 -maxdepth 2 | wc -l; }
printf 'FROM base\nRUN echo kept >/k; exit 1\n' >"$c/failing"
build failing "$c" -f "$c/failing" 2>/dev/null
is "a failed step's files are kept" "$(count kept)" 1
does "gc leaves them" croze gc --grace 0
is "... there" "$(count kept)" 1
does "gc --all" croze gc --all --grace 0
is "... takes them" "$(count kept)" 0
is "... and all steps but those of the image" "$(count steps)" 3
is "images stay whole" "$(img cat new2 /sum)" "$sum"
printf 'FROM base AS work\nRUN date +%%s%%N >/when; echo same >/same\nFROM base\nENV a=b\nCOPY --from=work /same /same\nCOPY noise /noise\nLABEL l=1\n' >"$c/staged"
build staged "$c" -f "$c/staged" 2>/dev/null
staged=$(digest_of staged)
does "gc --all again" croze gc --all --grace 0
builds "a build whose first stage was freed" staged2 "$c" -f "$c/staged"
like "... does that stage again" "$err" 'RUN date'
is "... and not the two of the image" "$(printf '%s\n' "$err" | grep -c CACHED)" 2
is "... and gives the same image" "$(digest_of staged2)" "$staged"
croze rmi staged staged2 >/dev/null
croze rmi new new2 base >/dev/null
does "when no image is left, gc --all" croze gc --all --grace 0
is "... leaves no blob, no table, no tree, no step" "$(count blobs 2) $(count toc) $(trees) $(count steps)" "0 0 0 0"
does "... and a sound store" croze fsck --deep

# all that belongs to subordinate ids goes, so that a user can remove the store
if [ "$tier" = user ]; then
    import_base owned
    mkdir "$T/volume"
    printf 'FROM owned\nRUN mkdir -p /a/b && chown -R app /a && chmod 0 /a/b && echo x >/srv/f && chown app /srv/f\nRUN --mount=type=cache,target=/cache echo x >/cache/f && chown app /cache/f\n' >"$c/owned"
    build owned2 "$c" -f "$c/owned" 2>"$T/log" || cat "$T/log"
    printf 'FROM owned2\nRUN mkdir /kept && chown app /kept && exit 1\n' >"$c/kept"
    build owned3 "$c" -f "$c/kept" 2>/dev/null
    croze run --rm owned2 sh -c 'mkdir /run-dir && chown app /run-dir'
    foreign() { find "$CROZE_ROOT" ! -user "$(id -un)" 2>/dev/null | wc -l; }
    isnt "a user's store holds what belongs to subordinate ids" "$(foreign)" 0
    does "gc --all --cache-mounts" croze gc --all --cache-mounts
    is "... leaves nothing of them, images or not" "$(foreign)" 0
    is "... and the images" "$(croze images -q | wc -l)" 2
    does "... which run" croze run --rm owned2 cat /srv/f
    does "gc --all --cache-mounts again" croze gc --all --cache-mounts
    does "... and rm -r removes the store" rm -r "$CROZE_ROOT"
fi

# a running command's
import_base
printf 'FROM base\nRUN echo first >/one\nRUN --mount=target=/c i=0; until test -e /c/sub/go || test $i -gt 600; do usleep 50000; i=$((i+1)); done; cat /one >/two\n' >"$c/Dockerfile"
mkdir "$c/sub"
"$CROZE" build --progress=plain -t running "$c" >"$T/log" 2>&1 &
pid=$!
until_true 300 grep -q '^#2 ' "$T/log"
does "gc --all while a build runs" croze gc --all --grace 0
touch "$c/sub/go"
wait $pid
is "... which succeeds" $? 0
is "... with all that it had made before" "$(img cat running /two)" first
does "... and the store is sound" croze fsck --deep
rm "$c/sub/go"

# leftovers of a killed build
"$CROZE" build --progress=plain --no-cache -t killed "$c" >"$T/log" 2>&1 &
pid=$!
until_true 300 grep -q '^#2 ' "$T/log"
kill -9 $pid
wait $pid 2>/dev/null
does "gc after a kill" croze gc --all --grace 0
is "... takes its work directory" "$(ls "$CROZE_ROOT/work")" ""

blob=$(img manifest base config digest | tr -d '"' | cut -d: -f2)
manifest=$(digest_of base | cut -d: -f2)
mv "$CROZE_ROOT/blobs/sha256/$manifest" "$T/manifest"
echo '{' >"$CROZE_ROOT/blobs/sha256/$manifest"
refuses 1 'base:latest.*(damaged|size)' "a damaged image stops it" croze gc --all --grace 0
exits 0 "... nothing was removed" test -e "$CROZE_ROOT/blobs/sha256/$blob"

done_testing
