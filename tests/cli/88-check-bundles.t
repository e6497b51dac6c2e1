#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze check --host where no engine tells of containers: by bundles of OCI runtimes and by what the kernel says of their processes.
#   * one that runc runs, lying where containerd would have it: each recommendation once good and once bad
#   * what the process is counts before what its config.json says
#   * croze's own containers
if [ "$(id -u)" -eq 0 ] && [ -z "${OWN_PROCESSES:-}" ]; then # an engine that this machine runs is none of the test's
    OWN_PROCESSES=1 exec unshare --pid --fork --kill-child --mount-proc sh "$0"
fi
. "$(dirname "$0")/lib.sh"

id=0123456789abcdef0123
h=$T/host
b=$h/run/containerd/io.containerd.runtime.v2.task/default/$id
mkdir -p "$b/rootfs/bin" "$h/proc" "$h/sys/fs/cgroup"
import_base

# --- runc ---

# bundle PYTHON: its config.json, with s changed by that
bundle() {
    (cd "$b" && rm -f config.json && runc spec) && py - "$b/config.json" "$id" "$1" <<'PY'
import json, sys
s = json.load(open(sys.argv[1], encoding="utf-8"))
s["process"].update(terminal=False, args=["sleep", "1000"])
s["process"].pop("rlimits", None)
s["linux"]["resources"] = {"pids": {"limit": 32}}
s["linux"]["cgroupsPath"] = "/default/" + sys.argv[2]
exec(sys.argv[3])
json.dump(s, open(sys.argv[1], "w", encoding="utf-8"))
PY
}
started=''
start() {
    bundle "$1"
    rm -f "$b/init.pid"
    runc --root "$T/runc" run -d --pid-file "$b/init.pid" --bundle "$b" "$id" </dev/null >"$T/log" 2>&1 || fail "runc starts it" "$(cat "$T/log")"
    started=1
}
stop() {
    [ -z "$started" ] || runc --root "$T/runc" delete -f "$id" >/dev/null 2>&1
    started=''
}
# The kernel's own tables below that root, for as long as we look.
host() {
    # shellcheck disable=SC2016 # for the other shell
    unshare -m sh -c 'h=$1 && shift && mount --bind /proc "$h/proc" && mount --rbind /sys/fs/cgroup "$h/sys/fs/cgroup" && exec "$@"' sh "$h" \
        "$CROZE" check --host --host-root "$h" --cis-json --only "$1" 2>/dev/null
}
verdict() {
    host "$1" | py -c 'import json, sys
for r in json.load(sys.stdin)["recommendations"]: print(r["id"], r["verdict"], r["evidence"])'
}
good() {
    for number in "$@"; do
        like "$number is good" "$(verdict "$number")" "^$number PASS 1 of 1 running"
    done
}
if [ "$(id -u)" -eq 0 ] && command -v runc >/dev/null; then
    trap 'stop; cleanup' EXIT
    cp "$(command -v busybox)" "$b/rootfs/bin/busybox" && ln -s busybox "$b/rootfs/bin/sleep"
    start ''
    good 5.4 5.5 5.6 5.7 5.10 5.13 5.16 5.17 5.18 5.20 5.21 5.26 5.29 5.32
    like "ports no bundle tells" "$(verdict 5.9)" '^5.9 MANUAL 0123456789ab: which ports are published no bundle of containerd tells'
    like "... nor is it said to be fine without a filter" "$(verdict 5.22)" '^5.22 FAIL 0123456789ab: its first process runs unfiltered'
    like "what the process is counts: it has no other root" "$(bundle 's["root"]["readonly"] = False' && verdict 5.13)" '^5.13 PASS'
    if readlink /proc/1/ns/pid >/dev/null; then
        like "... nor other namespaces" "$(bundle 's["linux"]["namespaces"] = []' && verdict 5.16)" '^5.16 PASS'
    else
        skip "... nor other namespaces" "root may not look at the first process here"
    fi
    like "... nor other capabilities" "$(bundle 's["process"]["capabilities"]["bounding"] = ["CAP_SYS_ADMIN"]' && verdict 5.4)" '^5.4 PASS'
    like "... nor other limits" "$(bundle 's["linux"]["resources"] = {}' && verdict 5.29)" '^5.29 PASS'
    stop
    like "one that has ended runs no more" "$(verdict 5.13)" '^5.13 N/A no container runs'
    start 's["root"]["readonly"] = False; s["process"]["noNewPrivileges"] = False; s["linux"]["resources"] = {}
s["linux"]["namespaces"] = [n for n in s["linux"]["namespaces"] if n["type"] in ("mount", "cgroup")]
s["process"]["capabilities"] = dict.fromkeys(("bounding", "effective", "permitted"), ["CAP_SYS_ADMIN"]); s.pop("hostname", None)
s["mounts"] = [m for m in s["mounts"] if m["destination"] in ("/proc", "/dev")] + [{"destination": "/etc", "type": "bind", "source": "/etc", "options": ["rbind"]}]'
    for number in 5.4 5.6 5.10 5.13 5.16 5.17 5.21 5.26 5.29 5.31; do
        like "$number is not" "$(verdict "$number")" "^$number FAIL 0123456789ab: "
    done
    stop
else
    skip "a container that runc runs" "needs root and runc"
fi

# --- a user's own ---

if [ "$(id -u)" -eq 0 ]; then
    u=$T/users
    s=home/u/.local/share/containers/storage/overlay-containers/$id/userdata
    mkdir -p "$u/$s" "$u/run/user/1000/containers/overlay-containers/$id/userdata" "$u/etc" "$u/root"
    echo 'u:x:1000:1000::/home/u:/bin/sh' >"$u/etc/passwd"
    echo '{"process":{},"linux":{}}' >"$u/root/mine"
    cp "$u/root/mine" "$u/$s/config.json"
    echo 200 >"$u/run/user/1000/containers/overlay-containers/$id/userdata/pidfile"
    chown -R 1000 "$u/home" "$u/run/user"
    of_user() { croze check --host --host-root "$u" --only 5.22 2>/dev/null; }
    like "a user's container, whose process nobody shows" "$(of_user)" '^ *0123456789ab: its bundle has no filter'
    ln -sf /root/mine "$u/$s/config.json"
    like "... his link to what is root's is not read" "$(of_user)" 'is not of the user in whose home'
else
    skip "a user's container" "needs root"
fi

# --- croze ---

export DOCKER_HOST="unix://$T/none"
own() { croze check --host --only "$1" --format json 2>/dev/null | sed -n 's/.*"file":"box-of-'$$'".*"message":"\([^"]*\)".*/\1/p'; }
"$CROZE" run --hostname "box-of-$$" --entrypoint /bin/sleep base 1000 >"$T/log" 2>&1 8>&- &
box=$!
trap 'kill -KILL $box 2>/dev/null; wait $box 2>/dev/null; cleanup' EXIT
runs() { [ -n "$(own 5.13)" ]; }
ended() { [ -z "$(own 5.13)" ]; }
until_true 100 runs
is "croze's own container: its root may be written" "$(own 5.13)" "its root may be written"
is "... it has the host's network" "$(own 5.10)" "has the host's network"
is "... and processes of its own" "$(own 5.16)" ""
like "of which image it is no bundle tells" "$(croze check --host --only 6.1)" '^6.1 +MANUAL|only an engine tells'
kill -KILL $box
wait $box 2>/dev/null
trap cleanup EXIT
like "one that was killed leaves its bundle" "$(ls "$CROZE_ROOT"/work/*/config.json)" config.json
does "... which is no container" until_true 50 ended
done_testing
