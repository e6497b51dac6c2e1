#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run: an image as a container, in the foreground.
#   * command, ENTRYPOINT and CMD, --entrypoint; exit codes: the container's, 125, 126, 127
#   * -e, -w, -u, --hostname, -i, --read-only, --network, -p; what the image says about them
#   * -v: directories and files, ro and rw, missing targets; owners
#   * signals are handed on; killed means ended; nothing stays in the store, nothing in the image
. "$(dirname "$0")/lib.sh"

if ! command -v runc >/dev/null && ! command -v crun >/dev/null; then
    skip "run" "neither runc nor crun is installed"
    done_testing
fi
import_base
c=$T/context
cat <<'END' | dockerfile "$c"
FROM base
ENV A=image B=image
USER app
WORKDIR /home/app
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["echo default"]
END
build entry "$c" 2>"$T/log" || cat "$T/log" >&2
does "a plain command" croze run --rm base echo hello world
is "... its output" "$out" "hello world"
is "... nothing else is said" "$err" ""
exits 7 "its exit code" croze run --rm base sh -c 'exit 7'
printf 'FROM base\nRUN chmod 1770 / && chown 3:4 /\n' | dockerfile "$c.root"
build own-root "$c.root" 2>"$T/log" || cat "$T/log" >&2
does "a root of another owner and mode" croze run --rm own-root stat -c '%a %u:%g' /
is "... is as a build's steps see it" "$out" "1770 3:4"
exits 137 "killed by a signal: 128 + its number" croze run --rm base sh -c 'sh -c "kill -9 \$\$"; exit $?'
does "ENTRYPOINT and CMD" croze run --rm entry
is "... as the image says" "$out" default
does "arguments instead of CMD" croze run --rm entry 'pwd; id -u; echo $A$HOME'
is "... user, directory, environment of the image" "$out" '/home/app
10001
image/home/app'
does "--entrypoint" croze run --rm --entrypoint /bin/echo entry only this
is "... and no CMD" "$out" "only this"
refuses 127 'start no-such-command: not found in the image.s PATH' "a command that is not there" croze run --rm base no-such-command
is "... is said once" "$(printf '%s\n' "$err" | wc -l)" 1
refuses 127 'start /no/such/file: no such file' "a file that is not there" croze run --rm base /no/such/file
refuses 126 'start /etc/passwd: it is not executable' "a file that is no program" croze run --rm base /etc/passwd
is "... is said once" "$(printf '%s\n' "$err" | wc -l)" 1
refuses 126 'start /etc: it is a directory' "a directory" croze run --rm base /etc
does "a program by a path from the working directory" croze run --rm -w /bin base ./busybox true
printf '\177ELFnonsense' >"$T/odd"
chmod +x "$T/odd"
run croze run --rm -v "$T/odd:/odd" base /odd
is "a program of another kind: what the runtime says of it is said once" "$(printf '%s\n' "$err" | grep -ci 'format error')" 1
run croze run --rm -v "$T/odd:/odd" base /odd/below
is "a path through a file: the same" "$(printf '%s\n' "$err" | grep -ci 'not a directory')" 1
refuses 125 'no/such:image' "an image that is not there" croze run --rm --pull=never no/such:image
refuses 125 'ghost' "a user that is not there" croze run --rm -u ghost base true
printf 'FROM scratch\nCOPY Dockerfile /\n' | dockerfile "$T/empty"
build nothing "$T/empty" 2>/dev/null
refuses 125 'command' "no command at all" croze run --rm nothing
exits 127 "a program in an image without any" croze run --rm nothing /bin/sh
v0=$T/v0
mkdir "$v0"
cp "$CROZE" "$v0/tool"
exits 127 "a program that is mounted is the runtime's to find" croze run --rm -v "$v0:/opt/v" base /opt/v/other

does "-e" env FROM_CALLER=caller "$CROZE" run --rm -e A=option -e NEW='a b' -e FROM_CALLER -e NOT_SET entry 'echo "$A|$B|$NEW|$FROM_CALLER|${NOT_SET-unset}"'
is "... over the image's, and from the caller's where it is named" "$out" 'option|image|a b|caller|unset'
does "-w" croze run --rm -w /opt/real base pwd
is "... is the directory" "$out" /opt/real
does "-u by name" croze run --rm -u app base sh -c 'id -u; id -g; id -G | tr " " "\n" | sort -n | tr "\n" " "'
is "... with the image's groups" "$out" '10001
10002
29 44 10002 '
does "-u by numbers" croze run --rm -u 123:456 base id
like "... no name needed" "$out" 'uid=123 gid=456'
does "--user=0 over the image's" croze run --rm --user=0 entry 'id -u'
is "... root" "$out" 0
does "--hostname" croze run --rm --hostname my-host base hostname
is "... is the name" "$out" my-host
echo from-stdin | "$CROZE" run --rm -i base cat >"$T/o"
is "-i: standard input" "$(cat "$T/o")" from-stdin
echo from-stdin | "$CROZE" run --rm base cat >"$T/o"
is "... without it there is none" "$(cat "$T/o")" ""
does "standard error is the caller's" croze run --rm base sh -c 'echo to-err >&2'
is "... apart from standard output" "$out|$err" '|to-err'
does "--read-only" croze run --rm --read-only base sh -c 'touch /x 2>/dev/null && echo written || echo refused'
is "... refuses" "$out" refused
does "--network none" croze run --rm --network none base sh -c 'ls /sys/class/net | tr "\n" " "'
is "... only the loopback" "$out" 'lo '
does "-p of equal ports" croze run --rm -p 18080:18080 -p 127.0.0.1:18081:18081/tcp base true
refuses 125 '8080:80' "-p of others is refused by name" croze run --rm -p 8080:80 base true
does "resolv.conf and hosts" croze run --rm base sh -c 'test -s /etc/resolv.conf && test -s /etc/hosts && echo both'
is "... are there" "$out" both
does "/proc, /dev, /sys" croze run --rm base sh -c 'test -e /proc/self/status && test -c /dev/null && test -d /sys/kernel && echo $$'
is "... and a process space of its own" "$out" 1
does "what it may do is docker's" croze run --rm base sh -c '(mount -t tmpfs x /tmp || mknod /d b 8 0 && cat /d) >/dev/null 2>&1 && echo may || echo may not'
is "... no mounts, no disks" "$out" 'may not'

# --- volumes ---
v=$T/volume
mkdir -p "$v/sub"
chmod 755 "$T"
echo host >"$v/file"
does "-v rw" croze run --rm -v "$v:/mnt/v" base sh -c 'cat /mnt/v/file; echo container >/mnt/v/new; mkdir /mnt/v/dir'
is "... is read" "$out" host
is "... and written" "$(cat "$v/new") $(ls -d "$v/dir")" "container $v/dir"
is "... its files are the caller's" "$(stat -c %u "$v/new")" "$(id -u)"
does "-v ro" croze run --rm -v "$v:/v:ro" base sh -c 'cat /v/file; (echo x >/v/no || rm /v/file || touch /v/sub) 2>/dev/null && echo written || echo refused'
is "... is read and cannot be written" "$out" 'host
refused'
is "... nothing happened" "$(ls "$v" | tr '\n' ' ')" 'dir file new sub '
does "-v of a file" croze run --rm -v "$v/file:/etc/motd:ro" base cat /etc/motd
is "... one file" "$out" host
does "-v over a directory of the image" croze run --rm -v "$v:/opt/lower" base ls /opt/lower
is "... hides it" "$(echo "$out" | tr '\n' ' ')" 'dir file new sub '
refuses 125 'not-there' "-v of what is not there" croze run --rm -v "$v/not-there:/x" base true
run croze run --rm -v "named:/x" base true
isnt "a named volume is refused" "$code" 0
like "... by name" "$err" 'named'
run croze run --rm -v "$v:relative" base true
isnt "a relative target" "$code" 0

# --- signals ---
# start NAME SCRIPT [OPTIONS]: in the background, until it says "ready"
start() {
    what=$1 script=$2
    shift 2
    "$CROZE" run --rm "$@" base sh -c "$script" >"$T/$what" 2>"$T/$what.err" &
    pid=$!
    until_true 100 grep -q ready "$T/$what" || cat "$T/$what.err" >&2
}
for signal in TERM INT HUP USR1; do
    start "$signal" "trap 'echo got $signal; exit 9' $signal; echo ready; while :; do usleep 20000; done"
    kill -$signal $pid
    wait $pid
    is "$signal is handed on" "$? $(tail -1 "$T/$signal")" "9 got $signal"
done
start default 'echo ready; exec sleep 1000' --stop-timeout 1
kill -TERM $pid
wait $pid
is "a process that ignores TERM is killed when its time is over" "$? $(cat "$T/default.err")" \
    "137 warning: the container did not stop within 1 seconds and is killed (--stop-timeout gives it longer)"
start stubborn 'trap "echo once more" INT; echo ready; while :; do usleep 20000; done' --stop-timeout -1
kill -INT $pid
until_true 100 grep -q once "$T/stubborn"
is "INT alone does not end one that handles it" "$(kill -0 $pid && echo running)" running
kill -INT $pid
wait $pid
is "a second INT does" "$? $(cat "$T/stubborn.err")" "137 warning: the container is killed"
refuses 125 'stop-timeout' "--stop-timeout of no number" croze run --rm --stop-timeout soon base true
start killed "echo ready; while :; do echo alive >/v/alive 2>/dev/null; usleep 20000; done" -v "$v:/v"
kill -KILL $pid
wait $pid 2>/dev/null
ended() { rm -f "$v/alive" && sleep 0.2 && ! test -e "$v/alive"; }
exits 0 "kill -9 of croze ends the container" until_true 50 ended
croze run --rm base true
is "nothing is left in the store" "$(ls "$CROZE_ROOT/work")" ""
is "the image is as it was" "$(croze run --rm base ls / | tr '\n' ' ')" 'bin dev etc home lib opt proc root srv sys tmp usr var '
does "two at once" sh -c '"$CROZE" run --rm base sh -c "echo 1 >/x; usleep 300000; cat /x" & "$CROZE" run --rm base sh -c "ls /x 2>/dev/null; echo 2 >/x; cat /x"; wait'
is "... do not see each other" "$(echo "$out" | sort | tr '\n' ' ')" '1 2 '
for runtime in runc crun; do
    if command -v $runtime >/dev/null; then
        does "--runtime $runtime" croze run --rm --runtime $runtime base echo ran
        is "... runs" "$out" ran
    else
        skip "--runtime $runtime" "$runtime is not installed"
        skip "... runs" "the same"
    fi
done
refuses 125 'nope' "--runtime of none" croze run --rm --runtime nope base true
does "the store is sound" croze fsck --deep

done_testing
