# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by every tests/cli/NN-*.t. Gives it a directory of its own ($T), a store of its own ($CROZE_ROOT), TAP on standard output and a few verbs:
#   does DESC CMD...           exit code 0;  the command's streams are $out and $err, its code $code
#   exits CODE DESC CMD...     that exit code
#   refuses CODE RE DESC CMD...  that exit code, one message "croze: ..." that matches RE, and nothing that looks like a crash
#   is DESC GOT WANT / like DESC TEXT RE / unlike DESC TEXT RE
#   skip DESC WHY
# and `done_testing` at the end. Nothing here needs the network, and nothing sleeps to be in time.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
: "${CROZE:?the croze binary to test}"
tier=${CROZE_TIER:-root}
T=$(mktemp -d "${TMPDIR:-/tmp}/croze-cli.XXXXXX")
export LC_ALL=C.UTF-8 TZ=UTC CROZE_ROOT="$T/store" CROZE_NO_SYNC=1 PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1
unset SOURCE_DATE_EPOCH CROZE_THREADS CROZE_DEBUG HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy ftp_proxy no_proxy all_proxy
# what is not in the store may be asked of registries: no test leaves this machine
printf '[[registry]]\nprefix = "docker.io"\nblocked = true\n' >"$T/no-hub.conf"
export CONTAINERS_REGISTRIES_CONF="$T/no-hub.conf"
umask 022
python=python3
[ ! -x /usr/bin/python3 ] || python=/usr/bin/python3

tests=0 failures=0 code=0 out='' err='' finished=

# As a user, unpacked trees belong to subordinate ids: only root of a user namespace can remove them.
remove_all() {
    if [ "$(id -u)" -ne 0 ]; then
        unshare --map-root-user --map-auto rm -rf "$@" 2>/dev/null && return
        chmod -R u+rwX "$@" 2>/dev/null
    fi
    rm -rf "$@"
}

cleanup() {
    status=$?
    trap - EXIT HUP INT TERM
    cd /
    remove_all "$T"
    [ -n "$finished" ] || [ $status -ne 0 ] || status=1
    exit $status
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

pass() {
    tests=$((tests + 1))
    echo "ok $tests - $1"
}

# fail DESC TEXT...: each TEXT becomes diagnostic lines.
fail() {
    tests=$((tests + 1)) failures=$((failures + 1))
    echo "not ok $tests - $1"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@" | head -60 | cut -c1-600 | sed 's/^/# /'
}

skip() {
    tests=$((tests + 1))
    echo "ok $tests - $1 # SKIP $2"
}

done_testing() {
    echo "1..$tests"
    finished=1
    [ $failures -eq 0 ]
    exit
}

croze() { "$CROZE" "$@"; }
py() { "$python" "$@"; }

run() {
    "$@" >"$T/.out" 2>"$T/.err" </dev/null
    code=$?
    out=$(cat "$T/.out")
    err=$(cat "$T/.err")
    return 0
}

crashed() {
    [ "$code" -eq 70 ] || [ "$code" -ge 129 ] && return 0
    case $err in *Sanitizer* | *"runtime error:"* | *"Assertion"*) return 0 ;; esac
    return 1
}

exits() {
    lib_want=$1 lib_what=$2
    shift 2
    run "$@"
    if [ "$code" -eq "$lib_want" ]; then
        pass "$lib_what"
    else
        fail "$lib_what" "$*: exit code $code, not $lib_want" "$out" "$err"
    fi
}

does() {
    does_what=$1
    shift
    exits 0 "$does_what" "$@"
}

refuses() {
    lib_want=$1 lib_re=$2 lib_what=$3
    shift 3
    run "$@"
    if crashed; then
        fail "$lib_what" "$*: crashed with exit code $code" "$err"
    elif [ "$code" -ne "$lib_want" ]; then
        fail "$lib_what" "$*: exit code $code, not $lib_want" "$out" "$err"
    elif [ "$(printf '%s\n' "$err" | grep -c '^croze: ')" -ne 1 ]; then
        fail "$lib_what" "$*: not exactly one message" "$err"
    elif printf '%s\n' "$err" | grep -qE -e "$lib_re"; then
        pass "$lib_what"
    else
        fail "$lib_what" "$*: the message does not match $lib_re" "$err"
    fi
}

is() {
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1" "got:" "$2" "want:" "$3"
    fi
}

isnt() {
    if [ "$2" != "$3" ]; then
        pass "$1"
    else
        fail "$1" "both are:" "$2"
    fi
}

like() {
    if printf '%s\n' "$2" | grep -qE -e "$3"; then
        pass "$1"
    else
        fail "$1" "no line matches $3 in:" "$2"
    fi
}

unlike() {
    if printf '%s\n' "$2" | grep -qE -e "$3"; then
        fail "$1" "a line matches $3 in:" "$2"
    else
        pass "$1"
    fi
}

# until_true TRIES CMD...: polls ten times a second; false when it never came true.
until_true() {
    lib_tries=$1
    shift
    while ! "$@" >/dev/null 2>&1; do
        lib_tries=$((lib_tries - 1))
        [ $lib_tries -gt 0 ] || return 1
        sleep 0.1
    done
}

# --- servers ---

# serve NAME [PEM]: an HTTP server on loopback (peer.py; with a certificate and key over TLS) for the files of $T/www. Its port is $port, its log
# $T/NAME.log. It ends with this script, which holds the other end of its standard input.
serve() {
    mkdir -p "$T/www"
    [ -p "$T/.servers" ] || { mkfifo "$T/.servers" && exec 8<>"$T/.servers"; }
    "$python" "$here/peer.py" "$T/www" "$T/$1.port" "$T/$1.log" ${2:+"$2"} <"$T/.servers" >"$T/$1.out" 2>&1 8>&- &
    until_true 300 test -s "$T/$1.port" || { fail "server $1 starts"; done_testing; }
    : >>"$T/$1.log"
    port=$(cat "$T/$1.port")
}

# --- images ---

# The image as an independent reader sees it: tests/cli/image.py reads the store with Python's own gzip, tar and JSON, and checks every digest.
img() { py "$here/image.py" "$@"; }

# A small root file system of busybox, imported as NAME (default "base"): users, groups, and lower files for what layers do to them.
import_base() {
    py -m maketar "$T/base.tar" && croze import "$T/base.tar" "${1:-base}" >/dev/null
}

# dockerfile DIR < text: a context directory with that Dockerfile.
dockerfile() {
    mkdir -p "$1"
    cat >"$1/Dockerfile"
}

# build NAME DIR [OPTIONS]: with plain progress.
build() {
    build_name=$1 build_dir=$2
    shift 2
    croze build --progress=plain -t "$build_name" "$@" "$build_dir"
}

# builds DESC NAME DIR [OPTIONS] / fails_build RE DESC DIR [OPTIONS]
builds() {
    build_what=$1
    shift
    exits 0 "$build_what" build "$@"
}

fails_build() {
    build_re=$1 build_what=$2
    shift 2
    refuses 1 "$build_re" "$build_what" build failing "$@"
}

digest_of() { croze inspect -f '{{.Digest}}' "$1"; }

# The last image's configuration: config NAME TEMPLATE
config() { croze inspect -f "$2" "$1"; }
