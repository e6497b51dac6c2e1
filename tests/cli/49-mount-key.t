#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What of its mounts, and of the sandbox's name, a RUN depends on: whatever the command can tell is in the step's key, and what came of files that
# changed while they were read is in no record.
. "$(dirname "$0")/lib.sh"

cached() { printf '%s\n' "$err" | grep -c ' CACHED$'; }

import_base
c=$T/context
mkdir -p "$c/conf"
echo f >"$c/conf/f"
printf 'Dockerfile\n' >"$c/.dockerignore"

# file DESC INSTRUCTION WANT [FLAG...]: what the last RUN left in /r
file() {
    key_what=$1 key_want=$3
    printf 'FROM base\n%s\n' "$2" >"$c/Dockerfile"
    shift 3
    run build keyed "$c" "$@"
    if [ "$code" -ne 0 ]; then fail "$key_what" "$err"; else is "$key_what" "$(img cat keyed /r)" "$key_want"; fi
}

# --- what stands at the mount point itself ---
tells='sh -c "test -d /t && echo directory >/r || echo file >/r"'
file "a directory with one file" "RUN --mount=type=bind,source=conf,target=/t $tells" directory
file "... and that file alone are two keys" "RUN --mount=type=bind,source=conf/f,target=/t $tells" file
mode='RUN --mount=type=bind,source=conf,target=/t stat -c %a /t >/r'
file "the mode of the mounted directory" "$mode" 755
chmod 0700 "$c/conf"
file "... is in the key" "$mode" 700
chmod 0755 "$c/conf"

# --- times count where they are written: with an epoch, what is older than it ---
export SOURCE_DATE_EPOCH=1700000000
touch -d @1500000000 "$c/conf/f"
times='RUN --mount=type=bind,source=conf,target=/t cp -p /t/f /f && stat -c %Y /f >/r'
file "a file older than the epoch" "$times" 1500000000
touch -d @1600000000 "$c/conf/f"
file "... with another time is another key" "$times" 1600000000
unset SOURCE_DATE_EPOCH
touch -d @1650000000 "$c/conf/f"
builds "without an epoch" keyed "$c"
touch -d @1660000000 "$c/conf/f"
builds "... a time" keyed "$c"
is "... is in no key" "$(cached)" 1

# --- tmpfs ---
writes='touch /t/a 2>/dev/null && echo rw >/r || echo ro >/r'
file "a tmpfs" "RUN --mount=type=tmpfs,target=/t $writes" rw
file "... and a read-only one are two keys" "RUN --mount=type=tmpfs,target=/t,ro $writes" ro

# --- the sandbox's name ---
file "the name of the sandbox is BuildKit's" 'RUN hostname >/r && grep -c "$(hostname)" /etc/hosts >>/r' 'buildkitsandbox
1'
file "... or what BUILDKIT_SANDBOX_HOSTNAME says" 'RUN hostname >/r && grep -c "$(hostname)" /etc/hosts >>/r' 'here.test
1' --build-arg BUILDKIT_SANDBOX_HOSTNAME=here.test
refuses 2 'BUILDKIT_SANDBOX_HOSTNAME "a b" is no host name' "a name that is none" croze build --build-arg "BUILDKIT_SANDBOX_HOSTNAME=a b" "$c"
run build keyed "$c" --build-arg BUILDKIT_INLINE_CACHE=1
like "a build argument that means nothing here is told of" "$err" 'BUILDKIT_INLINE_CACHE was not used'

# --- files that change while a command reads them ---
mkfifo "$T/go" "$T/went"
printf 'FROM base\nRUN --mount=type=bind,source=conf,target=/t --mount=type=bind,from=pipes,target=/pipes sh -c "cat /t/f >/dev/null; echo >/pipes/went; read x </pipes/go; cp /t/f /r"\n' \
    >"$c/Dockerfile"
mkdir "$T/pipes"
mv "$T/go" "$T/went" "$T/pipes/"
echo before >"$c/conf/f"
croze build -t racy --build-context "pipes=$T/pipes" "$c" >"$T/racy.out" 2>&1 &
building=$!
if read -r _ <"$T/pipes/went"; then
    echo during >"$c/conf/f"
    echo >"$T/pipes/go"
fi
wait $building
is "the build is done" $? 0
like "... with a warning" "$(cat "$T/racy.out")" 'the context changed while this step read it'
is "... what it read is in the image" "$(img cat racy /r)" during
echo before >"$c/conf/f"
printf 'FROM base\nRUN --mount=type=bind,source=conf,target=/t cp /t/f /r\n' >"$c/Dockerfile"
builds "the files as they were" racy "$c"
is "... do not give what came of the others" "$(cached) $(img cat racy /r)" "0 before"

# --- what the base says ---
mkdir "$T/author"
printf 'FROM base\nMAINTAINER someone\n' | dockerfile "$T/author"
build parent "$T/author" 2>/dev/null
printf 'FROM parent\nLABEL a=b\n' | dockerfile "$T/author"
builds "on a base with an author" child "$T/author"
is "... the author stays" "$(croze inspect -f '{{.Author}}' child)" someone
printf 'FROM base\nONBUILD ENV A=1\nONBUILD RUN true\n' | dockerfile "$T/author"
build trigger "$T/author" 2>/dev/null
printf 'FROM trigger\nRUN echo 2\n' | dockerfile "$T/author"
run build child "$T/author"
like "only what makes a layer is counted among the steps" "$err" '\[2/2\] RUN echo 2'
does "the machine's own word for its architecture is a platform" croze build -q --platform "linux/$(uname -m)" "$T/author"
refuses 2 'own platform only' "another one is refused" croze build -q --platform linux/s390x "$T/author"

done_testing
