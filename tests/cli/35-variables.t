#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ARG and ENV:
#   * scopes: before FROM, in a stage, inherited from the base stage, predefined ones; ARG and ENV of one name
#   * --build-arg: over the default, from the environment, unused
#   * expansion in every instruction that expands, every ${...} form; RUN sees variables and is not expanded
#   * odd texts that real Dockerfiles have (mixed quotes, \n\ continuation, placeholders)
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir -p "$c/from"
echo x >"$c/from/file"

# env_of: the lines of the file /env that the last RUN wrote
env_of() { img cat "$1" /env; }

dockerfile "$c" <<'END'
ARG TAG=latest
ARG GLOBAL=global
ARG BASE=base:$TAG
FROM $BASE AS first
ARG INHERITED=from-first
ARG REDECLARED=first
FROM first
ARG GLOBAL
ARG UNSET
ARG DEFAULT=$GLOBAL-default
ARG GIVEN=default
ARG REDECLARED=second OTHER=several
ENV WINS=env
ARG WINS=arg
ARG LOSES=arg
ENV LOSES=env-$GIVEN
RUN echo "$GLOBAL|$INHERITED|$REDECLARED|$OTHER|$UNSET|$DEFAULT|$GIVEN|$WINS|$LOSES|$TAG|$BASE|$TARGETPLATFORM" >/env
END
builds "scopes" scopes "$c"
is "what RUN sees" "$(env_of scopes)" 'global|from-first|second|several||global-default|default|arg|env-default|||'
builds "--build-arg" scopes "$c" --build-arg GIVEN=given --build-arg UNSET=set --build-arg GLOBAL=other --build-arg INHERITED=too
is "... over the defaults" "$(env_of scopes)" 'other|too|second|several|set|other-default|given|arg|env-given|||'
unlike "... is in no configuration" "$(img config scopes config)" '"GIVEN='
like "... but in the history, as docker does" "$(croze history --no-trunc --format json scopes)" 'RUN \|.*GIVEN=given'
GIVEN=environment build scopes "$c" --build-arg GIVEN --build-arg NOT_IN_ENVIRONMENT 2>"$T/log"
like "--build-arg without a value takes the environment's" "$(env_of scopes)" '\|environment\|'
builds "--build-arg that nothing asks for" scopes "$c" --build-arg NOBODY=x
like "... is a warning that names it" "$err" '^warning: .*NOBODY'
printf 'FROM base\nARG PACK=<PACK_URL>\nRUN exit 3\n' >"$T/placeholder"
run croze build -f "$T/placeholder" "$T"
like "a default that is a placeholder is told, above all when the build fails" "$err" '^ - PlaceholderArg: .*PACK is still the placeholder <PACK_URL>'
refuses 2 'build-arg' "--build-arg without a name" croze build --build-arg =x "$c"
printf 'FROM base\nARG GLOBAL\nARG TARGETARCH TARGETOS TARGETPLATFORM BUILDPLATFORM\nRUN echo "$GLOBAL|$TARGETOS/$TARGETARCH|$TARGETPLATFORM|$BUILDPLATFORM" >/env\n' |
    dockerfile "$c"
platform=$(croze version --format json | sed 's/.*"Platform":"\([^"]*\)".*/\1/')
builds "predefined platform variables" platforms "$c"
is "... once declared" "$(env_of platforms)" "|$platform|$platform|$platform"

dockerfile "$c" <<'END'
FROM base
ARG dir=from file=file who=app port=8080 sig=TERM
ENV P=/a/b.tar.gz EMPTY=
LABEL $who=$port "quoted $port"='$port'
EXPOSE $port ${port}/udp
STOPSIGNAL SIG${sig}
VOLUME /$dir/v
USER $who:${EMPTY:-audio}
WORKDIR /work/$dir
COPY --chown=$who $dir/$file $file.copied
ENV A=${P#*/} B=${P##*/} C=${P%.*} D=${P%%.*} E=${P/a/x} F=${P//a/x} G=${EMPTY-unset} H=${EMPTY:-empty} I=${NONE-unset} \
    J=${P:+set} K=${NONE+set} L="${NONE:-a b}" M=\$P N='$P' O="\$P" Q=$P$EMPTY.x R=${NONE:-${P:-x}} S=a\ b T="a\nb" U="x"'y'z
CMD ["$P", "${P}"]
USER 0
RUN echo '$P' "$P" >/env; echo $((1 + 1)) ${P#/a/} >>/env
END
builds "expansion everywhere" expand "$c"
is "labels" "$(img config expand config Labels)" '{"app":"8080","quoted 8080":"$port"}'
is "ports, signal, volume, directory" \
    "$(img config expand config ExposedPorts)$(config expand '{{.Config.StopSignal}} {{json .Config.Volumes}} {{.Config.WorkingDir}}')" \
    '{"8080/tcp":{},"8080/udp":{}}SIGTERM {"/from/v":{}} /work/from'
is "the copied file" "$(img tree expand /work)" '0755 10001:29 d /work
0755 10001:29 d /work/from
0644 10001:10002 f /work/from/file.copied'
is "\${...} forms" "$(img config expand config Env | sed 's/,"/\n"/g' | sed -n '/^"A=/,$p' | tr -d '\n')" \
    '"A=a/b.tar.gz""B=b.tar.gz""C=/a/b.tar""D=/a/b""E=/x/b.tar.gz""F=/x/b.txr.gz""G=""H=empty""I=unset""J=set""K=""L=a b""M=$P""N=$P""O=$P""Q=/a/b.tar.gz.x""R=/a/b.tar.gz""S=a b""T=a\\nb""U=xyz"]'
is "CMD is not expanded" "$(img config expand config Cmd)" '["$P","${P}"]'
is "RUN is the shell's" "$(env_of expand)" '$P /a/b.tar.gz
2 b.tar.gz'

# as in WSO2's product files: an ARG of one logical line on several, mixed words, a placeholder, a variable of the base
printf 'FROM base\nENV SERVER_HOME=/srv/server\n' | dockerfile "$T/parent"
build product-base "$T/parent" 2>/dev/null
dockerfile "$c" <<'END'
FROM product-base
ARG MOTD='printf "\n\
 Welcome\n\
 Licence\n"'
ARG URL=<PLACE_HOLDER>
ENV ENV=${SERVER_HOME}"/.ashrc" PATH="/opt/java/bin:$PATH"
COPY from/file ${SERVER_HOME}/lib/
RUN echo "$MOTD" >/env; \
    # a comment, then an empty line

    bash -c 'true' 2>/dev/null || sh -c 'echo ${ENV} ${URL} $PATH' >>/env
END
builds "forms of real product files" product "$c"
is "... mean what they mean with docker" "$(env_of product)" 'printf "\n Welcome\n Licence\n"
/srv/server/.ashrc <PLACE_HOLDER> /opt/java/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
is "... ENV of the base names the destination" "$(img tree product /srv/server/lib)" '0755 0:0 d /srv/server/lib
0644 0:0 f /srv/server/lib/file'

{
    echo 'FROM scratch'
    echo 'ARG a0=xxxxxxxxxxxxxxxx'
    for i in 1 2 3 4 5 6 7 8 9; do echo "ARG a$i=\$a$((i - 1))\$a$((i - 1))\$a$((i - 1))\$a$((i - 1))\$a$((i - 1))\$a$((i - 1))\$a$((i - 1))\$a$((i - 1))"; done
} | dockerfile "$c"
refuses 2 'Dockerfile:[0-9]+:.*more than [0-9]+ bytes' "variables that multiply are stopped" croze build "$c"

done_testing
