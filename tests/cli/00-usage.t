#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line itself:
#   * help, --help and VERB --help agree and go to standard output
#   * unknown verbs, options, values and missing operands are usage errors (2) that name what was wrong
#   * version as text and JSON; completion scripts that their shells accept; the data that the manual is made from
#   * no store is made by commands that need none; a directory that holds something else is not taken for a store
. "$(dirname "$0")/lib.sh"

does "croze alone prints help" croze
like "... with the verbs" "$out" '^  build  '
all=$out
for option in root debug version; do
    like "... with --$option" "$out" "^  [-v, ]*--$option\b"
done
does "croze help" croze help
is "... is the same" "$out" "$all"
does "croze --help" croze --help
is "... and so is --help" "$out" "$all"
is "... nothing on standard error" "$err" ""

verbs=$(printf '%s\n' "$all" | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p')
for verb in build check images inspect history tag rmi save load import run gc fsck version help completion; do
    like "$verb is in the list" "$verbs" "^$verb\$"
done
unlike "hidden verbs are not" "$verbs" '^(debug|manual)$'

bad=
for verb in $verbs; do
    by_option=$(croze "$verb" --help 2>&1) || bad="$bad $verb--help"
    by_verb=$(croze help "$verb" 2>&1) || bad="$bad help-$verb"
    [ "$by_option" = "$by_verb" ] || bad="$bad $verb:differ"
    case $by_option in *"Usage: croze $verb"*) ;; *) bad="$bad $verb:usage" ;; esac
done
is "every verb explains itself, both ways" "$bad" ""
is "help makes no store" "$(ls -d "$CROZE_ROOT" 2>/dev/null)" ""

bad=
for verb in $verbs; do
    croze "$verb" --no-such-option >"$T/o" 2>&1
    code=$?
    # 2 could be the container's own
    want=2
    [ "$verb" != run ] || want=125
    [ $code -eq $want ] && grep -q -- '--no-such-option' "$T/o" || bad="$bad $verb"
done
is "every verb refuses an unknown option by name, with code 2; run with 125" "$bad" ""

refuses 2 'bulid' "an unknown verb is named" croze bulid
refuses 2 'bulid' "... by help too" croze help bulid
refuses 2 'no verb "system": .*croze gc' "a verb of docker's says what to do instead" croze system df
refuses 2 'no verb "ps": ' "... by help too" croze help ps
refuses 125 'takes an image' "run without an image" croze run
refuses 125 '--detach is not supported' "run -d" croze run -d x
refuses 1 'standard input: it is empty' "nothing on standard input as the context" croze build -
refuses 1 'build context https://127.0.0.1:1/x.tar' "a URL as the context that cannot be reached" env CROZE_FETCH_TRIES=1 "$CROZE" build https://127.0.0.1:1/x.tar
mkdir "$T/empty"
refuses 1 'neither Dockerfile nor Containerfile' "a context without a Dockerfile" croze build "$T/empty"
refuses 2 '-Z' "an unknown short option" croze build -Z .
refuses 2 '--wrong' "an unknown global option" croze --wrong images
refuses 2 'build takes one' "build without a context" croze build
refuses 2 'build takes one' "build with two contexts" croze build . .
refuses 2 '--progress is one of' "a word that an option does not take" croze build --progress=fancy .
refuses 2 '--compression-level takes a number' "a number that is none" croze build --compression-level=high .
refuses 2 'levels 1 to 12' "a level that gzip does not have" croze build --compression-level=13 .
refuses 2 '(--tag|-t).* needs a value' "an option without its value" croze build --tag
refuses 2 '--attest is not supported' "an option of docker's that croze lacks is refused by name" croze build --attest x .
refuses 2 '--provenance is not supported' "... one that may be off" croze build --provenance=mode=max .
refuses 2 'copy has two sides: --src-creds and --dest-creds' "credentials for either of two registries" croze copy --creds a:b x oci:y
refuses 2 '--creds takes USER:PASSWORD' "a user alone" croze pull --creds user localhost:1/x
refuses 2 '--creds is for the registry of an image' "credentials for nobody" croze build --creds a:b "$T/empty"
refuses 2 'an image is pushed under a name; give -t NAME' "a push of nothing" croze build --push .
refuses 2 '--cpu-shares is not supported: a build step runs without a cgroup' "... a limit" croze build -c 5 .
refuses 2 '--memory is not supported' "... which is not off, whatever its value" croze build --memory false .
printf 'FROM scratch\n' >"$T/off.Dockerfile"
does "... and taken where it is off" croze build --provenance=false --sbom false --push=false -f "$T/off.Dockerfile" "$T/empty"
refuses 2 'SOURCE_DATE_EPOCH' "a SOURCE_DATE_EPOCH that is no number" env SOURCE_DATE_EPOCH=yesterday "$CROZE" build "$T"
refuses 2 '--platform' "another platform" croze build --platform linux/s390x .
refuses 2 'at least one' "inspect without an image" croze inspect
refuses 2 'takes' "history without an image" croze history
refuses 2 'takes an image' "tag without a new name" croze tag x
refuses 2 'at least one' "rmi without an image" croze rmi
refuses 2 'at least one' "save without an image" croze save
refuses 2 'no arguments' "load with an argument" croze load x.tar
refuses 2 'takes an archive' "import without a file" croze import
refuses 2 'no arguments' "gc with an argument" croze gc x
refuses 2 'bash, zsh, fish' "completion for an unknown shell" croze completion tcsh
refuses 1 'no.such' "inspect of what is not there" croze inspect no.such

does "version" croze version
like "... names itself" "$out" '^croze [0-9]+\.[0-9]+'
does "--version" croze --version
like "... too" "$out" '^croze [0-9]+\.[0-9]+'
does "version as JSON" croze version --format json
want="T0"
[ "$tier" = root ] || want="T1"
is "... says the platform and the tier $want" "$(printf '%s' "$out" | py -c '
import json, sys
v = json.load(sys.stdin)
print(v["Platform"].split("/")[0], v["Tier"].split()[0], bool(v["Version"]), bool(v["Encoder"]))')" "linux $want True True"

for shell in bash zsh fish; do
    croze completion $shell >"$T/completion.$shell"
    if ! command -v $shell >/dev/null; then
        skip "the $shell completion parses" "$shell is not installed"
    else
        does "the $shell completion parses" $shell -n "$T/completion.$shell"
    fi
done
completes() {
    bash -c '. "$1"; COMP_WORDS=(croze $2); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE="croze $2"; COMP_POINT=${#COMP_LINE}
        f=$(complete -p croze | sed "s/.*-F \([^ ]*\).*/\1/"); $f croze "${COMP_WORDS[COMP_CWORD]}" ""; printf "%s\n" "${COMPREPLY[@]}"' - "$T/completion.bash" "$1"
}
is "bash completes a verb" "$(completes bui | tr -d ' ')" build
like "... and its options" "$(completes 'build --no-c')" '^--no-cache ?$'
like "... also behind the options of croze itself, whose values are no verb" "$(completes '--debug --root gc build --no-c')" '^--no-cache ?$'
like "... \"--root=DIR\" is three words to bash" "$(completes '--root = gc build --no-c')" '^--no-cache ?$'
like "... of a verb by its other name" "$(completes 'lint --ru')" '^--rules ?$'
like "... and those of croze" "$(completes '--ro')" '^--root ?$'
is "... a directory is bash's own to complete" "$(completes '--root ga' | tr -d ' ')" ""

does "every verb has data for its manual page" sh -c 'for v; do "$CROZE" manual $v | grep -q "^# OPTIONS" || exit 1; done' - build images gc

mkdir "$T/other"
echo mine >"$T/other/file"
refuses 1 'other' "a directory that is no store is refused" croze --root "$T/other" images
is "... and left as it was" "$(ls "$T/other")" file
does "--root makes a store where there is none" croze --root "$T/fresh/store" images
exits 0 "... that is an OCI layout" test -f "$T/fresh/store/oci-layout"
exits 1 "a closed standard output is a failure" sh -c '"$CROZE" help >/dev/full'

done_testing
