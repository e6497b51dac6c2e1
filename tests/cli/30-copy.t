#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# COPY from the context, by docker's rules:
#   * files and directories; destinations with and without a slash, relative to WORKDIR; several sources; wildcards
#   * what keeps its attributes (files, new directories) and what does not (a directory that the image has already)
#   * destinations behind symlinks of the image; files over files, links, directories
#   * --chown by name and number, --chmod, set-id bits, modes of git; owners are 0:0 whoever owns the context
#   * symlinks, hard links, fifos, empty and large files, odd names, times
#   * from a stage: owners, hard links, symlinks; a directory that is there stays what it is
#   * every error names the file
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir -p "$c/dir/sub/deep" "$c/dir/empty" "$c/closed" "$c/dir2"
echo one >"$c/one.txt"
echo two >"$c/two.txt"
echo "a file" >"$c/dir/file"
echo deep >"$c/dir/sub/deep/file"
echo other >"$c/dir2/other"
printf '#!/bin/sh\n' >"$c/dir/script"
chmod 755 "$c/dir/script"
chmod 750 "$c/dir/sub"
chmod 640 "$c/two.txt"
chmod 700 "$c/closed"
touch -d @1500000000.5 "$c/one.txt"
touch -d @1500000001 "$c/dir/empty"

# copies DESC FROM-AND-INSTRUCTIONS WANT: the top layer without its times. The last line of instructions makes it.
copies() {
    printf 'FROM base\n%s\n' "$2" >"$c.dockerfile"
    run build copied "$c" -f "$c.dockerfile"
    if [ "$code" -ne 0 ]; then
        fail "$1" "$err"
    else
        is "$1" "$(img layer copied -1)" "$3"
    fi
}

copies "a file to a new name" 'COPY one.txt /new' '0644 0:0 f /new'
is "... with its bytes" "$(img cat copied /new)" one
is "... and its time to the nanosecond" "$(img mtime copied /new)" 1500000000.5
copies "a file into a directory that is there" 'COPY one.txt /opt/real' '0755 0:0 d /opt
0711 7:8 d /opt/real
0644 0:0 f /opt/real/one.txt'
is "... which keeps its time" "$(img mtime copied /opt/real)" 1600000000
copies "a file to NAME/ makes the directory" 'COPY two.txt /new/' '0755 0:0 d /new
0640 0:0 f /new/two.txt'
copies "missing parents are made" 'COPY one.txt /a/b/c' '0755 0:0 d /a
0755 0:0 d /a/b
0644 0:0 f /a/b/c'
copies "a directory: its contents, not itself" 'COPY dir /new' '0755 0:0 d /new
0755 0:0 d /new/empty
0644 0:0 f /new/file
0755 0:0 f /new/script
0750 0:0 d /new/sub
0755 0:0 d /new/sub/deep
0644 0:0 f /new/sub/deep/file'
is "... new directories take the time of theirs" "$(img mtime copied /new/empty)" 1500000001
copies "a slash behind the source changes nothing" 'COPY dir2/ /new/' '0755 0:0 d /new
0644 0:0 f /new/other'
copies "a directory named as a source gives its contents, not its mode" 'COPY closed /new' '0755 0:0 d /new'
copies "... merged into one that is there it leaves that as it is" 'COPY closed /opt/real' '0755 0:0 d /opt
0711 7:8 d /opt/real'
copies "several sources" 'COPY one.txt dir2 two.txt /new/' '0755 0:0 d /new
0644 0:0 f /new/one.txt
0644 0:0 f /new/other
0640 0:0 f /new/two.txt'
copies "a later source wins" 'COPY one.txt dir2/other /new/
RUN true
COPY one.txt /new/other' '0755 0:0 d /new
0644 0:0 f /new/other'
copies "the JSON form, for blanks in names" 'COPY ["one.txt", "/with blank"]' '0644 0:0 f /with blank'
copies "relative to WORKDIR" 'WORKDIR /opt/real
COPY one.txt new' '0755 0:0 d /opt
0711 7:8 d /opt/real
0644 0:0 f /opt/real/new'
copies ".. is the directory above it" 'WORKDIR /opt/real
COPY one.txt ../' '0755 0:0 d /opt
0644 0:0 f /opt/one.txt'
copies "an empty destination is the WORKDIR" 'WORKDIR /opt/real
ARG empty
COPY one.txt $empty' '0755 0:0 d /opt
0711 7:8 d /opt/real
0644 0:0 f /opt/real/one.txt'
copies ". is the WORKDIR" 'WORKDIR /opt/real
COPY one.txt .' '0755 0:0 d /opt
0711 7:8 d /opt/real
0644 0:0 f /opt/real/one.txt'
copies "a wildcard" 'COPY *.txt /new/' '0755 0:0 d /new
0644 0:0 f /new/one.txt
0640 0:0 f /new/two.txt'
copies "... that matches one file, to a name" 'COPY o*.txt /new' '0644 0:0 f /new'
copies "... further down, to a name in a directory that is made" 'COPY d*/sub/*/file /new/name' '0755 0:0 d /new
0644 0:0 f /new/name'
copies "wildcards: ? and [...]" 'COPY o?e.txt [t-z]wo.txt /new/' '0755 0:0 d /new
0644 0:0 f /new/one.txt
0640 0:0 f /new/two.txt'
copies "a wildcard in a directory's name" 'COPY di*/sub/d* /new/' '0755 0:0 d /new
0644 0:0 f /new/file'
run build none "$c" -f - <"$c.dockerfile"
printf 'FROM base\nCOPY one.txt no-such-* /new/\n' >"$c.dockerfile"
builds "a wildcard that matches nothing is no error" none "$c" -f "$c.dockerfile"
copies "the source's .. stops at the context" 'COPY ../../one.txt /new' '0644 0:0 f /new'
copies "the image's symlinks are followed to the destination" 'COPY one.txt /opt/link/new' '0755 0:0 d /opt
0711 7:8 d /opt/real
0644 0:0 f /opt/real/new'
copies "... absolute ones inside the image" 'COPY dir2 /opt/absolute/' '0755 0:0 d /opt
0711 7:8 d /opt/real
0644 0:0 f /opt/real/other'
copies "a destination that is a symlink means the file behind it" 'COPY one.txt /opt/lower/symlink' '0755 0:0 d /opt
0755 0:0 d /opt/lower
0644 0:0 f /opt/lower/file'
mkdir "$c/merge"
echo merged >"$c/merge/symlink"
copies "... but inside of a directory that is copied a file replaces a symlink" 'COPY merge /opt/lower' '0755 0:0 d /opt
0755 0:0 d /opt/lower
0644 0:0 f /opt/lower/symlink'
is "... the target is what it was" "$(img cat copied /opt/lower/file)" lower
copies "a file over one of two hard links" 'COPY one.txt /opt/lower/file' '0755 0:0 d /opt
0755 0:0 d /opt/lower
0644 0:0 f /opt/lower/file'
is "... leaves the other" "$(img tree copied /opt/lower/hard | cut -d' ' -f 1,2,4) $(img cat copied /opt/lower/hard)" "0640 3:4 /opt/lower/hard lower"

# --- owners and modes ---
copies "--chown by names: the image's" 'COPY --chown=app:audio one.txt /new' '0644 10001:29 f /new'
copies "... a user alone: its primary group" 'COPY --chown=app one.txt /new' '0644 10001:10002 f /new'
copies "... a number alone is user and group" 'COPY --chown=55 one.txt /new' '0644 55:55 f /new'
copies "... numbers need no passwd" 'COPY --chown=55:66 one.txt /new/made/' '0755 55:66 d /new
0755 55:66 d /new/made
0644 55:66 f /new/made/one.txt'
copies "... names made by an earlier step" 'RUN echo "late:x:77:88::/:" >>/etc/passwd
COPY --chown=late one.txt /new' '0644 77:88 f /new'
copies "... from a variable" 'ARG who=app:0
COPY --chown=$who one.txt /new' '0644 10001:0 f /new'
copies "... a whole tree, but not what was there" 'COPY --chown=1:2 dir /opt/real' '0755 0:0 d /opt
0711 7:8 d /opt/real
0755 1:2 d /opt/real/empty
0644 1:2 f /opt/real/file
0755 1:2 f /opt/real/script
0750 1:2 d /opt/real/sub
0755 1:2 d /opt/real/sub/deep
0644 1:2 f /opt/real/sub/deep/file'
copies "USER does not own what COPY brings" 'USER app
COPY one.txt /new' '0644 0:0 f /new'
copies "--chmod: files, directories and parents that it makes" 'COPY --chmod=750 dir2 /new/x/' '0750 0:0 d /new
0750 0:0 d /new/x
0750 0:0 f /new/x/other'
copies "--chmod=0" 'COPY --chmod=0 one.txt /new' '0000 0:0 f /new'
copies "--chmod with set-id bits" 'COPY --chmod=4711 one.txt /new' '4711 0:0 f /new'
chmod 4755 "$c/dir/script"
copies "set-user-id is kept" 'COPY dir/script /new' '4755 0:0 f /new'
copies "... with --chown too" 'COPY --chown=app dir/script /new' '4755 10001:10002 f /new'
chmod 755 "$c/dir/script"
chmod 664 "$c/one.txt"
printf 'FROM scratch\nCOPY one.txt dir/script /\nCOPY dir/sub /sub\n' >"$c.dockerfile"
build git "$c" -f "$c.dockerfile" --modes git 2>/dev/null
is "--modes git: 0644 and 0755 only" "$(img tree git)" "0644 0:0 f /one.txt
0755 0:0 f /script
0755 0:0 d /sub
0755 0:0 d /sub/deep
0644 0:0 f /sub/deep/file"
chmod 644 "$c/one.txt"

# --- kinds of files ---
k=$c/kinds
mkdir "$k"
ln -s ../one.txt "$k/up"
ln -s /etc/passwd "$k/absolute"
ln -s nowhere "$k/dangling"
echo linked >"$k/first"
ln "$k/first" "$k/second"
mkdir "$k/below"
ln "$k/first" "$k/below/third"
mkfifo -m 600 "$k/fifo"
: >"$k/empty"
copies "links, fifos and empty files are copied as what they are" 'COPY kinds /k/' '0755 0:0 d /k
0777 0:0 l /k/absolute -> /etc/passwd
0755 0:0 d /k/below
0644 0:0 f /k/below/third
0777 0:0 l /k/dangling -> nowhere
0644 0:0 f /k/empty
0600 0:0 p /k/fifo
0644 0:0 h /k/first -> k/below/third
0644 0:0 h /k/second -> k/below/third
0777 0:0 l /k/up -> ../one.txt'
copies "a symlink that is named itself is followed" 'COPY kinds/up /new' '0644 0:0 f /new'
is "... to the file's bytes" "$(img cat copied /new)" one
ln -s kinds "$c/to-dir"
copies "... to a directory too" 'COPY to-dir/below /new' '0755 0:0 d /new
0644 0:0 f /new/third'
n=$c/names
mkdir "$n"
long=$(printf '%0255d' 0 | tr 0 x)
for name in "$long" ' blank' 'quote"' 'star*' 'back\slash' 'größe' '-dash' '...'; do echo x >"$n/$name"; done
printf x >"$n/$(printf 'new\nline')"
copies "odd names" 'COPY names /n' "0755 0:0 d /n
0644 0:0 f /n/ blank
0644 0:0 f /n/-dash
0644 0:0 f /n/...
0644 0:0 f /n/back\\slash
0644 0:0 f /n/größe
0644 0:0 f /n/new
line
0644 0:0 f /n/quote\"
0644 0:0 f /n/star*
0644 0:0 f /n/$long"
copies "... as operands" 'COPY ["names/größe", "names/-dash", "names/star[*]", "names/ blank", "/n/"]' "0755 0:0 d /n
0644 0:0 f /n/ blank
0644 0:0 f /n/-dash
0644 0:0 f /n/größe
0644 0:0 f /n/star*"
py -c 'import sys
with open(sys.argv[1], "wb") as f:
    for i in range(5000):
        f.write(b"%08d" % i * 100)
    f.seek(6 << 20, 1)
    f.write(b"end")' "$c/large"
copies "a file of 10 MB with a hole" 'COPY large /large' '0644 0:0 f /large'
is "... has the same bytes" "$(img cat copied /large | sha256sum)" "$(sha256sum <"$c/large")"
if setfattr -n user.note -v hi "$c/one.txt" 2>/dev/null; then
    copies "a file with an extended attribute" 'COPY one.txt /new' '0644 0:0 f /new'
    is "... keeps it" "$(img xattr copied /new)" user.note=6869
    setfattr -x user.note "$c/one.txt"
else
    skip "a file with an extended attribute" "no setfattr, or the file system of $T has no extended attributes"
    skip "... keeps it" "the same"
fi

# --- from a stage ---
source='RUN mkdir -p /src/dir/sub && echo f >/src/file && echo n >/src/dir/sub/nested && ln -s src/dir /short && ln -s /src/file /src/abs \
    && ln /src/dir/sub/nested /src/dir/zz && ln -s dir /src/again && chown 100:200 /src/file /src/dir && chown 101:201 /src/dir/sub && chmod 2750 /src/dir/sub
FROM base
RUN mkdir -p /there/other && echo x >/there/file && chown -R 500:600 /there'
copies "--from: a new directory is root's, what is in it keeps its owners" "$source
COPY --from=0 /src/dir /new" '0755 0:0 d /new
2750 101:201 d /new/sub
0644 0:0 f /new/sub/nested
0644 0:0 h /new/zz -> new/sub/nested'
copies "... one that is there keeps its own, and all that is not copied over" "$source
COPY --from=0 /src/dir/. /there" '0755 500:600 d /there
2750 101:201 d /there/sub
0644 0:0 f /there/sub/nested
0644 0:0 h /there/zz -> there/sub/nested'
is "... the rest of it too" "$(img tree copied /there | grep -e file -e other)" '0644 500:600 f /there/file
0755 500:600 d /there/other'
copies "... --chown is for what is copied" "$source
COPY --from=0 --chown=300:400 /src/dir/. /there" '0755 500:600 d /there
2750 300:400 d /there/sub
0644 300:400 f /there/sub/nested
0644 300:400 h /there/zz -> there/sub/nested'
copies "... through symlinks of the stage, also absolute ones" "$source
COPY --from=0 /short/sub/nested /src/abs /new/" '0755 0:0 d /new
0644 100:200 f /new/abs
0644 0:0 f /new/nested'
copies "... hard links hold, though a wildcard finds their directory by two names" "$source
COPY --from=0 /src/* /new/" '0755 0:0 d /new
0644 100:200 f /new/abs
0644 100:200 f /new/file
2750 101:201 d /new/sub
0644 0:0 f /new/sub/nested
0644 0:0 h /new/zz -> new/sub/nested'
copies "the same once more" "$source
COPY --from=0 /src /there/
COPY --from=0 /src /there/" "0755 500:600 d /there
0777 0:0 l /there/abs -> /src/file
0777 0:0 l /there/again -> dir
0755 100:200 d /there/dir
2750 101:201 d /there/dir/sub
0644 0:0 f /there/dir/sub/nested
0644 0:0 h /there/dir/zz -> there/dir/sub/nested
0644 100:200 f /there/file"

# --- errors ---
copy_fails() {
    printf 'FROM base\n%s\n' "$2" >"$c.dockerfile"
    fails_build "$3" "$1" "$c" -f "$c.dockerfile"
}
copy_fails "a source that is not there" 'COPY missing /x' 'context\.dockerfile:2:6: .*"/missing": not found'
copy_fails "a directory over a file" 'COPY dir /opt/lower/file' 'cannot copy to non-directory: /opt/lower/file'
copy_fails "a file below a file" 'COPY one.txt /opt/lower/file/new' '/opt/lower/file'
copy_fails "an unknown user" 'COPY --chown=ghost one.txt /x' '--chown=ghost.*user "ghost" is not in the image'
copy_fails "an unknown group" 'COPY --chown=0:ghosts one.txt /x' '--chown=0:ghosts.*group "ghosts" is not in the image'
printf 'FROM scratch\nCOPY --chown=app one.txt /x\n' >"$c.dockerfile"
fails_build 'no /etc/passwd; use a number' "a name where there is no passwd" "$c" -f "$c.dockerfile"
copy_fails "a name that would be a whiteout" 'COPY one.txt /.wh.passwd' '\.wh\.passwd'
ln -s "$k" "$c/outside"
ln -s loop "$c/loop"
copy_fails "a symlink that goes in circles" 'COPY loop /x' 'loop.*symbolic links'
rm "$c/loop"
ln -s /etc "$c/escape"
copy_fails "a symlink out of the context ends inside it" 'COPY escape/passwd /x' '"/escape/passwd": not found'
if [ ! -r /etc/shadow ]; then
    printf 'FROM base\nCOPY shadow /x\n' >"$c.dockerfile"
    fails_build 'shadow.*Permission denied' "a file that this user may not read" /etc -f "$c.dockerfile"
else
    skip "a file that this user may not read" "root may read every file"
fi
is "nothing of a failed build has a name" "$(croze images -q failing)" ""

done_testing
