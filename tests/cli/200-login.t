#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# login and logout against docker-registry with htpasswd over TLS, and against a token service: what is accepted, where it is kept, by which
# helper; that secrets are neither printed nor in an argument; what is said when it is not accepted.
. "$(dirname "$0")/lib.sh"
[ -r "$here/../peer/lib.sh" ] || { skip "login and logout" "tests/peer is not here"; done_testing; }
. "$here/../peer/lib.sh"

export HOME="$T/home" XDG_RUNTIME_DIR="$T/run" CROZE_FETCH_TRIES=1
unset DOCKER_CONFIG REGISTRY_AUTH_FILE DOCKER_AUTH_CONFIG XDG_CONFIG_HOME CONTAINERS_REGISTRIES_CONF SSL_CERT_FILE
mkdir -p "$HOME"
docker=$HOME/.docker/config.json podman=$XDG_RUNTIME_DIR/containers/auth.json

login() { printf '%s\n' "$1" | { shift; croze login --password-stdin "$@"; }; }
# What a file holds: json FILE EXPRESSION, where d is the document
json() { py -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }

docker_registry real tls auth || { skip "login and logout" "$why"; done_testing; }
host=localhost:$port

# --- TLS and passwords ---

refuses 3 "$host: GET /v2/: https://$host: .*; put its authority into /etc/containers/certs.d/$host/ca.crt or ~/.config/containers/certs.d/$host/ca.crt, or do without by --tls-verify=false" \
    "an authority that nobody knows is refused, with what to do" login secret -u user "$host"
[ ! -e "$docker" ]; is "and nothing is kept" $? 0
does "--tls-verify=false does without" login secret -u user --tls-verify=false "$host"
is "the words are docker's" "$out" "Login Succeeded!"
is "the credentials are in docker's file" "$(json "$docker" "d['auths']['$host']['auth']")" "$(printf 'user:secret' | base64)"
is "which is nobody else's to read" "$(stat -c %a "$docker" "$HOME/.docker")" "600
700"
mkdir -p "$HOME/.config/containers/certs.d/$host"
cp "$tls/ca.crt" "$HOME/.config/containers/certs.d/$host/"
does "an authority of certs.d is trusted" login secret -u user "$host"
refuses 1 "$host: GET /v2/: HTTP 401 Unauthorized, says https://$host: .*authentication required \(UNAUTHORIZED\); asked as user \"user\" from --password-stdin" \
    "a wrong password is refused, and who said so is named" login wrong -u user "https://$host/v2/"
is "what was kept stays" "$(json "$docker" "len(d['auths'])")" 1
unlike "the password is not said" "$out$err" 'wrong$|secret'
does "who is logged in" croze login --get-login "$host"
is "is known" "$out" user
refuses 1 'nobody is logged in to other.example' "and who is not" croze login --get-login other.example

exits 0 "with --debug much is said" sh -c "printf secret | '$CROZE' --debug login -u user --password-stdin '$host'"
unlike "but neither the password nor what it becomes" "$out$err" "secret|$(printf 'user:secret' | base64)"

# --- what is typed ---

refuses 2 'password-stdin needs -u USER' "a password alone is half a login" login secret "$host"
refuses 2 'no terminal to ask for the user' "without a terminal nobody is asked" croze login "$host"
refuses 2 'no terminal to ask for the password' "nor for a password" croze login -u user "$host"
refuses 2 'no password' "an empty one is none" login '' -u user "$host"
refuses 2 'two places for one password' "there is one place for it" login secret -u user -p secret "$host"
refuses 2 'is no registry: HOST' "a registry is a host" login secret -u user 'bad host!'
does "-p is taken" croze login -u user -p secret "$host"
like "and warned of" "$err" 'can be read by others'
typed() { # waits for a prompt, answers, waits for the next
    py - "$CROZE" "$@" <<'END'
import os, pty, signal, sys
signal.alarm(60)
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "login", *sys.argv[2:]])
seen = b""
try:
    for prompt, answer in ((b"Username: ", os.environ.get("TYPED", "user").encode() + b"\n"), (b"Password: ", b"secret\n")):
        while prompt not in seen:
            seen += os.read(fd, 1000)
        os.write(fd, answer)
    while True:
        piece = os.read(fd, 1000)
        if not piece:
            break
        seen += piece
except OSError:
    pass
print(seen.decode().replace("\r", ""), "code", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
}
typed_out=$(typed "$host")
like "on a terminal both are asked for" "$typed_out" 'code 0'
unlike "and the password is not shown" "$typed_out" secret
# What ends or stops it at the prompt does so at once, and leaves a terminal that shows what is typed.
signalled() { # signalled KEY|SIGNAL...: the terminal at the prompt, what became of the process, the terminal behind it
    py - "$CROZE" "$host" "$@" <<'END'
import os, pty, signal, struct, sys, termios
signal.alarm(60)
KEYS = {"^C": b"\x03", "^Z": b"\x1a", "^\\": b"\x1c"}
out, back = os.pipe()
leader, fd = pty.fork()
if leader == 0: # a shell's part: who has nobody above in the session cannot be stopped
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpid())
        for n in (signal.SIGTTOU, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP):  # whoever started the tests may ignore them
            signal.signal(n, signal.SIG_DFL)
        os.execv(sys.argv[1], [sys.argv[1], "login", "-u", "user", sys.argv[2]])
    os.write(back, struct.pack("i", pid))
    while True:
        status = os.waitpid(pid, os.WUNTRACED)[1]
        os.write(back, struct.pack("i", status))
        if not os.WIFSTOPPED(status):
            signal.pause()
pid = struct.unpack("i", os.read(out, 4))[0]
echo = lambda: "echo" if termios.tcgetattr(fd)[3] & termios.ECHO else "silent"
seen = b""
while b"Password: " not in seen:
    seen += os.read(fd, 1000)
said = [echo()]
for what in sys.argv[3:]:
    if what in KEYS:
        os.write(fd, KEYS[what])
    else:
        os.kill(pid, getattr(signal, "SIG" + what))
    if what == "CONT":
        while echo() != "silent":
            pass
        said.append("continued silent")
        continue
    status = struct.unpack("i", os.read(out, 4))[0]
    number = os.WSTOPSIG(status) if os.WIFSTOPPED(status) else os.WTERMSIG(status)
    said.append((signal.Signals(number).name if number else "exit") + " " + echo())
print(" ".join(said))
os.kill(leader, signal.SIGKILL)
END
}
is "^C at the password" "$(signalled ^C)" "silent SIGINT echo"
is "^Z, and on" "$(signalled ^Z CONT ^C)" "silent SIGTSTP echo continued silent SIGINT echo"
is "a quit" "$(signalled '^\')" "silent SIGQUIT echo"
is "TERM" "$(signalled TERM)" "silent SIGTERM echo"
is "HUP" "$(signalled HUP)" "silent SIGHUP echo"
refuses 2 'has no colon' "a user name has no colon" login secret -u us:er "$host"
typed_out=$(TYPED=us:er typed "$host")
like "also where it is typed" "$typed_out" 'a user name is not empty and has no colon'
unlike "then nobody is asked for a password" "$typed_out" Password
refuses 2 'takes true or false' "--tls-verify is a yes or no" login secret -u user --tls-verify=perhaps "$host"

# --- which file ---

rm -rf "$HOME/.docker"
mkdir -p "$(dirname "$podman")"
printf '{"auths":{"other.example":{"auth":"eDp5"}},"unknown":{"kept":[1,2]}}' >"$podman"
does "podman's file is taken if it is there" login secret -u user "$host"
is "with what it held" "$(json "$podman" "d['unknown']['kept'], sorted(d['auths'])")" "([1, 2], ['$host', 'other.example'])"
[ ! -e "$docker" ]; is "and docker's is not made" $? 0
does "--authfile is another" login secret -u user --authfile "$T/mine.json" "$host"
is "with podman's words" "$(json "$T/mine.json" "list(d['auths'])")" "['$host']"
does "a path narrows" login secret -u user --authfile "$T/mine.json" "$host/team"
is "what it is for" "$(json "$T/mine.json" "sorted(d['auths'])")" "['$host', '$host/team']"
printf '{"auths":' >"$T/broken.json"
refuses 1 'broken.json: not valid JSON' "a file that cannot be read is not replaced" login secret -u user --authfile "$T/broken.json" "$host"
is "and stays" "$(cat "$T/broken.json")" '{"auths":'
ln -s mine.json "$T/link.json"
does "a link stays one" login secret -u user --authfile "$T/link.json" "$host"
is "for the same file" "$(readlink "$T/link.json")" mine.json

# --- another client reads and writes the same ---

if command -v skopeo >/dev/null; then
    does "skopeo finds who croze logged in" skopeo login --authfile "$podman" --get-login "$host"
    is "under the same name" "$out" user
    does "skopeo logs in" sh -c "printf secret | skopeo login --authfile '$T/theirs.json' -u user --password-stdin '$host'"
    does "and croze finds that" croze login --authfile "$T/theirs.json" --get-login "$host"
    is "under that name" "$out" user
    does "croze logs out" croze logout --authfile "$T/theirs.json" "$host"
    exits 1 "for skopeo, too" skopeo login --authfile "$T/theirs.json" --get-login "$host"
else
    skip "skopeo reads and writes the same" "skopeo is not installed"
fi

# --- logout ---

does "logout" croze logout "$host"
is "says so" "$out" "Removed login credentials for $host"
is "and leaves the rest" "$(json "$podman" "list(d['auths']), d['unknown']['kept']")" "(['other.example'], [1, 2])"
does "once more" croze logout "$host"
is "there is nothing" "$out" "Not logged in to $host"
does "logout of one file" croze logout --authfile "$T/mine.json" "$host"
is "leaves what a longer key is for" "$(json "$T/mine.json" "list(d['auths'])")" "['$host/team']"
DOCKER_AUTH_CONFIG="{\"auths\":{\"$host\":{\"auth\":\"$(printf u:p | base64)\"}}}" run croze logout "$host"
like "what cannot be removed is warned of" "$err" "DOCKER_AUTH_CONFIG still has credentials for $host"
does "logout --all" croze logout --all
is "leaves nobody" "$(json "$podman" "d['auths']")" '{}'

# --- helpers ---

mkdir -p "$T/bin" "$HOME/.docker"
rm -rf "$XDG_RUNTIME_DIR"
cat >"$T/bin/docker-credential-fake" <<'END'
#!/bin/sh
# Keeps what it is given in files, and notes its arguments.
echo "$# $*" >>"$FAKE/arguments"
case $1 in
store) cat >"$FAKE/secret" ;;
get) cat >"$FAKE/asked"; [ -s "$FAKE/secret" ] && cat "$FAKE/secret" || { echo "credentials not found in native keychain"; exit 1; } ;;
erase) rm "$FAKE/secret" ;;
esac
END
chmod +x "$T/bin/docker-credential-fake"
export FAKE="$T" PATH="$T/bin:$PATH"
printf '{"credHelpers":{"%s":"fake"}}' "$host" >"$docker"
does "a helper that is configured" login secret -u user "$host"
is "keeps the secret" "$(json "$T/secret" "d['Username'], d['Secret'], d['ServerURL']")" "('user', 'secret', '$host')"
is "and the file has none" "$(json "$docker" "d['auths']['$host']")" '{}'
is "it was in no argument" "$(cat "$T/arguments")" '1 store'
does "it is asked" croze login --get-login "$host"
is "and answers" "$out $(cat "$T/asked")" "user $host"
does "and forgets" croze logout "$host"
[ ! -e "$T/secret" ]; is "on logout" $? 0
printf '{"credsStore":"fake"}' >"$docker"
does "one for all registries" login secret -u user "$host"
is "is asked, too" "$(json "$T/secret" "d['Secret']")" secret
printf '{"credsStore":"nothing"}' >"$docker"
refuses 1 'docker-credential-nothing store: docker-credential-nothing is not installed' "one that is not there is named" login secret -u user "$host"

# --- without TLS, and with certificates on both sides ---

rm -rf "$HOME/.docker"
peer_start plain --auth basic --user ann:secret
does "plain http will do on this machine" login secret -u ann "127.0.0.1:$port"
host=127.1:$port # the same to the system; to croze a host like any other
refuses 3 "https://127.0.0.1:$port: the server's answer is not TLS: .*; it may speak plain http: --tls-verify=false, or insecure = true in registries.conf, allows that" \
    "but not unasked for another host" login secret -u ann "$host"
is "nothing was sent to it" "$(peer plain count auth=:)" 1
does "--tls-verify=false allows it" login secret -u ann --tls-verify=false "$host"
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$host" >"$T/registries.conf"
export CONTAINERS_REGISTRIES_CONF="$T/registries.conf"
does "and so does registries.conf" login secret -u ann "$host"
refuses 3 "it may speak plain http" "over which --tls-verify has the last word" login secret -u ann --tls-verify "$host"
printf '[[registry]]\nlocation = "%s"\nblocked = true\n' "$host" >"$T/registries.conf"
refuses 1 "it is blocked: registries.conf says so of \"$host\"" "a registry that is blocked is not asked" login secret -u ann "$host"
printf '[[registry]]\nlocation = "x\n' >"$T/registries.conf"
refuses 2 "registries.conf:2: a string that does not end" "a file that is wrong is named with its line" login secret -u ann "$host"
unset CONTAINERS_REGISTRIES_CONF
refuses 3 "127.0.0.1:1: GET /v2/: https://127.0.0.1:1: .*refused|127.0.0.1:1: GET /v2/: https://127.0.0.1:1: .*onnect" "nobody is there" login secret -u ann 127.0.0.1:1

peer_start mutual --tls "$tls/server.pem" --client-ca "$tls/ca.crt"
host=localhost:$port certs=$HOME/.config/containers/certs.d/localhost:$port
mkdir -p "$certs"
cp "$tls/ca.crt" "$certs/"
refuses 3 "$host: GET /v2/: https://$host: " "a registry that wants our certificate" login x -u ann "$host"
cp "$tls/client.cert" "$certs/"
refuses 2 'client.key is missing: the key of client.cert' "of which half is not enough" login x -u ann "$host"
cp "$tls/client.key" "$certs/"
does "is shown it" login x -u ann "$host"
does "also from --cert-dir" login x -u ann --cert-dir "$certs" "localhost:$port"
refuses 2 'is no directory' "which must be there" login x -u ann --cert-dir "$T/nothing" "$host"

# --- tokens ---

rm -rf "$HOME/.docker"
peer_start hub --auth bearer --token-server --user ann:secret
host=localhost:$port
does "a token service is asked" login secret -u ann "$host"
is "once, with the credentials" "$(peer hub count server=token)" 1
refuses 1 "$host: GET /v2/: the token service http://127.0.0.1:$token, asked as user \"ann\" from --password-stdin: HTTP 401 Unauthorized" \
    "what it says no to" login wrong -u ann "$host"
peer_faults hub '{"fault": "token-redirect"}'
refuses 1 'it sends us elsewhere' "credentials do not follow where it sends us" login secret -u ann "$host"
unlike "not even in words" "$err" 'secret'

# --- a registry elsewhere that names this machine as its token service ---

peer_start near --auth bearer --user ann:secret
peer_faults near '{"fault": {"name": "realm", "to": "http://127.0.0.2:'"$port"'/token"}}'
host=127.1:$port # elsewhere, as far as croze can tell
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$host" >"$T/near.conf"
export CONTAINERS_REGISTRIES_CONF="$T/near.conf"
refuses 1 'the token service that 127.1:[0-9]* names is asked without TLS .http://127.0.0.2:[0-9]*.: nothing is sent there' \
    "a token service on this machine is for registries on it" login secret -u ann "$host"
is "  the password does not go there" "$(peer near count operation=token)" 0
peer_faults near
does "  as this one is" login secret -u ann "127.0.0.1:$port"
done_testing
