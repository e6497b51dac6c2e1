#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ADD of local files:
#   * an archive (tar; plain, gzip, bzip2, xz, zstd) is unpacked, known by its content and not its name; COPY copies it as it is
#   * owners, modes, links and times of the archive; --chown over all; the directory that it goes into keeps its attributes
#   * archives that reach outside of the destination are refused by name
#   * other files are copied as COPY does; remote sources are refused by name
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir -p "$c"
echo plain >"$c/plain.txt"
: >"$c/empty.tar"
py - "$c/plain.tar" <<'END'
import sys
from maketar import *
with Tar(sys.argv[1]) as t:
    t.dir("./", 0o700, uid=9, gid=9)
    t.dir("top", 0o750, uid=5, gid=6)
    t.file("top/file", "in the archive\n", mode=0o4755, uid=7, gid=8, mtime=1400000000)
    t.hard("top/hard", "top/file")
    t.link("top/soft", "file")
    t.file("implied/parent/file", "x")
    t.file("/absolute", "y")
END
gzip -nc "$c/plain.tar" >"$c/archive"
tree="0755 0:0 d /new
0644 0:0 f /new/absolute
0755 0:0 d /new/implied
0755 0:0 d /new/implied/parent
0644 0:0 f /new/implied/parent/file
0750 5:6 d /new/top
4755 7:8 f /new/top/file
4755 7:8 h /new/top/hard -> new/top/file
0777 0:0 l /new/top/soft -> file"

adds() {
    printf 'FROM base\n%s\n' "$2" >"$c.dockerfile"
    run build added "$c" -f "$c.dockerfile"
    if [ "$code" -ne 0 ]; then
        fail "$1" "$err"
    else
        is "$1" "$(img layer added -1)" "$3"
    fi
}
adds "a tar is unpacked" 'ADD plain.tar /new' "$tree"
is "... with its times" "$(img mtime added /new/top/file)" 1400000000
adds "gzip, whatever its name is" 'ADD archive /new/' "$tree"
for how in zstd bzip2 xz; do
    if command -v $how >/dev/null; then
        $how -qc "$c/plain.tar" >"$c/$how.packed"
        adds "$how" "ADD $how.packed /new" "$tree"
    else
        skip "$how" "$how is not installed"
    fi
done
adds "--chown is over all that the archive holds (not over implied parents, as with docker)" 'ADD --chown=1:2 plain.tar /new' "$(echo "$tree" | sed -E '/implied( |\/parent$)|implied$/!s/ [0-9]+:[0-9]+ / 1:2 /')"
adds "into a directory that is there, which stays what it is" 'ADD plain.tar /opt/real' "$(printf '0755 0:0 d /opt\n0711 7:8 d /opt/real\n'
    echo "$tree" | sed -e 1d -e 's|/new/|/opt/real/|' -e 's|> new/|> opt/real/|')"
adds "COPY leaves it an archive" 'COPY plain.tar /new' '0644 0:0 f /new'
adds "an ordinary file and an empty one are copied" 'ADD plain.txt empty.tar /new/' '0755 0:0 d /new
0644 0:0 f /new/empty.tar
0644 0:0 f /new/plain.txt'

adds "--unpack=false leaves it an archive" 'ADD --unpack=false plain.tar /new' '0644 0:0 f /new'
adds "--unpack=true unpacks it as well" 'ADD --unpack plain.tar /new' "$tree"
adds "... and copies what is no archive" 'ADD --unpack=true plain.txt /new' '0644 0:0 f /new'
adds "--chmod is not for what is unpacked, nor for the directories that are made for it" 'ADD --chmod=600 plain.tar /new' "$tree"
adds "... but for a file beside it" 'ADD --chmod=600 plain.tar plain.txt /new/' "$(echo "$tree" | sed '/parent.file$/a 0600 0:0 f /new/plain.txt')"
adds "--link" 'ADD --link plain.tar /opt/link' "$(printf '0755 0:0 d /opt\n0755 0:0 d /opt/link\n'
    echo "$tree" | sed -e 1d -e 's|/new/|/opt/link/|' -e 's|> new/|> opt/link/|')"
py - "$c/more.tar" <<'END'
import sys
from maketar import *
with Tar(sys.argv[1]) as t:
    t.file("top/file", "of the second\n")
    t.file("second", "x")
END
adds "archives that a wildcard finds, one over the other" 'ADD [mp]*.tar /new/' "$(echo "$tree" | sed '/parent.file$/a 0644 0:0 f /new/second')"
is "... the last of them wins" "$(img cat added /new/top/file)" "in the archive"
adds "a file and a here-document over an archive" 'ADD plain.tar plain.txt <<absolute /new/
replaced
absolute' "$(echo "$tree" | sed '/parent.file$/a 0644 0:0 f /new/plain.txt')"
is "... which comes later" "$(img cat added /new/absolute)" replaced
py - "$c/links.tar" "$c/below.tar" <<'END'
import sys
from maketar import *
with Tar(sys.argv[1]) as t:
    t.dir("run")
    t.dir("var", uid=3)
    t.link("var/run", "/run")
with Tar(sys.argv[2]) as t:
    t.dir("var/run/app", 0o700)
    t.file("var/run/app/pid", "1")
    t.hard("var/run/app/again", "var/run/app/pid")
END
adds "an archive through an absolute symlink of an earlier one stays inside the destination" 'ADD links.tar /srv
ADD below.tar /srv' '0755 0:0 d /srv
0755 0:0 d /srv/run
0700 0:0 d /srv/run/app
0644 0:0 f /srv/run/app/again
0644 0:0 h /srv/run/app/pid -> srv/run/app/again'
adds "... of the same instruction too" 'ADD links.tar below.tar /srv/' '0755 0:0 d /srv
0755 0:0 d /srv/run
0700 0:0 d /srv/run/app
0644 0:0 f /srv/run/app/again
0644 0:0 h /srv/run/app/pid -> srv/run/app/again
0755 3:0 d /srv/var
0777 0:0 l /srv/var/run -> /run'

add_fails() { # DESC RE: of the archive bad.tar, made by the Python on standard input
    (echo "import sys; from maketar import *"; echo "t = Tar('$c/bad.tar').__enter__()"; cat; echo "t.__exit__()") | py -
    printf 'FROM base\nADD bad.tar /new/\n' >"$c.dockerfile"
    fails_build "$2" "$1" "$c" -f "$c.dockerfile"
}
add_fails "a name that leaves by .." '\.\./\.\./evil' <<'END'
t.file("fine", "x")
t.file("../../evil", "x")
END
add_fails "a hard link to what the archive does not hold" 'etc/passwd' <<'END'
t.hard("stolen", "/etc/passwd")
END
add_fails "a whiteout" 'whiteout' <<'END'
t.file(".wh.passwd")
END
py - "$c/through.tar" <<'END'
import sys
from maketar import *
with Tar(sys.argv[1]) as t:
    t.link("out", "/etc")
    t.file("out/written-through", "x")
END
printf 'FROM base\nADD through.tar /new/\n' >"$c.dockerfile"
run build through "$c" -f "$c.dockerfile"
if [ "$code" -eq 0 ]; then
    is "a symlink out of the destination, written through, stays in the image" "$(ls /etc/written-through 2>/dev/null)" ""
else
    like "a symlink out of the destination, written through, is refused" "$err" 'croze: .*through\.tar'
fi
py -c 'import os, sys; sys.stdout.buffer.write(open(sys.argv[1], "rb").read() + os.urandom(400000))' "$c/plain.tar" >"$T/long.tar"
for how in gzip bzip2 xz; do
    $how -1c "$T/long.tar" | head -c 250000 >"$c/cut.packed"
    printf 'FROM base\nADD cut.packed /new/\n' >"$c.dockerfile"
    fails_build "cut\\.packed.*truncated $how" "a $how archive that ends too early" "$c" -f "$c.dockerfile"
done
head -c 3000 "$c/plain.tar" >"$c/cut.tar"
printf 'FROM base\nADD cut.tar /new/\n' >"$c.dockerfile"
fails_build 'cut\.tar' "an archive that ends too early" "$c" -f "$c.dockerfile"
done_testing
