#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze check --fix: a product's Dockerfile with the faults of many; mended it is clean of what can be mended, stays so, and builds to the same
# tree and the same configuration but for what was to change. Files keep their mode, links stay, --dry-run and standard input write nothing.
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir -p "$c/files"
echo config >"$c/files/config.toml"
printf '#!/bin/sh\nexec sleep 1\n' >"$c/docker-entrypoint.sh"
chmod 755 "$c/docker-entrypoint.sh"
dockerfile "$c" <<'END'
# A product, as such files are written.
FROM base as Product
MAINTAINER "Some One <dev@example.com>"
ARG USER=wso2carbon
ARG USER_ID=10802
env USER_HOME /home/${USER}
ENV PRODUCT_HOME=/opt/product \
    LANG=C.UTF-8

# the user
RUN echo wso2:x:${USER_ID}: >>/etc/group
RUN echo ${USER}:x:${USER_ID}:${USER_ID}::${USER_HOME}:/bin/sh >>/etc/passwd
RUN mkdir -p ${PRODUCT_HOME}/conf \

    && echo done >${PRODUCT_HOME}/state   # what it keeps
ADD files/config.toml ${PRODUCT_HOME}/conf/
ADD --chown=10802:10802 docker-entrypoint.sh /home/
USER ${USER_ID}
WORKDIR ${USER_HOME}
EXPOSE 9443/TCP
ENTRYPOINT /home/docker-entrypoint.sh
END
cp "$c/Dockerfile" "$T/before"
chmod 640 "$c/Dockerfile"
does "the file as it is, built" croze build -q -t before "$c"
tree() { img tree "$1"; }
tree before >"$T/tree.before"

mended() { croze check --no-config --format json "$1" | grep -c '"edits":'; }
isnt "there is something to mend" "$(mended "$c/Dockerfile")" 0
exits 10 "--dry-run" croze check --no-config --fix --dry-run "$c/Dockerfile"
printf '%s\n' "$out" >"$T/patch"
cp "$T/before" "$T/dry"
does "... shows the changes as patch(1) takes them" patch -s "$T/dry" "$T/patch"
exits 10 "--dry-run, again" croze check --no-config --fix --dry-run "$c/Dockerfile"
like "... tells of what is left, elsewhere" "$err" 'warning'
is "... and writes nothing" "$(cat "$c/Dockerfile")" "$(cat "$T/before")"
is "standard input to standard output" "$(croze check --no-config --fix - <"$T/before" 2>/dev/null)" "$(cat "$T/dry")"

ln -s Dockerfile "$c/link"
exits 10 "--fix" croze check --no-config --fix "$c/link"
is "... writes what --dry-run showed" "$(cat "$c/Dockerfile")" "$(cat "$T/dry")"
is "... through a link, which stays one" "$(readlink "$c/link")" Dockerfile
is "... with the mode that it had" "$(stat -c %a "$c/Dockerfile")" 640
is "nothing is left that can be mended" "$(mended "$c/Dockerfile")" 0
cp "$c/Dockerfile" "$T/once"
croze check --no-config --fix "$c/Dockerfile" >/dev/null
is "a second time changes nothing" "$(cat "$c/Dockerfile")" "$(cat "$T/once")"
like "comments stay" "$(cat "$c/Dockerfile")" '^# the user$'
like "... behind commands too" "$(cat "$c/Dockerfile")" '# what it keeps$'
unlike "ADD of files has become COPY" "$(cat "$c/Dockerfile")" '^ADD'
like "MAINTAINER has become a label" "$(cat "$c/Dockerfile")" '^LABEL org.opencontainers.image.authors="Some One <dev@example.com>"'

does "the mended file is built" croze build -q -t after "$c"
tree after >"$T/tree.after"
is "... to the same tree" "$(diff "$T/tree.before" "$T/tree.after")" ''
for part in '.Config.User' '.Config.Env' '.Config.WorkingDir' '.Config.ExposedPorts'; do
    is "... with the same $part" "$(croze inspect -f "{{$part}}" after)" "$(croze inspect -f "{{$part}}" before)"
done
is "... whose program gets its signals" "$(croze inspect -f '{{json .Config.Entrypoint}}' after)" '["/home/docker-entrypoint.sh"]'

printf 'FROM base\nMAINTAINER x\nNONSENSE\n' >"$T/wrong"
cp "$T/wrong" "$T/wrong.before"
refuses 2 'wrong:3:1: unknown instruction' "a file that cannot be read" croze check --no-config --fix "$T/wrong"
is "... is left alone" "$(cat "$T/wrong")" "$(cat "$T/wrong.before")"
if [ "$(id -u)" -ne 0 ]; then
    mkdir "$T/locked"
    cp "$T/before" "$T/locked/Dockerfile"
    chmod 555 "$T/locked"
    refuses 1 'locked' "a directory that may not be written" croze check --no-config --fix "$T/locked/Dockerfile"
    is "... the file is as it was" "$(cat "$T/locked/Dockerfile")" "$(cat "$T/before")"
    chmod 755 "$T/locked"
else
    skip "a directory that may not be written" "root may write everywhere"
fi
done_testing
