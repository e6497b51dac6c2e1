#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What cosign and oras say about an image survives `croze copy`, where `crane cp` loses it:
#   * signatures and attestations in cosign's old form (tags sha256-<hex>.sig and .att) and new form (bundles that are referrers), SBOMs attached by oras, and what
#     is attached to those
#   * in registries that have the referrers' API and in those that have not (the fallback tag), and from each kind to each; in another repository; through layouts,
#     archives, directories and the store
#   * of an index, and of the images in it
. "$(dirname "$0")/lib.sh"

for client in cosign oras; do
    have $client || { skip "evidence" "$why"; done_testing; }
done
docker_registry old || { skip "evidence" "$why"; done_testing; }
old=127.0.0.1:$port
docker_registry other
other=127.0.0.1:$port
peer_start api
api=127.0.0.1:$main

import_base base
does "cosign makes a key" cosign generate-key-pair --output-key-prefix "$T/key"
does "  and a configuration that names no services" cosign signing-config create --out "$T/services"
echo '{"buildDefinition": {"buildType": "test", "externalParameters": {}}, "runDetails": {"builder": {"id": "test"}}}' >"$T/predicate"
mkdir "$T/files" && echo '{"spdxVersion": "SPDX-2.3"}' >"$T/files/sbom.json" && echo reviewed >"$T/files/review.txt"

# --- the clients' side ---

# cosign_form FORM VERB ARGUMENTS: sign or attest.
cosign_form() {
    form=$1 verb=$2
    shift 2
    case $form in
    old) cosign "$verb" --key "$T/key.key" --yes --allow-http-registry --new-bundle-format=false --use-signing-config=false --tlog-upload=false "$@" ;;
    new) cosign "$verb" --key "$T/key.key" --yes --allow-http-registry --signing-config "$T/services" "$@" ;;
    esac
}
verify() { cosign verify --key "$T/key.pub" --insecure-ignore-tlog=true --allow-http-registry "$1"; }
verify_attestation() { cosign verify-attestation --type slsaprovenance1 --key "$T/key.pub" --insecure-ignore-tlog=true --allow-http-registry "$1"; }
attach() { client sh -c 'cd "$1" && shift && oras attach --plain-http "$@"' sh "$T/files" "$@"; }
discover() { oras discover --format json "$@"; }
referrer() { discover --plain-http --artifact-type "$2" "$1" | grep -o '"digest": *"sha256:[0-9a-f]*"' | grep -o 'sha256:[0-9a-f]*' | tail -1; }

# An image with evidence of a form at a registry: signed FORM HOST.
signed() {
    echo "$1 $2" >"$T/text"
    dockerfile "$T/context" <<'FILE'
FROM base
COPY text /text
FILE
    cp "$T/text" "$T/context/text"
    image=$2/signed/$1:1
    does "an image for the $1 form, in $3" croze build -q -o "type=registry,name=$image" "$T/context"
    digest=$(contents "http://$2/signed/$1" 1 | of_kind manifest)
    by_digest=${image%:1}@$digest
    does "  cosign signs it" cosign_form "$1" sign "$by_digest"
    does "  cosign attests" cosign_form "$1" attest --type slsaprovenance1 --predicate "$T/predicate" "$by_digest"
    does "  oras attaches" attach --artifact-type application/spdx+json "$by_digest" sbom.json:application/spdx+json
    does "  and to that" attach --artifact-type application/vnd.example.review "${image%:1}@$(referrer "$image" application/spdx+json)" review.txt
    holds "$image"
}

# holds IMAGE: all of it is there and true, as the clients see it.
holds() {
    does "  cosign verifies the signature" verify "$1"
    does "  and the attestation" verify_attestation "$1"
    run discover --plain-http "$1"
    like "  oras discovers the SBOM" "$out" 'application/spdx\+json'
    like "  and what is attached to that" "$out" 'application/vnd.example.review'
    remove_all "$T/sbom"
    does "  and pulls it" oras pull --plain-http -o "$T/sbom" "${1%:*}@$(referrer "$1" application/spdx+json)"
    is "  the same" "$(cat "$T/sbom/sbom.json")" "$(cat "$T/files/sbom.json")"
}

# goes FROM TO WHAT: by croze.
goes() {
    does "croze copy $3" croze copy "docker://$1" "docker://$2"
    is "  the same digest" "$out" "$digest"
    holds "$2"
}

# --- image by image ---

for form in old new; do
    for at in $old $api; do
        kind="a registry without referrers' API"
        [ "$at" = "$old" ] || kind="a registry with it"
        signed $form "$at" "$kind"
        from="from $kind, $form form,"
        goes "$image" "$at/elsewhere/$form:1" "$from to another repository"
        goes "$image" "$other/$form/${at##*:}:2" "$from to a registry without"
        goes "$image" "$api/other/$form-${at##*:}:1" "$from to one with it"
        for way in oci:layout oci-archive:file.tar dir:dir store:kept; do
            there=${way%%:*}:$T/${way##*:}-$form-${at##*:}
            case $way in
            oci*) there=$there:1 ;;
            store*) there=store:kept-$form-${at##*:}:1 ;;
            esac
            does "croze copy $from to $way" croze copy "docker://$image" "$there"
            goes_back=$other/back-${way%%:*}/$form-${at##*:}:1
            does "  and to a registry" croze copy "$there" "docker://$goes_back"
            holds "$goes_back"
        done
        like "oras discovers it in the layout" "$(discover --oci-layout "$T/layout-$form-${at##*:}:1")" 'application/spdx\+json'

        if have crane; then
            lost=$other/lost/$form-${at##*:}:1
            does "crane cp $from to a registry without" crane cp "$image" "$lost"
            is "  has the same digest" "$(contents "http://${lost%:1}" 1 | of_kind manifest)" "$digest"
            run verify "$lost"
            isnt "  but cosign finds no signature" "$code" 0
            run verify_attestation "$lost"
            isnt "  no attestation" "$code" 0
            unlike "  and oras no SBOM" "$(discover --plain-http "$lost" 2>&1)" 'spdx'
            does "croze copy to the same place mends that" croze copy "docker://$image" "docker://$lost"
            holds "$lost"
        else
            skip "crane cp loses what croze copy keeps" "$why"
        fi
    done
done

# --- a policy that wants signatures ---

# skopeo and podman read the old form; the signature names where it was made.
wanted() {
    client skopeo --policy "$T/policy" --registries.d "$T/registries.d" copy -q --remove-signatures --src-tls-verify=false "docker://$1" "oci:$T/wanted:$2"
}
if have skopeo; then
    mkdir "$T/registries.d"
    printf 'docker:\n  %s:\n    use-sigstore-attachments: true\n' "$other" >"$T/registries.d/other.yaml"
    cat >"$T/policy" <<FILE
{"default": [{"type": "reject"}], "transports": {"docker": {"$other": [{"type": "sigstoreSigned", "keyPath": "$T/key.pub",
    "signedIdentity": {"type": "exactRepository", "dockerRepository": "$old/signed/old"}}]}}}
FILE
    does "skopeo's policy takes what croze copied with its signature" wanted "$other/old/${old##*:}:2" kept
    croze copy -q --no-evidence "docker://$old/signed/old:1" "docker://$other/bare:1" >/dev/null
    run wanted "$other/bare:1" lost
    like "  and refuses what has none" "$code $err" '^[1-9].*[Ss]ignature'
else
    skip "skopeo's policy takes what croze copied with its signature" "$why"
fi

# --- two parties ---

does "a second key" cosign generate-key-pair --output-key-prefix "$T/second"
for form in old new; do
    signed $form "$old" "a registry that another party copies from"
    at=$other/two/$form:1
    does "what is copied" croze copy "docker://$image" "docker://$at"
    does "  is signed by another party there" cosign_form $form sign --key "$T/second.key" "${at%:1}@$digest"
    does "  and copied again" croze copy "docker://$image" "docker://$at"
    like "  which has nothing to do" "$err" 'everything is there already'
    does "cosign adds to it at the source" cosign_form $form sign --annotations a=b "${image%:1}@$digest"
    does "  which is copied, too" croze copy "docker://$image" "docker://$at"
    does "  cosign verifies the other party's" cosign verify --key "$T/second.pub" --insecure-ignore-tlog=true --allow-http-registry "$at"
    does "  that of the source" verify "$at"
    does "  and what was added" cosign verify --annotations a=b --key "$T/key.pub" --insecure-ignore-tlog=true --allow-http-registry "$at"
done

# --- an index, signed with all that is in it ---

digest=$(py "$here/evidence.py" "$T/index")
for form in old new; do
    case $form in old) at=$old ;; new) at=$api ;; esac
    croze copy -q --no-evidence "oci:$T/index:v1" "docker://$at/index/$form:1" >/dev/null
    child=$(contents "http://$at/index/$form" 1 | of_kind manifest | sed -n 2p)
    does "cosign signs an index and what is in it, $form form" cosign_form $form sign --recursive "$at/index/$form@$digest"
    does "  croze copies it" croze copy "docker://$at/index/$form:1" "docker://$other/index/$form:1"
    does "  cosign verifies the index" verify "$other/index/$form:1"
    does "  and an image of it" verify "$other/index/$form@$child"
done
done_testing
