#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# RUN --mount=type=cache:
#   * what a step leaves is there for the next one and the next build, not in the layer, not in the key
#   * which cache it is: id, namespace, owner and mode, what it begins with
#   * mode, uid, gid when it is made; ro; from a stage, an image, a named context
#   * sharing: shared by two at once, private, locked (the second one waits, and says so)
#   * kill -9 while one is used, and while one is made; gc and fsck
#   * with a warm cache a changed source is built again: by make, by cargo, by cargo's rule
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir "$c"

# caches DESC INSTRUCTIONS FILE WANT [OPTIONS]: the file that the last RUN left
caches() {
    caches_what=$1 caches_file=$3 caches_want=$4
    printf 'FROM base\n%s\n' "$2" >"$c/Dockerfile"
    shift 4
    run build cached "$c" "$@"
    if [ "$code" -ne 0 ]; then
        fail "$caches_what" "$err"
    else
        is "$caches_what" "$(img cat cached "$caches_file")" "$caches_want"
    fi
}
# The directories of the store that hold the cache of this id.
files_of() { grep -l "\"id\":\"$1\"" "$CROZE_ROOT"/mounts/*/*/info.json 2>/dev/null | sed 's/info.json$/files/'; }

m='--mount=type=cache,target=/c'
caches "a cache begins empty" "RUN $m ls -A /c | wc -l >/o && echo one >/c/f" /o 0
is "... nothing of it is in the layer, nor its mount point" "$(img layer cached -1)" '0644 0:0 f /o'
caches "another build finds what was left" "RUN $m cat /c/f >/o && echo two >>/c/f" /o one
caches "another step of one build too" "RUN $m echo three >>/c/f
RUN $m cat /c/f >/o" /o 'one
two
three'
builds "unchanged" cached "$c"
is "... all is CACHED, whatever is in the cache" "$(printf '%s\n' "$err" | grep -c CACHED)" 2
caches "the user that the step has" "RUN $m,mode=0777,id=open true
USER app
RUN $m,mode=0777,id=open touch /c/mine && stat -c %U /c/mine >/tmp/o" /tmp/o app

# --- which one ---
caches "the id is the target by default" "RUN $m ls /c >/o" /o f
caches "another target is another cache" "RUN --mount=type=cache,target=/d ls -A /d | wc -l >/o" /o 0
caches "... unless it has the same id" "RUN --mount=type=cache,target=/d,id=/c ls /d >/o" /o f
caches "another id is another" "RUN $m,id=other ls -A /c | wc -l >/o" /o 0
caches "a namespace of one's own" "RUN $m ls -A /c | wc -l >/o; echo x >/c/ns" /o 0 --build-arg BUILDKIT_CACHE_MOUNT_NS=mine
caches "... is kept too" "RUN $m ls /c >/o; true" /o ns --build-arg BUILDKIT_CACHE_MOUNT_NS=mine
caches "... and another one's is not touched" "RUN $m ls /c >/o; true 2" /o f
caches "one cache at two places" "RUN --mount=type=cache,target=/a,id=/c,sharing=locked --mount=type=cache,target=/b,id=/c echo x >/a/both && cat /b/both >/o && rm /b/both" /o x
caches "mode, uid and gid when it is made" "RUN $m,id=owned,mode=0710,uid=5,gid=6 stat -c '%a %u:%g' /c >/o && chmod 700 /c" /o '710 5:6'
caches "... and not afterwards" "RUN $m,id=owned,mode=0710,uid=5,gid=6 stat -c '%a %u:%g' /c >/o; true" /o '700 5:6'
caches "... another owner has another cache" "RUN $m,id=owned,uid=7 stat -c '%a %u:%g' /c >/o" /o '755 7:0'
caches "ro: cannot be written" "RUN $m,ro (echo x >/c/new || rm /c/f) 2>/dev/null && echo written >/o || cat /c/f >/o" /o 'one
two
three'
if [ "$tier" = user ]; then
    printf 'FROM base\nRUN --mount=type=cache,target=/c,id=far,uid=3000000000 true\n' >"$c/Dockerfile"
    fails_build 'mount /c: give a new cache to user 3000000000' "an owner that the user's range does not have" "$c"
fi

# --- what it begins with ---
seed='FROM base AS seed
RUN mkdir -p /s/sub && echo v1 >/s/sub/f && ln /s/sub/f /s/hard && ln -s sub/f /s/link && mkfifo /s/p && chmod 640 /s/sub/f && chown -R 5:6 /s && chmod 2775 /s && touch -d @1000000000 /s/sub/f
FROM base
'
look='cd /c && stat -c "%n %F %a %u:%g" . sub sub/f link p >/o && stat -c "%h %Y" sub/f >>/o && cat link >>/o && echo changed >>sub/f'
caches "from a stage: everything as it is there" "${seed}RUN --mount=type=cache,target=/c,from=seed,source=/s $look" /o '. directory 2775 5:6
sub directory 755 5:6
sub/f regular file 640 5:6
link symbolic link 777 5:6
p fifo 644 5:6
2 1000000000
v1'
caches "... only when it is made" "${seed}RUN --mount=type=cache,target=/c,from=seed,source=/s cat /c/link >/o" /o 'v1
changed'
caches "... something else begins another" "$(printf '%s' "$seed" | sed s/v1/v2/)
RUN --mount=type=cache,target=/c,from=seed,source=/s cat /c/link >/o; true" /o v2
caches "... and the stage itself is as it was" "${seed}RUN --mount=from=seed,source=/s,target=/c cat /c/link >/o" /o v1
caches "from an image" 'RUN --mount=type=cache,target=/c,from=base,source=/etc cat /c/passwd | head -1 >/o' /o 'root:x:0:0:root:/root:/bin/sh'
mkdir "$T/named" && echo n >"$T/named/f"
caches "from a named context" 'RUN --mount=type=cache,target=/c,from=given cat /c/f >/o && stat -c %u:%g /c/f >>/o' /o 'n
0:0' --build-context given="$T/named"
printf 'FROM base\nRUN --mount=type=cache,target=/c,from=base,source=/etc/passwd true\n' >"$c/Dockerfile"
fails_build 'mount /c: source=/etc/passwd is not a directory' "from a file" "$c"
printf 'FROM base\nRUN --mount=type=cache,target=/c,from=base,source=/none true\n' >"$c/Dockerfile"
fails_build 'mount /c: .*/none' "from what is not there" "$c"

# --- sharing ---
# Two stages that each write a file into the cache and wait until the other one's is there (or, of what they do not share, say so).
meet() {
    printf 'FROM base AS a\nRUN --mount=type=cache,target=/m,id=meet --mount=type=cache,target=/c,id=%s,sharing=%s %s\n' "$1" "$1" "$(side a b)"
    printf 'FROM base AS b\nRUN --mount=type=cache,target=/m,id=meet --mount=type=cache,target=/c,id=%s,sharing=%s %s\n' "$1" "$1" "$(side b a)"
    printf 'FROM base\nCOPY --from=a /o /a\nCOPY --from=b /o /b\nRUN --mount=type=cache,target=/m,id=meet rm /m/*\n'
}
side() { printf 'touch /c/%s /m/%s; i=0; until [ -e /m/%s ] || [ $i -gt 600 ]; do i=$((i+1)); sleep 0.05; done; echo $(ls /c) >/o' "$1" "$1" "$2"; }
meet shared >"$c/Dockerfile"
builds "two steps share a cache at the same time" met "$c"
is "... each sees what the other one writes" "$(img cat met /a) $(img cat met /b)" 'a b a b'
meet private >"$c/Dockerfile"
builds "private: two steps have one each" met "$c"
is "... and neither sees the other's" "$(img cat met /a) $(img cat met /b)" 'a b'
is "... both are kept" "$(files_of private | wc -l)" 2
builds "again" met "$c" --no-cache
is "... and used again" "$(files_of private | wc -l)" 2

# held ID SHARING: a build that has the cache until $T/held/go is there; it runs when held returns.
hold() {
    mkdir -p "$T/hold-$1"
    printf 'FROM base\nRUN --mount=type=cache,target=/c,id=%s,sharing=%s --mount=type=cache,target=/m,id=signal-%s touch /m/started; echo held >>/c/f; i=0; until [ -e /m/go ] || [ $i -gt 600 ]; do i=$((i+1)); sleep 0.05; done; rm /m/*\n' "$1" "$2" "$1" >"$T/hold-$1/Dockerfile"
    "$CROZE" build --progress=plain --no-cache -t "held-$1" "$T/hold-$1" >"$T/hold-$1/log" 2>&1 &
    holder=$!
    until_true 100 started "$1" || cat "$T/hold-$1/log"
}
started() { [ -e "$(files_of "signal-$1")/started" ]; }
go() { touch "$(files_of "signal-$1")/go"; }

hold lock locked
caches "while one has it locked, another one that shares gets a cache of its own" 'RUN --mount=type=cache,target=/c,id=lock ls -A /c | wc -l >/o' /o 0
caches "... and so does a private one" 'RUN --mount=type=cache,target=/c,id=lock,sharing=private ls -A /c | wc -l >/o; true' /o 0
hold second locked
printf 'FROM base\nRUN --mount=type=cache,target=/c,id=second,sharing=locked cat /c/f >/o && echo waited >>/c/f\n' >"$T/waits"
"$CROZE" build --progress=plain -t waited -f "$T/waits" "$c" >"$T/waits.log" 2>&1 &
waiter=$!
until_true 100 grep -q 'waiting for cache mount second (sharing=locked)' "$T/waits.log"
like "locked: the second one waits, and says for what" "$(cat "$T/waits.log")" 'waiting for cache mount second'
unlike "... it has not run" "$(cat "$(files_of second)/f")" waited
go second
wait $holder
wait $waiter
is "... until the first one has ended" "$? $(img cat waited /o)" '0 held'
is "... and both had the same" "$(tr '\n' ' ' <"$(files_of second)/f")" 'held waited '
go lock
until_true 100 croze inspect held-lock >/dev/null
# each wants first what the other one has
printf 'FROM base AS a\nRUN --mount=type=cache,target=/x,id=x,sharing=locked --mount=type=cache,target=/y,id=y,sharing=locked echo a >>/x/f; touch /o\nFROM base AS b\nRUN --mount=type=cache,target=/y,id=y,sharing=locked --mount=type=cache,target=/x,id=x,sharing=locked echo b >>/x/f; touch /o\nFROM base\nCOPY --from=a /o /a\nCOPY --from=b /o /b\n' >"$c/Dockerfile"
i=0 crossed=0
while [ $i -lt 10 ]; do
    timeout 60 "$CROZE" build --no-cache -q "$c" >/dev/null 2>&1 && crossed=$((crossed + 1))
    i=$((i + 1))
done
is "two that lock two caches in opposite orders do not stop each other" "$crossed $(sort -u "$(files_of x)/f" | tr '\n' ' ')" '10 a b '
printf 'FROM base\nRUN --mount=type=cache,target=/c,id=fails echo left >/c/f; false\n' >"$c/Dockerfile"
fails_build 'exit code 1' "a step that fails" "$c"
caches "... leaves what it wrote into the cache" 'RUN --mount=type=cache,target=/c,id=fails cat /c/f >/o' /o left

printf 'FROM base\nRUN --mount=type=cache,target=/c,id=apart n=$(ls -A /c | wc -l); echo $n >>/c/seen; touch /o\nRUN --mount=type=cache,target=/c,id=apart test "$(head -1 /c/seen)" = 0\n' >"$c/Dockerfile"
build warm "$c" >/dev/null 2>&1
builds "--verify: the build that stands for itself begins with caches of its own" verified "$c" --verify
is "... and leaves none: the other two used the one that is kept" "$(files_of apart | wc -l) $(wc -l <"$(files_of apart)/seen")" '1 2'

# --- kill -9 ---
hold killed locked
kill -9 $holder
wait $holder 2>/dev/null
rm -f "$(files_of signal-killed)"/*
caches "after kill -9 the cache is there, with what was written, and nobody waits" 'RUN --mount=type=cache,target=/c,id=killed,sharing=locked cat /c/f >/o' /o held
mkdir "$T/many"
py - "$T/many" <<'END'
import os, sys
for i in range(4000):
    with open(os.path.join(sys.argv[1], "f%d" % i), "w") as f: f.write("x" * 3000)
END
printf 'FROM base\nRUN --mount=type=cache,target=/c,id=filled,from=many ls /c | wc -l >/o\n' >"$c/Dockerfile"
filling() { ls "$CROZE_ROOT"/work/*/files/f1* >/dev/null 2>&1 || ! kill -0 "$1" 2>/dev/null; }
i=0 caught=0
while [ $i -lt 3 ]; do
    "$CROZE" build --progress=plain --no-cache -t filled --build-context many="$T/many" "$c" >/dev/null 2>&1 &
    pid=$!
    while ! filling $pid; do :; done
    kill -9 $pid 2>/dev/null && caught=$((caught + 1))
    wait $pid 2>/dev/null
    i=$((i + 1))
done
builds "after kill -9 while a cache is filled" filled "$c" --build-context many="$T/many"
is "... it is whole" "$(img cat filled /o)" 4000
[ $caught -gt 0 ] || echo "# it was never caught in the act"
does "... and the next command cleans up" croze fsck
is "... wholly" "$(ls "$CROZE_ROOT/work" | wc -l)" 0

# --- gc, fsck ---
does "fsck knows caches" croze fsck
unlike "... and says nothing of them" "$out" 'mounts/'
before=$(ls -d "$CROZE_ROOT"/mounts/*/* | wc -l)
does "gc" croze gc
like "... says how many there are, and how large they are" "$out" "^Kept $before cache mounts, [0-9.]+[kM]B: see --cache-mounts"
does "gc --all" croze gc --all
is "... keeps what was used lately" "$(ls -d "$CROZE_ROOT"/mounts/*/* | wc -l)" "$before"
caches "... so the cache is as it was" "RUN $m cat /c/f | wc -l >/o" /o 3
touch -d '10 days ago' "$(dirname "$(files_of fails)")"
does "gc --all --keep-caches" croze gc --all --keep-caches 200
is "... takes what was not used for that time" "$(files_of fails) $(ls -d "$CROZE_ROOT"/mounts/*/* | wc -l)" " $((before - 1))"
hold busy locked
does "gc --cache-mounts" croze gc --cache-mounts --format json
is "... takes all but those that are used" "$(ls -d "$CROZE_ROOT"/mounts/*/* | wc -l)" 2
like "... and counts them" "$out" "\"CacheMounts\":$((before - 1)),.*\"KeptCacheMounts\":2"
go busy
wait $holder
is "... which end well" "$?" 0

# --- build tools ---
# with_libraries DIR PROGRAM...: they, and the libraries that they name
with_libraries() {
    into=$1
    shift
    mkdir -p "$into/bin"
    for program in "$@"; do
        cp -L "$program" "$into/bin/"
        ldd "$program" | awk '{for (i = 1; i <= NF; i++) if ($i ~ "^/") print $i}' | while read -r lib; do
            mkdir -p "$into$(dirname "$lib")" && cp -L "$lib" "$into$lib"
        done
    done
}
if command -v make >/dev/null && command -v ldd >/dev/null; then
    mkdir "$T/make" "$T/make/src"
    with_libraries "$T/make/tools" "$(command -v make)"
    printf 'all: /obj/a.o /obj/b.o\n\tcat /obj/a.o /obj/b.o >/program\n/obj/%%.o: %%.c\n\tcp $< $@\n\techo $< >>/built\n' >"$T/make/src/Makefile"
    echo a1 >"$T/make/src/a.c"
    echo b1 >"$T/make/src/b.c"
    printf 'FROM base\nCOPY tools /\nWORKDIR /src\nCOPY src .\nRUN --mount=type=cache,target=/obj : >/built && make\n' >"$T/make/Dockerfile"
    builds "make with a cold cache" made "$T/make"
    is "... builds everything" "$(img cat made /built | tr '\n' ' ')$(img cat made /program | tr '\n' ' ')" 'a.c b.c a1 b1 '
    echo a2 >"$T/make/src/a.c"
    builds "make with a warm cache and a changed source" made "$T/make"
    is "... builds that one again, and only that" "$(img cat made /built | tr '\n' ' ')$(img cat made /program | tr '\n' ' ')" 'a.c a2 b1 '
    touch "$T/make/src/b.c"
    builds "a newer time alone" made "$T/make"
    is "... is no change" "$(printf '%s\n' "$err" | grep -c CACHED)" 4
    SOURCE_DATE_EPOCH=1500000000 run build made "$T/make"
    like "with SOURCE_DATE_EPOCH what make sees bears other times: there is a warning" "$err" 'warning: Dockerfile:5: with SOURCE_DATE_EPOCH .* newer than'
else
    skip "make with a warm cache" "no make or ldd on this host"
fi

# cargo builds what is newer than the file that lists its sources; it trusts times to the nanosecond
printf '#!/bin/sh\nfor s in lib other; do\n    if [ ! -e /t/$s.d ] || [ $s.rs -nt /t/$s.d ]; then echo $s >>/built; cp $s.rs /t/$s.rlib; touch /t/$s.d; fi\ndone\ncat /t/lib.rlib /t/other.rlib >/program\n' >"$T/like-cargo"
mkdir "$T/rule" && cp "$T/like-cargo" "$T/rule/build" && chmod 755 "$T/rule/build"
echo l1 >"$T/rule/lib.rs"
echo o1 >"$T/rule/other.rs"
printf 'FROM base\nWORKDIR /src\nCOPY . .\nRUN --mount=type=cache,target=/t : >/built && ./build\n' >"$T/rule/Dockerfile"
build ruled "$T/rule" >/dev/null 2>&1
is "cargo's rule with a cold cache" "$(img cat ruled /built | tr '\n' ' ')$(img cat ruled /program | tr '\n' ' ')" 'lib other l1 o1 '
echo l2 >"$T/rule/lib.rs"
touch -d "@$(($(date +%s) + 2))" "$T/rule/lib.rs" # busybox compares seconds
build ruled "$T/rule" >/dev/null 2>&1
is "... with a warm one and a changed source" "$(img cat ruled /built | tr '\n' ' ')$(img cat ruled /program | tr '\n' ' ')" 'lib l2 o1 '

if sysroot=$(rustc --print sysroot 2>/dev/null) && [ -x "$sysroot/bin/cargo" ] && cp -al "$sysroot/bin/cargo" "$T/linked" 2>/dev/null; then
    mkdir -p "$T/cargo/src" "$T/rust/bin" "$T/rust/lib/rustlib"
    for f in "$sysroot"/bin/cargo "$sysroot"/bin/rustc; do cp -al "$f" "$T/rust/bin/"; done
    cp -al "$sysroot"/lib/*.so* "$T/rust/lib/"
    target=$(rustc -vV | sed -n 's/^host: //p')
    mkdir "$T/rust/lib/rustlib/$target" && cp -al "$sysroot/lib/rustlib/$target/lib" "$T/rust/lib/rustlib/$target/"
    with_libraries "$T/cargo/tools" "$sysroot/bin/cargo" "$sysroot/bin/rustc"
    rm -r "$T/cargo/tools/bin" "$T/cargo/tools$(dirname "$sysroot")" # the toolchain itself is mounted
    printf '[package]\nname = "demo"\nversion = "0.1.0"\nedition = "2021"\n' >"$T/cargo/Cargo.toml"
    echo 'pub fn f() -> &'"'"'static str { "marker-one" }' >"$T/cargo/src/lib.rs"
    cat >"$T/cargo/Dockerfile" <<'END'
FROM base
COPY tools /
WORKDIR /src
COPY Cargo.toml .
COPY src src
RUN --mount=from=rust,target=/rust --mount=type=cache,target=/target \
    PATH=/rust/bin:$PATH CARGO_HOME=/tmp/cargo CARGO_TARGET_DIR=/target cargo build --offline 2>&1 | tee /log; cp /target/debug/libdemo.rlib /
END
    builds "cargo with a cold cache" rusted "$T/cargo" --build-context rust="$T/rust"
    like "... compiles" "$(img cat rusted /log)" 'Compiling demo'
    echo 'pub fn f() -> &'"'"'static str { "marker-two" }' >"$T/cargo/src/lib.rs"
    builds "cargo with a warm cache and a changed source" rusted "$T/cargo" --build-context rust="$T/rust"
    is "... compiles it again" "$(img cat rusted /log | grep -c 'Compiling demo') $(img cat rusted /libdemo.rlib | grep -ac marker-two)" '1 1'
    builds "cargo with nothing changed, done again" rusted "$T/cargo" --no-cache --build-context rust="$T/rust"
    is "... finds it fresh" "$(img cat rusted /log | grep -c Compiling)" 0
else
    skip "CARGO ITSELF with a warm cache and a changed source" "no Rust toolchain that this user may read: only its rule was tested, above"
fi

done_testing
