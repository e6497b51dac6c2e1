#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# images, inspect, history, tag, rmi:
#   * tables and JSON lines; --digests, -q, --no-trunc; names, patterns and filters; order
#   * inspect as JSON and by templates; several images; IDs, prefixes, name@digest
#   * tag over another image; rmi by name and ID, of several names, -f; what is gone and what is not
. "$(dirname "$0")/lib.sh"

does "images of an empty store" croze images
like "... only the head" "$out" '^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$'
does "... as JSON: nothing" croze images --format json
is "... at all" "$out" ""

import_base base:1
c=$T/context
printf 'FROM base:1\nENV A=1\nLABEL l="a b"\nEXPOSE 80\nRUN echo x >/x\nCMD ["sh"]\n' | dockerfile "$c"
build demo/product:1.0 "$c" -t demo/product:latest 2>/dev/null
id=$(config demo/product '{{.Id}}')
digest=$(digest_of demo/product)

does "images" croze images
is "... the newest first, names in order" "$(printf '%s\n' "$out" | awk 'NR > 1 {print $1 ":" $2, $3}')" "demo/product:1.0 $(echo "$id" | cut -c8-19)
demo/product:latest $(echo "$id" | cut -c8-19)
base:1 $(config base:1 '{{.Id}}' | cut -c8-19)"
like "--digests" "$(croze images --digests)" "demo/product +1.0 +$digest"
like "--no-trunc" "$(croze images --no-trunc)" "demo/product +1.0 +$id"
is "-q: each once" "$(croze images -q | wc -l)" 2
is "a name" "$(croze images -q demo/product) $(croze images -q --no-trunc base:1)" "$(echo "$id" | cut -c8-19) $(config base:1 '{{.Id}}')"
is "a name that nothing has" "$(croze images -q nothing)" ""
is "JSON: an object a line" "$(croze images --format json | py -c '
import json, sys
for line in sys.stdin:
    o = json.loads(line)
    print(sorted(o), o["Repository"], o["Tag"], o["Digest"][:7], o["ID"][:7], o["CreatedAt"][10], o["Size"] > 0)')" \
    "['CreatedAt', 'Digest', 'ID', 'Repository', 'Size', 'Tag'] demo/product 1.0 sha256: sha256: T True
['CreatedAt', 'Digest', 'ID', 'Repository', 'Size', 'Tag'] demo/product latest sha256: sha256: T True
['CreatedAt', 'Digest', 'ID', 'Repository', 'Size', 'Tag'] base 1 sha256: sha256: T True"

# --- patterns and filters ---
list() { croze images --format json "$@" | py -c 'import json, sys; print(*(o["Repository"] + ":" + o["Tag"] for o in map(json.loads, sys.stdin)))'; }
does "a name that nothing has" croze images nothing
like "... only the head" "$out" '^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$'
is "... of one line" "$(printf '%s\n' "$out" | wc -l)" 1
is "a pattern" "$(list 'demo/*')" "demo/product:1.0 demo/product:latest"
is "... with a tag" "$(list 'demo/*:1.?')" "demo/product:1.0"
is "... stops at a slash" "$(list '*')" "base:1"
is "... also in a range" "$(list '[a-c]ase')" "base:1"
refuses 2 'invalid image pattern' "half a range" croze images '[a-'
is "--filter reference=" "$(list --filter reference='*/product')" "demo/product:1.0 demo/product:latest"
is "... any of several" "$(list -f reference='*/*:latest' -f reference=base)" "demo/product:latest base:1"
is "--filter label=KEY" "$(list --filter label=l)" "demo/product:1.0 demo/product:latest"
is "... KEY=VALUE" "$(list --filter 'label=l=a b') | $(list --filter label=l=a)" "demo/product:1.0 demo/product:latest | "
is "... all of several" "$(list --filter label=l --filter label=m)" ""
is "... and a name" "$(list --filter label=l 'demo/*:latest')" "demo/product:latest"
is "--filter dangling=false" "$(list --filter dangling=false)" "demo/product:1.0 demo/product:latest base:1"
is "--filter dangling=true" "$(list --filter dangling=true)" ""
printf 'FROM base:1\nLABEL none=1\n' >"$c/unnamed"
croze build -q -f "$c/unnamed" "$c" >"$T/unnamed" 2>/dev/null
is "... an image without a name" "$(list --filter dangling=true) $(croze images -q --no-trunc -f dangling=1)" "<none>:<none> $(cat "$T/unnamed")"
is "... and others" "$(list --filter dangling=false --filter label=none)" ""
croze rmi "$(cat "$T/unnamed")" >/dev/null
refuses 2 'dangling=maybe' "dangling that is neither" croze images --filter dangling=maybe
refuses 2 'before=' "a filter that there is not, by name" croze images --filter before=base:1
refuses 2 'KEY=VALUE' "a filter without a value" croze images --filter dangling

# --- inspect ---
is "inspect: JSON like docker's" "$(croze inspect demo/product base:1 | py -c '
import json, sys
a, b = json.load(sys.stdin)
print(a["RepoTags"], a["RepoDigests"][0].split("@")[0], a["Config"]["Env"][-1], a["Config"]["Labels"], a["Architecture"] == b["Architecture"], a["Os"],
      len(a["RootFS"]["Layers"]), a["RootFS"]["Layers"][0] == b["RootFS"]["Layers"][0], a["Size"] > b["Size"])')" \
    "['demo/product:1.0', 'demo/product:latest'] demo/product A=1 {'l': 'a b'} True linux 2 True True"
is "-f: fields, json, index, len, range, if" \
    "$(croze inspect -f '{{.Config.Labels.l}}|{{json .Config.Cmd}}|{{index .Config.Env 1}}|{{index .Config.Labels "l"}}|{{len .RootFS.Layers}}|{{range .RepoTags}}{{.}} {{end}}|{{if .Config.User}}yes{{else}}no{{end}}' demo/product)" \
    'a b|["sh"]|A=1|a b|2|demo/product:1.0 demo/product:latest |no'
is "... join, println" "$(croze inspect -f '{{join .RepoTags ","}} {{println .Architecture}}{{- .Os}}' demo/product)" "demo/product:1.0,demo/product:latest $(
    croze inspect -f '{{.Architecture}}' base:1)
linux"
is "... members of Config that the image does not set" "$(croze inspect -f '{{.Config.User}}|{{json .Config.Entrypoint}}|{{range .Config.Volumes}}x{{end}}' demo/product)" '|null|'
is "... labels that there are not, a healthcheck that is none" "$(croze inspect -f '{{index .Config.Labels "none"}}|{{.Config.Labels.none}}|{{with .Config.Healthcheck}}{{.Test}}{{else}}none{{end}}' demo/product)" '|<no value>|none'
is "... with, variables, pipes, printf" "$(croze inspect -f '{{range $k, $v := .Config.Labels}}{{printf "%s=%q" $k $v | upper}}{{end}} {{with $c := .Config}}{{join $c.Cmd " "}}{{end}}{{range $i, $e := .RepoTags}}{{if $i}},{{end}}{{$e}}{{end}}' demo/product)" 'L="A B" shdemo/product:1.0,demo/product:latest'
is "... comparing" "$(croze inspect -f '{{if and (eq .Os "linux") (gt (len .RepoTags) 1) (ne .Config.User "root")}}ok{{else if .Id}}id{{end}}' demo/product)" ok
refuses 2 '1:3: function "html" is not supported' "a function that there is not" croze inspect -f '{{html .Id}}' demo/product
is "-f json is not a template" "$(croze inspect -f json demo/product)" "$(croze inspect demo/product)"
is "two names of one repository: one digest" "$(croze inspect -f '{{len .RepoTags}} {{len .RepoDigests}}' demo/product)" '2 1'
is "several images: a line each" "$(croze inspect -f '{{.Id}}' demo/product base:1 | wc -l)" 2
refuses 2 'Nope' "a field that there is not" croze inspect -f '{{.Nope}}' demo/product
refuses 2 'template' "half a template" croze inspect -f '{{.Id' demo/product
for way in "$id" "${id#sha256:}" "$(echo "$id" | cut -c8-19)" "$digest" "demo/product@$digest" demo/product:latest docker.io/demo/product:1.0; do
    is "found by $(echo "$way" | sed 's/[0-9a-f]\{60,\}/HEX/')" "$(config "$way" '{{.Id}}' 2>&1)" "$id"
done
refuses 1 'such image|not found|no image' "an ID that there is not" croze inspect sha256:0000000000000000000000000000000000000000000000000000000000000000
refuses 1 'no such image: demo/product:2; demo/product:1.0 is here' "a tag that there is not: one that is" croze inspect demo/product:2
refuses 1 'no such image: base .its tag is latest.; base:1 is here' "... of a name without a tag" croze inspect base
refuses 1 'abc' "three digits are too few" croze inspect abc

# --- history ---
is "history, newest first" "$(croze history --format json demo/product | py -c '
import json, sys
for line in sys.stdin:
    o = json.loads(line)
    print(o.get("CreatedBy", "-").split()[0] if o.get("CreatedBy") else o["Comment"], o["Size"] > 0, "DiffID" in o)')" 'CMD False False
RUN True True
EXPOSE False False
LABEL False False
ENV False False
imported True True'
is "... as a table" "$(croze history demo/product | wc -l)" 7

# --- tag ---
does "tag" croze tag demo/product new:name other/name
is "... a second name of the same image" "$(digest_of new:name) $(digest_of other/name:latest)" "$digest $digest"
does "tag over a name that is taken" croze tag base:1 new:name
is "... it moves" "$(digest_of new:name)" "$(digest_of base:1)"
refuses 1 'nothing' "tag of nothing" croze tag nothing x
refuses 2 'Bad' "tag to a name that is none" croze tag base:1 Bad
for bad in 'a:b:c' 'a/' '/a' 'a..b' "$(printf '%0130d' 0 | sed 's/0/x/g; s/^/a:/')" 'a b' '../x' ''; do
    refuses 2 'croze: ' "a name like \"$(echo "$bad" | cut -c1-20)\"" croze tag base:1 "$bad"
done

# --- rmi ---
does "rmi of one name" croze rmi new:name
is "... Untagged" "$out" "Untagged: new:name"
does "... the image has others" croze inspect base:1
refuses 1 'several names' "rmi by ID of an image with several names" croze rmi "$id"
base_id=$(config base:1 '{{.Id}}')
does "rmi of the last name" croze rmi base:1
is "... Deleted, by the ID that images shows" "$out" "Untagged: base:1
Deleted: $base_id"
refuses 1 'base:1' "... it is gone" croze inspect base:1
does "what stands on it is not" croze inspect demo/product
refuses 1 'nothing' "rmi of what is not there" croze rmi nothing
does "... with -f" croze rmi -f nothing
does "rmi -f by ID: all names" croze rmi -f "$id"
is "... nothing is left" "$(croze images -q)" ""
build untagged "$c" >/dev/null 2>&1
refuses 1 'base:1' "its base is gone for new builds" croze build --pull=never "$c"

# --- an image that is damaged ---
import_base sound:1
printf 'FROM sound:1\nLABEL broken=1\n' | dockerfile "$c"
build broken:1 "$c" 2>/dev/null
blob=$(config broken:1 '{{.Id}}')
: >"$CROZE_ROOT/blobs/sha256/${blob#sha256:}"
exits 1 "images with a damaged one" croze images
like "... lists the others" "$out" '^sound +1 '
like "... and names it" "$err" '^croze: broken:1: '
does "... which can be removed" croze rmi broken:1
does "... and then all is well" croze images

done_testing
