# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # variables come from lib.sh, and are set for the test
# Sourced by tests/cli/NN-*.t behind lib.sh, for tests that need registries:
#   peer_start NAME [OPTION...]    the fault-injecting registry (README.md); sets $main $cdn $plain $token $control (ports) and $port, which is $main
#   peer NAME VERB [ARGUMENT...]   ctl.py: rules, log, count, sum, forget, expire, load, dump, manifest
#   peer_faults NAME JSON...       the same as "peer NAME rules"; without JSON, no faults
#   docker_registry NAME [tls] [auth] [nodelete]   Debian's docker-registry, on a free port, which becomes $port; auth is user:secret.
#                                  Where it is not installed it returns 1, and $why says so: if docker_registry ...; then ...; else skip "..." "$why"; fi
#   peer_stop NAME                 ends either kind; the test's end does, too, and so does the death of its shell
#   peer_tls                       an authority and certificates for 127.0.0.1 and localhost: $tls/ca.crt, server.crt, server.key, server.pem (both),
#                                  client.cert, client.key, client.pem (both), other-ca.crt (an authority that has signed none of them)
# Each server has a directory of its own, $T/NAME.d, with its log and storage.
peers=$(CDPATH='' cd -- "$here/../peer" && pwd)
tls=$T/tls
why='' main='' cdn='' plain='' token='' control=''

# A server must not outlive its test: EXIT ends it, and the kernel does if the shell is killed.
leashed() { exec setpriv --pdeathsig KILL "$@"; }

peer_stop_all() {
    peer_status=$?
    for peer_pid in "$T"/*.d/pid; do
        [ ! -e "$peer_pid" ] || peer_stop "$(basename "$(dirname "$peer_pid")" .d)"
    done
    return $peer_status
}
trap 'peer_stop_all; cleanup' EXIT

peer_stop() {
    peer_pid=$(cat "$T/$1.d/pid")
    rm -f "$T/$1.d/pid"
    kill "$peer_pid" 2>/dev/null
    wait "$peer_pid" 2>/dev/null
    return 0
}

# peer_wait NAME WHAT CMD...: until the server NAME is there; the test cannot go on without it.
peer_wait() {
    peer_name=$1 peer_what=$2
    shift 2
    until_true 300 "$@" && return
    fail "$peer_what starts" "$(tail -20 "$T/$peer_name.d/out")"
    done_testing
}

peer_start() {
    peer_name=$1
    shift
    mkdir -p "$T/$peer_name.d"
    rm -f "$T/$peer_name.d/ports"
    [ -p "$T/.servers" ] || { mkfifo "$T/.servers" && exec 8<>"$T/.servers"; }
    leashed "$python" -B "$peers/registry.py" --ports "$T/$peer_name.d/ports" "$@" <"$T/.servers" >"$T/$peer_name.d/out" 2>&1 8>&- &
    echo $! >"$T/$peer_name.d/pid"
    peer_wait "$peer_name" "the registry $peer_name" test -s "$T/$peer_name.d/ports"
    token=''
    # shellcheck source=/dev/null # the ports, as NAME=PORT
    . "$T/$peer_name.d/ports"
    port=$main
}

peer() {
    peer_name=$1
    shift
    py "$peers/ctl.py" "$(sed -n 's/^control=//p' "$T/$peer_name.d/ports")" "$@"
}

peer_faults() {
    peer_name=$1
    shift
    peer "$peer_name" rules "$@"
}

# --- certificates ---

# A key and an authority's certificate: peer_authority NAME
peer_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3 -subj "/CN=test authority $1" -keyout "$tls/$1.key" -out "$tls/$1.crt"
}

# A key, and a certificate that the authority signs: peer_certificate NAME KEY_FILE CERTIFICATE_FILE USAGE
peer_certificate() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=test $1" -keyout "$tls/$2" -out "$tls/$1.csr" &&
        printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=%s\n' "$4" >"$tls/$1.ext" &&
        openssl x509 -req -in "$tls/$1.csr" -CA "$tls/ca.crt" -CAkey "$tls/ca.key" -CAcreateserial -days 3 -extfile "$tls/$1.ext" -out "$tls/$3" &&
        cat "$tls/$3" "$tls/$2" >"$tls/$1.pem"
}

peer_tls() {
    [ ! -e "$tls/client.pem" ] || return 0
    mkdir -p "$tls"
    {
        peer_authority ca && peer_authority other-ca && peer_certificate server server.key server.crt serverAuth &&
            peer_certificate client client.key client.cert clientAuth
    } >"$tls/out" 2>&1 && return
    fail "certificates are made" "$(cat "$tls/out")"
    done_testing
}

# --- docker-registry ---

docker_registry() {
    if ! command -v docker-registry >/dev/null; then
        why="docker-registry is not installed (tools/install-deps test)"
        return 1
    fi
    peer_name=$1
    shift
    mkdir -p "$T/$peer_name.d"
    case " $* " in *' tls '*) peer_tls ;; esac
    docker_registry_configuration "$T/$peer_name.d" "$@" >"$T/$peer_name.d/config.yml"
    # its environment would be configuration, too
    leashed env -i PATH="$PATH" HOME="$T" docker-registry serve "$T/$peer_name.d/config.yml" </dev/null >"$T/$peer_name.d/out" 2>&1 8>&- &
    echo $! >"$T/$peer_name.d/pid"
    peer_wait "$peer_name" docker-registry grep -q 'listening on' "$T/$peer_name.d/out"
    port=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$T/$peer_name.d/out" | head -1)
}

# docker_registry_configuration DIR [tls] [auth] [nodelete]
docker_registry_configuration() {
    peer_dir=$1
    shift
    peer_words=" $* "
    peer_delete=true
    case $peer_words in *' nodelete '*) peer_delete=false ;; esac
    printf 'version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s/storage\n  delete:\n    enabled: %s\n' "$peer_dir" $peer_delete
    printf 'http:\n  addr: 127.0.0.1:0\n  secret: test\n'
    case $peer_words in
    *' tls '*)
        printf '  tls:\n    certificate: %s\n    key: %s\n' "$tls/server.crt" "$tls/server.key"
        ;;
    esac
    case $peer_words in
    *' auth '*)
        # bcrypt is the only form it takes; perl's crypt is the C library's
        perl -e 'print "user:", crypt("secret", q($2b$04$) . "crozecrozecrozecrozecu"), "\n"' >"$peer_dir/htpasswd"
        printf 'auth:\n  htpasswd:\n    realm: test\n    path: %s/htpasswd\n' "$peer_dir"
        ;;
    esac
}
