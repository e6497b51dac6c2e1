#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What every instruction does to the image's configuration and history:
#   * ENV LABEL EXPOSE USER WORKDIR VOLUME STOPSIGNAL CMD ENTRYPOINT SHELL HEALTHCHECK MAINTAINER ONBUILD, exec and shell forms
#   * on scratch and on a base image that has them already (ENTRYPOINT resets an inherited CMD, HEALTHCHECK NONE, ONBUILD runs once)
#   * parser directives, continuation lines, comments, lower-case keywords, CRLF
#   * errors with file, line and column
. "$(dirname "$0")/lib.sh"

dockerfile "$T/all" <<'END'
# escape=\
# a comment
FROM scratch
env A=1 B="two words" C=three\ words D='single $A' \
    # a comment in between
    E=$A-${B}
ENV OLD form   of ENV
ENV A=changed F=$A
LABEL z=last a="first one" "quoted key"=v
LABEL legacy label value
EXPOSE 80 443/TCP 5000-5002/udp
EXPOSE 80/tcp
USER 1000:1001
WORKDIR /one
WORKDIR two
WORKDIR $A/../three
VOLUME ["/data", "/with space"]
VOLUME /x /y
STOPSIGNAL SIGQUIT
MAINTAINER Some One <some@example.org>
SHELL ["/bin/ash", "-ec"]
CMD echo "$A"
HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=2s --retries=4 CMD wget -q localhost
ONBUILD RUN touch /triggered
ONBUILD ENV FROM_TRIGGER=yes
END
builds "all instructions on scratch" all "$T/all"
is "Env: in order, replaced in place, one snapshot an instruction" "$(img config all config Env)" \
    '["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=changed","B=two words","C=three words","D=single $A","E=-","OLD=form   of ENV","F=1"]'
is "Labels" "$(img config all config Labels)" '{"a":"first one","legacy":"label value","quoted key":"v","z":"last"}'
is "ExposedPorts" "$(img config all config ExposedPorts)" '{"443/tcp":{},"5000/udp":{},"5001/udp":{},"5002/udp":{},"80/tcp":{}}'
is "User" "$(config all '{{.Config.User}}')" 1000:1001
is "WorkingDir" "$(config all '{{.Config.WorkingDir}}')" /one/two/three
is "Volumes" "$(img config all config Volumes)" '{"/data":{},"/with space":{},"/x":{},"/y":{}}'
is "StopSignal" "$(config all '{{.Config.StopSignal}}')" SIGQUIT
is "Author" "$(config all '{{.Author}}')" 'Some One <some@example.org>'
is "Shell" "$(img config all config Shell)" '["/bin/ash","-ec"]'
is "Cmd in shell form takes the SHELL" "$(img config all config Cmd)" '["/bin/ash","-ec","echo \"$A\""]'
is "Healthcheck in nanoseconds" "$(img config all config Healthcheck)" \
    '{"Interval":90000000000,"Retries":4,"StartPeriod":2000000000,"Test":["CMD-SHELL","wget -q localhost"],"Timeout":500000000}'
is "OnBuild" "$(img config all config OnBuild)" '["RUN touch /triggered","ENV FROM_TRIGGER=yes"]'
is "WORKDIRs are the only layers" "$(img layers all)" 3
is "... owned by the USER" "$(img tree all)" "0755 1000:1001 d /one
0755 1000:1001 d /one/two
0755 1000:1001 d /one/two/three"
is "history: one line an instruction (ONBUILD has none)" "$(croze history --no-trunc --format json all | wc -l)" 18
like "... in docker's words" "$(croze history --no-trunc --format json all)" '"CreatedBy":"ENV A=1 B=two words '
like "... for layers" "$(croze history --no-trunc --format json all)" '"CreatedBy":"WORKDIR /one/two".*"Layer":"sha256:'

import_base
dockerfile "$T/parent" <<'END'
FROM base
ENV FROM_PARENT=1
USER app
WORKDIR /home/app
EXPOSE 8080
LABEL parent=yes
VOLUME /v
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["parent"]
HEALTHCHECK CMD true
SHELL ["/bin/ash", "-c"]
ONBUILD ENV TRIGGER=ran
ONBUILD RUN echo $TRIGGER > triggered
END
builds "a parent image" parent "$T/parent"
dockerfile "$T/child" <<'END'
FROM parent
ENV CHILD=$FROM_PARENT$TRIGGER
LABEL child=yes
EXPOSE 9090
VOLUME /w
HEALTHCHECK NONE
END
builds "a child inherits" child "$T/child"
is "Env with the trigger's" "$(img config child config Env)" \
    '["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","FROM_PARENT=1","TRIGGER=ran","CHILD=1ran"]'
is "User, WorkingDir, Entrypoint, Cmd" "$(config child '{{.Config.User}} {{.Config.WorkingDir}} {{json .Config.Entrypoint}} {{json .Config.Cmd}}')" \
    'app /home/app ["/bin/sh","-c"] ["parent"]'
is "Labels" "$(img config child config Labels)" '{"child":"yes","parent":"yes"}'
is "ExposedPorts and Volumes" "$(img config child config ExposedPorts)$(img config child config Volumes)" '{"8080/tcp":{},"9090/tcp":{}}{"/v":{},"/w":{}}'
is "HEALTHCHECK NONE" "$(img config child config Healthcheck)" '{"Test":["NONE"]}'
is "the triggers ran, right behind FROM, as the parent's user in its directory" "$(img cat child /home/app/triggered) $(img tree child /home/app/triggered)" \
    "ran 0644 10001:10002 f /home/app/triggered"
is "... and are not handed on" "$(img config child config OnBuild)" null
is "... nor were they run in the parent" "$(img tree parent /home/app/triggered)" ""

printf 'FROM parent\nENTRYPOINT ["/bin/other"]\n' | dockerfile "$T/e"
builds "ENTRYPOINT" entry "$T/e"
is "... resets an inherited CMD" "$(img config entry config Cmd)" null
printf 'FROM parent\nCMD ["mine"]\nENTRYPOINT /bin/other\n' | dockerfile "$T/e"
builds "ENTRYPOINT behind CMD" entry "$T/e"
is "... keeps this stage's CMD; its shell form takes the inherited SHELL" "$(img config entry config Cmd) $(img config entry config Entrypoint)" \
    '["mine"] ["/bin/ash","-c","/bin/other"]'
printf 'FROM parent\nUSER root\nENTRYPOINT []\nCMD []\nWORKDIR /\n' | dockerfile "$T/e"
builds "empty ENTRYPOINT and CMD" entry "$T/e"
is "... take them away" "$(img config entry config Entrypoint) $(img config entry config Cmd)" 'null null'
is "... USER and WORKDIR are replaced" "$(config entry '{{.Config.User}} {{.Config.WorkingDir}}')" 'root /'
printf 'FROM base\nCMD [ "not", json ]\n' | dockerfile "$T/e"
builds "CMD that looks like JSON but is none" entry "$T/e"
is "... is in shell form" "$(img config entry config Cmd)" '["/bin/sh","-c","[ \"not\", json ]"]'
like "... with a warning" "$err" '^ - InvalidExecForm: .*JSON.*\(line 2\)'

printf '# escape=`\r\nfrom base\r\nenv A=one`\r\n  B=two\r\nworkdir C:\\x\r\n' | dockerfile "$T/crlf"
builds "CRLF, another escape character, lower case" crlf "$T/crlf"
is "... the continuation joins" "$(img config crlf config Env 1)" '"A=one"'
is "... and the backslash is a letter" "$(config crlf '{{.Config.WorkingDir}}')" '/C:\x'
printf '\357\273\277# syntax=docker/dockerfile:1\nFROM base\nENV A=1\n' | dockerfile "$T/bom"
builds "a byte order mark and a syntax directive" bom "$T/bom"

# refused TEXT RE DESC: a Dockerfile that is wrong at a known place
refused() {
    printf "$1" | dockerfile "$T/bad"
    refuses 2 "$2" "$3" croze build --pull=never "$T/bad"
}
refused 'FROM scratch\nRUNN x\n' 'Dockerfile:2:1: .*RUNN' "an unknown instruction, with its place"
refused 'RUN x\n' 'Dockerfile:1:1: ' "an instruction before FROM"
refused '' 'Dockerfile' "an empty file"
refused '# only\n\n' 'Dockerfile' "only comments"
refused 'FROM scratch\nENV A\n' 'Dockerfile:2:' "ENV without a value"
refused 'FROM scratch\nCOPY a\n' 'Dockerfile:2:.*COPY' "COPY with one argument"
refused 'FROM scratch\nEXPOSE http\n' 'Dockerfile:2:.*http' "EXPOSE of no number"
refused 'FROM scratch\nSTOPSIGNAL SIGNOPE\n' 'Dockerfile:2:.*SIGNOPE' "an unknown signal"
refused 'FROM scratch\nHEALTHCHECK --interval=soon CMD x\n' 'Dockerfile:2:24: .*soon' "a duration that is none"
refused 'FROM scratch\nONBUILD ONBUILD RUN x\n' 'Dockerfile:2:.*ONBUILD' "ONBUILD ONBUILD"
refused 'FROM scratch\nONBUILD FROM x\n' 'Dockerfile:2:.*ONBUILD' "ONBUILD FROM"
refused 'FROM scratch\nSHELL /bin/sh\n' 'Dockerfile:2:.*SHELL' "SHELL that is not JSON"
refused 'FROM scratch\nENV A="${B:?is missing}"\n' 'Dockerfile:2:.*is missing' "\${B:?...} with its message"
refused 'FROM scratch\nRUN --device=a.b/c=d x\n' 'Dockerfile:2:5: .*--device' "a flag that is not carried out, by name"
refused 'FROM scratch\nCOPY --wrong=1 a b\n' 'Dockerfile:2:6: .*--wrong' "a flag that is unknown"
refused 'FROM scratch\nRUN --mount=type=cache,target=/c,size=1 x\n' 'Dockerfile:2:5: .*cache.*size' "an option of another type of mount"
refused 'FROM scratch\nARG K=cache\nRUN --mount=type=$K,target=/c,size=1 x\n' 'Dockerfile:3:5: .*cache.*size' "one that a variable names"
refused 'FROM scratch\nENV S=a\nCOPY --from=$S a b\n' 'Dockerfile:3:6: .*S comes from ENV' "a source that ENV names"
refused 'ARG SOURCE_DATE_EPOCH=soon\nFROM scratch\n' 'Dockerfile:1:5: .*soon' "an epoch that is none"
refused 'FROM scratch\nCOPY <<EOF /x\nnever ends\n' 'Dockerfile:2:.*EOF' "a here-document without an end"
refused 'FROM $NOTHING\n' 'Dockerfile:1:.*NOTHING' "FROM of an empty variable names it"
printf 'ARG SOURCE_DATE_EPOCH=1650000000\nFROM scratch\nWORKDIR /x\n' | dockerfile "$T/epoch"
build epoch "$T/epoch" 2>/dev/null
is "a SOURCE_DATE_EPOCH in the file's head is the image's time" "$(img config epoch created) $(img mtime epoch /x)" \
    '"2022-04-15T05:20:00Z" 1650000000'
printf 'FROM no/such:image\n' | dockerfile "$T/bad"
refuses 1 'Dockerfile:1:.*no/such:image.*(import|load)' "a base that the store lacks, with the next step" croze build --pull=never "$T/bad"
refuses 1 'Dockerfile' "a context without a Dockerfile" croze build "$here/.."
refuses 1 '/no/such' "a context that is not there" croze build /no/such
refuses 1 'missing' "-f of a file that is not there" croze build -f "$T/missing" "$T/all"

done_testing
