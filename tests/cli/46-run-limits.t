#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the command line gives a RUN besides its root:
#   * --shm-size, --ulimit, --add-host: their effect inside, none on the layer; what cannot be is refused by name
#   * they join the key; addresses of hosts do not (as with BuildKit)
#   * RUN --mount=type=tmpfs: empty, writable, of the size that was asked for, not in the layer
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context

# shows DESC OPTIONS-OR-EMPTY COMMAND WANT: the output of the last RUN, which writes /o
shows() {
    printf 'FROM base\nRUN %s\n' "$3" | dockerfile "$c"
    # shellcheck disable=SC2086
    run build shown "$c" $2
    if [ "$code" -ne 0 ]; then
        fail "$1" "$err"
    else
        is "$1" "$(img cat shown /o)" "$4"
    fi
}
cached() { printf '%s\n' "$err" | grep -c '^#[0-9]* CACHED'; }

# --- /dev/shm ---
shm='grep " /dev/shm " /proc/mounts | grep -o "size=[0-9]*k" >/o'
shows "/dev/shm has 64 MiB" "" "$shm" size=65536k
shows "--shm-size" "--shm-size 2m" "$shm" size=2048k
shows "... in other words" "--shm-size=1GB" "$shm" size=1048576k
shows "... is a limit" "--shm-size 1m" 'head -c 2000000 /dev/zero >/dev/shm/x 2>/dev/null || echo full >/o' full
is "... and nothing of it is in the layer" "$(img layer shown -1)" '0644 0:0 f /o'
refuses 2 "shm-size \"lots\": it is a number" "a size that is none" croze build --shm-size lots "$c"

# --- limits ---
shows "--ulimit" "--ulimit nofile=100:200 --ulimit core=0" 'ulimit -Sn >/o; ulimit -Hn >>/o; ulimit -c >>/o' '100
200
0'
shows "... one value is both; the last of a name counts" "--ulimit nofile=100:200 --ulimit nofile=64" 'ulimit -Sn >/o; ulimit -Hn >>/o' '64
64'
shows "... is a limit" "--ulimit fsize=1000" '(trap "" XFSZ; head -c 5000 /dev/zero >/big 2>/dev/null); wc -c </big >/o; rm /big' 1000
refuses 2 'no limit "files"; they are core' "a limit that is none" croze build --ulimit files=3 "$c"
refuses 2 'soft limit is above' "soft above hard" croze build --ulimit nofile=3:2 "$c"
printf 'FROM base\nRUN true\n' | dockerfile "$c"
fails_build 'set the limit nofile to 2000000000 .*may not raise it above its own' "a limit that the kernel refuses is named" "$c" --ulimit nofile=2000000000

# --- hosts ---
hosts='grep -E "added|gateway" /etc/hosts | tr "\t" " " >/o'
shows "--add-host" "--add-host added:192.0.2.7 --add-host added6=[2001:db8::7]" "$hosts" '192.0.2.7 added
2001:db8::7 added6'
shows "... several addresses" "--add-host added:192.0.2.7,192.0.2.8" "$hosts" '192.0.2.7 added
192.0.2.8 added'
unlike "... and the layer has no hosts" "$(img layer shown -1)" '/etc'
shows "... the name resolves" "--add-host added.example:127.0.0.9" 'ping -c 1 -W 1 added.example 2>&1 | head -1 | cut -d" " -f2,3 >/o' 'added.example (127.0.0.9):'
shows "host-gateway is an address of this host" "--add-host gateway:host-gateway" "$hosts"' && ip=$(cut -d" " -f1 /o) && ip -o addr show | grep -qF " $ip/" && echo own >/o' own
refuses 2 'NAME:ADDRESS' "a host without an address" croze build --add-host alone "$c"
refuses 2 '"nowhere" is neither an IP address' "an address that is none" croze build --add-host a:nowhere "$c"

# --- tmpfs ---
printf 'FROM base\nRUN --mount=type=tmpfs,target=/t,size=1m --mount=type=tmpfs,target=/opt/lower find /t /opt/lower -mindepth 1 | wc -l >/o && grep " /t " /proc/mounts | cut -d" " -f3,4 >>/o && touch /t/x /opt/lower/y && stat -c %%a /t >>/o\n' >"$c/Dockerfile"
builds "RUN --mount=type=tmpfs" tmp "$c"
is "... is empty, also over what is there, of its size, for everyone" "$(img cat tmp /o | sed 's/\(size=[0-9]*k\).*/\1/')" '0
tmpfs rw,nosuid,nodev,relatime,size=1024k
1777'
is "... and nothing of it is in the layer, nor of what it hid" "$(img layer tmp -1)" '0644 0:0 f /o'
printf 'FROM base\nRUN --mount=type=tmpfs,target=/t,size=64k head -c 100000 /dev/zero >/t/x 2>/dev/null || echo full >/o\n' >"$c/Dockerfile"
builds "one of 64 KiB" tmp "$c"
is "... takes no more" "$(img cat tmp /o)" full

# --- the key ---
printf 'FROM base\nRUN echo x >/o\n' | dockerfile "$c"
build keyed "$c" 2>/dev/null
for flag in --shm-size=1m --ulimit=nofile=99 --add-host=a:192.0.2.1; do
    builds "with $flag" keyed "$c" "$flag"
    is "... it is another step" "$(cached)" 0
    builds "with $flag again" keyed "$c" "$flag"
    is "... it is CACHED" "$(cached)" 1
done
builds "another address of the same name" keyed "$c" --add-host=a:192.0.2.2
is "... is the same step" "$(cached)" 1
builds "another name" keyed "$c" --add-host=b:192.0.2.2
is "... is another" "$(cached)" 0

done_testing
