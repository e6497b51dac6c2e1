#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several stages:
#   * FROM a stage; COPY --from a name, an index, an image; owners are the source's; --chown over them
#   * a stage that nothing needs is never run; --target by name and number
#   * stages at once: one that fails ends the build with its own message
#   * ONBUILD COPY --from of a base image
#   * errors: unknown, later and own stages
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir "$c"
echo context >"$c/file"
dockerfile "$c" <<'END'
ARG BASE=base
FROM ${BASE} AS Compile
RUN mkdir -p /out/sub && echo built >/out/program && ln -s program /out/link && ln /out/program /out/sub/hard \
    && chown -R 11:12 /out && chmod 4750 /out/program && touch -d @1300000000 /out/program
ENV STAGE=compile
FROM base
RUN echo second >/second
FROM base AS dead
RUN echo "must not run" && false
FROM scratch AS result
COPY --from=compile /out /copied
COPY --from=1 second /
COPY --from=base /etc/passwd /home/app /from-image/
COPY --from=compile --chown=1:2 /out/program /owned
COPY --from=compile /out/link /followed
FROM compile AS child
RUN echo "$STAGE" >/inherited
END
builds "--target result" result "$c" --target result
is "what it copied, with owners and links of the source" "$(img tree result)" "0755 0:0 d /copied
0777 11:12 l /copied/link -> program
4750 11:12 f /copied/program
0755 11:12 d /copied/sub
4750 11:12 h /copied/sub/hard -> copied/program
4750 11:12 f /followed
0755 0:0 d /from-image
0644 0:0 f /from-image/passwd
4750 1:2 f /owned
0644 0:0 f /second"
is "... bytes and times too" "$(img cat result /owned) $(img cat result /second) $(img mtime result /copied/program)" "built second 1300000000"
unlike "the dead stage did not run" "$err" 'must not run|dead'
unlike "nor the stage that the target does not need" "$err" 'child'
is "the image has the target's configuration only" "$(img config result config Env)" \
    '["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]'

builds "the last stage is the default" child "$c"
is "... and stands on another with its ENV" "$(img cat child /inherited)" compile
unlike "... that was not run again" "$err" 'DONE.*mkdir'
like "... but CACHED" "$err" 'CACHED'
builds "--target 0" zero "$c" --target 0
is "... is the first stage" "$(img layers zero)" 2
builds "--target in other letters" upper "$c" --target COMPILE
is "... is the same" "$(digest_of upper)" "$(digest_of zero)"
refuses 2 'nosuch' "--target of no stage" croze build --target nosuch "$c"

# stages that wait for each other, and one that fails
{
    echo 'FROM base AS s0'
    echo 'RUN echo 0 >/n'
    for i in 1 2 3 4 5 6 7 8 9 10 11; do printf 'FROM base AS s%s\nCOPY --from=s%s /n /before\nRUN echo $(($(cat /before) + 1)) >/n\n' $i $((i - 1)); done
} >"$T/chain"
builds "a chain of twelve stages" chain "$c" -f "$T/chain"
is "... each waited for the one before" "$(img cat chain /n)" 11
{
    for i in 1 2 3 4 5 6; do printf 'FROM base AS w%s\nRUN echo wide >/w%s\n' $i $i; done
    echo 'FROM scratch'
    for i in 1 2 3 4 5 6; do echo "COPY --from=w$i /w$i /"; done
} >"$T/wide"
builds "six stages at once" wide "$c" -f "$T/wide"
is "... all arrive" "$(img tree wide | wc -l)" 6
sed 's/^RUN echo wide >.w4$/RUN echo oh no; exit 9/' "$T/wide" >"$T/broken"
fails_build 'exit code 9' "one of them fails: the build ends with its message" "$c" -f "$T/broken"

# a trigger that reads a stage of the child's file
printf 'FROM base\nONBUILD COPY --from=assets /data /data\n' | dockerfile "$T/parent"
build trigger "$T/parent" 2>/dev/null
printf 'FROM base AS assets\nRUN echo data >/data\nFROM trigger\n' | dockerfile "$T/child"
builds "ONBUILD COPY --from a stage of the child" trigger-child "$T/child"
is "... which is needed by nothing else" "$(img cat trigger-child /data)" data

fails() {
    printf "$1" >"$T/bad"
    refuses 2 "$2" "$3" croze build --target 0 -f "$T/bad" "$c"
}
fails 'FROM base AS a\nCOPY --from=b /x /\nFROM base AS b\n' 'bad:2:' "a later stage"
fails 'FROM base AS a\nCOPY --from=a /x /\n' 'bad:2:.*"?a"?' "the stage itself"
fails 'FROM base\nCOPY --from=7 /x /\n' 'bad:2:.*7' "a number that is no stage"
fails 'FROM base AS a b\n' 'bad:1:' "too many words"
printf 'FROM base\nCOPY --from=no/such:image /x /\n' >"$T/bad"
fails_build 'bad:2:.*no/such:image' "an image that the store lacks" "$c" -f "$T/bad" --pull=never
printf 'FROM base AS a\nFROM base\nCOPY --from=a /missing /\n' >"$T/bad"
fails_build 'bad:3:.*"/missing": not found' "a file that the stage lacks" "$c" -f "$T/bad"

done_testing
