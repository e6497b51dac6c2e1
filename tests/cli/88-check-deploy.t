#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze check of deployment files: compose and Kubernetes, twins of every rule, several files at once, what deploys nothing, what is no YAML.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

# twins RULE BAD GOOD: two names of images; found in the first, with nothing else, and nothing in the second
tested=''
twins() {
    tested="$tested $1"
    printf 'services:\n  web:\n    image: "%s"\n' "$2" >bad.yaml
    printf 'services:\n  web:\n    image: "%s"\n' "$3" >good.yml
    exits 10 "$1: found" croze check bad.yaml
    like "$1: ... where it stands" "$out" "^bad.yaml:3:13: [a-z]+: .* \\[$1\\]\$"
    does "$1: silent on the twin" croze check good.yml
    is "$1: ... which has nothing else" "$out" ''
}
digest=@sha256:$(printf %064d 0)
twins DeployStableTag wso2am:4.7.0.0 wso2am:4.7.0.12
twins DeployLatest wso2am:latest "wso2am:latest$digest"
# shellcheck disable=SC2016
twins DeployVariableImage 'wso2am:$TAG' 'wso2am:${TAG:-4.7.0.12}'
twins DeployInvalidImage 'WSO2 am:1' "registry:5000/wso2-apim/am$digest"
# rights RULE BAD GOOD: two members of a service; pods RULE BAD GOOD: of a container that says the rest
rights() {
    tested="$tested $1"
    printf 'services:\n  web: {image: a:1.2.3.20240131, %s}\n' "$2" >bad.yaml
    printf 'services:\n  web: {image: a:1.2.3.20240131, %s}\n' "$3" >good.yml
    exits 10 "$1: found" croze check bad.yaml
    like "$1: ... where it stands" "$out" "^bad.yaml:2:[0-9]+: [a-z]+: .* \\[$1\\]\$"
    does "$1: silent on the twin" croze check good.yml
    is "$1: ... which has nothing else" "$out" ''
}
rights DeployPrivileged 'privileged: true' 'privileged: false'
rights DeployHostNamespace 'network_mode: host' 'network_mode: bridge'
rights DeployEngineSocket 'volumes: ["/var/run/docker.sock:/x"]' 'volumes: ["/var/run/x:/x"]'
rights DeployCapability 'cap_add: [SYS_ADMIN]' 'cap_add: [NET_BIND_SERVICE]'
pods() {
    tested="$tested $1"
    printf 'kind: Pod\nspec: {containers: [{image: a:1.2.3.20240131, securityContext: {%s}}]}\n' "$2" >bad.yaml
    printf 'kind: Pod\nspec: {containers: [{image: a:1.2.3.20240131, securityContext: {%s}}]}\n' "$3" >good.yml
    exits 10 "$1: found" croze check bad.yaml
    like "$1: ... where it stands" "$out" "^bad.yaml:2:[0-9]+: [a-z]+: .* \\[$1\\]\$"
    does "$1: silent on the twin" croze check good.yml
    is "$1: ... which has nothing else" "$out" ''
}
pods DeployEscalation 'runAsNonRoot: true' 'runAsNonRoot: true, allowPrivilegeEscalation: false'
pods DeployMayRunAsRoot 'allowPrivilegeEscalation: false' 'runAsUser: 10001, allowPrivilegeEscalation: false'
printf 'services:\n  web:\n    image:\n' >null.yaml
exits 10 "an image without a name" croze check null.yaml
like "... is none" "$out" '^null.yaml:3:5: error: Image: there is no name \[DeployInvalidImage\]$'

is "every rule has twins" "$(croze check --rules --format json | sed -n 's/^{"id":"\(Deploy[A-Za-z]*\)".*/\1/p' | sort)" "$(printf '%s\n' $tested | sort)"

printf 'kind: Pod\nspec:\n  containers:\n  - image: a:1\n---\nkind: ConfigMap\ndata: {image: b}\n' >pod.yaml
printf 'FROM scratch\nMAINTAINER x\n' >Dockerfile
exits 10 "several files, of several kinds" croze check pod.yaml Dockerfile
like "... a pod" "$out" '^pod.yaml:4:12: warning: Image a:1 has a tag that moves with each update'
like "... a Dockerfile" "$out" '^Dockerfile:2:1: '
exits 10 "as SARIF" croze check --format sarif --ignore DeployEscalation,DeployMayRunAsRoot pod.yaml
is "... with its region" "$(printf '%s' "$out" | py -c 'import json, sys; print(json.load(sys.stdin)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"])')" \
    "{'startLine': 4, 'startColumn': 12, 'endLine': 4, 'endColumn': 15}"
printf 'kind: ConfigMap\ndata: {image: b}\n' >map.yaml
does "a file that deploys nothing" croze check map.yaml
like "... says so" "$out" 'map.yaml deploys no image'
printf 'services: [a\n' >no.yaml
refuses 2 'no.yaml:2:1: ' "no YAML" croze check no.yaml
py -c 'print("kind: x\na: " + "[" * 100000)' >deep.yaml
refuses 2 'depth' "a file that is nested too deep" croze check deep.yaml
py -c 'print("kind: x\na0: &a0 [x]"); [print("a%d: &a%d [%s]" % (i, i, ", ".join(["*a%d" % (i - 1)] * 10))) for i in range(1, 40)]' >bomb.yaml
does "aliases of aliases are not expanded" croze check bomb.yaml
printf 'services: {a: {image: "\033 x"}}\n' >raw.yaml
refuses 2 'no character that YAML may hold' "control characters in a file" croze check raw.yaml
printf 'services: {a: {image: "\\e[31m x"}}\n' >hostile.yaml
exits 10 "control characters in a name" croze check hostile.yaml
unlike "... do not reach the terminal" "$out" "$(printf '\033')"
printf 'services:\n  a:\n    build: .\n' >built.yaml
does "a service that is built there" croze check built.yaml
like "... is no image from elsewhere" "$out" 'deploys no image: it has no service \(compose\) but such as are built there'
printf 'a:\n  {{- if .x }}\n  b: c\n  {{- end }}\n' >template.yaml
refuses 2 'not valid YAML: .*filled in first' "a template of Helm's" croze check template.yaml
done_testing
