#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Build contexts that are no directory, and named ones:
#   * standard input: a Dockerfile; an archive, plain and compressed, with an ignore file and -f inside of it
#   * a URL of an archive or a Dockerfile; a repository
#   * --build-context: a directory for COPY --from, mounts and FROM; an image; an OCI layout by tag, digest and alone; a stage of the file
#   * what is hostile or missing fails by name
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir -p "$c/sub"
echo one >"$c/one"
echo two >"$c/sub/two"
echo no >"$c/ignored"
echo ignored >"$c/.dockerignore"
printf 'FROM base\nCOPY . /in/\n' >"$c/Dockerfile"
printf 'FROM base\nCOPY one /other\n' >"$c/sub/Other"

# --- standard input ---
from_file() { # FILE CMD...: the command with that standard input
    from=$1
    shift
    "$@" <"$from"
}
with_stdin() { # DESC FILE NAME [OPTIONS]
    stdin_what=$1 stdin_file=$2 stdin_name=$3
    shift 3
    croze build --progress=plain -t "$stdin_name" "$@" - <"$stdin_file" >"$T/.out" 2>"$T/.err"
    code=$? out=$(cat "$T/.out") err=$(cat "$T/.err")
    if [ $code -eq 0 ]; then pass "$stdin_what"; else fail "$stdin_what" "exit code $code" "$err"; fi
}
printf 'FROM base\nRUN echo text >/text\nCOPY <<EOF /doc\nhere\nEOF\n' >"$T/alone"
with_stdin "a Dockerfile" "$T/alone" alone
is "... is carried out" "$(img cat alone /text) $(img cat alone /doc)" "text here"
printf 'FROM base\nCOPY one /x\n' >"$T/wants"
croze build - <"$T/wants" >/dev/null 2>"$T/.err"
is "... with an empty context" "$? $(grep -c 'one.*not found' "$T/.err")" "1 1"

want='0755 0:0 d /in
0644 0:0 f /in/.dockerignore
0644 0:0 f /in/Dockerfile
0644 0:0 f /in/one
0755 0:0 d /in/sub
0644 0:0 f /in/sub/Other
0644 0:0 f /in/sub/two'
build directory "$c" 2>/dev/null
is "the same as a directory" "$(img tree directory /in)" "$want"
tar -C "$c" -cf "$T/plain.tar" .
gzip -k "$T/plain.tar"
with_stdin "an archive" "$T/plain.tar" plain
is "... is the context, with its ignore file" "$(img tree plain /in)" "$want"
is "... times are kept" "$(img mtime plain /in/one 2>/dev/null)" "$(img mtime directory /in/one 2>/dev/null)"
with_stdin "a compressed one" "$T/plain.tar.gz" compressed
like "... with the same files is the same step" "$err" CACHED
is "... and the same image" "$(digest_of compressed)" "$(digest_of plain)"
with_stdin "-f is a path in the archive" "$T/plain.tar" other -f sub/Other
is "... and is read there" "$(img tree other /other)" '0644 0:0 f /other'
cat >"$T/mount" <<'END'
FROM base
RUN --mount=type=bind,target=/m cat /m/sub/two >/seen; ls -A /m >/names
END
cp "$T/mount" "$c/Mount"
tar -C "$c" -cf "$T/mount.tar" .
with_stdin "a bind mount of it" "$T/mount.tar" mounted -f Mount
is "... shows its files, without the ignored one" "$(img cat mounted /seen) $(img cat mounted /names | tr '\n' ' ')" "two .dockerignore Dockerfile Mount one sub "

head -c 3000 "$T/plain.tar" >"$T/torn.tar"
refuses 1 'context on standard input' "an archive that ends too early" from_file "$T/torn.tar" croze build -
printf 'hello\n' | gzip >"$T/notar.gz"
refuses 2 'Dockerfile:1:[0-9]+: ' "something else is no Dockerfile" from_file "$T/notar.gz" croze build -
refuses 2 'both the context and the Dockerfile' "standard input for two things" croze build -f - -
refuses 1 'no/such' "-f of nothing in the archive" from_file "$T/plain.tar" croze build -f no/such -
refuses 1 '\.\./escape|leads out|Invalid|cross-device' "-f out of the archive" from_file "$T/plain.tar" croze build -f ../escape -
py - "$T/evil.tar" <<'END'
import sys
from maketar import *
with Tar(sys.argv[1]) as t:
    t.file("Dockerfile", "FROM scratch\nCOPY . /\n")
    t.link("out", "/etc")
    t.file("out/croze-was-here", "x")
END
refuses 1 'out' "an archive that writes through its own link" from_file "$T/evil.tar" croze build -
is "nothing came of it" "$(ls /etc/croze-was-here 2>/dev/null)" ""

# --- URLs and repositories ---
mkdir -p "$T/www"
cp "$T/plain.tar.gz" "$T/www/context.tar.gz"
cp "$T/alone" "$T/www/Dockerfile.alone"
"$python" -u - "$T/www" >"$T/port" 2>/dev/null <<'END' &
import functools, http.server, sys
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1]))
print(server.server_address[1], flush=True)
server.serve_forever()
END
server=$!
until_true 100 test -s "$T/port"
url=http://127.0.0.1:$(cat "$T/port")
does "an archive at a URL" croze build -t byurl "$url/context.tar.gz"
is "... is the context" "$(img tree byurl /in)" "$want"
does "a Dockerfile at a URL" croze build -t byurl2 "$url/Dockerfile.alone"
is "... is carried out" "$(img cat byurl2 /text)" text
refuses 1 'nothing-here.*404' "a URL of nothing" croze build "$url/nothing-here"
if command -v git >/dev/null; then
    cp -r "$c" "$T/repo"
    (cd "$T/repo" && git init -q -b main . && git add -A && git -c user.name=t -c user.email=t@example.org commit -qm one && git update-server-info) >/dev/null 2>&1
    cp -r "$T/repo/.git" "$T/www/repo.git"
    does "a repository" croze build -t bygit "$url/repo.git"
    is "... is the context, with its ignore file" "$(img tree bygit /in | grep -c one)" 1
    is "... and without .git" "$(img tree bygit /in | grep -c 'in/.git')" 0
    does "... or with it" croze build -t withgit --build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1 "$url/repo.git"
    like "... as the build argument says" "$(img tree withgit /in)" 'in/\.git/HEAD'
    refuses 2 'BUILDKIT_CONTEXT_KEEP_GIT_DIR is true or false, not "maybe"' "... which is a word like true" \
        croze build --build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=maybe "$url/repo.git"
    mkdir -p "$T/www/owner"
    cp -r "$T/repo/.git" "$T/www/owner/name"
    does "github.com/owner/name is a repository" croze build -t short --url-map "https://github.com/=$url/" github.com/owner/name
    is "... of that host" "$(img tree short /in | grep -c one)" 1
    printf 'FROM base\nCOPY --from=lib one /from-git\n' >"$T/uses"
    refuses 1 'Other:2:6: .*one.*not found' "a subdirectory of a branch, with -f in it, is all that there is" croze build -f Other "$url/repo.git#main:sub"
    mkdir "$T/only" && cp "$T/uses" "$T/only/Dockerfile"
    does "a repository as a named context" croze build -t named-git --build-context lib="$url/repo.git" "$T/only"
    is "... is read" "$(img cat named-git /from-git)" one
else
    skip "a repository as the context" "git is not installed"
fi
kill "$server"
wait "$server" 2>/dev/null

# --- named contexts ---
mkdir -p "$T/lib/deep"
echo jar >"$T/lib/a.jar"
echo secret >"$T/lib/hidden"
echo deep >"$T/lib/deep/file"
echo hidden >"$T/lib/.dockerignore"
cat >"$c/Dockerfile" <<'END'
FROM base AS build
RUN echo built >/result
FROM base
COPY --from=lib . /lib/
COPY --from=lib --chown=app deep/file /owned
RUN --mount=type=bind,from=lib,target=/m cat /m/a.jar >/seen; ls -A /m | tr '\n' ' ' >/names
END
builds "a directory for COPY --from and a mount" named "$c" --build-context lib="$T/lib"
is "... its files are root's, but for the ignored" "$(img tree named /lib) $(img cat named /names)" '0755 0:0 d /lib
0644 0:0 f /lib/.dockerignore
0644 0:0 f /lib/a.jar
0755 0:0 d /lib/deep
0644 0:0 f /lib/deep/file .dockerignore a.jar deep '
is "... --chown and the mount work" "$(img tree named /owned) $(img cat named /seen)" '0644 10001:10002 f /owned jar'
builds "unchanged" named "$c" --build-context lib="$T/lib"
is "... all is CACHED" "$(printf '%s\n' "$err" | grep -c CACHED)" 3
echo more >>"$T/lib/a.jar"
builds "a changed file of it" named "$c" --build-context lib="$T/lib"
is "... is seen" "$(img cat named /lib/a.jar | tr '\n' ' ')" "jar more "
fails_build 'lib' "without it the name is an image that is not there" "$c" --pull=never

mkdir -p "$T/root/bin"
cp /bin/busybox "$T/root/bin/busybox"
ln -s busybox "$T/root/bin/sh"
cat >"$c/Dockerfile" <<'END'
FROM distribution
RUN /bin/busybox echo alive >/alive
END
builds "a directory as the base" fromdir "$c" --build-context distribution="$T/root"
is "... is the root" "$(img cat fromdir /alive)" alive

cat >"$c/Dockerfile" <<'END'
FROM alpine:3.20
RUN echo from-base >/who
END
builds "an image in place of another" replaced "$c" --build-context alpine:3.20=docker-image://base
is "... as it is compared: docker.io/library/" "$(img cat replaced /who)" from-base
builds "... by its full name" replaced2 "$c" --build-context docker.io/library/alpine:3.20=docker-image://base
cat >"$c/Dockerfile" <<'END'
FROM base AS other
RUN echo other >/result
FROM base AS build
RUN echo built >/result
FROM base
COPY --from=build /result /result
END
builds "a stage in place of a stage" stage "$c" --build-context build=target:other
is "... is read" "$(img cat stage /result)" other
builds "an image in place of a stage" stage2 "$c" --build-context build=docker-image://stage
is "... is read too" "$(img cat stage2 /result)" other

croze save --format oci-archive -o "$T/oci.tar" replaced >/dev/null 2>&1
mkdir "$T/layout" && tar -C "$T/layout" -xf "$T/oci.tar"
digest=$(digest_of replaced)
croze rmi replaced replaced2 >/dev/null 2>&1
croze gc --all --grace 0 >/dev/null 2>&1
import_base
cat >"$c/Dockerfile" <<'END'
FROM thing
COPY --from=thing /who /again
END
for how in "" ":latest" "@$digest"; do
    builds "an OCI layout${how:+, }${how%%:*}" layout "$c" --build-context thing="oci-layout://$T/layout$how"
    is "... as base and source" "$(img cat layout /who) $(img cat layout /again)" "from-base from-base"
done
fails_build 'no image of it bears the tag "1.2"' "a tag that it lacks" "$c" --build-context thing="oci-layout://$T/layout:1.2"
fails_build 'index\.json' "a directory that is no layout" "$c" --build-context thing="oci-layout://$T/lib"
chmod u+w "$T/layout/blobs/sha256/"*
for blob in "$T"/layout/blobs/sha256/*; do printf x | dd of="$blob" bs=1 seek=20 conv=notrunc 2>/dev/null; done
croze rmi layout >/dev/null 2>&1
croze gc --all --grace 0 >/dev/null 2>&1
fails_build 'does not hash to its name' "a layout that is damaged" "$c" --build-context thing="oci-layout://$T/layout"

printf 'FROM base\n' >"$c/Dockerfile"
refuses 2 'has no name' "no name" croze build --build-context =x "$c"
refuses 2 'names nothing' "no value" croze build --build-context lib= "$c"
refuses 2 'only the build context itself' "standard input for a named one" croze build --build-context lib=- "$c"
printf 'FROM base\nCOPY --from=lib x /\n' >"$c/Dockerfile"
fails_build 'nowhere' "a directory that is not there, once it is needed" "$c" --build-context lib="$T/nowhere"
does "the store is sound" croze fsck
done_testing
