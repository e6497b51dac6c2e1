#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# COPY's and ADD's flags that choose what is copied and how, with the effect of each on the layer:
#   * several kinds of sources in one instruction: paths and here-documents
#   * --chmod with letters: on top of the source's modes, X, not for directories that COPY makes
#   * --exclude: relative to what is copied, **, exceptions, files that a wildcard found; from stages; ADD
#   * --parents: directories on the way as they are in the source, the pivot /./, **, what is not there
#   * --link: stands on nothing; a changed base keeps it CACHED; parents keep the base's attributes; ignored with --chmod
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir -p "$c/app/bin" "$c/app/doc/old" "$c/lib/a/src" "$c/lib/b/src" "$c/home/app/cfg"
echo main >"$c/app/bin/main"
chmod 755 "$c/app/bin/main"
echo guide >"$c/app/doc/guide.md"
echo old >"$c/app/doc/old/notes.md"
echo readme >"$c/app/readme.md"
echo a >"$c/lib/a/src/one.c"
echo b >"$c/lib/b/src/two.c"
echo h >"$c/lib/b/src/two.h"
echo top >"$c/top.md"
echo text >"$c/top.txt"
echo cfg >"$c/home/app/cfg/x"
chmod 770 "$c/lib/a"
chmod 700 "$c/home/app/cfg"

# copies DESC INSTRUCTIONS WANT: the top layer without its times.
copies() {
    printf 'FROM base\n%s\n' "$2" >"$c.dockerfile"
    run build copied "$c" -f "$c.dockerfile"
    if [ "$code" -ne 0 ]; then
        fail "$1" "$err"
    else
        is "$1" "$(img layer copied -1)" "$3"
    fi
}
copy_fails() {
    printf 'FROM base\n%s\n' "$2" >"$c.dockerfile"
    fails_build "$3" "$1" "$c" -f "$c.dockerfile"
}

# --- sources of several kinds ---
copies "files and here-documents together" 'COPY top.txt app/bin <<note <<main /new/
a note
note
echo instead
main' '0755 0:0 d /new
0644 0:0 f /new/main
0644 0:0 f /new/note
0644 0:0 f /new/top.txt'
is "... what is written later wins" "$(img cat copied /new/main) $(img cat copied /new/top.txt)" "echo instead text"
copies "... with owner and mode" 'COPY --chown=app --chmod=600 top.txt <<note /new/
a note
note' '0600 10001:10002 d /new
0600 10001:10002 f /new/note
0600 10001:10002 f /new/top.txt'
printf 'FROM base\nCOPY top.txt <<note /new/\nchanged\nnote\n' >"$c.dockerfile"
builds "another body" copied "$c" -f "$c.dockerfile"
unlike "... is another step" "$err" CACHED

# --- --chmod with letters ---
copies "--chmod=go-rwx" 'COPY --chmod=go-rwx app/bin app/doc /new/' '0755 0:0 d /new
0600 0:0 f /new/guide.md
0700 0:0 f /new/main
0700 0:0 d /new/old
0600 0:0 f /new/old/notes.md'
copies "--chmod=u=rwX,go=rX: X for directories and programs" 'COPY --chmod=u=rwX,go=rX lib/a /opt/real/in/' '0755 0:0 d /opt
0711 7:8 d /opt/real
0755 0:0 d /opt/real/in
0755 0:0 d /opt/real/in/src
0644 0:0 f /opt/real/in/src/one.c'
copies "--chmod=ug+s from a variable" 'ARG mode=ug+s
COPY --chmod=$mode app/bin/main /new' '6755 0:0 f /new'
printf 'FROM base\nCOPY --chmod=u+q top.txt /x\n' >"$c.dockerfile"
refuses 2 'context\.dockerfile:2:.*u\+q' "letters that mean nothing" croze build -f "$c.dockerfile" "$c"

# --- --exclude ---
copies "--exclude is relative to the directory that is copied" 'COPY --exclude=*.md app /new/' '0755 0:0 d /new
0755 0:0 d /new/bin
0755 0:0 f /new/bin/main
0755 0:0 d /new/doc
0644 0:0 f /new/doc/guide.md
0755 0:0 d /new/doc/old
0644 0:0 f /new/doc/old/notes.md'
copies "... ** is any depth; it may be given twice" 'COPY --exclude=**/*.md --exclude=bin app /new/' '0755 0:0 d /new
0755 0:0 d /new/doc
0755 0:0 d /new/doc/old'
copies "... an exception makes only the directories on its way" 'COPY --exclude=* --exclude=!doc/guide.md app /new/' '0755 0:0 d /new
0755 0:0 d /new/doc
0644 0:0 f /new/doc/guide.md'
copies "... everything" 'COPY --exclude=* ap* /new' '0755 0:0 d /new'
copies "... files that a wildcard found" 'COPY --exclude=*.md top* /new/' '0755 0:0 d /new
0644 0:0 f /new/top.txt'
copies "... but not what is named itself" 'COPY --exclude=*.md top.md /new' '0644 0:0 f /new'
copies "... with a variable" 'ARG kind=md
COPY --exclude=*.$kind top* /new/' '0755 0:0 d /new
0644 0:0 f /new/top.txt'
copies "... from a stage" 'COPY app /src
FROM base
COPY --from=0 --exclude=doc/* --exclude=*.md /src /new/' '0755 0:0 d /new
0755 0:0 d /new/bin
0755 0:0 f /new/bin/main
0755 0:0 d /new/doc'
copies "ADD --exclude" 'ADD --exclude=bin --exclude=doc app /new/' '0755 0:0 d /new
0644 0:0 f /new/readme.md'
printf 'app/doc\n!app/doc/guide.md\n' >"$c.dockerfile.dockerignore"
copies "... beside an ignore file" 'COPY --exclude=bin app /new/' '0755 0:0 d /new
0755 0:0 d /new/doc
0644 0:0 f /new/doc/guide.md
0644 0:0 f /new/readme.md'
rm "$c.dockerfile.dockerignore"
printf 'FROM base\nCOPY --exclude=[ app /x\n' >"$c.dockerfile"
refuses 2 'context\.dockerfile:2:.*pattern "\["' "a pattern that is none" croze build -f "$c.dockerfile" "$c"
printf 'FROM base\nCOPY --exclude=*.md app /new/\n' >"$c.dockerfile"
build copied "$c" -f "$c.dockerfile" 2>/dev/null
echo more >>"$c/app/readme.md"
builds "a changed file that is excluded" copied "$c" -f "$c.dockerfile"
like "... leaves the step CACHED" "$err" CACHED

# --- --parents ---
copies "--parents" 'COPY --parents lib/a/src/one.c lib/b/src/two.c /new/' '0755 0:0 d /new
0755 0:0 d /new/lib
0770 0:0 d /new/lib/a
0755 0:0 d /new/lib/a/src
0644 0:0 f /new/lib/a/src/one.c
0755 0:0 d /new/lib/b
0755 0:0 d /new/lib/b/src
0644 0:0 f /new/lib/b/src/two.c'
touch -d @1500000000 "$c/lib/a"
copies "... from a pivot on, with a wildcard" 'COPY --parents lib/./*/src/*.c /new' '0755 0:0 d /new
0770 0:0 d /new/a
0755 0:0 d /new/a/src
0644 0:0 f /new/a/src/one.c
0755 0:0 d /new/b
0755 0:0 d /new/b/src
0644 0:0 f /new/b/src/two.c'
is "... with the times of the source's directories" "$(img mtime copied /new/a)" 1500000000
copies "... ** is any number of directories" 'COPY --parents **/*.md /new/' '0755 0:0 d /new
0755 0:0 d /new/app
0755 0:0 d /new/app/doc
0644 0:0 f /new/app/doc/guide.md
0755 0:0 d /new/app/doc/old
0644 0:0 f /new/app/doc/old/notes.md
0644 0:0 f /new/app/readme.md
0644 0:0 f /new/top.md'
copies "... with --exclude" 'COPY --parents --exclude=**/old --exclude=*.md **/*.md /new/' '0755 0:0 d /new
0755 0:0 d /new/app
0755 0:0 d /new/app/doc
0644 0:0 f /new/app/doc/guide.md
0644 0:0 f /new/app/readme.md'
copies "... a directory that the image has gets the source's mode and keeps its owner" 'COPY --parents home/app/cfg/x /' '0755 0:0 d /home
0755 10001:10002 d /home/app
0700 0:0 d /home/app/cfg
0644 0:0 f /home/app/cfg/x'
copies "... made ones get --chown and --chmod" 'COPY --parents --chown=1:2 --chmod=750 lib/a/src/one.c /new/' '0750 1:2 d /new
0750 1:2 d /new/lib
0750 1:2 d /new/lib/a
0750 1:2 d /new/lib/a/src
0750 1:2 f /new/lib/a/src/one.c'
copies "... from a stage, with its owners" 'COPY --chown=5:6 lib /src/lib
FROM base
COPY --from=0 --parents /src/./lib/a/sr* /new/' '0755 0:0 d /new
0755 5:6 d /new/lib
0770 5:6 d /new/lib/a
0755 5:6 d /new/lib/a/src
0644 5:6 f /new/lib/a/src/one.c'
copies "... a wildcard that matches nothing" 'COPY --parents lib/*/none* /new/' '0755 0:0 d /new'
copy_fails "... a path that is not there" 'COPY --parents lib/./a/none /new/' '"/lib/a/none": not found'
printf 'lib/b\n' >"$c.dockerfile.dockerignore"
copy_fails "... or ignored" 'COPY --parents lib/b/src/two.c /new/' '"/lib/b/src/two.c": not found \(excluded by .*dockerignore:1 "lib/b"\)'
rm "$c.dockerfile.dockerignore"

# --- --link ---
linked() { # BASE-INSTRUCTIONS: builds COPY --link on top of base and those
    printf 'FROM base\n%s\nCOPY --link --chown=app app/doc /srv/app/doc/\n' "$1" >"$c.dockerfile"
    run build linked "$c" -f "$c.dockerfile"
    [ "$code" -eq 0 ] || fail "build linked on $1" "$err"
}
linked 'RUN echo 1 >/marker'
want=$(img config linked rootfs diff_ids -1)
is "--link: what is copied, and its parents" "$(img layer linked -1)" '0755 0:0 d /srv
0755 10001:10002 d /srv/app
0755 10001:10002 d /srv/app/doc
0644 10001:10002 f /srv/app/doc/guide.md
0755 10001:10002 d /srv/app/doc/old
0644 10001:10002 f /srv/app/doc/old/notes.md'
linked 'RUN echo 2 >/marker'
like "... on a changed base it is CACHED" "$err" '^#[0-9]+ CACHED'
is "... and the same layer" "$(img config linked rootfs diff_ids -1)" "$want"
is "... of the whole image" "$(img cat linked /marker) $(img cat linked /srv/app/doc/guide.md)" "2 guide"
printf 'FROM base\nRUN echo 3 >/marker\nCOPY --chown=app app/doc /srv/app/doc/\n' >"$c.dockerfile"
builds "the same without --link" linked "$c" -f "$c.dockerfile"
unlike "... is not CACHED" "$err" '^#[0-9]+ CACHED'
linked 'RUN chmod 700 /srv'
unlike "a base whose directory on the way has another mode is another copy" "$err" '^#[0-9]+ CACHED'
is "... which keeps that mode" "$(img layer linked -1 | sed -n 1,2p)" '0700 0:0 d /srv
0755 10001:10002 d /srv/app'
copies "/tmp stays 1777" 'COPY --link top.txt /tmp/x/' '1777 0:0 d /tmp
0755 0:0 d /tmp/x
0644 0:0 f /tmp/x/top.txt'
copies "a symlink of the base is not followed" 'COPY --link top.txt /opt/link/x' '0755 0:0 d /opt
0755 0:0 d /opt/link
0644 0:0 f /opt/link/x'
copies "a file takes a directory's place" 'COPY --link top.txt /opt/lower' '0755 0:0 d /opt
0644 0:0 f /opt/lower'
is "... and what was in it is gone" "$(img tree copied /opt/lower)" '0644 0:0 f /opt/lower'
copies "with --chmod it is no linked copy" 'COPY --link --chmod=640 top.txt /opt/link/x' '0755 0:0 d /opt
0711 7:8 d /opt/real
0640 0:0 f /opt/real/x'
copies "to the WORKDIR" 'WORKDIR /opt
COPY --link top.txt .' '0755 0:0 d /opt
0644 0:0 f /opt/top.txt'
printf 'FROM base\nRUN echo x >/marker\nCOPY --link top.txt /opt/link/x\nRUN cat /opt/link/x >/seen && ls /opt/real | wc -l >>/seen\n' >"$c.dockerfile"
builds "a RUN sees the linked copy over what was there" linked "$c" -f "$c.dockerfile"
is "... file by file" "$(img cat linked /seen)" "text
0"
does "the store is sound" croze fsck --deep

done_testing
