#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# RUN --mount=type=secret and type=ssh:
#   * --secret: from a file, from a variable, by its id; what it is inside: a file with mode and owner, a variable, both
#   * required and missing; limits; what cannot be is refused by name
#   * the value is nowhere in the store: not after a build, a failing step, a kill -9; nor in messages, history, key, arguments of processes
#   * --ssh: the running agent, a socket, keys; several; what a step may ask of it; required and missing
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir "$c"
secret="quiet-$$-value" # what must be found nowhere
printf '%s\n' "$secret" >"$T/secret"

# secrets DESC COMMAND-WITH-FLAGS FILE WANT [OPTIONS]
secrets() {
    secrets_what=$1 secrets_file=$3 secrets_want=$4
    printf 'FROM base\nRUN %s\n' "$2" >"$c/Dockerfile"
    shift 4
    run build secret "$c" "$@"
    if [ "$code" -ne 0 ]; then
        fail "$secrets_what" "$err"
    else
        is "$secrets_what" "$(img cat secret "$secrets_file")" "$secrets_want"
    fi
}
# Some files of the store are subordinate users' and closed to us: only root of a user namespace sees them all.
as_owner() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        unshare --map-root-user --map-auto "$@"
    fi
}
# How many files of the store, or the log, have its bytes.
found() { as_owner grep -rlF -- "$secret" "$CROZE_ROOT" "$T/log" | wc -l; }
: >"$T/log"
see='tr a-y b-z </run/secrets/x | cut -c1-5 >/o' # some of it, in another alphabet
seen=$(tr a-y b-z <"$T/secret" | cut -c1-5)

# --- where it comes from ---
secrets "from a file" "--mount=type=secret,id=x $see" /o "$seen" --secret id=x,src="$T/secret"
is "... nothing of it is in the layer, nor its directories" "$(img layer secret -1)" '0644 0:0 f /o'
export SECRET_IN_ENV="$secret"
secrets "from a variable" "--mount=type=secret,id=x $see; true" /o "$seen" --secret id=x,env=SECRET_IN_ENV
secrets "... in other words" "--mount=type=secret,id=x $see; true 2" /o "$seen" --secret type=env,id=x,src=SECRET_IN_ENV
x=$secret run build secret "$c" --no-cache --secret id=x
is "by its id: a variable of that name" "$code $(img cat secret /o)" "0 $seen"
(cd "$T" && cp secret x && build secret "$c" --no-cache --secret id=x >/dev/null 2>&1)
is "... or a file" "$? $(img cat secret /o)" "0 $seen"
secrets "from a pipe" "--mount=type=secret,id=x $see; true 3" /o "$seen" --secret id=x,src=/dev/fd/7 7<<END
$secret
END
unset SECRET_IN_ENV
secrets "a variable that is not set: empty" '--mount=type=secret,id=x wc -c </run/secrets/x >/o' /o 0 --secret id=x,env=SECRET_IN_ENV
like "... and said" "$err" 'warning.*--secret id=x: the variable SECRET_IN_ENV is not set'
echo ab >"$T/a,b"
secrets "a path with a comma, quoted" '--mount=type=secret,id=x wc -c </run/secrets/x >/o; true 2' /o 3 --secret 'id=x,"src='"$T"'/a,b"'
rm "$T/a,b"
refuses 2 'a,b: No such file' "... that is not there" croze build --secret 'id=x,"src='"$T"'/a,b"' "$c"
head -c 512000 /dev/zero >"$T/big"
secrets "500 KiB" '--mount=type=secret,id=x wc -c </run/secrets/x >/o; true big' /o 512000 --secret id=x,src="$T/big"
echo >>"$T/big"
refuses 2 'id=x: over the limit of 500 KiB' "a byte more" croze build --secret id=x,src="$T/big" "$c"
refuses 2 'it has no id' "no id" croze build --secret src="$T/secret" "$c"
refuses 2 'id=ID with' "an unknown word" croze build --secret id=x,colour=red "$c"
refuses 2 'id=x: open .*/nothing: No such file' "a file that is not there" croze build --secret id=x,src="$T/nothing" "$c"

# --- what it is inside ---
given="--secret id=x,src=$T/secret"
attributes="stat -c '%a %u:%g' /run/secrets/x >/o"
# shellcheck disable=SC2086
secrets "mode 0400, root's" "--mount=type=secret,id=x $attributes" /o '400 0:0' $given
# shellcheck disable=SC2086
secrets "mode, uid and gid" "--mount=type=secret,id=x,mode=0440,uid=7,gid=8 $attributes" /o '440 7:8' $given
# shellcheck disable=SC2086
secrets "a target" "--mount=type=secret,id=x,target=/etc/deep/er/t test -s /etc/deep/er/t && echo there >/o" /o there $given
is "... and what had to be made for it is not in the layer" "$(img layer secret -1)" '0644 0:0 f /o'
# shellcheck disable=SC2086
secrets "it cannot be written, removed or run" '--mount=type=secret,id=x,mode=0666 (echo x >/run/secrets/x || rm /run/secrets/x) 2>/dev/null || echo no >/o' /o no $given
# shellcheck disable=SC2086
secrets "another step does not have it" '--mount=type=secret,id=x true
RUN ls /run/secrets 2>/dev/null | wc -l >/o' /o 0 $given
# shellcheck disable=SC2086
secrets "a variable: and no file" '--mount=type=secret,id=x,env=TOKEN echo ${#TOKEN} >/o; ls /run/secrets 2>/dev/null | wc -l >>/o' /o "$((${#secret} + 1))
0" $given
# shellcheck disable=SC2086
secrets "a variable and a file" '--mount=type=secret,id=x,env=TOKEN,target=/t echo ${#TOKEN} >/o; wc -c </t >>/o' /o "$((${#secret} + 1))
$((${#secret} + 1))" $given
# shellcheck disable=SC2086
secrets "it wins over ENV" '--mount=type=secret,id=x,env=TOKEN echo ${#TOKEN} >/o
ENV TOKEN=short' /o "$((${#secret} + 1))" $given
printf 'FROM base\nENV TOKEN=short\nUSER app\nRUN --mount=type=secret,id=x,env=TOKEN,target=/run/secrets/x,uid=10001 cat /run/secrets/x >/dev/null && echo ${#TOKEN} >/tmp/o\n' >"$c/Dockerfile"
# shellcheck disable=SC2086
builds "another user" secret "$c" $given
is "... has both" "$(img cat secret /tmp/o)" "$((${#secret} + 1))"
unlike "... and the configuration has neither" "$(img config secret)" "$secret"
printf 'a\0b' >"$T/nul"
printf 'FROM base\nRUN --mount=type=secret,id=x,env=TOKEN true\n' >"$c/Dockerfile"
fails_build 'secret x holds a NUL byte and cannot be the variable TOKEN' "a NUL byte in a variable" "$c" --secret id=x,src="$T/nul"

# --- missing ---
secrets "one that is not given: no file, no variable" '--mount=type=secret,id=none,env=TOKEN,target=/t test ! -e /t && echo ${TOKEN-unset} >/o' /o unset
printf 'FROM base\nRUN --mount=type=secret,id=none,required true\n' >"$c/Dockerfile"
fails_build 'Dockerfile:2:5: .*secret none is required and was not given: --secret id=none' "a required one" "$c"
# shellcheck disable=SC2086
fails_build 'secret none is required' "... though another one is given" "$c" $given

# --- it is nowhere ---
printf 'FROM base\nRUN --mount=type=secret,id=x,env=TOKEN,target=/t cat /t >/dev/null; test -n "$TOKEN" && echo x >/o\n' >"$c/Dockerfile"
for why in --progress=plain --why; do
    # shellcheck disable=SC2086
    CROZE_DEBUG=1 CROZE_TRACE="$T/trace" croze build $why -t secret $given "$c" >>"$T/log" 2>&1
    cat "$T/trace" >>"$T/log" 2>/dev/null
done
croze save -o "$T/saved.tar" secret
tar -xOf "$T/saved.tar" | grep -qaF "$secret" && echo saved >>"$T/log"
is "the value is in no file of the store and in no message" "$(found)" 0
echo other >"$T/other"
builds "another value" secret "$c" --secret id=x,src="$T/other"
like "... is the same step: it is in no key" "$err" CACHED
printf 'FROM base\nRUN --mount=type=secret,id=x,env=TOKEN,target=/t echo x >/partly; cat /t >/dev/null; exit 3\n' >"$c/Dockerfile"
# shellcheck disable=SC2086
build failing "$c" $given >>"$T/log" 2>&1
like "a step fails" "$(cat "$T/log")" 'exit code 3'
is "... the value is not among what is kept of it" "$(found) $(as_owner find "$CROZE_ROOT/kept" -name partly | wc -l)" '0 1'
printf 'FROM base\nRUN --mount=type=cache,target=/m,id=sig --mount=type=secret,id=x,env=TOKEN,target=/t touch /m/started; i=0; until [ -e /m/go ] || [ $i -gt 600 ]; do i=$((i+1)); sleep 0.05; done\n' >"$c/Dockerfile"
# shellcheck disable=SC2086
"$CROZE" build --progress=plain $given "$c" >>"$T/log" 2>&1 &
pid=$!
started() { ls "$CROZE_ROOT"/mounts/*/*/files/started; }
until_true 200 started
arguments=$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -cFf "$T/secret")
is "... nor in any process's arguments while a step has it" "$arguments" 0
kill -9 $pid
wait $pid 2>/dev/null
is "... nor in the store after kill -9" "$(found)" 0
croze gc >/dev/null
is "... nor after the next command" "$(found)" 0

# --- ssh ---
if ! command -v ssh-agent >/dev/null || ! command -v ssh-keygen >/dev/null || ! command -v ldd >/dev/null; then
    skip "ssh" "no ssh-agent, ssh-keygen or ldd (package openssh-client)"
    done_testing
fi
mkdir -p "$T/ssh/bin" "$T/keys"
cp -L "$(command -v ssh-add)" "$T/ssh/bin/"
ldd "$(command -v ssh-add)" | awk '{for (i = 1; i <= NF; i++) if ($i ~ "^/") print $i}' | while read -r lib; do mkdir -p "$T/ssh$(dirname "$lib")" && cp -L "$lib" "$T/ssh$lib"; done
printf 'FROM base\nCOPY . /\n' >"$T/ssh/Dockerfile"
builds "a base with ssh-add" withssh "$T/ssh"
for key in one two three; do ssh-keygen -q -t ed25519 -N '' -C "key-$key" -f "$T/keys/$key"; done
fingerprint() { ssh-keygen -lf "$T/keys/$1.pub" | cut -d' ' -f2; }
cd "$T" || exit 1
eval "$(ssh-agent -a agent.sock)" >/dev/null
agent=$SSH_AGENT_PID
SSH_AUTH_SOCK=$T/agent.sock
export SSH_AUTH_SOCK
trap 'kill $agent 2>/dev/null; cleanup' EXIT
ssh-add -q "$T/keys/one"

# keys DESC COMMAND-WITH-FLAGS WANT [OPTIONS]
keys() {
    keys_what=$1 keys_want=$3
    printf 'FROM withssh\nRUN %s\n' "$2" >"$c/Dockerfile"
    shift 3
    run build ssh "$c" "$@"
    if [ "$code" -ne 0 ]; then
        fail "$keys_what" "$err"
    else
        is "$keys_what" "$(img cat ssh /o)" "$keys_want"
    fi
}
list='(ssh-add -l 2>&1 || true) | cut -d" " -f2 >/o'
keys "the running agent" "--mount=type=ssh $list" "$(fingerprint one)" --ssh default
is "... nothing of it is in the layer" "$(img layer ssh -1)" '0644 0:0 f /o'
keys "... by its socket" "--mount=type=ssh $list; true 1" "$(fingerprint one)" --ssh default="$T/agent.sock"
keys "SSH_AUTH_SOCK, and what is there" '--mount=type=ssh echo $SSH_AUTH_SOCK >/o; stat -c "%F %a %u:%g" $SSH_AUTH_SOCK >>/o' '/run/buildkit/ssh_agent.0
socket 600 0:0' --ssh default
keys "mode, owner and target" '--mount=type=ssh,target=/s,mode=0660,uid=5,gid=6 echo $SSH_AUTH_SOCK >/o; stat -c "%a %u:%g" /s >>/o' '/s
660 5:6' --ssh default
keys "another user has it if it is the user's" "--mount=type=ssh,uid=10001 chmod 666 /o 2>/dev/null; touch /o; chmod 666 /o; su app -c 'SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0 ssh-add -l' | cut -d' ' -f2 >/o" "$(fingerprint one)" --ssh default
keys "... and not if it is root's" "--mount=type=ssh su app -c 'SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0 ssh-add -l' 2>&1 | grep -o 'Permission denied' >/o" "Permission denied" --ssh default
keys "several, each by its id" "--mount=type=ssh,id=a --mount=type=ssh,id=b,target=/b ssh-add -l | cut -d' ' -f2 >/o; SSH_AUTH_SOCK=/b ssh-add -l | cut -d' ' -f2 >>/o" "$(fingerprint two)
$(fingerprint three)" --ssh a="$T/keys/two" --ssh b="$T/keys/three"
keys "several keys of one" "--mount=type=ssh,id=a ssh-add -l | cut -d' ' -f2 | sort >/o" "$( (fingerprint two; fingerprint three) | sort)" --ssh a="$T/keys/two,$T/keys/three"
keys "keys can be used, not added or removed" "--mount=type=ssh (ssh-add -D; ssh-add -x </dev/null) >/dev/null 2>&1; $list" "$(fingerprint one)" --ssh default
is "... the agent has them all" "$(ssh-add -l | cut -d' ' -f2)" "$(fingerprint one)"
unlike "no agent of ours is left" "$(ps -eo args)" '^ssh-agent -D'
is "no key and no socket is left in the store" "$(ls "$CROZE_ROOT/work" | wc -l) $(as_owner grep -rlF "$(sed -n 2p "$T/keys/two")" "$CROZE_ROOT" | wc -l)" '0 0'
builds "another agent" ssh "$c" --ssh default="$T/keys/two"
like "... is the same step: what it holds is in no key" "$err" CACHED
keys "without one: no socket" '--mount=type=ssh test ! -e $SSH_AUTH_SOCK && echo none >/o' none
printf 'FROM base\nRUN --mount=type=ssh,required true\n' >"$c/Dockerfile"
fails_build 'ssh agent default is required and was not given: --ssh default' "a required one" "$c"
printf 'FROM base\nRUN --mount=type=ssh true\n' >"$c/Dockerfile"
fails_build 'ssh-add does not take the key .*/one.pub' "a file that is no key" "$c" --ssh default="$T/keys/one.pub"
refuses 2 'nothing: No such file' "a file that is not there" croze build --ssh default="$T/nothing" "$c"
unset SSH_AUTH_SOCK
refuses 2 'SSH_AUTH_SOCK is not set' "no agent runs" croze build --ssh default "$c"

done_testing
