#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The peers of registry tests, before croze meets them: Debian's docker-registry with htpasswd and TLS and without, the fault-injecting registry
# (tests/peer/), and skopeo, oras and crane, where they are installed, as clients of both.
#   * an image goes from a layout into the one, from there into the other, and back: the bytes are the same
#   * docker-registry and its likeness say the same, step by step
#   * with tokens, with TLS, with redirects to another server, which gets no credentials; through random faults
#   * servers end when they are stopped, and when their shell is killed
. "$(dirname "$0")/lib.sh"
. "$here/../peer/lib.sh"

# An image with a layer that no single read takes; skopeo keeps its bytes.
head -c 3000000 /dev/urandom >"$T/random"
py - "$T" <<'PY'
import hashlib, json, os, sys
top = sys.argv[1]
os.makedirs(f"{top}/image/blobs/sha256")
def blob(data):
    name = hashlib.sha256(data).hexdigest()
    with open(f"{top}/image/blobs/sha256/{name}", "wb") as file:
        file.write(data)
    return {"digest": "sha256:" + name, "size": len(data)}
layer = open(f"{top}/random", "rb").read()
config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
kind = "application/vnd.oci.image."
manifest = json.dumps({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": {"mediaType": kind + "config.v1+json"} | blob(config),
                       "layers": [{"mediaType": kind + "layer.v1.tar"} | blob(layer)]}).encode()
entry = {"mediaType": kind + "manifest.v1+json", "annotations": {"org.opencontainers.image.ref.name": "v1"}} | blob(manifest)
open(f"{top}/image/index.json", "w").write(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
open(f"{top}/image/oci-layout", "w").write('{"imageLayoutVersion": "1.0.0"}')
PY
blobs() { (cd "$1/blobs/sha256" && sha256sum ./* | sort); }
want=$(blobs "$T/image")
mkdir "$T/certs"
peer_tls
cp "$tls/ca.crt" "$T/certs/ca.crt"
sk() { skopeo --insecure-policy copy -q --preserve-digests "$@"; }

peer_start fake --tls "$tls/server.pem" --auth bearer --user ann:secret --token-server
fake=localhost:$main/some/app:v1
like "the fault-injecting registry tells its ports" "$main $cdn $plain $token $control" '^([0-9]+ ){4}[0-9]+$'

if ! command -v skopeo >/dev/null; then
    skip "skopeo copies both ways" "skopeo is not installed (tools/install-deps test)"
else
    does "skopeo pushes to it, over TLS and with a token" sk --dest-cert-dir "$T/certs" --dest-creds ann:secret "oci:$T/image:v1" "docker://$fake"
    does "and pulls from it" sk --src-cert-dir "$T/certs" --src-creds ann:secret "docker://$fake" "oci:$T/back:v1"
    is "the same bytes" "$(blobs "$T/back")" "$want"
    peer fake forget
    peer_faults fake '{"fault": "redirect"}'
    does "it pulls what is elsewhere" sk --src-cert-dir "$T/certs" --src-creds ann:secret "docker://$fake" "oci:$T/away:v1"
    is "two blobs came from there" "$(peer fake count server=cdn status=200)" 2
    is "where no credentials went" "$(peer fake log server=cdn auth=:)" ""
    peer_faults fake '{"fault": "short-pages"}' '{"fault": ["chunked", "no-length", "relative-location", "location-query"], "probability": 0.7, "seed": 4}'
    does "it comes through odd but honest answers" sk --src-cert-dir "$T/certs" --src-creds ann:secret --dest-cert-dir "$T/certs" \
        --dest-creds ann:secret "docker://$fake" "docker://localhost:$main/other/app:v1"
    isnt "of which there were some" "$(peer fake count 'faults=[a-z]')" 0
    peer_faults fake
    does "the repository comes out as a layout" peer fake dump other/app "$T/dumped"
    is "with the same bytes" "$(blobs "$T/dumped")" "$want"
    exits 1 "skopeo is refused with a wrong password" sk --src-cert-dir "$T/certs" --src-creds ann:wrong "docker://$fake" "oci:$T/never:v1"
fi

if ! command -v skopeo >/dev/null; then
    skip "docker-registry" "skopeo is not installed (tools/install-deps test)"
elif ! docker_registry real tls auth; then
    skip "docker-registry with htpasswd and TLS" "$why"
else
    real=localhost:$port/some/app:v1
    does "from one registry into docker-registry with htpasswd and TLS" sk --src-cert-dir "$T/certs" --src-creds ann:secret \
        --dest-cert-dir "$T/certs" --dest-creds user:secret "docker://$fake" "docker://$real"
    does "and out of it" sk --src-cert-dir "$T/certs" --src-creds user:secret "docker://$real" "oci:$T/real:v1"
    is "the same bytes again" "$(blobs "$T/real")" "$want"
    exits 1 "which wants its password" sk --src-cert-dir "$T/certs" "docker://$real" "oci:$T/never:v1"
    docker_registry bare
    bare=$port
    peer_start twin --like distribution2
    py "$peers/transcript.py" "$bare" >"$T/said"
    py "$peers/transcript.py" "$main" >"$T/said.too"
    is "docker-registry and its likeness say the same to a client, step by step" "$(diff "$T/said" "$T/said.too")" ""
    is "in many steps" "$(grep -c . "$T/said")" 56
    does "skopeo pushes to one without password and TLS" sk --dest-tls-verify=false "oci:$T/image:v1" "docker://localhost:$bare/app:v1"
    is "which keeps its storage in the test's directory" "$(ls "$T/bare.d/storage/docker/registry/v2/repositories")" "$(printf 'a\napp\nc')"
    peer_stop bare
    exits 1 "and is gone when it is stopped" sk --src-tls-verify=false "docker://localhost:$bare/app:v1" "oci:$T/never:v1"
fi

peer_start open
peer open load a/b "$T/image"
for client in oras crane; do
    if ! command -v $client >/dev/null; then
        skip "$client pulls and pushes" "$client is not installed"
        continue
    fi
    case $client in
    oras) does "oras copies inside the registry" oras cp --from-plain-http --to-plain-http "localhost:$main/a/b:v1" "localhost:$main/oras:v1" ;;
    crane) does "crane copies inside the registry" crane cp --insecure "localhost:$main/a/b:v1" "localhost:$main/crane:v1" ;;
    esac
    does "$client's copy comes out" peer open dump $client "$T/$client"
    is "with the same bytes" "$(blobs "$T/$client")" "$want"
done

# --- their end ---

# A shell of its own, which is killed: its servers must be gone, though nobody stopped them.
run sh -c '. "$(dirname "$0")/lib.sh" && . "$here/../peer/lib.sh" && top=$1
    peer_start one
    docker_registry two
    cat "$T"/*.d/pid >"$top/pids"
    echo "$T" >"$top/left"
    kill -9 $$' "$here/66-peers.t" "$T"
is "a shell with servers is killed" "$code" 137
all_gone() { for pid in $(cat "$T/pids"); do ! kill -0 "$pid" 2>/dev/null || return 1; done; }
does "they end with it" until_true 300 all_gone
remove_all "$(cat "$T/left")"

done_testing
