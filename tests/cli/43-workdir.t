#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# WORKDIR and the directories that croze makes itself:
#   * missing parts are made, mode 0755, owned by the USER in force; what is there keeps its attributes; where all is there, no layer
#   * through symlinks of the image, inside the root; not over a file
#   * the cache, and times under SOURCE_DATE_EPOCH
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
workdir() {
    printf 'FROM base\n%s\n' "$2" | dockerfile "$c"
    run build work "$c"
    if [ "$code" -ne 0 ]; then
        fail "$1" "$err"
    else
        is "$1" "$(img layer work -1)" "$3"
    fi
}
workdir "missing directories are made" 'WORKDIR /a/b' '0755 0:0 d /a
0755 0:0 d /a/b'
workdir "owned by the USER" 'USER app
WORKDIR /a/b' '0755 10001:10002 d /a
0755 10001:10002 d /a/b'
workdir "... and group" 'USER 5:6
WORKDIR /a' '0755 5:6 d /a'
workdir "a directory that is there is as it was" 'USER app
WORKDIR /opt/real/new' '0755 0:0 d /opt
0711 7:8 d /opt/real
0755 10001:10002 d /opt/real/new'
workdir "through a symlink" 'WORKDIR /opt/link/new' '0755 0:0 d /opt
0711 7:8 d /opt/real
0755 0:0 d /opt/real/new'
is "... is written down as it was said" "$(config work '{{.Config.WorkingDir}}')" /opt/link/new
workdir "a link that leaves the root stays in it" 'RUN ln -s /../../../outside /out
WORKDIR /out/new' '0755 0:0 d /outside
0755 0:0 d /outside/new'
printf 'FROM base\nWORKDIR /opt/real\n' | dockerfile "$c"
builds "all of it is there" work "$c"
is "... no layer" "$(img layers work)" 1
is "... the directory may be the root" "$(printf 'FROM base\nWORKDIR /\n' | dockerfile "$c" && build work "$c" 2>/dev/null && config work '{{.Config.WorkingDir}}')" /
printf 'FROM base\nWORKDIR /etc/passwd\n' | dockerfile "$c"
fails_build 'Dockerfile:2:1: .*/etc/passwd' "a file is no directory" "$c"
printf 'FROM base\nWORKDIR /etc/passwd/sub\n' | dockerfile "$c"
fails_build 'Dockerfile:2:1: .*/etc/passwd' "... nor has it anything below" "$c"
printf 'FROM base\nRUN ln -s /l1 /l2 && ln -s /l2 /l1\nWORKDIR /l1/x\n' | dockerfile "$c"
fails_build 'Dockerfile:3:1: .*l1.*symbolic links' "a link in circles" "$c"

printf 'FROM base\nUSER app\nWORKDIR /cached/dir\n' | dockerfile "$c"
build work "$c" 2>/dev/null
first=$(digest_of work)
builds "unchanged" work "$c"
like "... is CACHED" "$err" '^#1 CACHED'
is "... with the same digest" "$(digest_of work)" "$first"
printf 'FROM base\nUSER 1:1\nWORKDIR /cached/dir\n' | dockerfile "$c"
builds "another USER" work "$c"
like "... is not" "$err" '^#1 DONE'
SOURCE_DATE_EPOCH=1650000000 build work "$c" 2>/dev/null
is "SOURCE_DATE_EPOCH is the new directories' time" "$(img mtime work /cached /cached/dir | tr '\n' ' ')" '1650000000 1650000000 '

done_testing
