#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The forms that published product Dockerfiles are written in (thousands of them, since 2015): each builds and means what it means with docker, or gets a
# diagnosis that names what is wrong.
#   * old spelling: lower-case keywords, MAINTAINER with odd quotes, ENV K V, shell-form ENTRYPOINT and CMD, comments and blanks between continued lines
#   * ARGs before FROM, placeholders, empty parts of an image name, ARG defaults of several lines, ARG and ENV as RUN's environment
#   * users and owners by name from the image's own files, numeric USER with the group of passwd, USER root in a child
#   * downloads into a directory without a slash, http with and without what is asked for
#   * a pipe that breaks, the host's loopback, ports, labels, several stages
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir -p "$c"

# --- old spelling ---
printf '#!/bin/sh\necho started "$@"\n' >"$c/init.sh"
chmod 755 "$c/init.sh"
printf 'from base\nmaintainer Dev Team "dev@example.org\342\200\235\nenv JAVA_HOME /opt/java dir\nenv WORKING_DIRECTORY=/home/product\nRun mkdir -p /home/product \\\n# a comment in the middle\n    # and an indented one\n\n && touch /home/product/made \\   \n && echo ok >/home/product/result\ncopy init.sh ${WORKING_DIRECTORY}/\nentrypoint ${WORKING_DIRECTORY}/init.sh\ncmd a b\n' |
    dockerfile "$c"
builds "keywords in any case, an unbalanced quote, legacy ENV, comments and an empty line in a continuation" old "$c"
is "MAINTAINER is kept as it stands" "$(img config old author)" "\"Dev Team \\\"dev@example.org”\""
like "ENV K V takes the rest of the line" "$(img config old config Env)" '"JAVA_HOME=/opt/java dir"'
is "shell forms" "$(img config old config Entrypoint)$(img config old config Cmd)" \
    '["/bin/sh","-c","${WORKING_DIRECTORY}/init.sh"]["/bin/sh","-c","a b"]'
is "the continued RUN ran whole" "$(img cat old /home/product/result)" ok
is "the entry point keeps its mode" "$(img tree old /home/product/init.sh)" '0755 0:0 f /home/product/init.sh'
like "the empty line is warned of" "$err" 'Dockerfile:1?[0-9]: NoEmptyContinuation|NoEmptyContinuation: '

# --- ARG before FROM ---
cat >"$c/Dockerfile" <<'END'
ARG REGISTRY
ARG VERSION=latest
FROM ${REGISTRY:+$REGISTRY/}base:${VERSION}
ARG VERSION
ARG PRODUCT=server
ARG HOME_DIR=/srv/${PRODUCT}-${VERSION}
ENV SERVER_HOME=${HOME_DIR} \
    ENV=${HOME_DIR}"/.ashrc"
LABEL maintainer="Dev <dev@example.org>" com.example.source="https://example.org/releases/v${VERSION}"
RUN set -eux; sh -c 'mkdir -p ${SERVER_HOME}/solr ${SERVER_HOME}/lib; echo ${PRODUCT} >${SERVER_HOME}/name'; \
    case "$(uname -m)" in x86_64|aarch64|riscv64) echo known ;; *) echo "unsupported" ;; esac >/arch; \
    yes | sed 1q >/pipe
EXPOSE 9443 9763/tcp 8243/udp ${UNSET:-8280} 5000-5002
WORKDIR ${SERVER_HOME}
END
builds "ARGs before FROM, defaults made of others, ENV and ARG in RUN's environment" args "$c" --build-arg PRODUCT=am
is "a nested shell sees them" "$(img cat args /srv/am-latest/name)" am
is "\`yes |\` ends by SIGPIPE" "$(img cat args /pipe)" y
is "ENV of several words" "$(img config args config Env | tr ',' '\n' | grep -c -e '"SERVER_HOME=/srv/am-latest"' -e '"ENV=/srv/am-latest/.ashrc"')" 2
is "ports, ranges expanded" "$(img config args config ExposedPorts)" \
    '{"5000/tcp":{},"5001/tcp":{},"5002/tcp":{},"8243/udp":{},"8280/tcp":{},"9443/tcp":{},"9763/tcp":{}}'
printf 'ARG R\nARG V\nFROM ${R}/wso2am:${V}.0-alpine\n' | dockerfile "$T/empty"
refuses 2 'Dockerfile:3:[0-9]+:.*(\$?\{?[RV]\}?|ARG [RV])' "an image name with a hole names the variable that made it" croze build "$T/empty"

# --- users ---
cat >"$c/Dockerfile" <<'END'
FROM base
ARG USER=wso2carbon
ARG USER_ID=10011
ARG USER_GROUP=wso2
ARG USER_GROUP_ID=10301
RUN echo "${USER_GROUP}:x:${USER_GROUP_ID}:" >>/etc/group && echo "${USER}:x:${USER_ID}:${USER_GROUP_ID}::/home/${USER}:/bin/sh" >>/etc/passwd \
 && mkdir -p /home/${USER} && chown ${USER}:${USER_GROUP} /home/${USER}
COPY --chown=wso2carbon:wso2 init.sh /home/${USER}/
COPY --chown=${USER}:${USER_GROUP} *.sh /home/${USER}/all/
USER ${USER_ID}
WORKDIR /home/${USER}
RUN id -u >ids; id -g >>ids; touch mine
END
builds "users made by an earlier RUN own what is copied" users "$c"
is "... and run what follows, in their group of passwd" "$(img tree users /home/wso2carbon) $(img cat users /home/wso2carbon/ids)" \
    "0755 10011:10301 d /home/wso2carbon
0755 10011:10301 d /home/wso2carbon/all
0755 10011:10301 f /home/wso2carbon/all/init.sh
0644 10011:10301 f /home/wso2carbon/ids
0755 10011:10301 f /home/wso2carbon/init.sh
0644 10011:10301 f /home/wso2carbon/mine 10011
10301"
printf 'FROM users\nUSER root\nRUN id -u >/root-id\nUSER wso2carbon\n' | dockerfile "$T/child"
builds "a child image is root for a while" child "$T/child"
is "... and gives the user back by name" "$(img cat child /root-id) $(config child '{{.Config.User}}')" "0 wso2carbon"
printf 'FROM base\nCOPY --chown=nobody-here init.sh /\n' >"$c/Dockerfile"
fails_build 'nobody-here' "an owner that the image does not know is an error that names it" "$c"
printf 'FROM base\nUSER ghost\nRUN true\n' >"$c/Dockerfile"
fails_build 'ghost' "so is a user" "$c"

# --- what only the base's configuration knows ---
printf 'FROM base\nENV SERVER_HOME=/srv/server PATH="/opt/java/bin:$PATH"\nRUN mkdir -p /srv/server/lib && echo jar >/srv/server/lib/a.jar\n' | dockerfile "$T/parent"
build product "$T/parent" 2>/dev/null
printf 'FROM product AS obam\nFROM product\nCOPY --from=obam ${SERVER_HOME}/lib /copied\nCOPY init.sh ${SERVER_HOME}/bin/\nFROM base AS unused\nRUN false\n' >"$c/Dockerfile"
builds "ENV of a base names sources and destinations; an unused stage is not built" several "$c" --target 1
is "a directory of another stage" "$(img tree several /copied)" '0755 0:0 d /copied
0644 0:0 f /copied/a.jar'

# --- downloads ---
mkdir -p "$T/www/files"
echo 'a jar' >"$T/www/files/dnsjava-3.6.1.jar"
touch -d '2024-05-06 07:08:09 UTC' "$T/www/files/dnsjava-3.6.1.jar"
"$python" -u - "$T/www" >"$T/port" 2>/dev/null <<'END' &
import functools, http.server, sys
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1]))
print(server.server_address[1])
server.serve_forever()
END
server=$!
until_true 100 test -s "$T/port"
url=http://127.0.0.1:$(cat "$T/port")
cat >"$c/Dockerfile" <<END
FROM users
USER root
ARG JAR=files/dnsjava-3.6.1.jar
ADD --chown=wso2carbon:wso2 $url/\${JAR} /home/wso2carbon
ADD $url/files/dnsjava-3.6.1.jar /renamed.jar
RUN wget -q -O /by-wget $url/files/dnsjava-3.6.1.jar
END
builds "ADD of a URL, and RUN from the host's loopback" downloads "$c"
is "into a directory without a slash it keeps its name; mode 0600, owner by name" "$(img tree downloads /home/wso2carbon/dnsjava-3.6.1.jar)" \
    '0600 10011:10301 f /home/wso2carbon/dnsjava-3.6.1.jar'
is "else it is the destination" "$(img tree downloads /renamed.jar) $(img cat downloads /renamed.jar)" '0600 0:0 f /renamed.jar a jar'
is "RUN reached the host's loopback" "$(img cat downloads /by-wget)" 'a jar'
printf 'FROM base\nADD %s/files/gone.zip /x\n' "$url" >"$c/Dockerfile"
fails_build 'files/gone\.zip.*404|404.*files/gone\.zip' "a pack that is gone: the URL and the status" "$c"
cat >"$c/Dockerfile" <<'END'
FROM base
ARG MI_DIST_URL=<MI_DIST_URL>
ADD ${MI_DIST_URL} /pack.zip
END
fails_build 'placeholder.*--build-arg|--build-arg.*placeholder' "a placeholder that nobody filled in: what to pass" "$c"
kill "$server"
wait "$server" 2>/dev/null

done_testing
