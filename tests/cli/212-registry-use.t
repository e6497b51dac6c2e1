#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # ports come from tests/peer/lib.sh
# The verbs of registries as people and scripts use them:
#   * tags of archives, layouts and the store; what is no place to list
. "$(dirname "$0")/lib.sh"
. "$here/../peer/lib.sh"
export HOME="$T/home"
mkdir -p "$HOME"
import_base base
py "$here/evidence.py" "$T/all" >/dev/null
peer_start one
at=127.0.0.1:$port

# --- tags ---

croze tag base demo/first:1 && croze tag base demo/second:2
does "an archive of two images" croze save -o "$T/two.tar" demo/first:1 demo/second:2
croze rmi demo/second:2 >/dev/null
does "tags of a docker-archive" croze tags "docker-archive:$T/two.tar"
is "  are the archive's, not the store's" "$out" "demo/first:1
demo/second:2"
does "tags of an oci-archive" sh -c "'$CROZE' save --format oci-archive -o '$T/one.tar' demo/first:1 && '$CROZE' tags 'oci-archive:$T/one.tar'"
is "  are the archive's too" "$out" "demo/first:1"
does "tags of a name of the store" croze tags store:demo/first
is "  are those of that name" "$out" 1
refuses 1 'no image of the store is named nothing' "  which must be there" croze tags store:nothing
refuses 2 'docker images' "a dockerd is not read for its tags" croze tags docker-daemon:demo/first
for text in "$at/demo/first:1" "docker://$at/demo/first:1" "$at/demo/first@sha256:$(printf 0%.0s $(seq 64))" "oci:$T/all:v1" \
    "oci-archive:$T/one.tar:1" "docker-archive:$T/two.tar:demo/first:1" store:demo/first:1; do
    refuses 2 'names an image' "an image is no list: $text" croze tags "$text"
done
is "  and nobody was asked" "$(peer one count)" 0
done_testing
