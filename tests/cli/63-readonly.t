#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A store that may not be written: a read-only mount, another user's.
#   * images, inspect, history, save, fsck give what they give elsewhere, and leave no trace
#   * what writes says why it cannot; what is missing is told by name
. "$(dirname "$0")/lib.sh"

import_base
croze images --format json >"$T/images"
croze inspect base >"$T/inspect"
croze history --format json base >"$T/history"
croze save -o "$T/saved.tar" base

# see DESC CMD...: CMD runs croze on a store that it may not write ("$@" is put behind it).
see() {
    see_what=$1
    shift
    does "$see_what: images" "$@" images --format json
    is "... as ever" "$out" "$(cat "$T/images")"
    does "$see_what: inspect" "$@" inspect base
    is "... as ever" "$out" "$(cat "$T/inspect")"
    does "$see_what: history" "$@" history --format json base
    is "... as ever" "$out" "$(cat "$T/history")"
    "$@" save base >"$T/again.tar" 2>"$T/again.err"
    is "$see_what: save" "$? $(cat "$T/again.err")" "0 "
    is "... as ever" "$(cmp "$T/saved.tar" "$T/again.tar")" ""
    does "$see_what: version" "$@" version
    refuses 1 'store .*(Read-only file system|Permission denied)' "$see_what: tag says why it cannot" "$@" tag base other
    refuses 1 "no image is named nothere|nothere" "$see_what: an image that is not there" "$@" inspect nothere
}

# The kernel's own list of what lies in the store, with times.
traces() { find "$CROZE_ROOT" -printf '%p %m %s %T@\n' | sort; }

read_only() { unshare -m sh -c 'mount --bind "$CROZE_ROOT" "$CROZE_ROOT" && mount -o remount,bind,ro "$CROZE_ROOT" && exec "$CROZE" "$@"' sh "$@"; }
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$T/croze" "$@"; }

before=$(traces)
if [ "$tier" = root ]; then
    see "on a read-only mount" read_only
    does "on a read-only mount: fsck" read_only fsck
    is "... as ever" "$out" "the store is sound"
    does "... --deep too" read_only fsck --deep
    refuses 1 'cannot be written: Read-only file system' "... --repair says why it cannot" read_only fsck --repair
    bad=$(printf %064d 1)
    rmdir "$CROZE_ROOT/marks" && printf x >"$CROZE_ROOT/downloads/urls/$bad"
    exits 1 "... of a store of an older croze, which has no marks" read_only fsck
    like "... sees what is wrong with the rest" "$out" "downloads/urls/$bad.*not a record of a URL"
    rm "$CROZE_ROOT/downloads/urls/$bad" && mkdir "$CROZE_ROOT/marks"
    chmod 711 "$T"
    cp "$CROZE" "$T/croze" # where nobody can execute it
    refuses 1 'store .*: Permission denied' "another user's store that one may not read" as_nobody images
    chmod 755 "$CROZE_ROOT"
    before=$(traces)
    see "another user's store that one may read" as_nobody
    mv "$CROZE_ROOT/downloads" "$T/downloads"
    does "... one that an older croze made has no downloads" as_nobody images
    mv "$T/downloads" "$CROZE_ROOT/downloads"
    mv "$CROZE_ROOT/toc" "$T/toc"
    refuses 1 'store .* cannot be written .*toc: No such file or directory' "... a part that is missing is named" as_nobody images
    mv "$T/toc" "$CROZE_ROOT/toc"
    config_blob=$(croze inspect -f '{{.Id}}' base)
    chmod 600 "$CROZE_ROOT/blobs/sha256/${config_blob#sha256:}"
    refuses 1 "base.*: .*${config_blob#sha256:}: Permission denied" "... and so is a blob that one may not read" as_nobody images
    chmod 644 "$CROZE_ROOT/blobs/sha256/${config_blob#sha256:}"
    rm -rf "$T/empty" && mkdir "$T/empty"
    refuses 1 'empty' "a directory without a store in it is no read-only store" env CROZE_ROOT="$T/empty" setpriv --reuid=65534 --regid=65534 --clear-groups "$T/croze" images
    chmod 700 "$CROZE_ROOT"
else
    writable=$(find "$CROZE_ROOT" -type d -perm -200)
    find "$CROZE_ROOT" -type d -exec chmod a-w {} +
    before=$(traces)
    see "directories without a right to write" croze
    is "no trace of all that is left" "$(traces)" "$before"
    printf '%s\n' "$writable" | while read -r dir; do chmod u+w "$dir"; done
    before=$(traces)
fi
refuses 1 'no store|not|Permission|No such' "a store that is not there is not made up on a read-only place" env CROZE_ROOT=/proc/1/nothere "$CROZE" images

# A gc by the owner waits for who reads.
mkfifo "$T/pipe"
if [ "$tier" = root ]; then
    chmod 755 "$CROZE_ROOT"
    as_nobody save base >"$T/pipe" 2>/dev/null &
    saving=$!
    exec 3<"$T/pipe"
    head -c 512 <&3 >/dev/null # it holds the lock and waits for us
    is "a gc must wait while another user reads" "$(flock -n -x "$CROZE_ROOT/locks/gc" true; echo $?)" 1
    cat <&3 >/dev/null
    exec 3<&-
    wait $saving
    is "... and need not when that is done" "$(flock -n -x "$CROZE_ROOT/locks/gc" true; echo $?)" 0
    chmod 700 "$CROZE_ROOT"
fi
rm -f "$T/pipe"
done_testing
