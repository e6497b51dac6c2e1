#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze check --host, on a root that is made here (--host-root) and an engine that answers what it is told (hostapi.py):
#   * the table: 118 recommendations in order, sections, counts, the share of what was assessed; --only, --skip; exit codes
#   * every format is well-formed and says the same, whatever containers are called
#   * an engine that refuses us, answers nonsense, never ends, is cut off: MANUAL with the reason, never PASS
#   * which process is the daemon; docker's own files where its engine cannot be asked
#   * images of croze's store are looked into; no store is made to do that
. "$(dirname "$0")/lib.sh"

h=$T/host
api=$T/api
mkdir -p "$h/etc/docker" "$h/run" "$h/var" "$h/proc" "$h/lib/systemd/system" "$api"
ln -s ../run "$h/var/run"
unset DOCKER_HOST XDG_RUNTIME_DIR

put() { mkdir -p "$(dirname "$1")" && cat >"$1"; }
says() { printf '%s' "$2" >"$api/$1"; }
host() { croze check --host --host-root "$h" "$@"; }
# verdict NUMBER: "FAIL evidence"
verdict() {
    host --only "$1" --cis-json 2>/dev/null |
        py -c 'import json, sys
for r in json.load(sys.stdin)["recommendations"]:
    if r["id"] == sys.argv[1]: print(r["verdict"], r["evidence"])' "$1"
}

engine() {
    [ -p "$T/.servers" ] || { mkfifo "$T/.servers" && exec 8<>"$T/.servers"; }
    "$python" "$here/hostapi.py" "$h/run/docker.sock" "$api" <"$T/.servers" 8>&- &
    until_true 100 test -S "$h/run/docker.sock" || { fail "the engine starts"; done_testing; }
}

says info '{"SecurityOptions":["name=apparmor","name=seccomp,profile=builtin"],"Driver":"overlay2","LoggingDriver":"json-file",
    "DockerRootDir":"/var/lib/docker","Swarm":{"LocalNodeState":"inactive"},"LiveRestoreEnabled":true}'
says version '{"Version":"28.5.2"}'
says containers_json '[]'
says images_json '[]'
cp "$api/info" "$T/info"

# --- nothing there ---

printf 'init\n' | put "$h/proc/1/comm"
refuses 3 'nothing of this host could be assessed: no engine was asked' "a host with nothing to assess" host --only 2,5
like "... whose verdicts are printed all the same" "$out" '^2\.2  +N/A '
unlike "... none of which is PASS" "$out" '^[0-9.]+ +PASS'
is "no store was made" "$(ls "$T/store" 2>&1 | grep -c 'No such file')" 1

# --- the table ---

engine
: | put "$h/lib/systemd/system/docker.service"
exits 10 "a host where something fails" host
is "118 recommendations" "$(printf '%s\n' "$out" | grep -cE '^[1-7](\.[0-9]+)+ +(PASS|FAIL|MANUAL|N/A) ')" 118
is "... in order" "$(printf '%s\n' "$out" | sed -nE 's/^([1-7](\.[0-9]+)+) .*/\1/p')" "$(printf '%s\n' "$out" | sed -nE 's/^([1-7](\.[0-9]+)+) .*/\1/p' | sort -V)"
is "... in seven sections" "$(printf '%s\n' "$out" | grep -cE '^[1-7]  [A-Z]')" 7
like "... and what they amount to" "$out" '^[0-9]+ of 118 recommendations assessed: [0-9]+ PASS, [0-9]+ FAIL \([0-9]+% passed\); [0-9]+ MANUAL, [0-9]+ N/A$'
like "... of the engine that was asked" "$out" 'dockerd 28.5.2 at /var/run/docker.sock$'
does "some of them" host --only 2.16,4 --only 3.2 --skip 4.5,4.1
is "... are those" "$(printf '%s\n' "$out" | sed -nE 's/^([1-7](\.[0-9]+)+) .*/\1/p' | tr '\n' ' ')" "2.16 3.2 4.2 4.3 4.4 4.6 4.7 4.8 4.9 4.10 4.11 4.12 "
like "a number is no prefix of another" "$(host --only 5.1)" '^1 of 1 recommendations'
does "nothing fails" host --only HostDaemonLiveRestore
refuses 2 'one at a time' "a host and images at once" croze check --host --image x
refuses 2 'give --image, too' "flags of images for a host" croze check --host --dockerfile x
refuses 2 'give --image, too' "... and of origins" croze check --host --origin
refuses 2 '--only: there is no recommendation 5.99' "a number that there is not" host --only 5.99
refuses 2 '--skip: there is no recommendation x' "a name that there is not" host --skip 5,x
refuses 2 'are about --host' "a flag of --host without it" croze check --only 5 Dockerfile
refuses 2 'ask for one of them' "two formats" host --cis-json --format json
refuses 2 'takes no operands' "an operand" host Dockerfile
refuses 1 'nowhere' "a root that is not there" croze check --host --host-root "$T/nowhere"

# --- files: modes bit by bit ---

for mode in 644 600 444; do
    chmod $mode "$h/lib/systemd/system/docker.service"
    like "mode $mode is good" "$(verdict 3.2)" "^PASS .*mode 0$mode"
done
for mode in 606 664 755 4644 070; do
    chmod $mode "$h/lib/systemd/system/docker.service"
    like "mode $mode is not" "$(verdict 3.2)" "^FAIL .*more than 0644"
done
mkdir "$h/etc/docker/certs.d" && mkfifo "$h/etc/docker/certs.d/pipe"
like "a pipe among certificates is not opened" "$(verdict 3.8)" '^FAIL /etc/docker/certs.d/pipe: mode'
rm -r "$h/etc/docker/certs.d"
ln -s "$T" "$h/etc/docker/certs.d"
unlike "a link does not lead out of the root" "$(verdict 3.8)" "$T|/etc/docker/certs.d/api"
rm "$h/etc/docker/certs.d"
mkfifo "$h/etc/docker/daemon.json"
like "a daemon.json that is none" "$(verdict 2.2)" '^MANUAL '
rm "$h/etc/docker/daemon.json"
if [ "$(id -u)" -ne 0 ]; then
    printf '{"icc":false}' >"$h/etc/docker/daemon.json" && chmod 0 "$h/etc/docker/daemon.json"
    like "a daemon.json that may not be read" "$(verdict 2.2)" '^MANUAL .*daemon.json: Permission denied'
    chmod 644 "$h/etc/docker/daemon.json" && rm "$h/etc/docker/daemon.json"
else
    skip "a daemon.json that may not be read" "root reads everything"
fi

# --- which process is the daemon: not whoever has its name in its arguments ---

like "the process that listens is no dockerd" "$(verdict 2.2)" '^MANUAL icc is not known: no process is called dockerd'
printf 'sh\0-c\0dockerd --icc=false\0' | put "$h/proc/7/cmdline" && printf 'sh\n' | put "$h/proc/7/comm"
like "... nor is one that speaks of it" "$(verdict 2.2)" '^MANUAL'
printf '/usr/bin/dockerd\0--icc=false\0' | put "$h/proc/9/cmdline" && printf 'dockerd\n' | put "$h/proc/9/comm"
printf 'Uid:\t1234\t1234\t1234\t1234\n' | put "$h/proc/9/status"
like "... nor is another user's" "$(verdict 2.2)" "^MANUAL .*process 9 is called dockerd, and is user 1234's"
printf 'Uid:\t0\t0\t0\t0\n' | put "$h/proc/9/status"
like "... root's is" "$(verdict 2.2)" '^PASS icc is false'
printf 'dockerd\n' | put "$h/proc/7/comm" && cp "$h/proc/9/status" "$h/proc/7/status"
like "... of two nobody knows" "$(verdict 2.2)" '^MANUAL .*2 processes are called dockerd'
printf '9\n' | put "$h/run/docker.pid"
like "... but for their own file" "$(verdict 2.2)" '^PASS'

says info '{"Swarm":{"LocalNodeState":"active","Managers":1}}'
mkdir "$h/proc/9/net" && cat /proc/self/net/tcp >"$h/proc/9/net/tcp"
unlike "the kernel's table of the daemon's sockets is read" "$(verdict 7.2)" '^(MANUAL|N/A)'
rm -r "$h/proc/9/net"
cp "$T/info" "$api/info"

# --- containers ---

says containers_json '[{"Id":"aa","Names":["/web"],"State":"running","Image":"app:1","ImageID":"sha256:77"},
    {"Id":"bb","Names":["/\u001b[31mred]]>&<\"\u0007"],"State":"running"},{"Id":"cc","Names":["/old"],"State":"exited"}]'
says containers_aa_json '{"Id":"aa","Name":"/web","HostConfig":{"Privileged":true,"Memory":4096},"Config":{"User":"0"}}'
says containers_bb_json '{"Id":"bb","HostConfig":{"Privileged":true,"CapAdd":["\u001b[2J"]}}'
like "containers" "$(verdict 5.5)" '^FAIL web, .*: privileged$'
like "... a name is shown without what steers terminals" "$(verdict 5.5)" 'web, \?\[31mred'
like "... those that are stopped do not count" "$(verdict 6.2)" '^PASS 2 of 3'
is "nothing was asked that changes or runs anything" "$(grep -cvE '^/(info|version|(containers|images)/json(\?all=1)?|containers/[a-z]+/(json|top)|networks)$' "$api/log")" 0
for format in text json sarif checkstyle junit gitlab github; do
    host --format $format >"$T/$format" 2>/dev/null
    is "$format: exit code" $? 10
done
host --cis-json >"$T/cis"
py - "$T" >"$T/said" <<'PY'
import json, sys, xml.etree.ElementTree as xml
d = sys.argv[1] + "/"
cis = json.load(open(d + "cis", encoding="utf-8"))
failed = {r["id"] for r in cis["recommendations"] if r["verdict"] == "FAIL"}
assert len(cis["recommendations"]) == 118 == sum(cis["counts"].values()) and cis["counts"]["FAIL"] == len(failed)
assert cis["assessed"] == cis["counts"]["PASS"] + cis["counts"]["FAIL"] and cis["passedPercent"] == cis["counts"]["PASS"] * 100 // cis["assessed"]
assert all(r["evidence"] and r["title"] and r["fix"] for r in cis["recommendations"])
lines = [json.loads(l) for l in open(d + "json", encoding="utf-8")]
assert {l["also"][0] for l in lines} == failed, failed
n = len(lines)
run = json.load(open(d + "sarif", encoding="utf-8"))["runs"][0]
rules = run["tool"]["driver"]["rules"]
assert len(run["results"]) == n and all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
assert len({json.dumps(r["partialFingerprints"]) for r in run["results"]}) == n
assert len(xml.parse(d + "checkstyle").findall("file/error")) == n
assert len(xml.parse(d + "junit").findall("testsuite/testcase/failure")) == n
assert len(json.load(open(d + "gitlab", encoding="utf-8"))) == n
assert len(open(d + "github", encoding="utf-8").read().splitlines()) == n
for name in ("text", "github"):
    assert not any(c < 32 and c != 10 for c in open(d + name, "rb").read())
print("all the same")
PY
is "every format can be read and says the same, whatever containers are called" "$(cat "$T/said")" "all the same"

# --- an engine that is hostile ---

says containers_aa_json '{"Id":"aa","HostConfig":{"Privileged":"no"}}'
says containers_bb_json '[[]]'
like "a container of another shape" "$(verdict 5.5)" '^MANUAL .*HostConfig.Privileged|^MANUAL .*Privileged is no truth value'
unlike "... is never good" "$(host --only 5)" '^5\.[0-9]+ +PASS .*container'
says containers_json '[{"Id":"../../etc/passwd"},{"Id":"a b"},{"Id":7},null,[],{"Id":"aa\u0000"}]'
like "ids that are no ids" "$(verdict 5.5)" '^MANUAL '
unlike "... are not asked for" "$(cat "$api/log")" 'etc|%|a b'
for fault in endless cut headers garbage; do
    : >"$api/info.$fault"
    refuses 3 'nothing of this host could be assessed' "/info: $fault" host --only 2.18
    like "... is MANUAL" "$out" '^2\.18 +MANUAL'
    rm "$api/info.$fault"
done
export CROZE_FETCH_TIMEOUT=1
says containers_json '[{"Id":"aa","Names":["/web"],"State":"running"}]'
for fault in drip silent; do
    : >"$api/info.$fault"
    like "/info: $fault" "$(verdict 2.18)" '^MANUAL'
    : >"$api/log"
    like "... after which nothing is asked" "$(verdict 5.5)" '^MANUAL web: could not be read: .*not asked: the engine took too long before'
    is "... indeed" "$(grep -c /aa/ "$api/log")" 0
    rm "$api/info.$fault"
done
unset CROZE_FETCH_TIMEOUT
echo 500 >"$api/info.status"
like "/info: status 500" "$(verdict 2.18)" '^MANUAL'
rm "$api/info.status"
py -c 'print("[" * 100000)' >"$api/info"
like "an answer that is nested too deep" "$(verdict 5.1)" '^MANUAL .*nested deeper'
py -c 'import json; print(json.dumps({"Driver": "x" * (5 << 20)}))' >"$api/info"
like "an answer that is too large" "$(verdict 2.6)" '^MANUAL'
printf '\377\376{"a"' >"$api/info"
like "an answer that is no JSON" "$(verdict 5.1)" '^MANUAL .*not valid JSON'
says info '{"SecurityOptions":"name=rootless","Swarm":[]}'
like "an answer of another shape" "$(verdict 5.1)" '^MANUAL .*SecurityOptions is no list of texts'
cp "$T/info" "$api/info"
py -c 'import json; print(json.dumps([{"Id": "a%d" % k} for k in range(3000)]))' >"$api/containers_json"
like "more containers than anybody has" "$(verdict 5.5)" '^MANUAL .*more than'
says containers_json '[]'

# --- an engine that refuses us; docker's own files ---

d=$h/var/lib/docker/containers/ab12
printf '{"ID":"ab12","Name":"/web","State":{"Running":true},"Config":{},"MountPoints":{}}' | put "$d/config.v2.json"
printf '{"Privileged":true}' | put "$d/hostconfig.json"
if [ "$(id -u)" -ne 0 ]; then
    chmod 0 "$h/run/docker.sock"
    like "a socket that refuses us" "$(verdict 1.2.2)" '^MANUAL .*docker.sock: Permission denied'
    like "... docker's own files are read" "$(verdict 5.5)" '^FAIL web: privileged'
    chmod 0 "$h/var/lib/docker"
    like "... if they may be" "$(verdict 5.5)" '^MANUAL .*Permission denied'
    chmod 755 "$h/var/lib/docker"
    chmod 660 "$h/run/docker.sock"
else
    skip "a socket that refuses us" "nothing refuses root"
fi
mv "$h/run/docker.sock" "$h/run/elsewhere"
like "without an engine docker's own files are read" "$(verdict 5.5)" '^FAIL web: privileged'
printf '{"Privileged":' | put "$d/hostconfig.json"
like "... one that is cut short" "$(verdict 5.5)" '^MANUAL .*web|^MANUAL ab12: could not be read'
export DOCKER_HOST="unix://$h/run/elsewhere"
like "DOCKER_HOST is for this host" "$(host --only 1.2.2)" 'no engine was asked'
like "... where it counts" "$(croze check --host --only 1.2.2 2>&1)" "dockerd 28.5.2 at $h/run/elsewhere"
export DOCKER_HOST=tcp://127.0.0.1:1
like "an engine elsewhere is not this host's" "$(croze check --host --only 1.2.2 2>&1)" 'is no Unix socket, and so not on this host'
unset DOCKER_HOST
mv "$h/run/elsewhere" "$h/run/docker.sock"

# --- images ---

import_base
printf 'FROM base\nENV DB_PASSWORD=hunter2secret\nRUN cp /bin/busybox /opt/x && chmod 4755 /opt/x\nUSER toor\n' | dockerfile "$T/bad"
printf 'FROM base\nRUN echo toor:x:0:0::/:/bin/sh >>/etc/passwd\n' | dockerfile "$T/toor"
build base "$T/toor" >/dev/null 2>&1
does "an image with faults" croze build -q -t bad "$T/bad"
printf 'FROM scratch\nCOPY Dockerfile /x\nUSER 1000\nHEALTHCHECK CMD x\n' | dockerfile "$T/good"
does "... one without" croze build -q -t good "$T/good"
croze rmi base >/dev/null
image_id() { croze inspect "$1" --format '{{.Id}}'; }
says images_json "[{\"Id\":\"$(image_id bad)\",\"RepoTags\":[\"bad:1\"]},{\"Id\":\"$(image_id good)\",\"RepoTags\":[\"good:1\"]}]"
for image in bad good; do
    says "images_$(image_id $image)_json" '{"Config":{"User":"toor","Healthcheck":{"Test":["CMD","x"]}}}'
    says "images_$(image_id $image)_history" '[]'
done
says "images_$(image_id good)_json" '{"Config":{"User":"1000","Healthcheck":{"Test":["CMD","x"]}}}'
like "a set-user-ID file is found in the layers that croze has" "$(verdict 4.8)" '^FAIL bad:1: /opt/x'
like "... and a secret in a variable, without its value" "$(verdict 4.10)" '^FAIL bad:1: .*DB_PASSWORD'
unlike "..." "$(host --only 4.10; host --only 4.10 --format json)" hunter2
like "... and what a name means" "$(verdict 4.1)" '^FAIL bad:1: User toor is root'
like "12 of 12 are answered" "$(host --only 4 | tail -1)" '^[0-9]+ of 12 recommendations'
says images_json "[{\"Id\":\"$(image_id good)\",\"RepoTags\":[\"good:1\"]}]"
for number in 4.1 4.6 4.8 4.10; do
    like "the image without faults: $number" "$(verdict $number)" '^PASS '
done
says "images_$(image_id good)_json" '{"Config":{"User":"1000","Healthcheck":{"Test":["CMD","x"]}},"RepoDigests":["r.example.org/x/good@sha256:1"]}'
like "whether its registry is trusted nobody has said" "$(verdict 4.2)" '^MANUAL good:1: comes from r.example.org/x/good: is that trusted'
like "... it is" "$(host --only 4.2 --trusted-registry '*.example.com' --trusted-registry r.example.org)" '^4\.2 +PASS'
like "... it is not" "$(host --only 4.2 --trusted-registry '*.example.com')" '^4\.2 +FAIL'
printf 'trustedRegistries: [example.com]\n' >"$T/.hadolint.yaml"
like "... by hadolint's file" "$(host --only 4.2 --config "$T/.hadolint.yaml")" '^4\.2 +FAIL'
other=sha256:$(printf %064d 7)
says images_json "[{\"Id\":\"$other\",\"RepoTags\":[\"good:latest\"]}]"
says "images_${other}_history" '[]'
says "images_${other}_json" "{\"Config\":{\"User\":\"1000\"},\"RootFS\":{\"Layers\":$(croze inspect good -f '{{json .RootFS.Layers}}')}}"
like "an image that another store calls otherwise is known by its layers" "$(verdict 4.8)" '^PASS '
says "images_${other}_json" "{\"Config\":{\"User\":\"1000\"},\"RootFS\":{\"Layers\":[\"sha256:$(printf %064d 1)\"]}}"
like "... and by no name alone" "$(verdict 4.8)" '^MANUAL '
says images_json "[{\"Id\":\"$(image_id good)\",\"RepoTags\":[\"good:1\"]}]"
like "... whose files are not read" "$(host --only 4.10 --no-content)" '^4.10 +MANUAL'
CROZE_ROOT=$T/none
like "... and that croze's store has not" "$(verdict 4.8)" '^MANUAL good:1: modes of its files are not known'
is "... which is not made" "$(ls "$T/none" 2>&1 | grep -c 'No such file')" 1
CROZE_ROOT=$T/store
mv "$h/run/docker.sock" "$h/run/elsewhere"
like "without an engine the store's own images are looked at" "$(host --only 4.8)" 'bad:latest: /opt/x'
croze rmi bad >/dev/null
mkdir -p "$h/run/crio" && : >"$h/run/crio/crio.sock"
like "... and where another engine is, these are not all" "$(verdict 4.8)" '^MANUAL there may be others, which cannot be seen: /run/crio/crio.sock is there'
croze rmi good >/dev/null
like "... nor is there none" "$(verdict 4.8)" '^MANUAL there may be others'
rm "$h/run/crio/crio.sock"
mv "$h/run/elsewhere" "$h/run/docker.sock"

done_testing
