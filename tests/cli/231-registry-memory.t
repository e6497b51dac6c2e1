#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Registries and layouts that give more than anybody should hold: each is refused by name at the limit, while it is read, in 64 MiB of memory.
. "$(dirname "$0")/lib.sh"
. "$here/../peer/lib.sh"
export HOME="$T/home"
mkdir -p "$HOME"

most=64 # MiB
! grep -qs __asan_init "$CROZE" || most=$((most * 8)) # it keeps 256 MiB of what was freed
peer_start one
at=127.0.0.1:$port

# bounded RE DESC COMMAND...: it is refused with one message, in little memory.
bounded() {
    bounded_re=$1 bounded_what=$2
    shift 2
    : >"$T/.peak"
    refuses 1 "$bounded_re" "$bounded_what" timeout 300 "$python" "$here/bounded.py" "$T/.peak" "$@"
    peak=$(cat "$T/.peak")
    if [ "${peak:-$most}" -lt $most ]; then
        pass "  in $peak MiB of memory"
    else
        fail "  in less than $most MiB of memory" "${peak:-unknown} MiB"
    fi
}

# hostile KIND RE: from a layout, and from a registry.
hostile() {
    py "$here/hostile.py" "$T/$1" "$1"
    bounded "$2" "a layout: $1" "$CROZE" copy -q "oci:$T/$1:v1" "oci:$T/into:v1"
    if peer one load "bad/$1" "$T/$1" >/dev/null; then
        bounded "$2" "a registry: $1" "$CROZE" copy -q "$at/bad/$1:v1" "oci:$T/into:v1"
        bounded "$2" "  to itself" "$CROZE" copy -q "$at/bad/$1:v1" "$at/copied/$1:v1"
    else
        fail "the registry takes $1"
    fi
    rm -r "$T/$1"
}
room='its manifests, with all that is about them, take more than 16 MiB'
hostile children "$room"
hostile signatures "$room"
hostile referrers "$room"
hostile layers "$room"
hostile liars 'has more bytes than the 500 that its descriptor says'
hostile values '4000[0-9]* values of JSON are over the limit|2000[0-9]* values of JSON are over the limit'
py "$here/hostile.py" "$T/entries" entries
bounded 'index.json' "a layout: entries" "$CROZE" copy -q "oci:$T/entries:v1" "oci:$T/into:v1"

# lists that have no end
py "$here/evidence.py" "$T/all" plain >/dev/null
croze copy -q "oci:$T/all:v1" "$at/demo/all:v1" >/dev/null
endless() { peer_faults one '{"fault": {"name": "endless-list", "entries": '"$1"', "bytes": '"$2"'}, "match": {"operation": "'"$3"'"}}'; }
endless 1000 120 tags.get
bounded 'more than 250000 tags, or 12582912 bytes' "tags" "$CROZE" tags "$at/demo/all"
endless 30000 120 tags.get
peer one forget
bounded 'more than 250000 tags, or 12582912 bytes' "tags, on large pages" "$CROZE" tags "$at/demo/all"
is "  each asked for once" "$(peer one log operation=tags.get | sort | uniq -d)" ""
endless 1000 200 catalog.get
bounded 'more than 250000 repositories, or 12582912 bytes' "the catalog" "$CROZE" copy -q --mirror "$at/**" "$at/mirror"
endless 100 100 referrers.get
bounded 'more than 10000 referrers' "referrers" "$CROZE" copy -q "$at/demo/all:v1" "oci:$T/into:v1"
endless 3 1000000 referrers.get
bounded 'the types of its referrers take more than' "referrers with long types" "$CROZE" copy -q "$at/demo/all:v1" "oci:$T/into:v1"
endless 0 100 referrers.get
bounded 'the list of referrers has no end' "pages of nothing" "$CROZE" copy -q "$at/demo/all:v1" "oci:$T/into:v1"
done_testing
