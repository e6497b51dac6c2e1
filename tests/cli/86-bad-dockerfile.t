#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Dockerfiles that are wrong or too much (badfile.py makes the large ones): each fails, or works, within the limits of base/limits.h, with one message
# that points at file, line and column, soon and in bounded memory.
#   * here-documents that do not end; a line of 10 MB in every instruction; as many instructions, words, names, flags, ports as a file can hold
#   * 10,000 stages; stages that name themselves, later ones, or each other, in FROM, COPY --from, mounts and named contexts
#   * ONBUILD of ONBUILD; triggers of an image: the message names image and trigger
#   * texts that double, nest, or match for ever, wherever variables are expanded
#   * directives, encodings, line ends, no instructions, no file; standard input without end; JSON; flags; numbers
. "$(dirname "$0")/lib.sh"

c=$T/context
mkdir "$c"
most=700 # MiB: a build's stages may have 512 together
! grep -qs __asan_init "$CROZE" || most=$((most * 4))

# bounded COMMAND...: run, with a guard against hanging; $peak is its memory in MiB
bounded() {
    : >"$T/.peak"
    run timeout 300 "$python" "$here/bounded.py" "$T/.peak" "$@"
    peak=$(cat "$T/.peak")
}

# holds CODE RE DESC: what the last command was to do
holds() {
    message=$(printf '%s\n' "$err" | grep -a '^croze: ')
    if crashed; then
        fail "$3" "crashed with exit code $code" "$err"
    elif [ "$code" -ne "$1" ]; then
        fail "$3" "exit code $code, not $1" "$err"
    elif [ "${peak:-$most}" -ge "$most" ]; then
        fail "$3" "${peak:-unknown} MiB of memory, the bound is $most"
    elif [ "$1" -eq 0 ]; then
        pass "$3"
    elif [ "$(printf '%s\n' "$message" | wc -l)" -ne 1 ] || [ ${#message} -gt 1500 ]; then
        fail "$3" "not one message of one line: ${#message} bytes" "$message"
    else
        like "$3" "$message" "^croze: $2"
    fi
}

# large CODE KIND PLACE-AND-RE DESC [OPTION...]: badfile.py's Dockerfile is built with that exit code; 0: and works
large() {
    py -m badfile "$2" >"$c/Dockerfile"
    want=$1 re=$3 what=$4
    shift 4
    bounded "$CROZE" build --progress=plain "$@" "$c"
    holds "$want" "Dockerfile:$re" "$what"
}
# small CODE PLACE-AND-RE DESC TEXT [OPTION...]: the same of a text, as printf has it
small() {
    printf "$4" >"$c/Dockerfile"
    want=$1 re=$2 what=$3
    shift 4
    run timeout 60 "$CROZE" build --progress=plain "$@" "$c"
    peak=0
    holds "$want" "Dockerfile:$re" "$what"
}

# --- here-documents ---
small 2 '2:5: unterminated heredoc: no line "EOF"' "a here-document without an end" 'FROM scratch\nRUN <<EOF\nx\n'
small 2 '3:3: unterminated heredoc' "... of COPY, on a line of its own" 'FROM scratch\nCOPY \\\n  <<EOF /x\nx\nEOF \n'
small 2 '2:16: unterminated heredoc: no line "C"' "... the third of three" 'FROM scratch\nCOPY <<A <<"B" <<C /x/\n1\nA\n2\nB\n3\n'
small 2 '2:7: unterminated heredoc' "... quoted: variables do not end it" "FROM scratch\nRUN x <<'EOF'\n\$EOF\n"
small 2 '2:5: unterminated heredoc' "... with tabs: blanks do not end it" 'FROM scratch\nRUN <<-EOF\n\tx\n EOF\n\t EOF\n'
small 2 '2:14: unterminated heredoc' "... of a trigger" 'FROM scratch\nONBUILD COPY <<EOF /x\nx\n'
small 2 '2:5: unterminated heredoc' "... with a number that no descriptor has" 'FROM scratch\nRUN 99999999999999999999<<EOF\n'
small 2 '5:4: COPY, here-document: .*\$\{b' "a variable in its text that is wrong" 'FROM scratch\nCOPY <<A <<-B /x/\nA\n1\n\t2 ${b\nB\n' \
    --build-arg unused=1
large 2 heredoc-long '2:5: unterminated' "10 MB of one without an end"
large 2 heredoc-many '2:5: unterminated' "100,000 of them in one line"
large 2 heredoc-after-many '60002:5: unterminated' "one behind 30,000 that are good"
large 2 heredoc-name '2:6: .*cannot name a file' "a name of 100 KB"
large 2 heredoc-value '5:37: COPY, here-document: .*more than 16777216 bytes' "a text that expands to 90 MB"
large 0 heredoc-files '' "2000 files of one COPY"

# --- a line of 10 MB ---
large 2 line-from '1:6: FROM x*\.\.\.: .*more than 1048576 bytes' "a line of 10 MB: FROM"
large 2 line-keyword '2:1: unknown instruction: x*\.\.\.$' "an instruction"
large 2 line-flag '2:6: unknown flag: --x*\.\.\.$' "a flag"
large 2 line-source '2:6: COPY --from=.*neither a stage nor the name of an image' "COPY --from"
large 2 line-platform '1:6: FROM --platform: .*more than 1048576 bytes' "FROM --platform"
large 2 line-chmod '2:6: --chmod: a mode is longer than 1000 bytes' "--chmod"
large 2 line-chown '2:6: COPY: .*more than 1048576 bytes' "--chown"
large 2 line-exclude '2:6: --exclude=.*a pattern of 10000000 bytes' "--exclude"
large 2 line-mount '2:5: RUN: .*more than 1048576 bytes' "--mount"
large 2 line-mount-key '2:5: RUN --mount: unknown key' "a key of --mount"
large 2 line-network '2:5: RUN --network=.*it is default, none or host' "--network"
large 2 line-run '2:1: RUN: .*more than 8 MiB' "RUN"
large 2 line-cmd '2:1: CMD: .*more than 8 MiB' "CMD"
large 2 line-exec '2:1: ENTRYPOINT: .*more than 8 MiB' "ENTRYPOINT, as JSON"
large 2 line-brackets '2:1: CMD: .*more than 8 MiB' "CMD of brackets"
large 2 line-env '2:5: ENV: .*more than 1048576 bytes' "ENV"
large 2 line-env-quoted '2:5: ENV: .*more than 1048576 bytes' "ENV, quoted"
large 2 line-label '2:7: LABEL: .*more than 1048576 bytes' "LABEL of escapes"
large 2 line-label-name '2:11: LABEL: .*more than 1048576 bytes' "a label's name"
large 2 line-arg '1:5: ARG a: .*more than 1048576 bytes' "ARG before FROM"
large 2 line-copy '2:8: COPY: .*more than 1048576 bytes' "an operand of COPY"
large 2 line-copy-to '2:8: COPY: .*more than 1048576 bytes' "its destination"
large 2 line-add '2:5: ADD: .*more than 1048576 bytes' "a URL"
large 2 line-user '2:6: USER: .*more than 1048576 bytes' "USER"
large 2 line-workdir '2:9: WORKDIR: .*more than 1048576 bytes' "WORKDIR"
large 2 line-volume '2:11: VOLUME: .*more than 1048576 bytes' "VOLUME"
large 2 line-expose '2:10: EXPOSE: .*more than 1048576 bytes' "EXPOSE"
large 2 line-signal '2:12: STOPSIGNAL: .*more than 1048576 bytes' "STOPSIGNAL"
large 2 line-health '2:24: HEALTHCHECK --interval=9*\.\.\. is not a duration' "HEALTHCHECK"
large 2 line-onbuild '2:1: ONBUILD: .*more than 8 MiB' "ONBUILD"
large 2 line-author '2:1: MAINTAINER: .*more than 8 MiB' "MAINTAINER"
large 2 line-escape '1:1: invalid escape token' "# escape"
large 0 line-stage '' "a stage's name may be as long"
large 0 line-comment '' "a comment"
large 0 line-continued '' "five million empty continuations"
large 0 line-dollars '' "ten million dollar signs"
import_base
large 1 line-shell '2:1: RUN : x*\.\.\.: .*Argument list too long' "a command of 1 MB is more than Linux takes"

# --- many ---
large 2 bytes-more '1:1: more than 16777216 bytes' "a file of more than 16 MiB"
large 2 instructions '[0-9]*:1: LABEL: with this the image.s configuration and history take more than 8 MiB' "100,000 labels: the image cannot hold its history"
large 0 instructions-short '' "100,000 instructions that make no history"
large 2 instructions-more '100001:1: more than 100000 instructions' "one more"
large 2 words-more '2:2000004: more than 1000000 words' "more than a million words"
large 2 names-env '2:[0-9]*: more than 2048 environment variables' "300,000 variables"
large 2 names-label '2:[0-9]*: more than 2048 labels' "300,000 labels"
large 2 names-arg '2:[0-9]*: more than 2048 ARGs' "300,000 ARGs"
large 2 names-global '1:[0-9]*: more than 2048 ARGs before the first FROM' "... before the first FROM"
large 2 names-again '3:[0-9]*: the file sets so many variables and labels so often' "2000 variables, set 75 times each"
large 2 names-used '3:7: LABEL: .*substitutions copy and match too much|3:7: LABEL: .*of the whole file copy and match' "a variable among 2000, looked for 200,000 times"
large 2 names-unset '[0-9]*:7: LABEL: .*substitutions of the whole file copy and match too much' "160,000 that nobody sets"
large 2 excludes '2:240006: more than 20000 --exclude flags' "100,000 --exclude"
large 2 mounts '2:29005: RUN has more than 1000 mounts' "100,000 --mount"
large 2 mount-fields '2:5: RUN --mount: there is no type "nope"' "a --mount of a million fields"
large 2 volumes '2:[0-9]*: more than 2048 volumes' "300,000 volumes"
large 2 ports-line '2:[0-9]*: EXPOSE names more than 196608 ports' "1000 times all ports in one EXPOSE"
large 2 ports-lines '[0-9]*:1: EXPOSE: .*more than 8 MiB' "... in 1000"
large 2 chmod-clauses '2:6: --chmod: a mode is longer than 1000 bytes' "100,000 clauses of --chmod"

# --- stages ---
large 0 stages '' "10,000 stages, of which one is needed"
large 0 stages-of-stages '' "10,000, each on the one before"
large 0 stages-copied '' "10,000, each reading the one before"
large 0 stages-by-arg '' "2000, which name it by an ARG among 2000"
large 2 stages-more '10001:1: more than 10000 stages' "10,001"
large 1 stages-missing '20000:6: COPY --from=z .*from z: z is not in the store' "a name that none of 10,000 has"
small 2 '2:6: COPY --from=a: "a" is this stage itself' "COPY from the stage itself" 'FROM scratch AS a\nCOPY --from=a / /\n'
small 2 '2:6: COPY --from=0: stage 0 is this stage itself' "... by number" 'FROM scratch\nCOPY --from=0 / /\n'
small 2 '2:6: COPY --from=b: stage "b" comes after this one' "COPY from a later stage" 'FROM scratch AS a\nCOPY --from=b / /\nFROM scratch AS b\nFROM a\n'
small 2 '2:6: COPY --from=b: stage "b" comes after' "... which reads the first: a circle" 'FROM scratch AS a\nCOPY --from=b / /\nFROM scratch AS b\nCOPY --from=a / /\n'
small 2 '2:6: COPY --from=9*: there is no stage 9*: the file has 1' "COPY from no stage" 'FROM scratch\nCOPY --from=99999999999999999999999 / /\n'
small 2 '2:5: RUN --mount from=a: "a" is this stage itself' "a mount of the stage itself" 'FROM scratch AS a\nRUN --mount=from=a,target=/x x\n'
small 2 '2:5: RUN --mount from=b: stage "b" comes after' "a cache that begins with a later stage" 'FROM scratch AS a\nRUN --mount=type=cache,from=b,target=/x x\nFROM a AS b\n'
small 1 '1:6: FROM a: .*; "a" is this stage itself' "FROM the stage itself" 'FROM a AS a\nLABEL x=y\n'
small 1 '1:6: FROM b: .*; stage "b" comes after this one' "FROM a later stage, which is FROM the first" 'FROM b AS a\nFROM a AS b\nLABEL x=y\n'
small 1 '2:6: FROM 0: .*FROM takes no number' "FROM a number" 'FROM scratch\nFROM 0\n'
small 2 '2:6: FROM x: --build-context x=target:x: there is no stage "x"' "a named context for itself" 'FROM scratch AS a\nFROM x\n' --build-context x=target:x
small 2 '3:6: COPY --from=a: --build-context a=target:b: "b" is this stage itself' "for the stage that reads it" \
    'FROM scratch AS a\nFROM scratch AS b\nCOPY --from=a / /\n' --build-context a=target:b
small 2 '2:6: FROM b: .*this stage itself' "two that stand for each other" 'FROM scratch AS a\nFROM scratch AS b\nRUN --mount=from=a,target=/x y\n' \
    --build-context a=target:b --build-context b=target:a
small 2 '3:6: COPY --from=a: --build-context a=target:nope: there is no stage "nope"' "for no stage" 'FROM scratch AS a\nFROM scratch\nCOPY --from=a / /\n' \
    --build-context a=target:nope

# --- triggers ---
small 2 '2:9: Chaining ONBUILD' "ONBUILD ONBUILD" 'FROM scratch\nONBUILD ONBUILD RUN x\n'
large 2 trigger-deep '2:9: Chaining ONBUILD' "... a million times"
small 2 '2:9: FROM isn.t allowed as an ONBUILD trigger' "ONBUILD FROM" 'FROM scratch\nONBUILD FROM x\n'
small 2 '2:9: MAINTAINER isn.t allowed' "ONBUILD MAINTAINER" 'FROM scratch\nONBUILD MAINTAINER x\n'
small 2 '3:3: unknown instruction: RUNN \(did you mean RUN' "ONBUILD of no instruction" 'FROM scratch\nONBUILD \\\n  RUNN x\n'
small 2 '4:6: FROM a: ONBUILD trigger 2 "EXPOSE none":1:8: EXPOSE none: not a port' "a trigger of a stage" \
    'FROM scratch AS a\nONBUILD LABEL a=b\nONBUILD EXPOSE none\nFROM a\n'
small 2 '2:14: COPY --from=b: "b" is this stage itself; the trigger runs for the FROM of line 3' "... that reads the stage it runs in" \
    'FROM scratch AS a\nONBUILD COPY --from=b / /\nFROM a AS b\n'
small 1 '3:6: FROM a: ONBUILD trigger 1 "COPY missing /":1:6: .*missing.*not found' "... that fails when it is carried out" \
    'FROM scratch AS a\nONBUILD COPY missing /\nFROM a\n'
large 2 triggers '2050:1: more than 2048 ONBUILD triggers' "10,000 triggers"
large 1 triggers-of-many '[0-9]*:1: the configurations of all stages take more than the limit of 512 MiB' "2000 triggers of 9000 stages"
# image KIND CODE RE DESC: of badimage.py's image, whose OnBuild is made to harm
image() {
    py -m badimage "$1" >"$T/parent.tar"
    croze load -i "$T/parent.tar" >/dev/null
    printf 'FROM scratch AS a\nLABEL a=b\nFROM parent:1 AS child\n' >"$c/Dockerfile"
    bounded "$CROZE" build --progress=plain "$c"
    holds "$2" "Dockerfile:3:6: FROM parent:1: ONBUILD trigger $3" "$4"
    croze rmi -f parent:1 >/dev/null
}
image trigger-unknown 2 '2 "RUNN x":1:1: unknown instruction: RUNN \(did you mean RUN' "a trigger of an image that is no instruction"
image trigger-expansion 2 '2 "ENV a=b .*":2:2: ENV: .*\$\{d' "one whose second line is wrong"
image trigger-two 2 '1 "LABEL a=b.LABEL c=d":2:1: .*single' "one of two instructions"
image trigger-chain 2 '1 "ONBUILD LABEL a=b":1:1: Chaining ONBUILD' "ONBUILD"
image trigger-from 2 '1 "FROM parent:1":1:1: FROM isn.t allowed' "FROM of itself"
image trigger-heredoc 2 '1 "COPY <<E /x.*":1:6: unterminated heredoc' "a here-document without an end"
image trigger-escape 2 '1 ".\[31mred' "one that steers the terminal"
unlike "... does not" "$err" "$(printf '\033')"
image trigger-nothing 2 '1 "":1:1: no instruction' "an empty one"
image trigger-stage 2 '1 "COPY --from=child / /":1:6: COPY --from=child: "child" is this stage itself' "one that reads the stage that it runs in"
image trigger-missing 1 '2 "COPY missing /":1:6: .*missing.*not found' "one that copies what is not there"
image trigger-long 2 '1 "R*\.\.\.":1:1: unknown instruction: R*\.\.\.$' "one of 5 MB"
image triggers-many 0 '' "10,000 of them"

# --- bombs ---
large 2 bomb-arg '19:5: ARG: failed to process "\$a16\$a16": it expands to more than 1048576 bytes' "ARGs that double"
large 2 bomb-env '19:5: ENV: .*more than 1048576 bytes' "ENVs"
large 2 bomb-label '19:7: LABEL: .*more than 1048576 bytes' "a label"
large 2 bomb-global '18:5: ARG a17: .*more than 1048576 bytes' "ARGs before FROM"
large 2 bomb-global-from '18:5: ARG a17: .*more than 1048576 bytes' "... for FROM"
large 2 bomb-line '2:[0-9]*: ARG: .*more than 1048576 bytes' "in one line"
large 2 bomb-itself '19:5: ENV: .*more than 1048576 bytes' "of itself"
large 2 bomb-from '2:6: FROM \$a gives "x*\.\.\.", which is not the name' "a long name in FROM"
large 2 bomb-from-many '[0-9]*:6: FROM scratch.*substitutions of the whole file copy and match too much' "a long value for nothing in 10,000 FROM"
large 2 bomb-source '3:6: COPY --from=x*\.\.\.: that is neither a stage nor' "a long name in COPY --from"
large 2 bomb-source-doubled '19:5: ARG: .*more than 1048576 bytes' "one that doubles: the ARG is to blame"
large 2 bomb-mount '3:5: RUN: a path is longer than 4095 bytes' "a mount's target"
large 2 bomb-mount-from '3:5: RUN --mount from=x*\.\.\.: that is neither' "a mount's source"
large 2 bomb-mount-ids '3:[0-9]*: the stage.s instructions take more than 256 MiB' "1000 mounts with an id of 900 KB"
large 2 bomb-mount-id '3:5: the stage.s instructions take more than 256 MiB' "... a mount that says it 2000 times"
large 2 bomb-operands '3:[0-9]*: the stage.s instructions take more than 256 MiB' "2000 operands of 900 KB"
large 2 bomb-history '[0-9]*:1: LABEL: .*more than 8 MiB' "labels that replace each other stay in the history"
large 2 bomb-run '[0-9]*:1: RUN: .*more than 8 MiB' "RUN, whose history has all ARGs"
large 2 bomb-shell '[0-9]*:1: RUN: .*more than 8 MiB' "... and SHELL"
large 2 bomb-nested '2:7: LABEL: .*nested deeper than 64 levels' "10,000 nested"
large 2 bomb-nested-quoted '2:7: LABEL: .*nested deeper than 64 levels' "in quotes"
large 2 bomb-nested-open '2:7: LABEL: .*nested deeper than 64 levels' "without an end"
large 2 bomb-nothing '5:7: LABEL: .*substitutions of the whole file' "copies for nothing"
large 2 bomb-pattern '3:7: LABEL: .*its substitutions copy and match too much' "a pattern of a thousand stars"
large 2 bomb-pattern-replaced '3:7: LABEL: .*its substitutions copy and match too much' "a replacement at every byte"
large 2 bomb-patterns '[0-9]*:7: LABEL: .*substitutions of the whole file copy and match too much' "500 patterns"
large 2 bomb-unset '2:5: ENV: .*: b: x*\.\.\.$' "a message of 1 MB in \${b:?}"
large 0 bomb-comment '' "a comment of 2 MB that silences rules"
bounded "$CROZE" check "$c/Dockerfile"
is "... croze check finds as much" "$code $(printf '%s\n' "$out" | grep -c UndefinedVar)" '10 900'
py -m badfile bomb-patterns >"$T/patterns"
bounded "$CROZE" check "$T/patterns"
holds 2 "$T/patterns:[0-9]*:7: LABEL: .*substitutions of the whole file" "... and is bounded like a build"

# --- directives, bytes, line ends ---
small 2 "1:1: invalid escape token 'xy'" "an escape character of two" '# escape=xy\nFROM scratch\n'
small 2 '2:1: only one escape parser directive' "two of them" '# escape=`\n# escape=\\\\\nFROM scratch\n'
small 2 '2:1: only one syntax parser directive' "two # syntax" '# syntax=a\n# syntax=b\nFROM scratch\n'
small 2 '1:9: # check=: invalid check option "foo"' "# check of nothing known" '# check=foo=bar\nFROM scratch\n'
small 2 '2:9: a NUL byte' "a NUL byte" 'FROM scratch\nLABEL a=\000b\n'
small 2 '3:6: a NUL byte' "... behind a continuation" 'FROM scratch\nLABEL a=b \\\n  c=d\000\n'
small 2 '4:2: .*NUL' "... in the script of a RUN" 'FROM scratch\nRUN <<E\n\na\000b\nE\n'
small 2 '2:11: CMD: argument 2 holds a NUL' "... that JSON says" 'FROM scratch\nCMD ["a", "b\\u0000"]\n'
small 2 '2:1: unknown instruction' "bytes that are no UTF-8" 'FROM scratch\n\377\376 x\n'
small 2 '1:6: FROM ' "... in FROM" 'FROM \377\n'
small 0 '' "... in a label they are replaced" 'FROM scratch\nLABEL a=\377\300\200\n'
small 2 '1:1: the file is in UTF-16' "UTF-16, little end first" '\377\376F\000R\000O\000M\000'
small 2 '1:1: the file is in UTF-16' "big end first" '\376\377\000F\000R\000O\000M'
small 2 '1:2: a NUL byte' "without a mark" 'F\000R\000O\000M\000'
small 2 '2:1: unknown instruction: RUNN' "a byte order mark moves no column" '\357\273\277FROM scratch\nRUNN x\n'
small 2 '2:1: unknown instruction: .*U\+FEFF' "in the middle it is told" 'FROM scratch\n\357\273\277LABEL a=b\n'
small 2 '1:1: unknown instruction: .*U\+00A0' "as is a blank that is none" 'FROM\302\240scratch\n'
small 2 '1:1: .*lines end with CR alone' "lines that end with CR alone" 'FROM scratch\rLABEL a=b\r'
small 2 '3:1: unknown instruction: RUNN' "with CR and LF" 'FROM scratch\r\nLABEL a=b\r\nRUNN x\r\n'
small 2 '1:1: file with no instructions' "nothing" ''
small 2 '3:1: file with no instructions' "blank lines" '\n \n\t\n'
large 2 newlines '16000000:1: file with no instructions' "16 million of them"
large 2 comments '100000:1: file with no instructions' "comments only"
small 2 '2:1: no build stage .*there is no FROM' "no FROM" 'ARG a\nARG b=c\n'
small 2 '1:1: .*RUN stands before the first FROM' "an instruction before FROM" 'RUN x\n'
small 2 '2:1: a continued line with nothing in it' "an escape character alone" 'FROM scratch\n\\'
large 2 zeros '1:1: a NUL byte' "zeros"
large 2 noise '1:101: a NUL byte' "noise"
cp /bin/sh "$c/Dockerfile"
bounded "$CROZE" build "$c"
holds 2 'Dockerfile:1:[0-9]*: a NUL byte' "a program"
rm "$c/Dockerfile"
mkdir "$c/Dockerfile"
refuses 1 'Dockerfile is not a regular file' "a directory" croze build "$c"
refuses 1 'Is a directory' "... by name" croze build -f "$c" "$c"
rmdir "$c/Dockerfile"
refuses 1 'neither Dockerfile nor Containerfile' "none" croze build "$c"

# endless DESC NAME OPTION...: a gigabyte of zeros on standard input
endless() {
    head -c 1G /dev/zero | timeout 300 "$python" "$here/bounded.py" "$T/.peak" "$CROZE" "$@" >"$T/.out" 2>"$T/.err"
    code=$? err=$(cat "$T/.err") peak=$(cat "$T/.peak")
}
endless build -f - "$c"
holds 2 'standard input:1:1: more than 16777216 bytes, the limit for a Dockerfile' "a gigabyte of zeros on standard input"
endless check -
holds 2 'standard input:1:1: more than 16777216 bytes' "... for croze check"
bounded "$CROZE" build -f /dev/zero "$c"
holds 2 '/dev/zero:1:1: more than 16777216 bytes' "a device without an end"
head -c 40M /dev/zero >"$T/zeros"
run sh -c '"$1" build - <"$2"' sh "$CROZE" "$T/zeros"
holds 2 'build context on standard input: Dockerfile:1:1: more than 16777216 bytes' "40 MB of zeros as the context"

# --- JSON ---
large 0 json-deep '' "100,000 brackets are a text for the shell"
large 0 json-object '' "... and so are objects"
large 2 json-words '2:5: more than 1000000 words' "a million words"
large 2 json-large '2:1: CMD: .*more than 8 MiB' "500,000 of ten bytes"
large 1 json-copy '2:7: COPY .*"/x": not found' "300,000 operands"
small 2 '3:2: .*strings only' "a number among strings" 'FROM scratch\nCMD ["a", \\\n 1]\n'
small 2 '2:11: .*strings only' "an array in an array" 'FROM scratch\nCOPY ["a",["b"]]\n'
small 2 '2:14: VOLUME specified can not be an empty string' "an empty volume" 'FROM scratch\nVOLUME ["/a",""]\n'

# --- operands, flags, numbers ---
small 1 '3:3: COPY .*"/missing": not found' "an operand that is not there" 'FROM scratch\nCOPY Dockerfile \\\n  missing /x/\n'
small 2 '3:3: COPY cannot copy a URL' "one that is a URL" 'FROM scratch\nCOPY a \\\n  http://x/y /z/\n'
small 2 '3:5: COPY: .*\$\{z' "a destination that cannot be expanded" 'FROM scratch\nCOPY a \\\n  b /${z\n'
small 2 '4:3: EXPOSE http: not a port' "the third port" 'FROM scratch\nEXPOSE 80 \\\n  443 \\\n  http\n'
small 2 '2:8: EXPOSE 65536: not a port' "a port that is too high" 'FROM scratch\nEXPOSE 65536\n'
small 2 '2:8: EXPOSE 5-1: not a port' "ports backwards" 'FROM scratch\nEXPOSE 5-1\n'
small 2 '2:8: EXPOSE 80/icmp: the protocol' "a protocol" 'FROM scratch\nEXPOSE 80/icmp\n'
small 0 '' "all ports of all protocols" 'FROM scratch\nEXPOSE 0-65535 0-65535/udp 0-65535/sctp\n'
for value in 99999999999999h -5s 1e9s NaN; do
    small 2 "2:24: HEALTHCHECK --interval=$value is not a duration" "HEALTHCHECK --interval=$value" "FROM scratch\nHEALTHCHECK --interval=$value CMD x\n"
done
small 2 '2:23: HEALTHCHECK --timeout=1ns is less than 1ms' "--timeout=1ns" 'FROM scratch\nHEALTHCHECK --timeout=1ns CMD x\n'
for value in 99999999999999999999 -1 1.5; do
    small 2 "2:23: HEALTHCHECK --retries=$value is not a number" "--retries=$value" "FROM scratch\nHEALTHCHECK --retries=$value CMD x\n"
done
small 2 '2:18: HEALTHCHECK NONE takes no arguments' "NONE with a command" 'FROM scratch\nHEALTHCHECK NONE x\n'
small 2 '2:13: Unknown type "FOO"' "neither CMD nor NONE" 'FROM scratch\nHEALTHCHECK FOO x\n'
for value in 9999999 -1 u+q u+rwx,q=x; do
    small 2 '3:3: --chmod: ".*" is n' "--chmod=$value" "FROM scratch\nCOPY \\\\\n  --chmod=$value Dockerfile b\n"
done
small 1 '2:6: COPY .*--chown=99999999999: user number 99999999999 is larger' "--chown of no number" 'FROM scratch\nCOPY --chown=99999999999 Dockerfile b\n'
small 2 '2:6: --exclude=\[a: syntax error in pattern' "--exclude of no pattern" 'FROM scratch\nCOPY --exclude=[a Dockerfile b\n'
small 2 '1:6: FROM --platform=a/b/c/d: .*not a platform' "--platform of none" 'FROM --platform=a/b/c/d scratch\n'
small 2 '2:5: ADD --checksum=md5:x: ' "--checksum of another kind" 'FROM scratch\nADD --checksum=md5:x http://127.0.0.1:1/x /\n'
small 2 '2:5: RUN --mount: size is a size' "a mount's size" 'FROM scratch\nRUN --mount=type=tmpfs,target=/x,size=99999999999999999999g y\n'
small 2 '2:5: RUN --mount: uid is a number' "a mount's owner" 'FROM scratch\nRUN --mount=type=cache,target=/x,uid=-1 y\n'
small 2 '1:5: ARG SOURCE_DATE_EPOCH=253402300800 is not a number of seconds' "an epoch in the year 10,000" 'ARG SOURCE_DATE_EPOCH=253402300800\nFROM scratch\n'
for of in 'ADD a b' 'CMD a' 'COPY a b' 'ENTRYPOINT a' 'ENV a=b' 'EXPOSE 1' 'FROM scratch' 'HEALTHCHECK CMD x' 'LABEL a=b' 'MAINTAINER x' 'ONBUILD RUN x' \
    'RUN x' 'SHELL ["a"]' 'USER a' 'VOLUME a' 'WORKDIR /'; do
    op=${of%%" "*}
    small 2 "2:$((${#op} + 2)): unknown flag: --wrong" "an unknown flag of $op" "FROM scratch\n$op --wrong=x ${of#* }\n"
done
for of in 'ARG a' 'STOPSIGNAL 9'; do
    small 0 '' "of ${of%%" "*}: a warning, as BuildKit does not look" "FROM scratch\n${of%%" "*} --wrong=x ${of#* }\n"
    like "... which says so" "$err" 'IgnoredFlag: .*--wrong has no effect'
done
small 2 '2:15: duplicate flag specified: --from' "a flag twice" 'FROM scratch\nCOPY --from=a --from=b c d\n'
small 2 '2:6: missing a value on flag: --chown' "without its value" 'FROM scratch\nCOPY --chown c d\n'
small 2 '2:6: expecting boolean value for flag --link, not: maybe' "neither true nor false" 'FROM scratch\nCOPY --link=maybe c d\n'

# --- an epoch that the context does not have ---
printf 'ARG SOURCE_DATE_EPOCH=context\nFROM scratch\nARG SOURCE_DATE_EPOCH\nLABEL epoch=$SOURCE_DATE_EPOCH\n' >"$T/epoch"
run sh -c '"$1" build -t epoch - <"$2"' sh "$CROZE" "$T/epoch"
is "ARG SOURCE_DATE_EPOCH=context without a context is no epoch" "$code $(config epoch '{{json .Config.Labels}}')" '0 {"epoch":""}'
like "... which is said" "$err" '^warning: ARG SOURCE_DATE_EPOCH=context: the build context has no files'
mkdir "$T/none"
refuses 1 'no files whose time could be the epoch' "... an option insists" croze build --build-arg SOURCE_DATE_EPOCH=context -f "$T/epoch" "$T/none"

does "the store is sound" croze fsck
done_testing
