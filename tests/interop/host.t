#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze check --host beside a real dockerd, with ten containers: one that does everything wrong, one that does what it can, eight as people start them.
#   * verdicts are what was asked of docker when they were started
#   * of two ports that are exposed the one on which nothing listens
#   * nothing but croze itself is run: neither a program (PATH leads nowhere) nor anything in a container (docker's own events)
. "$(dirname "$0")/lib.sh"

have docker || { skip "a host with docker" "$why"; done_testing; }
case ${DOCKER_HOST:-unix:///var/run/docker.sock} in
unix://*) socket=${DOCKER_HOST:-unix:///var/run/docker.sock} socket=${socket#unix://} ;;
*) skip "a host with docker" "DOCKER_HOST is no Unix socket"; done_testing ;;
esac

names=''
end_containers() {
    # shellcheck disable=SC2086 # words
    [ -z "$names" ] || docker rm -f $names >/dev/null 2>&1
    docker rmi -f croze-host-test:1 croze-host-test:user croze-host-test:ports >/dev/null 2>&1
    cleanup
}
trap end_containers EXIT
start() {
    start_name=croze-host-$1
    shift
    names="$names $start_name"
    docker run -d --name "$start_name" "$@" sleep 1000 >"$T/.out" 2>"$T/.err" || fail "$start_name starts" "$(cat "$T/.err")"
}
host() { env PATH=/nowhere "$CROZE" check --host "$@"; }
# said NUMBER VERDICT CONTAINER...: that verdict, and findings about exactly these of ours
said() {
    said_number=$1 said_want=$2
    shift 2
    is "$said_number is $said_want" "$(host --only "$said_number" --cis-json | sed -n 's/.*"verdict": "\(.*\)",/\1/p')" "$said_want"
    [ "$said_want" = FAIL ] || return 0
    is "... of $*" "$(host --only "$said_number" --format json | sed -n 's/.*"file":"croze-host-\([^"]*\)".*/\1/p' | sort -u | tr '\n' ' ')" "$* "
}

py -m maketar "$T/base.tar"
does "an image" docker import "$T/base.tar" croze-host-test:1
does "... with a user and a check of its health" docker import -c 'USER 10001' -c 'HEALTHCHECK CMD true' "$T/base.tar" croze-host-test:user
does "... with two ports" docker import -c 'USER 10001' -c 'EXPOSE 8080 8081' "$T/base.tar" croze-host-test:ports
start bad --network host --pid host --ipc host --uts host --privileged --cap-add SYS_ADMIN --restart always -v /etc:/host-etc \
    -v "$socket:/docker.sock" croze-host-test:1
start good --network none --read-only --cap-drop ALL --security-opt no-new-privileges croze-host-test:user
for k in 1 2 3 4 5 6 7 8; do
    start "c$k" --network none croze-host-test:1
done
all='bad c1 c2 c3 c4 c5 c6 c7 c8'
since=$(date +%s)

exits 10 "the whole of it" host
like "... about this dockerd" "$out" "dockerd .* at $socket\$"
is "... 118 recommendations" "$(printf '%s\n' "$out" | grep -cE '^[1-7](\.[0-9]+)+ +(PASS|FAIL|MANUAL|N/A) ')" 118
unlike "... no answer of docker's was odd" "$out" 'could not be read| is no (text|list|object|whole|truth)'
for number in 5.4 5.5 5.6 5.10 5.15 5.16 5.17 5.21 5.22 5.32; do
    said $number FAIL bad
done
# shellcheck disable=SC2086 # words
said 5.13 FAIL $all
# shellcheck disable=SC2086 # words
said 5.26 FAIL $all
# shellcheck disable=SC2086 # words
said 5.27 FAIL $all
said 5.7 PASS
said 5.8 PASS
said 5.14 PASS
said 5.20 PASS
said 5.25 PASS
said 5.31 PASS
docker exec -d croze-host-c3 sh -c 'printf "#!/bin/sh\nread x </dev/zero; sleep 1000\n" >/tmp/sshd; chmod +x /tmp/sshd; exec /tmp/sshd' >/dev/null 2>&1
has_ssh() { host --only 5.7 | grep -q FAIL; }
until_true 50 has_ssh
said 5.7 FAIL c3
docker exec -d --privileged croze-host-c4 sleep 1000
said 5.23 FAIL c4
docker exec -d --user root croze-host-good sleep 1000
said 5.24 FAIL good

start ports --network none --read-only croze-host-test:ports
docker exec -d croze-host-ports /bin/busybox nc -ll -p 8080 -e /bin/busybox true
unused() { host --only 5.9 --format json | sed -n 's/.*"id":"ContainerExposeUnused".*"file":"croze-host-ports","message":"\([^ ]*\) is exposed.*/\1/p' | tr '\n' ' '; }
hears() { [ "$(unused)" = '8081/tcp ' ]; }
does "a port that is exposed, and on which nothing listens" until_true 50 hears

# by docker's own events, which it is asked for up to a second that has to come first
executed() { docker events --since "$since" --until "$(($(date +%s) + 1))" --filter type=container --filter event=exec_create --format '{{.Action}}'; }
before=$(executed)
like "what is executed in a container docker tells" "$before" sleep
host >/dev/null
is "... croze executes nothing there" "$(executed)" "$before"
done_testing
