#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# RUN: what the process sees, and what is said when it fails.
#   * shell and exec form, SHELL, working directory, environment, HOME, umask, host name, standard input
#   * users: by name and number, primary and supplementary groups; unknown ones
#   * /proc, /dev, /sys; resolv.conf and hosts are there, can be written, and are not in the layer; capabilities; a host's umask does not matter
#   * network none; proxies in the environment but not in the history
#   * output is shown line by line; a failing step: exit code, kept files, no name; a signal; a program that is not there; processes left behind
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context

# runs DESC INSTRUCTIONS FILE WANT: the file that the last RUN left
runs() {
    printf 'FROM base\n%s\n' "$2" | dockerfile "$c"
    run build ran "$c"
    if [ "$code" -ne 0 ]; then
        fail "$1" "$err"
    else
        is "$1" "$(img cat ran "$3")" "$4"
    fi
}
runs "shell form" 'RUN echo "a  b" >/o; echo $((1+1)) >>/o' /o 'a  b
2'
runs "exec form: no shell" 'RUN ["/bin/sh", "-c", "echo \"$0 $1\" >/o", "zero", "$one"]' /o 'zero $one'
runs "exec form: the program is looked up in PATH" 'ENV PATH=/nowhere:/bin
RUN ["touch", "/o"]' /o ''
runs "SHELL" 'SHELL ["/bin/sh", "-ec"]
RUN echo before >/o; true; echo "$0" >>/o' /o 'before
/bin/sh'
runs "WORKDIR is the working directory" 'WORKDIR /opt/real
RUN pwd >o' /opt/real/o /opt/real
runs "/ without one" 'RUN pwd >/o' /o /
runs "the environment, whole" 'ENV B=2 A="x y"
ARG C=3
RUN env | grep -vE "^(PWD|SHLVL|_|OLDPWD)=" | sort >/o' /o 'A=x y
B=2
C=3
HOME=/root
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
export LEAKED=1
runs "nothing of the caller's environment" 'RUN echo "${LEAKED-none}" >/o' /o none
unset LEAKED
runs "umask 0022, whatever the caller's is" 'RUN umask >/o; touch /f' /o 0022
printf 'FROM base\nUSER app\nRUN cat /etc/resolv.conf /etc/hosts >/dev/null && umask >/tmp/o\n' | dockerfile "$c"
(umask 077 && build strict "$c" >/dev/null 2>"$T/log") || cat "$T/log" >&2
is "... nor does it close files to other users" "$(img cat strict /tmp/o)" 0022
runs "the host name is the same everywhere" 'RUN hostname >/o; date +%Z >>/o' /o 'buildkitsandbox
UTC'
runs "standard input is empty" 'RUN cat >/o; echo end >>/o' /o end
runs "SIGPIPE has its default" 'RUN yes | head -1 >/o' /o y

# --- users ---
who='id -u >/tmp/o; id -g >>/tmp/o; id -G | tr " " "\n" | sort -n | tr "\n" " " >>/tmp/o; echo >>/tmp/o; echo $HOME >>/tmp/o'
runs "root" "RUN $who" /tmp/o '0
0
0 
/root'
runs "USER by name: groups of /etc/group, HOME of /etc/passwd" "USER app
RUN $who" /tmp/o '10001
10002
29 44 10002 
/home/app'
runs "USER with a group: only that one" "USER app:audio
RUN $who" /tmp/o '10001
29
29 
/home/app'
runs "USER by a number of /etc/passwd" "USER 10001
RUN $who" /tmp/o '10001
10002
29 44 10002 
/home/app'
runs "USER by a number that passwd does not have" "USER 12345
RUN $who" /tmp/o '12345
0
0 
/'
runs "USER by numbers" "USER 12345:54321
RUN $who" /tmp/o '12345
54321
54321 
/'
# id prints the effective group whether it is listed or not; the kernel sorts the list
runs "a process's own group is one of its supplementary groups" "USER app
RUN grep Groups /proc/self/status >/tmp/o" /tmp/o "Groups:	29 44 10002 "
runs "... for numbers too" "USER 12345:54321
RUN grep Groups /proc/self/status >/tmp/o" /tmp/o "Groups:	54321 "
runs "... and for root" "RUN grep Groups /proc/self/status >/tmp/o" /tmp/o "Groups:	0 "
runs "ENV HOME wins" 'USER app
ENV HOME=/elsewhere
RUN echo $HOME >/tmp/o' /tmp/o /elsewhere
is "files belong to who made them" "$(img tree ran /tmp/o)" '0644 10001:10002 f /tmp/o'
runs "a user that an earlier step added" 'RUN echo "new:x:4242:4243::/new:/bin/sh" >>/etc/passwd
USER new
RUN id -u >/tmp/o' /tmp/o 4242
printf 'FROM base\nUSER ghost\nRUN true\n' | dockerfile "$c"
fails_build 'Dockerfile:3:1: .*USER ghost.*"ghost" is not in the image' "an unknown user is an error that names it" "$c"
printf 'FROM base\nUSER app:ghosts\nRUN true\n' | dockerfile "$c"
fails_build 'group "ghosts" is not in the image' "... so is an unknown group" "$c"
printf 'FROM base\nUSER ghost\nWORKDIR /made\n' | dockerfile "$c"
fails_build '"ghost" is not in the image' "... also where only WORKDIR needs it" "$c"
printf 'FROM base\nUSER ghost\nENV A=1\n' | dockerfile "$c"
builds "... a USER that nothing uses is only written down, as with docker" "ghost" "$c"

# --- surroundings ---
runs "/proc is its own: the shell has process 1 or its child" 'RUN echo $$ >/o' /o "$(printf '1\n')"
runs "devices" 'RUN echo x >/dev/null && head -c 4 /dev/zero | wc -c >/o && head -c 3 /dev/urandom | wc -c >>/o && test -c /dev/full -a -d /dev/shm -a -e /dev/stdin' \
    /o '4
3'
runs "... but no disk of the host can be made or read" 'RUN mknod /disk b 8 0 2>/dev/null && cat /disk >/dev/null 2>&1 && echo read >/o || echo no >/o' /o no
runs "/sys cannot be written" 'RUN echo x >/sys/kernel/x 2>/dev/null || echo no >/o' /o no
runs "no mount, no module, no clock" 'RUN (mount -t tmpfs x /mnt || mount -t tmpfs x /tmp) 2>/dev/null && echo mounted; date -s 2000-01-01 2>/dev/null >&2 && echo set; echo end >/o' /o end
runs "chown, setuid bits and capabilities that docker gives work" 'RUN touch /o && chown 123:456 /o && chmod 6755 /o && su app -c "id -u" >/o2' /o2 10001
is "... in the layer too" "$(img tree ran /o)" '6755 123:456 f /o'
runs "resolv.conf and hosts are there and can be written" 'RUN test -s /etc/resolv.conf && test -s /etc/hosts && echo 127.0.0.1 mine >>/etc/hosts && grep -c mine /etc/hosts >/o' /o 1
unlike "... and are not in the layer" "$(img layer ran -1)" '/etc'
runs "/etc itself keeps its time where nothing was written" 'RUN true' /etc/group "$(img cat base /etc/group)"
is "... a step that writes nothing has an empty layer" "$(img layer ran -1)" ''
printf 'FROM scratch\nCOPY --from=base /bin /bin\nRUN ["/bin/busybox", "touch", "/o"]\n' | dockerfile "$c"
builds "RUN on a root without /etc, /proc, /dev, /sys" bare "$c"
is "... leaves no mount point behind" "$(img layer bare -1)" '0644 0:0 f /o'

runs "--network=none: only the loopback, and it is up" 'RUN --network=none ls /sys/class/net 2>/dev/null | tr "\n" " " >/o; ip -o link show lo | grep -c "LOOPBACK,UP" >>/o' /o 'lo 1'
printf 'FROM base\nRUN ip -o link | wc -l >/o\n' | dockerfile "$c"
builds "--network none for the whole build" ran "$c" --network none
is "... too" "$(img cat ran /o)" 1
builds "the default is the host's network" ran "$c"
unlike "... and another step: the one without is not taken for it" "$err" CACHED
if [ "$(ip -o link 2>/dev/null | wc -l)" -gt 1 ]; then
    isnt "... with its links" "$(img cat ran /o)" 1
else
    skip "... with its links" "this host has a loopback only"
fi
builds "--network none again" ran "$c" --network none
like "... is in the cache" "$err" CACHED
refuses 2 'network' "a network that is none" sh -c 'printf "FROM base\nRUN --network=own true\n" >"$1/df" && "$CROZE" build -f "$1/df" "$1"' - "$c"

printf 'FROM base\nRUN echo "$http_proxy|$HTTPS_PROXY|$no_proxy" >/o\n' | dockerfile "$c"
http_proxy=http://secret:3128 build ran "$c" --build-arg HTTPS_PROXY=http://given 2>/dev/null
is "proxies reach RUN" "$(img cat ran /o)" 'http://secret:3128|http://given|'
unlike "... and are in neither history nor configuration" "$(img config ran)" 'secret|http://given'
http_proxy=http://another:3128 build ran "$c" 2>"$T/log"
like "... nor in the key" "$(cat "$T/log")" 'CACHED'

# --- output and failure ---
printf 'FROM base\nRUN echo out; echo err >&2; printf "no newline"; printf "\\033[31mred\\r\\n"\n' | dockerfile "$c"
run build ran "$c"
like "standard output is shown" "$err" '^#1 [0-9.]+ out$'
like "standard error too" "$err" '^#1 [0-9.]+ err$'
like "a line without an end" "$err" 'no newline'
is "... without control characters of the step's" "$(printf '%s' "$err" | tr -d '\n\t' | tr -d '[:print:]' | wc -c)" 0
is "nothing of it is on standard output" "$out" ""
printf 'FROM base\nRUN i=0; while [ $i -lt 20000 ]; do echo "line $i of a long output"; i=$((i+1)); done\n' | dockerfile "$c"
run build ran "$c"
is "20,000 lines all arrive" "$(printf '%s\n' "$err" | grep -c 'of a long output$')" 20000

printf 'FROM base\nRUN echo kept >/left && exit 42\nRUN echo never\n' | dockerfile "$c"
fails_build '^croze: Dockerfile:2:1: RUN echo kept >/left && exit 42: exit code 42$' "a failing step: place, command, code" "$c"
kept=$(printf '%s\n' "$err" | sed -n 's/.*ls -l \([^ ]*\).*/\1/p')
is "... its files are kept where it says" "$(cat "$kept/left")" kept
unlike "... what comes behind does not run" "$err" 'never'
refuses 1 'failing' "... and the image has no name" croze inspect failing
printf 'FROM base\nRUN i=%0300d; false\n' 0 | dockerfile "$c"
fails_build '^croze: Dockerfile:2:1: RUN i=0{74}\.\.\.: exit code 1$' "a long command is shortened" "$c"
is "... in a message of three lines" "$(printf '%s\n' "$err" | sed -n '/^croze: /,$p' | wc -l)" 3
runs "a step may fail and be mended" 'RUN false || echo mended >/o' /o mended
printf 'FROM base\nRUN sh -c "kill -9 \\$\\$"; exit $?\n' | dockerfile "$c"
fails_build 'exit code 137' "a step that is killed" "$c"
printf 'FROM base\nRUN ["/no/such/program"]\n' | dockerfile "$c"
fails_build '/no/such/program' "a program that is not there" "$c"
printf 'FROM base\nRUN ["/etc/passwd"]\n' | dockerfile "$c"
fails_build '/etc/passwd.*Permission denied' "a program that is none" "$c"
printf 'FROM scratch\nCOPY Dockerfile /\nRUN echo x\n' | dockerfile "$c"
fails_build '/bin/sh' "a root without a shell" "$c"
runs "processes left behind end with the step" 'RUN sleep 1000 & echo done >/o' /o done

done_testing
