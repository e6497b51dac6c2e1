#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze.lock:
#   * --lock writes images, URLs and repositories, sorted, beside the Dockerfile or where it is told; again it is the same bytes and is left alone
#   * --locked takes held bytes without asking; what is missing, has changed, or contradicts --checksum ends the build with both values
#   * the layer is the same from a mirror; stale entries go; a lock that cannot be read is refused; nothing of a failed build is written
. "$(dirname "$0")/lib.sh"
export CROZE_FETCH_TRIES=1
unset GIT_SSL_CAINFO CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR XDG_CONFIG_HOME

import_base
mkdir -p "$T/www" "$T/c" "$T/home"
export HOME="$T/home"
echo one >"$T/www/one"
echo two >"$T/www/two"
touch -d '2015-10-21T07:28:00Z' "$T/www/one"
serve plain
host=127.0.0.1:$port
git=
if command -v git >/dev/null; then
    (cd "$T/www" && sh "$here/repos.sh" make) >/dev/null 2>&1
    git="ADD http://$host/repo/app.git#main /src"
else
    skip "repositories in the lock" "git is not installed"
fi
sum() { sha256sum <"$1" | cut -d' ' -f1; }
dockerfile "$T/c" <<END
FROM base AS first
ADD http://$host/files/one /x/
FROM first
ADD http://user:secret@$host/bare/two /x/
COPY --from=base /etc/passwd /x/
$git
FROM base AS dead
ADD http://$host/files/never /x/
END
base=$(digest_of base)

builds "--lock" locked "$T/c" --lock --target 1
like "says where" "$err" "locked in $T/c/croze.lock"
want=$(py - "$T/c/croze.lock" "$base" "$host" "$(sum "$T/www/one")" "$(sum "$T/www/two")" "${git:+$(git -C "$T/www/app" rev-parse main)}" <<'END'
import json, sys
path, base, host, one, two, commit = sys.argv[1:]
want = {"version": 1, "images": {"base:latest": base},
        "urls": {f"http://{host}/bare/two": {"digest": "sha256:" + two, "size": 4},
                 f"http://{host}/files/one": {"digest": "sha256:" + one, "size": 4, "modified": "2015-10-21T07:28:00Z"}},
        "repositories": {f"http://{host}/repo/app.git#main": commit} if commit else {}}
text = open(path).read()
print(text == json.dumps(want, indent=2) + "\n", text)
END
)
like "it has what was used: sorted, canonical, without credentials" "$want" '^True'
before=$(stat -c '%i %Y' "$T/c/croze.lock")
builds "again" locked "$T/c" --lock --target 1
is "it is left alone" "$(stat -c '%i %Y' "$T/c/croze.lock")" "$before"
image=$(digest_of locked)

requests() { grep -cv 'authrepo' "$T/plain.log"; }
before=$(requests)
builds "--locked" locked "$T/c" --locked --target 1
is "asks nobody" "$(requests)" "$before"
is "it is the same image" "$(digest_of locked)" "$image"
echo changed >"$T/www/one"
builds "what has changed on the server" locked "$T/c" --locked --target 1
is "does not matter while it is held" "$(digest_of locked)" "$image"

# --- another machine ---
croze save --format oci-archive -o "$T/base.oci" base
export CROZE_ROOT="$T/store2"
croze load -i "$T/base.oci" >/dev/null
fails_build "http://$host/files/one: its checksum is sha256:$(sum "$T/www/one"), and should be sha256:[0-9a-f]{64}, as the lock has it" \
    "where it is not held, it does" "$T/c" --locked --target 1
mkdir -p "$T/mirror/files"
echo one >"$T/mirror/files/one"
export SOURCE_DATE_EPOCH=1700000000
builds "a mirror has it" mirrored "$T/c" --locked --target 1 --url-map "http://$host/files/=file://$T/mirror/files/"
is "with the time that the lock has" "$(img mtime mirrored /x/one)" 1445412480
export CROZE_ROOT="$T/store"
builds "the first machine" locked "$T/c" --locked --target 1
first=$(digest_of locked)
export CROZE_ROOT="$T/store2"
is "has the same image" "$(digest_of mirrored)" "$first"
unset SOURCE_DATE_EPOCH
export CROZE_ROOT="$T/store"

# --- drift ---
cp "$T/c/croze.lock" "$T/good.lock"
try() { # RE DESC LOCK-EDIT [OPTIONS]
    try_re=$1 try_what=$2
    sed "$3" "$T/good.lock" >"$T/edited.lock"
    shift 3
    fails_build "$try_re" "$try_what" "$T/c" "--locked=$T/edited.lock" --target 1 "$@"
}
zeros=$(printf '%064d' 0)
try "FROM base.*: base:latest is $base; the lock has sha256:$zeros" "another base" "s/\"base:latest\".*/\"base:latest\": \"sha256:$zeros\"/"
try "Dockerfile:1:.*base:latest is not in .*edited.lock; build --lock writes it down" "a base that is not in it" "s/base:latest/other:latest/"
try "Dockerfile:2:.*files/one is not in" "a URL that is not in it" "s,files/one,files/uno,"
if [ -n "$git" ]; then
    commit=$(git -C "$T/www/app" rev-parse main)
    nowhere=$(printf '%040d' 7)
    try "app.git#main is not in" "a repository that is not in it" "s/#main/#other/"
    try "it has no commit $nowhere" "a commit that is not there" "s/$commit/$nowhere/"
    old=$(git -C "$T/www/app" rev-parse old)
    sed "s/$commit/$old/" "$T/good.lock" >"$T/edited.lock"
    builds "the lock's commit" older "$T/c" "--locked=$T/edited.lock" --target 1
    is "is taken, wherever the branch is" "$(img cat older /src/a.txt)" one
fi
dockerfile "$T/sum" <<END
FROM base
ADD --checksum=sha256:$zeros http://$host/files/one /x
END
fails_build "--checksum has sha256:$zeros, and the lock has sha256:$(printf 'one\n' | sha256sum | cut -d' ' -f1)" "a checksum that contradicts it" \
    "$T/sum" "--locked=$T/good.lock"
croze tag base other >/dev/null
sed 's/FROM base AS first/FROM other AS first/' "$T/c/Dockerfile" >"$T/c/Dockerfile.other"
fails_build "FROM other: other:latest is not in" "another name" "$T/c" --locked --target 1 -f "$T/c/Dockerfile.other"

# --- places ---
builds "a place of one's own" locked "$T/c" "--lock=$T/own.lock" --target first
is "stale entries are not in it" "$(grep -c bare "$T/own.lock")" 0
mkdir -p "$T/sub"
cp "$T/c/Dockerfile" "$T/sub/File"
builds "-f elsewhere" locked "$T/c" --lock --target first -f "$T/sub/File"
does "the lock lies beside it" test -s "$T/sub/croze.lock"
refuses 1 "/c2/croze.lock: No such file.*; build --lock makes it" "--locked without a lock" sh -c "mkdir -p $T/c2; cp $T/c/Dockerfile $T/c2; \"$CROZE\" build --locked --target first $T/c2"
refuses 2 "give one of them" "both flags" croze build --lock --locked "$T/c"
dockerfile "$T/fail" <<END
FROM base
ADD http://$host/files/none /x
END
fails_build "404" "a build that fails" "$T/fail" --lock
exits 1 "writes no lock" test -e "$T/fail/croze.lock"

# --- locks that cannot be read ---
for bad in '{' '[]' '{"version":9}' '{"version":1,"images":{"base:latest":"sha256:1"}}' '{"version":1,"urls":{},"urls":{}}' '{"version":1,"x":1}'; do
    printf '%s' "$bad" >"$T/bad.lock"
    fails_build "bad.lock: " "no lock: $bad" "$T/c" "--locked=$T/bad.lock" --target 1
done
head -c 20000000 /dev/zero >"$T/bad.lock"
fails_build "bad.lock is larger than the limit" "a large one" "$T/c" "--locked=$T/bad.lock" --target 1
mkfifo "$T/fifo"
fails_build "fifo is not a regular file" "a pipe" "$T/c" "--locked=$T/fifo" --target 1
mkdir -p "$T/ro" && mkfifo "$T/ro/croze.lock" && cp "$T/c/Dockerfile" "$T/ro/"
builds "a pipe in the lock's place" locked "$T/ro" --lock --target first
does "is replaced" test -f "$T/ro/croze.lock"
done_testing
