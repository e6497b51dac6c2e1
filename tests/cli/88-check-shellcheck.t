#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze check --shellcheck: twins of every severity, places in joined lines and here-documents, variables of ENV and ARG, shells, ways to
# silence it, programs that are not there or say nonsense, what reaches them.
# shellcheck disable=SC2016 # scripts of the files
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
command -v shellcheck >/dev/null || { skip "shellcheck" "it is not installed"; done_testing; }

# twins SEVERITY CODE BAD GOOD: two commands; found in the first, and nothing in the second
tested=''
twins() {
    tested="$tested ShellCheck$1"
    printf 'FROM debian:12\nUSER 1\nRUN %s\n' "$3" >bad
    printf 'FROM debian:12\nUSER 1\nRUN %s\n' "$4" >good
    exits 10 "$1: found" croze check --shellcheck bad
    like "$1: ... where it stands" "$out" "^bad:3:[0-9]+: [a-z]+: $2: .* \\[ShellCheck$1\\]\$"
    does "$1: silent on the twin" croze check --shellcheck good
    is "$1: ... which has nothing else" "$out" ''
}
twins Error SC1035 'if ![ -e /x ]; then true; fi' 'if ! [ -e /x ]; then true; fi'
twins Warning SC2046 'ls $(cat /x)' 'ls "$(cat /x)"'
twins Info SC2086 'ls $HOME' 'ls "$HOME"'
twins Style SC2006 'ls "`cat /x`"' 'ls "$(cat /x)"'
is "every rule has twins" "$(croze check --rules --format json | sed -n 's/^{"id":"\(ShellCheck[A-Za-z]*\)".*/\1/p' | sort)" "$(printf '%s\n' $tested | sort)"
does "without the option nothing is run" croze check bad good
does "... nor with off" croze check --shellcheck=off bad

cat >Dockerfile <<'END'
FROM debian:12 AS base
ENV from_base=1
FROM base
USER 1
ARG mine
RUN --mount=type=secret,id=x,env=given ls "$mine" "$from_base" "$given" "$http_proxy"
RUN ls "ä" \
    # $not
    && ls $mine
RUN <<EOF
ls x
	ls $mine
EOF
RUN cat <<EOF >/x && ls $mine
$mine
EOF
RUN ["ls", "$mine"]
SHELL ["/bin/bash", "-e", "-c"]
RUN cd /x; ls "${mine[0]}"
SHELL ["powershell", "-Command"]
RUN ls $mine
ONBUILD ARG late
SHELL ["/bin/sh", "-c"]
ONBUILD RUN ls "$late" $from_base
END
exits 10 "a file of many shells" croze check --shellcheck Dockerfile
is "... every place is the file's own" "$(printf '%s\n' "$out" | grep ShellCheck | sed 's/: Double.*//')" "Dockerfile:9:11: info: SC2086
Dockerfile:12:5: info: SC2086
Dockerfile:14:25: info: SC2086
Dockerfile:24:24: info: SC2086"
exits 10 "as JSON" croze check --shellcheck --format json Dockerfile
like "... with its id elsewhere" "$out" '"also":\["SC2086"\]'
like "... and its page" "$out" '"url":"https://www.shellcheck.net/wiki/SC2086"'

printf 'FROM debian:12\nUSER 1\n# hadolint ignore=SC2086\nRUN ls $HOME\n' >pragma
does "a comment silences a code" croze check --shellcheck pragma
printf 'FROM debian:12\nUSER 1\nRUN ls $HOME $HOME\n' >plain
exits 10 "twice in a line" croze check --shellcheck plain
is "... is told twice" "$(printf '%s\n' "$out" | cut -d: -f3)" "8
14"
does "--ignore does" croze check --shellcheck --ignore SC2086 plain
printf 'ignored: [SC2086]\n' >.hadolint.yaml
does ".hadolint.yaml does" croze check --shellcheck plain
printf 'override: {error: [SC2086]}\n' >.hadolint.yaml
exits 10 "... and says how bad it is" croze check --shellcheck -t error plain
rm .hadolint.yaml
exits 10 "beside --fix" croze check --shellcheck --fix plain
like "... what is left is told" "$out" 'SC2086'
exits 10 "hadolint's word has it" croze check --shellcheck --compat hadolint plain
does "Trivy's and BuildKit's have not" croze check --shellcheck --compat buildkit plain

refuses 3 '/nowhere/sc is not installed' "a program that is not there" croze check --shellcheck=/nowhere/sc plain
mkdir -p own && ln -s "$(command -v shellcheck)" own/sc
exits 10 "a program beside the file" croze check --shellcheck=own/sc plain
like "..." "$out" 'SC2086'
printf 'FROM debian:12\nUSER 1\nRUN <<EOF\n#!/usr/bin/env python3\nprint(f"{x}$y")\nEOF\nRUN <<EOF\n#!/bin/bash -e\na=(1 2)\n[[ ${a[0]} == 1 ]]\nEOF\n' >other
does "a document of another interpreter, or of bash" croze check --shellcheck other
is "..." "$out" ''
printf '#!/bin/sh\necho no\n' >nonsense
printf '#!/bin/sh\necho "something is wrong" >&2; exit 4\n' >broken
printf '#!/bin/sh\nenv >"%s/env"; cat "$7" >"%s/script"; echo "{\\"comments\\":[]}"\n' "$T" "$T" >spy
chmod 755 nonsense broken spy
refuses 3 'its answer' "one that says nonsense" croze check --shellcheck="$T/nonsense" plain
refuses 3 'ended with code 4: something is wrong' "one that gives up" croze check --shellcheck="$T/broken" plain
export SECRET=x
does "one that looks around" croze check --shellcheck="$T/spy" plain
unlike "... sees nothing of ours" "$(cat env)" SECRET
like "... but the script" "$(cat script)" 'ls \$HOME'
py -c 'print("FROM debian:12\nUSER 1\nRUN ls " + "x " * 200000)' >long
refuses 3 'long:3: a script of more than 256 KiB' "a script that is too long" croze check --shellcheck long
py -c 'print("FROM debian:12\nUSER 1\n" + "RUN ls\n" * 150)' >many
does "more scripts than one process gets" croze check --shellcheck --ignore ConsecutiveRun many
py -c 'print("FROM debian:12\nUSER 1\n" + "RUN ls\n" * 1001)' >more
refuses 3 'more:1003: more than 1000 scripts' "more than anyone asks about" croze check --shellcheck --ignore ConsecutiveRun more
printf '#!/bin/sh\nexec yes\n' >"$T/flood" && chmod 755 "$T/flood"
printf 'FROM alpine:3.20\nRUN echo "$HOME"\n' >"$T/asked"
refuses 3 'said more than 8 MiB' "a program that prints for ever is ended" timeout 60 "$CROZE" check "--shellcheck=$T/flood" "$T/asked"
printf '#!/bin/sh\nexec yes >&2\n' >"$T/flood"
refuses 3 'what it says has no end' "... and one that complains for ever" timeout 120 "$CROZE" check "--shellcheck=$T/flood" "$T/asked"

done_testing
