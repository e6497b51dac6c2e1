#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Images between croze and the clients that people have, through Debian's docker-registry (README.md):
#   * what croze builds and pushes is pulled, run, told and kept by docker, podman, skopeo, crane, oras and umoci: digests of configuration and layers are equal
#   * what they push, croze pulls: byte-equal with what the registry serves, and it runs, and goes on to docker and podman by `save`
#   * artifacts of oras; a dockerd's images both ways
. "$(dirname "$0")/lib.sh"

if ! docker_registry hub; then
    skip "images between croze and the other clients" "$why"
    done_testing
fi
at=127.0.0.1:$port
import_base base
case $(uname -m) in
x86_64) machine=amd64 foreign=arm64 ;;
*) machine=arm64 foreign=amd64 ;;
esac
dockers=
# shellcheck disable=SC2086 # words
docker_forgets() { [ -z "$dockers" ] || docker rmi -f $dockers >/dev/null 2>&1; }
trap 'status=$?; docker_forgets; (exit $status); peer_stop_all; cleanup' EXIT

# --- what croze pushes ---

# What this dockerd calls an image: the digest of its configuration, or, if containerd keeps its images, the digest that the registry has.
docker_id() {
    case $(docker info -f '{{.DriverStatus}}' 2>/dev/null) in
    *io.containerd.snapshotter*) echo "$digest" ;;
    *) echo "$config_digest" ;;
    esac
}

# What every image here prints: its kind, what RUN made, and what is left of a directory that RUN removed a file from.
image_context() {
    dockerfile "$T/context-$1" <<'FILE'
FROM base
COPY kind /kind
RUN echo ran >/ran && rm /opt/lower/file && rm -r /opt/lower/dir
CMD ["/bin/sh", "-c", "cat /kind /ran; ls /opt/lower"]
FILE
    echo "$1" >"$T/context-$1/kind"
}
says() { echo "$1 ran hard symlink"; }

push_kind() {
    push_kind=$1
    shift
    image_context "$push_kind"
    does "croze pushes $push_kind" croze build -q -o "type=registry,name=$at/out/$push_kind:1${1:+,$1}" "$T/context-$push_kind"
}
push_kind gzip
push_kind zstd compression=zstd,force-compression=true
push_kind docker oci-mediatypes=false

# Two platforms: what croze built, and the same for another machine, joined in a layout by hand.
image_context index
croze build -q -o "type=oci,tar=false,dest=$T/joined,name=joined:mine" "$T/context-index" >/dev/null
py - "$T/joined" $foreign <<'FILE'
import hashlib, json, sys
top, kind = sys.argv[1], "application/vnd.oci.image."
listing = json.load(open(f"{top}/index.json"))
def read(descriptor):
    return json.load(open(f"{top}/blobs/sha256/{descriptor['digest'][7:]}"))
def put(document, part):
    data = json.dumps(document).encode()
    name = hashlib.sha256(data).hexdigest()
    open(f"{top}/blobs/sha256/{name}", "wb").write(data)
    return {"mediaType": kind + part, "digest": "sha256:" + name, "size": len(data)}
mine = {key: listing["manifests"][0][key] for key in ("mediaType", "digest", "size")}
image = read(mine)
config = read(image["config"])
theirs = put(dict(image, config=put(dict(config, architecture=sys.argv[2]), "config.v1+json")), "manifest.v1+json")
children = [dict(child, platform={"os": "linux", "architecture": name}) for child, name in ((mine, config["architecture"]), (theirs, sys.argv[2]))]
root = put({"schemaVersion": 2, "mediaType": kind + "index.v1+json", "manifests": children}, "index.v1+json")
root["annotations"] = {"org.opencontainers.image.ref.name": "both"}
json.dump(dict(listing, manifests=listing["manifests"] + [root]), open(f"{top}/index.json", "w"))
FILE
does "croze copies index" croze copy "oci:$T/joined:both" "docker://$at/out/index:1"
is "  of two images" "$(contents "http://$at/out/index" 1 | grep -c '^config')" 2
is "  all of it" "$(contents "http://$at/out/index" 1)" "$(contents "$T/joined" both)"

# Sets, of an image that is served: $served (all of it), $digest, and of this machine's image $manifest, $config_digest and $diffs.
look_at() {
    served=$(contents "http://$at/$1" "$2")
    digest=$(printf '%s\n' "$served" | of_kind manifest | head -1)
    manifest=$digest
    [ "$1" != out/index ] || manifest=$(contents "$T/joined" joined:mine | of_kind manifest)
    config_digest=$(contents "http://$at/$1" "$manifest" | of_kind config)
    diffs=$(py -c 'import sys, urllib.request; sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1]).read())' "http://$at/v2/$1/blobs/$config_digest" | diff_ids)
}

read_by_docker() {
    have docker || { skip "docker pulls $kind" "$why"; return; }
    dockers="$dockers $name"
    does "docker pulls $kind" docker pull -q "$name"
    is "  ID" "$(docker inspect -f '{{.Id}}' "$name")" "$(docker_id)"
    is "  layers" "$(docker inspect -f '{{json .RootFS.Layers}}' "$name")" "$diffs"
    is "  digest" "$(docker inspect -f '{{index .RepoDigests 0}}' "$name")" "${name%:*}@$digest"
    does "  runs it" docker run --rm --network host "$name"
    is "  which prints what it should" "$(one_line "$out")" "$(says "$kind")"
}

read_by_podman() {
    have podman || { skip "podman pulls $kind" "$why"; return; }
    does "podman pulls $kind" podman pull -q --tls-verify=false "$name"
    is "  configuration and layers" "sha256:$(podman image inspect -f '{{.Id}} {{json .RootFS.Layers}}' "$name")" "$config_digest $diffs"
    like "  digest" "$(podman image inspect -f '{{.Digest}} {{.RepoDigests}}' "$name")" "$digest"
    does "  runs it" podman run --rm --network host "$name"
    is "  which prints what it should" "$(one_line "$out")" "$(says "$kind")"
}

read_by_skopeo() {
    have skopeo || { skip "skopeo reads $kind" "$why"; return; }
    is "skopeo reads $kind's manifest" "$(skopeo inspect --raw "docker://$name" | sha256_of)" "$digest"
    does "  tells it" skopeo inspect "docker://$name"
    does "  copies it to a layout" skopeo copy --all --preserve-digests "docker://$name" "oci:$T/skopeo:$kind"
    is "  byte-equal" "$(contents "$T/skopeo" "$kind")" "$served"
    if knows skopeo "$kind"; then
        does "  copies it to an archive of docker's" skopeo copy "docker://$name" "docker-archive:$T/skopeo-$kind.tar:$name"
        is "  with configuration and layers" "$(contents "$T/skopeo-$kind.tar" | sed 's/.* //' | tr '\n' ' ')" "$config_digest $(echo "$diffs" | tr -d '[]"' | tr , ' ') "
    else
        skip "  copies it to an archive of docker's" "$why"
    fi
    if have umoci && knows umoci "$kind"; then
        does "umoci unpacks $kind" skopeo copy --format oci "docker://$name" "oci:$T/umoci:$kind"
        does "  from a layout of skopeo's" umoci unpack --image "$T/umoci:$kind" "$T/umoci-$kind"
        is "  to the same files" "$(one_line "$(cd "$T/umoci-$kind/rootfs" && cat kind ran && ls opt/lower)")" "$(says "$kind")"
    else
        skip "umoci unpacks $kind" "$why"
    fi
}

read_by_crane() {
    have crane || { skip "crane reads $kind" "$why"; return; }
    is "crane tells $kind's digest" "$(crane digest "$name")" "$digest"
    is "  its manifest" "$(crane manifest "$name" | sha256_of)" "$digest"
    [ "$kind" != index ] || is "  that of another platform" "$(crane digest --platform linux/$foreign "$name")" "$(printf '%s\n' "$served" | of_kind manifest | tail -1)"
    is "  its configuration" "$(crane config --platform linux/$machine "$name" | sha256_of)" "$config_digest"
    if [ "$kind" = zstd ]; then
        does "  finds it valid" crane validate --fast --remote "$name"
        skip "  and its layers" "crane validate reads gzip alone, and says \"gzip: invalid header\" of zstd that skopeo made, too"
    else
        does "  finds it valid" crane validate --remote "$name"
    fi
    does "  pulls it as a layout" crane pull --format oci "$name" "$T/crane-$kind"
    is "  byte-equal" "$(contents "$T/crane-$kind" "$digest")" "$served"
    does "  pulls it as an archive" crane pull --platform linux/$machine "$name" "$T/crane-$kind.tar"
    is "  with configuration" "$(contents "$T/crane-$kind.tar" | of_kind config)" "$config_digest"
}

read_by_oras() {
    have oras || { skip "oras reads $kind" "$why"; return; }
    is "oras fetches $kind's manifest" "$(oras manifest fetch --plain-http "$name" | sha256_of)" "$digest"
    does "  copies it to a layout" oras copy --from-plain-http --to-oci-layout "$name" "$T/oras:$kind"
    is "  byte-equal" "$(contents "$T/oras" "$kind")" "$served"
}

for kind in gzip zstd docker index; do
    name=$at/out/$kind:1
    look_at "out/$kind" 1
    for reader in docker podman skopeo crane oras; do
        read_by_$reader
    done
done

# --- what they push ---

# croze_reads REPOSITORY TAG WHO: as a machine that has nothing yet. WHO is what the image prints first.
croze_reads() {
    reads=$at/$1:$2
    remove_all "$T/fresh"
    export CROZE_ROOT="$T/fresh"
    all=$(contents "http://$at/$1" "$2")
    served=$(contents "http://$at/$1" "$2" linux/$machine)
    digest=$(printf '%s\n' "$served" | of_kind manifest | head -1)
    does "croze pulls it" croze pull -q "$reads"
    is "  with the digest that the registry serves" "$(digest_of "$reads")" "$digest"
    is "  byte-equal" "$(contents "$CROZE_ROOT" "$digest" linux/$machine)" "$served"
    does "  the store is sound" croze fsck --deep
    does "  runs it" croze run --rm --pull=never "$reads"
    is "  which prints what it should" "$(one_line "$out")" "$3"
    does "  copies it on" croze copy -q "docker://$reads" "docker://$at/again/$1:$2"
    is "  byte-equal" "$(contents "http://$at/again/$1" "$2")" "$all"
    croze tag "$reads" "localhost/$1:saved" && croze save -o "$T/saved.tar" "localhost/$1:saved"
    if have docker; then
        dockers="$dockers localhost/$1:saved"
        docker rmi -f "localhost/$1:saved" >/dev/null 2>&1 # the last one would stay without a name
        does "  docker loads what croze saves" docker load -q -i "$T/saved.tar"
        is "  and runs it" "$(one_line "$(docker run --rm --network host "localhost/$1:saved" 2>&1)")" "$3"
    else
        skip "  docker loads what croze saves" "$why"
    fi
    if have podman; then
        does "  podman loads it" podman load -q -i "$T/saved.tar"
        is "  and runs it" "$(one_line "$(podman run --rm --network host "localhost/$1:saved" 2>&1)")" "$3"
    else
        skip "  podman loads it" "$why"
    fi
    export CROZE_ROOT="$T/store"
}

if have docker; then
    printf 'FROM %s\nRUN echo docker >/kind\n' "$at/out/gzip:1" | dockerfile "$T/docker"
    dockers="$dockers $at/in/docker:1 $at/in/docker:classic"
    does "docker builds and pushes" docker build -q --network host -t "$at/in/docker:1" "$T/docker"
    does "  pushes" docker push -q "$at/in/docker:1"
    croze_reads in/docker 1 "$(says docker)"
    does "docker commits" docker run --name croze-interop-$$ --network host "$at/out/gzip:1" sh -c 'echo committed >/kind'
    does "  an image" docker commit -c 'CMD ["/bin/sh", "-c", "cat /kind"]' croze-interop-$$ "$at/in/docker:classic"
    docker rm croze-interop-$$ >/dev/null
    does "  pushes" docker push -q "$at/in/docker:classic"
    croze_reads in/docker classic committed
else
    skip "docker pushes" "$why"
fi

if have podman; then
    podman run --name made --network host "$at/out/gzip:1" sh -c 'echo podman >/kind' >/dev/null 2>&1
    does "podman commits" podman commit -q -f oci -c 'CMD ["/bin/sh", "-c", "cat /kind"]' made "$at/in/podman:1"
    for how in gzip zstd zstd:chunked; do
        tag=$(echo $how | tr : -)
        does "podman pushes $how" podman push -q --tls-verify=false --compression-format $how --force-compression "$at/in/podman:1" "docker://$at/in/podman:$tag"
        croze_reads in/podman "$tag" podman
    done
    does "podman pushes docker's types" podman push -q --tls-verify=false --format v2s2 "$at/in/podman:1" "docker://$at/in/podman:v2s2"
    croze_reads in/podman v2s2 podman
else
    skip "podman pushes" "$why"
fi

croze copy -q "docker://$at/out/gzip:1" "oci:$T/layout:gzip" >/dev/null
if have skopeo; then
    does "skopeo pushes a layout of croze's" skopeo copy --preserve-digests "oci:$T/layout:gzip" "docker://$at/in/skopeo:1"
    croze_reads in/skopeo 1 "$(says gzip)"
    does "skopeo pushes docker's types" skopeo copy --format v2s2 "oci:$T/layout:gzip" "docker://$at/in/skopeo:v2s2"
    croze_reads in/skopeo v2s2 "$(says gzip)"
    if knows skopeo zstd; then
        does "skopeo pushes zstd" skopeo copy --dest-compress-format zstd --dest-force-compress-format "oci:$T/layout:gzip" "docker://$at/in/skopeo:zstd"
        croze_reads in/skopeo zstd "$(says gzip)"
    else
        skip "skopeo pushes zstd" "$why"
    fi
else
    skip "skopeo pushes" "$why"
fi

if have crane; then
    mkdir "$T/more" && echo crane >"$T/more/kind" && tar -C "$T/more" -cf "$T/more.tar" kind
    does "crane appends and pushes" crane append -b "$at/out/gzip:1" -f "$T/more.tar" -t "$at/in/crane:1"
    croze_reads in/crane 1 "$(says crane)"
    croze copy -q "docker://$at/out/gzip:1" "docker-archive:$T/crane.tar:crane:1" >/dev/null
    does "crane pushes an archive of croze's" crane push "$T/crane.tar" "$at/in/crane:archive"
    croze_reads in/crane archive "$(says gzip)"
    does "crane pushes a layout of croze's" crane push "$T/layout" "$at/in/crane:layout"
    croze_reads in/crane layout "$(says gzip)"
    does "crane mutates and pushes" crane mutate --cmd /bin/cat,/kind -t "$at/in/crane:mutated" "$at/out/docker:1"
    croze_reads in/crane mutated docker
else
    skip "crane pushes" "$why"
fi

if have oras; then
    does "oras pushes an image of croze's" oras copy --from-oci-layout --to-plain-http "$T/layout:gzip" "$at/in/oras:1"
    croze_reads in/oras 1 "$(says gzip)"
else
    skip "oras pushes" "$why"
fi

if have umoci; then
    does "umoci configures a layout of croze's" umoci config --image "$T/layout:gzip" --tag changed --config.cmd cat --config.cmd /kind
    does "  croze pushes it" croze copy "oci:$T/layout:changed" "docker://$at/in/umoci:1"
    croze_reads in/umoci 1 gzip
else
    skip "umoci's images" "$why"
fi

# --- artifacts ---

if have oras; then
    mkdir "$T/artifact" && echo '{"a": 1}' >"$T/artifact/report.json"
    does "oras pushes an artifact" client sh -c 'cd "$1" && oras push --plain-http --artifact-type application/vnd.example.report "$2" report.json' sh "$T/artifact" "$at/in/artifact:1"
    does "  croze copies it" croze copy "docker://$at/in/artifact:1" "oci:$T/artifacts:1"
    does "  and back" croze copy "oci:$T/artifacts:1" "docker://$at/out/artifact:1"
    is "  byte-equal" "$(contents "http://$at/out/artifact" 1)" "$(contents "http://$at/in/artifact" 1)"
    does "oras pulls it" oras pull --plain-http -o "$T/pulled" "$at/out/artifact:1"
    is "  the same file" "$(cat "$T/pulled/report.json")" '{"a": 1}'
    run croze pull "$at/in/artifact:1"
    isnt "croze pull takes it for no image" "$code" 0
else
    skip "artifacts" "$why"
fi

# --- a dockerd ---

if have docker && [ -S "$(printf %s "${DOCKER_HOST:-unix:///var/run/docker.sock}" | sed 's,^unix://,,')" ]; then
    dockers="$dockers croze/to-daemon:1 croze/from-daemon:1"
    for kind in gzip zstd docker; do
        look_at "out/$kind" 1
        docker rmi -f croze/to-daemon:1 >/dev/null 2>&1
        does "croze copies $kind into a dockerd" croze copy "docker://$at/out/$kind:1" docker-daemon:croze/to-daemon:1
        is "  ID" "$(docker inspect -f '{{.Id}}' croze/to-daemon:1)" "$(docker_id)"
        is "  layers" "$(docker inspect -f '{{json .RootFS.Layers}}' croze/to-daemon:1)" "$diffs"
        is "  which runs" "$(one_line "$(docker run --rm --network host croze/to-daemon:1 2>&1)")" "$(says "$kind")"
        remove_all "$T/fresh"
        does "  and out of it" env CROZE_ROOT="$T/fresh" "$CROZE" copy docker-daemon:croze/to-daemon:1 store:daemon:1
        is "  with configuration" "$(CROZE_ROOT=$T/fresh croze inspect -f '{{.Id}}' daemon:1)" "$config_digest"
        is "  which runs" "$(one_line "$(CROZE_ROOT=$T/fresh croze run --rm daemon:1)")" "$(says "$kind")"
        does "  to a registry" croze copy docker-daemon:croze/to-daemon:1 "docker://$at/out/daemon-$kind:1"
        is "  configuration" "$(contents "http://$at/out/daemon-$kind" 1 | of_kind config)" "$config_digest"
    done
    refuses 1 'croze/nothing' "an image that the dockerd has not" croze copy docker-daemon:croze/nothing:1 "oci:$T/nothing:1"
else
    skip "a dockerd's images" "no dockerd's socket is at ${DOCKER_HOST:-/var/run/docker.sock} (DOCKER_HOST=unix://PATH)"
fi
done_testing
