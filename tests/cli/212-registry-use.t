#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # ports come from tests/peer/lib.sh
# The verbs of registries as people and scripts use them:
#   * tags of archives, layouts and the store; what is no place to list
#   * transports that are none here; docker:// before a name; several names, of which one is wrong; push to a destination
#   * the flags of one side of a copy; whose credentials were refused
#   * registries out of reach; layers that lie; archives without an end
#   * images for another machine as bases and to run
#   * pulls of a platform, and of indexes in indexes
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

croze copy -q --no-evidence "oci:$T/all:v1" "$at/demo/plain:v1" >/dev/null
for text in "$at/demo/plain" "docker://$at/demo/plain" "oci:$T/all"; do
    CROZE_ROOT="$T/no-store" does "tags without a store: $text" croze tags "$text"
done
is "  which is not made for it" "$(ls -d "$T/no-store" 2>&1 | grep -c 'No such')" 1
for to in "$at/demo/storeless:v1" "dir:$T/storeless" "oci:$T/storeless-oci:v1"; do
    CROZE_ROOT="$T/no-store" does "a copy without a store: $to" croze copy -q "$at/demo/plain:v1" "$to"
done
CROZE_ROOT="$T/no-store" TMPDIR="$T/nowhere" does "  of files needs no other place" croze copy -q "oci:$T/all:v1" "$at/demo/files:v1"
peer_start other
CROZE_ROOT="$T/no-store" does "  from one registry to another" croze copy -q "127.0.0.1:$(sed -n 's/^main=//p' "$T/one.d/ports")/demo/plain:v1" "127.0.0.1:$port/demo/plain:v1"
CROZE_ROOT="$T/no-store" TMPDIR="$T/nowhere" refuses 1 "$T/nowhere" "  what is on its way lies in TMPDIR" \
    croze copy -q "$at/demo/plain:v1" "127.0.0.1:$port/elsewhere/plain:v2"
peer_stop other
CROZE_ROOT="$T/no-store" does "a mirror job without a store" croze copy --mirror "$at/demo/plain:v1" "$at/mirror"
peer_faults one '{"fault": "no-tag-delete"}'
CROZE_ROOT="$T/no-store" does "a deletion without a store" croze delete "$at/mirror/demo/plain:v1"
peer_faults one
is "  which none of them makes" "$(ls -d "$T/no-store" 2>&1 | grep -c 'No such')" 1

# --- the platform that was asked for ---

py "$here/evidence.py" "$T/amd" plain >/dev/null
py "$here/evidence.py" "$T/arm" arm >/dev/null
for one in amd arm; do croze copy -q "oci:$T/$one:v1" "$at/demo/$one:v1" >/dev/null; done
blobs_of() { peer one log operation=blob.get | grep -c "$1"; }
for asked in amd arm; do
    is_there=$([ $asked = amd ] && echo arm || echo amd)
    peer one forget
    refuses 1 "the image is for linux/${is_there}64, and not for linux/${asked}64" "linux/${asked}64 of an image for linux/${is_there}64 alone" \
        croze pull --platform "linux/${asked}64" "$at/demo/$is_there:v1"
    is "  is told before a layer comes" "$(blobs_of "/$is_there/")" 1
    does "  the image that is there comes" croze pull -q --platform "linux/${is_there}64" "$at/demo/$is_there:v1"
    peer one forget
    refuses 1 "the image is for linux/${is_there}64, and not for linux/${asked}64" "  the same when it is held" \
        croze pull --platform "linux/${asked}64" "$at/demo/$is_there:v1"
    is "  by one question" "$(peer one count)" 1
done
does "nobody asked for a platform" croze pull -q "$at/demo/arm:v1"

# --- bases for another machine ---

peer one forget
said='InvalidBaseImagePlatform: Base image [^ ]*/demo/arm:v1 was pulled with platform "linux/arm64", expected "linux/amd64" for current build'
echo "FROM $at/demo/arm:v1" | dockerfile "$T/on-arm"
does "a build on an image for another machine" build on-arm "$T/on-arm"
like "  warns" "$err" "$said .line 1."
is "  and its image is for that machine" "$(config on-arm '{{.Os}}/{{.Architecture}}')" linux/arm64
exits 10 "  --check finds it, too" croze build --check "$T/on-arm"
like "  in the same words" "$out" '^Base image [^ ]*/demo/arm:v1 was pulled with platform "linux/arm64"'
croze rmi "$at/demo/arm:v1" on-arm >/dev/null
does "  and where the base came with the build" build on-arm "$T/on-arm"
like "  it is known at the end" "$err" "$said .line 1."
run croze run on-arm
like "run warns, as docker does" "$err" "The requested image's platform .linux/arm64. does not match the detected host platform .linux/amd64."
echo "FROM base" | dockerfile "$T/on-own"
does "a base for this machine" build on-own "$T/on-own"
unlike "  is nothing to warn of" "$err" InvalidBase

# --- indexes in indexes ---

for depth in 2 3; do
    py "$here/evidence.py" "$T/deep$depth" nested $depth >/dev/null
    croze copy -q "oci:$T/deep$depth:v1" "$at/demo/deep:$depth" >/dev/null
done
does "an index in an index" croze pull -q "$at/demo/deep:2"
is "  is read as it was brought" "$(config "$at/demo/deep:2" '{{.Architecture}}')" amd64
refuses 1 'docker://.*: indexes in an index are nested deeper than 2 levels' "one deeper" croze pull -q "$at/demo/deep:3"

# --- names, transports, several at once ---

peer one forget
for text in containers-storage:base containers-storage:localhost/base ostree:x@/repo sif:x oci-layout:"$T/all" https://"$at"/demo/all; do
    refuses 2 'transport' "no transport here: $text" croze copy "$text" "oci:$T/x:1"
    for verb in pull push delete tags; do refuses 2 'transport' "  nor for $verb" croze $verb "$text"; done
done
for verb in pull push delete; do refuses 2 'copy. goes from and to places' "$verb is of registries" croze $verb "oci:$T/all:v1"; done
refuses 2 'goes to a file; .croze save' "an archive is no stream" croze copy "oci:$T/all:v1" oci-archive:-
refuses 2 'comes from a file; .croze load' "  nor comes from one" croze copy docker-archive:- "oci:$T/x:1"
is "  and nobody was asked" "$(peer one count)" 0
does "docker:// is understood by push" croze push -q "docker://$at/demo/arm:v1"
does "  by pull" croze pull -q "docker://$at/demo/arm:v1"
croze tag base "$at/demo/gone:1" && croze push -q "$at/demo/gone:1" >/dev/null
does "  and by delete" croze delete "docker://$at/demo/gone:1"
refuses 2 'say which tag' "delete reads all names first" croze delete "$at/demo/arm:v1" "$at/demo/amd"
does "  and has deleted nothing" croze pull -q "$at/demo/arm:v1"
croze rmi "$at/demo/amd:v1" "$at/demo/arm:v1" >/dev/null
run croze pull -q "$at/demo/amd:v1" "$at/demo/nothing:1" "$at/demo/arm:v1"
is "one that is not there does not keep the others away" "$code $out" "1 $at/demo/amd:v1
$at/demo/arm:v1"
like "  and is told" "$err" 'demo/nothing:1.*404'
does "push as podman: to another name" croze push base "docker://$at/demo/as:podman"
like "  says where" "$out" "^docker://$at/demo/as:podman: digest: $(digest_of base) size"
is "  it is there" "$(croze tags "$at/demo/as")" podman
does "  to a layout" croze push base "oci:$T/pushed:1"
is "  with that name" "$(croze tags "oci:$T/pushed")" 1
peer one forget
for images in "$at/demo/amd:v1 $at/demo/arm:v1" "-a $at/demo/amd"; do
    # shellcheck disable=SC2086 # words
    refuses 2 'digestfile is for one image' "--digestfile holds one digest: $images" croze push --digestfile "$T/digestfile" $images
done
refuses 2 'invalid' "push reads all names first" croze push "$at/demo/amd:v1" "$at/demo/NO:1"
is "  and has sent nothing" "$(peer one count)" 0
like "a copy says its tag" "$(croze copy "oci:$T/amd:v1" "docker://$at/demo/tagged" 2>&1)" "^docker://$at/demo/tagged:latest: copied"
refuses 3 '\[::1\]:1' "a registry by its IPv6 address" croze pull '[::1]:1/demo/x'

# --- two sides of a copy ---

peer_start two --auth basic --user ann:secret
here_at=127.0.0.1:$port there=127.1:$port # the same to the system; croze sees another machine, which must have TLS
does "--dest-tls-verify" croze copy -q --dest-creds ann:secret --dest-tls-verify=false "oci:$T/amd:v1" "$there/demo/amd:v1"
does "--src-tls-verify" croze copy -q --src-creds ann:secret --src-tls-verify=false "$there/demo/amd:v1" "oci:$T/came:v1"
refuses 3 'it may speak plain http' "each is for its side" croze copy -q --src-tls-verify=false --dest-creds ann:secret "$at/demo/amd:v1" "$there/demo/x:v1"
refuses 3 'it may speak plain http' "  the other way round, too" \
    croze copy -q --dest-tls-verify=false --src-creds ann:secret "$there/demo/amd:v1" "$at/demo/x:v1"
refuses 2 'cert-dir .*/nothing is no directory' "--src-cert-dir" croze copy --src-cert-dir "$T/nothing" "$at/demo/amd:v1" "$here_at/demo/x:v1"
refuses 2 'cert-dir .*/nothing is no directory' "--dest-cert-dir" croze copy --dest-cert-dir "$T/nothing" "$at/demo/amd:v1" "$here_at/demo/x:v1"
refuses 2 'dest-tls-verify is for a registry, and oci:.* is none' "a layout has no TLS" croze copy --dest-tls-verify=false "$at/demo/amd:v1" "oci:$T/x:1"
refuses 2 'dest-tls-verify takes true or false' "nor is there a third way" croze copy --dest-tls-verify=no-way "$at/demo/amd:v1" "$here_at/x:1"
refuses 2 'are for both' "one registry is spoken to in one way" \
    croze copy --src-tls-verify=false --dest-tls-verify "$at/demo/amd:v1" "$at/demo/x:1"
refuses 1 'as user "ann" from --src-creds.*or --src-creds may not have access' "who was refused, and where that comes from" \
    croze copy --src-creds ann:wrong "$here_at/demo/amd:v1" "oci:$T/x:1"
refuses 1 'as user "ann" from --dest-creds' "  on either side" croze copy --dest-creds ann:wrong "oci:$T/amd:v1" "$here_at/demo/amd:v2"
does "a mirror to a host alone, with credentials" croze copy --mirror --dest-creds ann:secret "$at/demo/amd:v1" "$here_at"

# --- a registry out of reach ---

for verb in "tags 127.0.0.1:1/x" "pull 127.0.0.1:1/x" "delete 127.0.0.1:1/x:1" "copy 127.0.0.1:1/x oci:$T/x:1" "copy oci:$T/amd:v1 127.0.0.1:1/x" \
    "copy --mirror 127.0.0.1:1/x 127.0.0.1:1" "push base docker://127.0.0.1:1/x:1"; do
    # shellcheck disable=SC2086 # words
    refuses 3 '127.0.0.1:1' "out of reach is 3: $verb" croze $verb
done
refuses 3 '2 of 2 images were not pulled' "all of a list" croze pull 127.0.0.1:1/x 127.0.0.1:1/y
refuses 1 '2 of 2 images were not pulled' "  but one of them is known to fail" croze pull 127.0.0.1:1/x "$at/demo/nothing:1"
refuses 3 '2 of 2 images were not copied' "the images of a mirror job" croze copy --mirror "$at/demo/a*:v1" 127.0.0.1:1
peer_faults one '{"fault": {"name": "status", "code": 403}, "match": {"operation": "tags.get", "path": "/demo/arm/"}}'
refuses 1 '1 of 1 images were not copied' "  but a list that is refused" croze copy --mirror "$at/demo/a*:v1" 127.0.0.1:1
peer_faults one
echo "FROM 127.0.0.1:1/x" | dockerfile "$T/unreached"
fails_build '127.0.0.1:1' "a build that fails for it has failed" "$T/unreached"

# --- what unpacks to something else ---

py "$here/evidence.py" "$T/lying" lying-diffids >/dev/null
croze copy -q "oci:$T/lying:v1" "$at/demo/lying:v1" >/dev/null
does "a pull does not inflate" croze pull -q "$at/demo/lying:v1"
refuses 1 'the uncompressed tar stream .diffID. is' "who reads it is told" croze pull --unpack "$at/demo/lying:v1"
unlike "  and nothing else is said" "$out" 'Digest|Status'
refuses 125 'the uncompressed tar stream .diffID. is' "  whoever it is" croze run --rm "$at/demo/lying:v1" true

# --- archives that do not end ---

for verb in "import -" load; do
    refuses 1 'the archive has ended, and more than 268435456 bytes came behind its end' "zeros without end: $verb" \
        sh -c "cat '$T/two.tar' /dev/zero | '$CROZE' $verb"
done

# --- registries.conf: what has no effect here ---

printf 'unqualified-search-registries = ["quay.io", "docker.io"]\n[[registry]]\nprefix = "docker.io"\nblocked = true\nlocatoin = "x"\n' >"$T/search.conf"
export CONTAINERS_REGISTRIES_CONF="$T/search.conf"
run croze pull nothing
like "a search list has no effect" "$err" 'search.conf: unqualified-search-registries has no effect: .* docker.io/library/nothing is asked for'
like "  nor has a key that nobody knows" "$err" 'search.conf: "locatoin" has no effect'
run croze tags "$at/demo/amd"
unlike "  which is said where it would have had one" "$err" 'unqualified'
done_testing
