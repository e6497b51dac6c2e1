#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The layer that a RUN leaves:
#   * new, changed and removed files; only what differs, with its parents; a change of mode, owner or time alone
#   * removed and replaced directories, whiteouts before siblings, nothing opaque; a directory moved away
#   * a file that is opened for writing and not changed; one of two hard links changed; new hard links
#   * special files and device nodes, set-id bits, capabilities, extended attributes, sparse files, odd names
#   * what an upper layer does to a lower one is what the next step and the container see
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir "$c"
ARCH=$(img config base architecture | tr -d '"')
export ARCH

# leaves DESC COMMAND WANT: the entries of its layer
leaves() {
    printf '%s\n' 'FROM base' "RUN $2" >"$c/Dockerfile"
    run build left "$c"
    if [ "$code" -ne 0 ]; then
        fail "$1" "$err"
    else
        is "$1" "$(img layer left -1)" "$3"
    fi
}
# The merged tree below a directory, without modes and owners.
names() { img tree left "$1" | sed 's/^[^/]*//' | tr '\n' ' '; }

parents='0755 0:0 d /opt
0755 0:0 d /opt/lower'
leaves "a new file, with its parents" 'echo new >/opt/lower/dir/new' "$parents
0700 0:0 d /opt/lower/dir
0644 0:0 f /opt/lower/dir/new"
leaves "a changed file: whole" 'echo more >>/opt/lower/dir/inner' "$parents
0700 0:0 d /opt/lower/dir
0644 0:0 f /opt/lower/dir/inner"
is "... with its old bytes and the new" "$(img cat left /opt/lower/dir/inner)" 'inner
more'
leaves "chmod alone" 'chmod 600 /opt/lower/dir/inner' "$parents
0700 0:0 d /opt/lower/dir
0600 0:0 f /opt/lower/dir/inner"
leaves "chown alone, with what it clears" 'chown 9:9 /opt/lower/dir/inner' "$parents
0700 0:0 d /opt/lower/dir
0644 9:9 f /opt/lower/dir/inner"
leaves "a time alone" 'touch -d @1234567890 /opt/lower/dir/inner' "$parents
0700 0:0 d /opt/lower/dir
0644 0:0 f /opt/lower/dir/inner"
is "... is what it was set to" "$(img mtime left /opt/lower/dir/inner)" 1234567890
leaves "chmod of a directory" 'chmod 711 /opt/lower/dir' "$parents
0711 0:0 d /opt/lower/dir"
is "... whose files stay" "$(names /opt/lower/dir)" '/opt/lower/dir /opt/lower/dir/inner /opt/lower/dir/sub /opt/lower/dir/sub/deep '
leaves "a removed file" 'rm /opt/lower/dir/inner' "$parents
0700 0:0 d /opt/lower/dir
0000 0:0 f /opt/lower/dir/.wh.inner"
is "... is gone" "$(names /opt/lower/dir)" '/opt/lower/dir /opt/lower/dir/sub /opt/lower/dir/sub/deep '
leaves "a removed directory: one whiteout" 'rm -r /opt/lower/dir' "$parents
0000 0:0 f /opt/lower/.wh.dir"
leaves "a removed and remade directory: explicit whiteouts, nothing opaque" 'rm -r /opt/lower/dir && mkdir /opt/lower/dir && echo x >/opt/lower/dir/sub' "$parents
0755 0:0 d /opt/lower/dir
0000 0:0 f /opt/lower/dir/.wh.inner
0644 0:0 f /opt/lower/dir/sub"
is "... holds what was put into it" "$(names /opt/lower/dir)" '/opt/lower/dir /opt/lower/dir/sub '
leaves "a directory that becomes a file" 'rm -r /opt/lower/dir && echo x >/opt/lower/dir' "$parents
0644 0:0 f /opt/lower/dir"
is "... has nothing below" "$(names /opt/lower/dir)" '/opt/lower/dir '
leaves "a directory that becomes a symlink" 'rm -r /opt/lower/dir && ln -s /tmp /opt/lower/dir' "$parents
0777 0:0 l /opt/lower/dir -> /tmp"
leaves "a file that becomes a directory" 'rm /opt/lower/dir/inner && mkdir -p /opt/lower/dir/inner/x' "$parents
0700 0:0 d /opt/lower/dir
0755 0:0 d /opt/lower/dir/inner
0755 0:0 d /opt/lower/dir/inner/x"
leaves "a lower directory moved" 'mv /opt/lower/dir /opt/lower/moved' "$parents
0000 0:0 f /opt/lower/.wh.dir
0700 0:0 d /opt/lower/moved
0644 0:0 f /opt/lower/moved/inner
0755 0:0 d /opt/lower/moved/sub
0644 0:0 f /opt/lower/moved/sub/deep"
is "... with its files" "$(img cat left /opt/lower/moved/sub/deep)" deep
leaves "a lower file moved keeps its attributes" 'mv /opt/lower/file /opt/lower/zzz' "$parents
0000 0:0 f /opt/lower/.wh.file
0640 3:4 f /opt/lower/zzz"
leaves "made and removed again: nothing but the parent's new time" 'touch /opt/lower/x && rm /opt/lower/x' "$parents"
leaves "opened for writing, nothing written: at most its parents" ': >>/opt/lower/dir/inner' ''
leaves "one of two hard links changed" 'echo x >>/opt/lower/hard' "$parents
0640 3:4 f /opt/lower/hard"
leaves "a new hard link to a lower file: both names" 'ln /opt/lower/dir/inner /opt/lower/dir/link' "$parents
0700 0:0 d /opt/lower/dir
0644 0:0 f /opt/lower/dir/inner
0644 0:0 h /opt/lower/dir/link -> opt/lower/dir/inner"
leaves "new hard links, over directories" 'mkdir /h /h/a && echo x >/h/z && ln /h/z /h/a/y && ln /h/z /h/b' '0755 0:0 d /h
0755 0:0 d /h/a
0644 0:0 f /h/a/y
0644 0:0 h /h/b -> h/a/y
0644 0:0 h /h/z -> h/a/y'
leaves "special files and bits" 'mkdir -m 2775 /s && mkfifo -m 620 /s/fifo && touch /s/set && chown 1:1 /s/set && chmod 6711 /s/set && mkdir -m 1777 /s/sticky' \
    '2775 0:0 d /s
0620 0:0 p /s/fifo
6711 1:1 f /s/set
1777 0:0 d /s/sticky'
if [ "$tier" = root ]; then
    leaves "a device node" 'mknod -m 660 /null c 1 3' '0660 0:0 c /null 1,3'
else
    skip "a device node" "in tier T1 the kernel lets a RUN make none"
fi
long=$(printf '%0255d' 0 | tr 0 y)
leaves "odd names, ordered by their parts' bytes" "mkdir /n && cd /n && touch $long ' ' 'ä' a.b a-b 'q\"' && mkdir a && touch a/x" "0755 0:0 d /n
0644 0:0 f /n/ 
0755 0:0 d /n/a
0644 0:0 f /n/a/x
0644 0:0 f /n/a-b
0644 0:0 f /n/a.b
0644 0:0 f /n/q\"
0644 0:0 f /n/$long
0644 0:0 f /n/ä"
leaves "a sparse file" 'dd if=/dev/zero of=/sparse bs=1 count=0 seek=3000000 2>/dev/null && echo end >>/sparse' '0644 0:0 f /sparse'
is "... has all its bytes" "$(img cat left /sparse | wc -c) $(img cat left /sparse | tail -c 4)" '3000004 end'
leaves "deep directories" 'd=; i=0; while [ $i -lt 100 ]; do d=$d/d; i=$((i+1)); done; mkdir -p $d && touch $d/f' "$(
    d=
    i=0
    while [ $i -lt 100 ]; do
        d=$d/d i=$((i + 1))
        echo "0755 0:0 d $d"
    done
    echo "0644 0:0 f $d/f"
)"
leaves "changes of the root directory itself" 'chmod 711 / && echo x >/file' '0711 0:0 d /
0644 0:0 f /file'
leaves "/tmp, /dev, /proc and mount points are left alone" 'touch /dev/x /dev/shm/y && echo z >/tmp/z' '1777 0:0 d /tmp
0644 0:0 f /tmp/z'

if command -v setcap >/dev/null && command -v getfattr >/dev/null; then
    setcap=$(command -v setcap)
    mkdir -p "$c/tools"
    cp "$setcap" "$c/tools/"
    ldd "$setcap" | awk '{for (i = 1; i <= NF; i++) if ($i ~ "^/") print $i}' | while read -r lib; do cp -L --parents "$lib" "$c/tools/" && cp -L "$lib" "$c/tools/"; done
    printf 'FROM base\nCOPY tools /\nRUN touch /prog && /setcap cap_net_bind_service=ep /prog\n' >"$c/Dockerfile"
    run build left "$c"
    like "a file's capability" "$(img xattr left /prog 2>&1) $err" '^security.capability=01000002000400000000000000000000000'
    printf 'FROM left\nRUN echo x >/other\nCOPY --from=left /prog /copy\n' >"$c/Dockerfile"
    build left2 "$c" 2>"$T/log"
    is "... goes along with COPY --from" "$(img xattr left2 /copy)" "$(img xattr left /prog)"
else
    skip "a file's capability" "no setcap or getfattr"
    skip "... goes along with COPY --from" "the same"
fi

if command -v setfattr >/dev/null; then
    setfattr=$(command -v setfattr)
    mkdir -p "$c/tools"
    cp "$setfattr" "$c/tools/"
    ldd "$setfattr" | awk '{for (i = 1; i <= NF; i++) if ($i ~ "^/") print $i}' | while read -r lib; do cp -L --parents "$lib" "$c/tools/" && cp -L "$lib" "$c/tools/"; done
    # as a user some kernels do not let programs set such names at all
    printf '%s\n' 'FROM base' 'COPY tools /' 'RUN for x in opaque redirect metacopy whiteout; do /setfattr -n user.overlay.$x -v y /opt/lower/dir; done; echo x >/opt/lower/dir/new' \
        'RUN ls /opt/lower/dir >/seen' >"$c/Dockerfile"
    builds "a RUN that sets user.overlay attributes" overlay "$c"
    is "... hides nothing by that" "$(img layer overlay 2)" '0755 0:0 d /opt
0755 0:0 d /opt/lower
0700 0:0 d /opt/lower/dir
0644 0:0 f /opt/lower/dir/new'
    is "... in the next step either" "$(img cat overlay /seen | tr '\n' ' ')" "$(img layer base 0 | sed -n 's|.* /opt/lower/dir/\([^/ ]*\)$|\1|p' | { cat; echo new; } | sort | tr '\n' ' ')"
else
    skip "a RUN that sets user.overlay attributes" "no setfattr"
    skip "... hides nothing by that" "the same"
    skip "... in the next step either" "the same"
fi

# what the next steps see
printf '%s\n' 'FROM base' 'RUN rm -r /opt/lower/dir && mkdir -p /opt/lower/dir/sub && echo new >/opt/lower/dir/sub/new' 'RUN rm /opt/lower/file && ln -s /etc /opt/lower/file' \
    'RUN find /opt/lower | sort >/seen; cat /opt/lower/hard >>/seen; test -L /opt/lower/file && echo link >>/seen' 'RUN rm -r /opt/lower' 'COPY Dockerfile /opt/lower/dir/' \
    'RUN find /opt/lower | sort >>/seen' >"$c/Dockerfile"
builds "layers on layers" left "$c"
is "each step sees what those before it left" "$(img cat left /seen)" '/opt/lower
/opt/lower/dir
/opt/lower/dir/sub
/opt/lower/dir/sub/new
/opt/lower/file
/opt/lower/hard
/opt/lower/symlink
lower
link
/opt/lower
/opt/lower/dir
/opt/lower/dir/Dockerfile'
is "... and so does who reads the image" "$(names /opt/lower)" '/opt/lower /opt/lower/dir /opt/lower/dir/Dockerfile '
croze save "left" -o "$T/left.tar" && mkdir "$T/empty" && CROZE_ROOT=$T/empty/store croze load -i "$T/left.tar" >/dev/null
printf 'FROM left\nRUN find /opt/lower | sort >/again; stat -c %%a:%%u:%%g /opt/real /tmp /home/app >>/again\n' >"$c/Dockerfile"
CROZE_ROOT=$T/empty/store build left3 "$c" 2>"$T/log" || cat "$T/log" >&2
is "... also from layers that another store packed" "$(CROZE_ROOT=$T/empty/store img cat left3 /again)" '/opt/lower
/opt/lower/dir
/opt/lower/dir/Dockerfile
711:7:8
1777:0:0
750:10001:10002'

# foreign layers: opaque directories and whiteouts as docker writes them
py - "$T/opaque.tar" <<'END'
import os, sys
from maketar import *
def lower(t):
    t.dir("d"); t.dir("d/s"); t.file("d/s/old", "old"); t.file("d/a", "a"); t.file("gone", "g"); t.file("kept", "k"); t.dir("x"); t.file("x/y", "y")
def upper(t):
    t.dir("d/s"); t.file("d/s/new", "new"); t.file("d/s/.wh..wh..opq"); t.file(".wh.gone"); t.file("x/.wh.y"); t.file("implied/parent", "p")
Layout("opaque:latest", [layer_bytes(lower), layer_bytes(upper)], os.environ["ARCH"]).write(sys.argv[1])
END
does "load an image with an opaque directory" croze load -i "$T/opaque.tar"
printf 'FROM base\nCOPY --from=opaque / /o\nRUN --mount=type=bind,from=opaque,target=/m find /m | sort | sed s/.m/o/ >/by-mount\n' >"$c/Dockerfile"
builds "COPY and mount from it" left "$c"
is "COPY shows what the layers mean" "$(names /o)" '/o /o/d /o/d/a /o/d/s /o/d/s/new /o/implied /o/implied/parent /o/kept /o/x '
is "... and so does a mount" "$(img cat left /by-mount | sed 's/^o/\/o/' | tr '\n' ' ')" '/o /o/d /o/d/a /o/d/s /o/d/s/new /o/implied /o/implied/parent /o/kept /o/x '

# one layer several times: the kernel takes a directory only once
printf 'FROM base\nRUN true 1\nRUN true 2\nRUN true 3\nRUN --mount=type=bind,from=base,target=/m true 4\n' >"$c/Dockerfile"
builds "steps that change nothing, one behind the other" nothing "$c"
does "... run" croze run --rm nothing true
printf 'FROM base\nRUN echo x >/f\nRUN rm /f\nRUN echo x >/f\nRUN rm /f\nRUN ls /f || echo gone >/seen\nRUN echo x >/f\nRUN cat /f >>/seen\n' >"$c/Dockerfile"
SOURCE_DATE_EPOCH=1 builds "the same two layers over and over" again "$c"
is "... the uppermost counts" "$(img cat again /seen)" 'gone
x'

done_testing
