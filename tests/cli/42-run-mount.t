#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# RUN --mount=type=bind:
#   * the context: whole, a directory, a file; ignored files are hidden
#   * a stage, an image, an index; several mounts in one RUN; a relative target
#   * read-only unless rw; what is written with rw is thrown away and does not touch the source
#   * mount points and their parents are not in the layer
#   * the cache: content that is used counts, times do not, what is hidden or elsewhere does not
#   * hostile sources and targets stay inside; unknown types and keys are refused by name
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir -p "$c/dir/sub" "$c/other"
echo one >"$c/one"
echo two >"$c/dir/two"
echo three >"$c/dir/sub/three"
echo secret >"$c/dir/secret"
echo o >"$c/other/o"
printf '**/secret\n.dockerignore\nDockerfile\n' >"$c/.dockerignore"

# mounts DESC INSTRUCTIONS FILE WANT: the file that the last RUN left
mounts() {
    printf 'FROM base\n%s\n' "$2" >"$c/Dockerfile"
    run build mounted "$c"
    if [ "$code" -ne 0 ]; then
        fail "$1" "$err"
    else
        is "$1" "$(img cat mounted "$3")" "$4"
    fi
}
all='.
./dir
./dir/sub
./dir/sub/three
./dir/two
./one
./other
./other/o'
mounts "the whole context, without what is ignored" 'RUN --mount=type=bind,target=/c cd /c && find . | sort >/o && cat dir/two >>/o' /o "$all
two"
is "... the mount point is not in the layer" "$(img layer mounted -1)" '0644 0:0 f /o'
mounts "bind is the default type; source, src, target, dst, destination" \
    'RUN --mount=target=/a --mount=dst=/b,src=dir --mount=destination=/c,source=one cat /a/one /b/two /c >/o' /o 'one
two
one'
mounts "a target relative to WORKDIR" 'WORKDIR /opt/real
RUN --mount=source=one,target=sub/file cat /opt/real/sub/file >o' /opt/real/o one
is "... without the directories made for it" "$(img layer mounted -1)" '0755 0:0 d /opt
0711 7:8 d /opt/real
0644 0:0 f /opt/real/o'
mounts "... and the next step does not see them either, nor one that mounts what came of it" 'FROM base AS st
RUN --mount=source=one,target=/not/here --mount=target=/nor/there,source=dir true
RUN ls -d /not /nor >/o 2>/dev/null; stat -c %Y / >/time
FROM base
RUN --mount=from=st,target=/s ls -d /s/not /s/nor >/o 2>/dev/null; cat /s/o >>/o; wc -l </o >/p' /p 0
mounts "... but what was put beside it stays" 'RUN --mount=source=one,target=/made/here/f touch /made/g
RUN find /made | sort | tr "\n" " " >/o' /o '/made /made/g '
mounts "over a directory that is there" 'RUN --mount=source=dir,target=/opt/lower/dir ls /opt/lower/dir | tr "\n" " " >/o' /o 'sub two '
is "... the directory is as it was" "$(img tree mounted /opt/lower/dir | wc -l) $(img layer mounted -1)" "4 0644 0:0 f /o"
mounts "read-only by default" 'RUN --mount=target=/c (echo x >/c/new || echo x >>/c/one || rm /c/one) 2>/dev/null && echo written >/o || echo refused >/o' /o refused
mounts "rw: can be written" 'RUN --mount=target=/c,rw echo x >/c/new && echo more >>/c/one && rm -r /c/dir && cat /c/one >/o' /o 'one
more'
is "... the context is as it was" "$(cat "$c/one") $(ls "$c" | tr '\n' ' ')$(ls "$c/dir" | tr '\n' ' ')" 'one Dockerfile dir one other secret sub two '
is "... and nothing of it is in the layer" "$(img layer mounted -1)" '0644 0:0 f /o'
mounts "rw of one file" 'RUN --mount=source=one,target=/f,rw echo more >>/f && cat /f >/o' /o 'one
more'
is "... the context is as it was" "$(cat "$c/one")" one
mounts "a stage, whole and in part; owners are its own" 'RUN mkdir /out && echo built >/out/f && chown -R 5:6 /out
FROM base
RUN --mount=from=0,target=/s --mount=type=bind,from=0,source=/out,target=/p cat /s/out/f /p/f >/o && stat -c %u:%g /p/f >>/o && ls /s/bin/busybox >>/o' /o 'built
built
5:6
/s/bin/busybox'
mounts "rw of a stage is thrown away" 'FROM base AS st
RUN echo first >/f
FROM base
RUN --mount=from=st,target=/s,rw echo second >/s/f
RUN --mount=from=st,target=/s cat /s/f >/o' /o first
mounts "an image" 'RUN --mount=from=base,source=/etc,target=/e cat /e/passwd | head -1 >/o' /o 'root:x:0:0:root:/root:/bin/sh'
mounts "one mount inside another, in either order" 'RUN --mount=source=one,target=/d/sub/one --mount=target=/d,rw cat /d/sub/one /d/one >/o' /o 'one
one'
mounts "a variable in the target" 'ARG where=/w
RUN --mount=source=one,target=${where}/f cat /w/f >/o' /o one
mounts "as another user" 'USER app
RUN --mount=target=/c cat /c/dir/two >/tmp/o' /tmp/o two

# --- owners ---
if [ "$tier" = root ]; then
    mkdir "$T/owned" && cp -r "$c/one" "$c/dir" "$T/owned/" && echo r >"$T/owned/root" && chown -R 1234:5678 "$T/owned" && chown 0:0 "$T/owned/root"
    cat >"$T/owned/Dockerfile" <<'END'
FROM base
RUN --mount=target=/c stat -c "%u:%g %n" /c /c/one /c/dir/two /c/root >/plain
RUN --mount=target=/c,rw stat -c "%u:%g %n" /c/one >/rw && echo more >>/c/one && stat -c "%u:%g %n" /c/one >>/rw
RUN --mount=target=/f,source=one stat -c "%u:%g %n" /f >/file
COPY . /copied/
END
    builds "a context of another user's" owned "$T/owned"
    is "... belongs to root inside, as COPY has it; what is root's is shown as the other's" "$(img cat owned /plain)" '0:0 /c
0:0 /c/one
0:0 /c/dir/two
1234:5678 /c/root'
    is "... a file of it too" "$(img cat owned /file)" '0:0 /f'
    is "... and with rw" "$(img cat owned /rw)" '0:0 /c/one
0:0 /c/one'
    echo dir/secret >"$T/owned/.dockerignore"
    build owned "$T/owned" --no-cache 2>/dev/null
    is "... also where something is ignored" "$(img cat owned /plain | head -3)" '0:0 /c
0:0 /c/one
0:0 /c/dir/two'
    is "... the host's files are as they were" "$(stat -c %u:%g "$T/owned/one") $(cat "$T/owned/one")" '1234:5678 one'
else
    mounts "the user's files are root's inside" 'RUN --mount=target=/c stat -c "%u:%g %n" /c /c/one >/o' /o '0:0 /c
0:0 /c/one'
fi

# --- the cache ---
printf 'FROM base\nRUN --mount=source=dir,target=/d cat /d/two >/o\nRUN --mount=source=dir,target=/d,rw echo x >/d/two && cat /d/sub/three >/p\n' >"$c/Dockerfile"
build cached "$c" 2>/dev/null
cached() { printf '%s\n' "$err" | grep -c '^#[0-9]* CACHED'; }
builds "unchanged" cached "$c"
is "... both CACHED" "$(cached)" 2
touch -d @1400000000 "$c/dir/two" "$c/dir"
builds "another time" cached "$c"
is "... both CACHED" "$(cached)" 2
echo changed >"$c/other/o"
echo changed >"$c/dir/secret"
builds "changes elsewhere, and of an ignored file" cached "$c"
is "... both CACHED" "$(cached)" 2
echo changed >"$c/dir/two"
builds "a change of what is mounted" cached "$c"
is "... neither" "$(cached) $(img cat cached /o)" "0 changed"
rm "$c/dir/sub/three"
printf 'FROM base\nRUN --mount=source=dir,target=/d find /d | sort >/o\n' >"$c/Dockerfile"
builds "a file less" cached "$c"
is "... is seen" "$(img cat cached /o | tr '\n' ' ')" '/d /d/sub /d/two '

# --- what must not be ---
ln -s /etc "$c/escape"
printf 'FROM base\nRUN --mount=source=escape/shadow,target=/s cat /s\n' >"$c/Dockerfile"
fails_build 'escape' "a symlink out of the context ends inside it" "$c"
printf 'FROM base\nRUN --mount=source=../../../../etc/hostname,target=/s cat /s\n' >"$c/Dockerfile"
fails_build 'etc/hostname|\.\.' "a source of .. stays inside" "$c"
mounts "a target behind a symlink of the image stays in the root" 'RUN ln -s /../../../../opt/real /via
RUN --mount=source=one,target=/via/file cat /opt/real/file >/o' /o one
mounts "a symlink to itself as target's parent of another stage" 'RUN --mount=source=one,target=/opt/absolute/f cat /opt/real/f >/o' /o one
printf 'FROM base\nRUN --mount=source=dir/secret,target=/s cat /s\n' >"$c/Dockerfile"
fails_build 'dir/secret' "an ignored file cannot be mounted" "$c"
printf 'FROM base\nRUN --mount=source=nothing,target=/s cat /s\n' >"$c/Dockerfile"
fails_build '/s.*nothing|nothing.*not found' "a source that is not there" "$c"
refused() {
    printf 'FROM base\nRUN --mount=%s true\n' "$1" >"$c/Dockerfile"
    refuses 2 "Dockerfile:2:5: .*$2" "$3" croze build "$c"
}
refused 'type=secret' 'id' "a secret without a name"
refused 'type=nonsense,target=/c' 'nonsense' "an unknown type"
refused 'target=/c,wrong=1' 'wrong' "an unknown key"
refused 'source=x' 'target' "no target"
refused 'target=/' 'root' "the root as target"
refused 'target=/c,rw=maybe' 'maybe' "a switch that is neither"

done_testing
