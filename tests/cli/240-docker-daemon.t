#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docker-daemon: an image goes into a dockerd as the archive that `docker load` reads, and comes out of one; what it says when it fails is told.
. "$(dirname "$0")/lib.sh"

mkdir "$T/d"
export DOCKER_HOST="unix://$T/d/socket"
import_base
refuses 1 "there is no dockerd at $T/d/socket" "no dockerd" croze copy store:base docker-daemon:demo/x:1
mkfifo "$T/.servers" && exec 8<>"$T/.servers"
"$python" "$here/dockerd.py" "$T/d/socket" "$T/d" <"$T/.servers" 8>&- &
until_true 100 test -S "$T/d/socket"
does "into it" croze copy store:base docker-daemon:demo/x:1
like "  as an archive with that name" "$(tar -xOf "$T/d/loaded.tar" manifest.json)" '"RepoTags":\["demo/x:1"\]'
mv "$T/d/loaded.tar" "$T/d/saved.tar"
does "out of it" croze copy docker-daemon:demo/x:1 "oci:$T/out:1"
like "  the same image" "$(cat "$T/out/index.json")" "$(digest_of base)"
# three times as long as anyone else may be silent
echo 3 >"$T/d/silent"
CROZE_FETCH_TIMEOUT=1 does "one that is silent while it loads" croze copy --progress=plain store:base docker-daemon:demo/x:1
like "  is waited for, and that is shown" "$err" 'dockerd loads demo/x:1'
CROZE_FETCH_TIMEOUT=1 does "one that is silent while it saves" croze copy --progress=plain docker-daemon:demo/x:1 "oci:$T/late:1"
like "  is waited for, and that is shown" "$err" 'dockerd saves demo/x:1'
is "  with all of it" "$(cat "$T/late/index.json")" "$(cat "$T/out/index.json")"
rm "$T/d/silent" && : >"$T/d/dies"
refuses 1 'docker-daemon:demo/x:1: ' "one that dies is not waited for" croze copy store:base docker-daemon:demo/x:1
rm "$T/d/dies"
refuses 1 '404.*No such image' "an image that it has not" croze copy docker-daemon:demo/y:1 "oci:$T/out:1"
echo "no space left on device" >"$T/d/error"
refuses 1 'docker-daemon:demo/x:1: dockerd says: no space left' "an error under 200" croze copy store:base docker-daemon:demo/x:1
refuses 2 'a tag, and no digest' "a digest" croze copy store:base "docker-daemon:demo/x@$(digest_of base)"
DOCKER_HOST=tcp://127.0.0.1:1 refuses 1 'by its Unix socket only' "a dockerd elsewhere" croze copy store:base docker-daemon:demo/x:1
done_testing
