# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # variables come from the libraries, and are set for the test
# Sourced by tests/interop/*.t: the verbs of tests/cli/lib.sh and tests/peer/lib.sh, and the real clients.
#   client CMD...            CMD behind $INTEROP_WRAP, bounded in time
#   have NAME                whether that client is there; if not, $why says so
#   knows NAME FORMAT        whether it is new enough for that; if not, $why says so
#   docker ... podman ... skopeo ... crane ... oras ... cosign ... umoci ...   the clients, speaking http to loopback, with stores of their own where they can
#   contents WHERE [REF]     contents.py: what is there, byte by byte, as a reader sees it that is not croze
#   one_line TEXT            its words in one line
TMPDIR=${INTEROP_DIR:-${TMPDIR:-/tmp}}
export TMPDIR
. "$(dirname "$0")/../cli/lib.sh"
interop=$here
here=$(CDPATH='' cd -- "$interop/../cli" && pwd)
export PYTHONPATH="$here"
. "$here/../peer/lib.sh"
unset DOCKER_CONFIG REGISTRY_AUTH_FILE DOCKER_AUTH_CONFIG XDG_RUNTIME_DIR XDG_CONFIG_HOME COSIGN_REPOSITORY
export HOME="$T/home"
mkdir -p "$HOME"

# shellcheck disable=SC2086 # words
client() { timeout 120 ${INTEROP_WRAP:-} "$@" </dev/null; }

have() {
    why="$1 is not there (INTEROP_WRAP)"
    client sh -c 'command -v "$1"' sh "$1" >/dev/null 2>&1 || return 1
    [ "$1" != docker ] || client docker version >/dev/null 2>&1 || { why="no dockerd answers"; return 1; }
}

# Debian 12's clients are older than layers in zstd.
knows() {
    why="this $1 is too old for $2"
    case $1-$2 in
    skopeo-zstd) client skopeo copy --help 2>&1 | grep -q dest-force-compress-format ;;
    umoci-zstd) client umoci --version 2>&1 | grep 'version' | grep -qv ' 0\.[0-4]\.' ;;
    *) true ;;
    esac
}

docker() { client docker "$@"; }
podman() { client podman --root "$T/podman" --runroot "$T/podman-run" --storage-driver vfs "$@"; }
skopeo() {
    skopeo_verb=$1
    shift
    case $skopeo_verb in
    copy) client skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "$@" ;;
    *) client skopeo --insecure-policy "$skopeo_verb" --tls-verify=false "$@" ;;
    esac
}
crane() { client crane --insecure "$@"; }
umoci() { client umoci "$@"; }
oras() { client oras "$@"; }
cosign() { client env COSIGN_PASSWORD= cosign "$@"; }

contents() { py "$interop/contents.py" "$@"; }
one_line() { printf '%s\n' "$1" | tr -s '\n ' '  ' | sed 's/ $//'; }
sha256_of() { printf 'sha256:%s' "$(sha256sum | cut -c1-64)"; }

# Of the lines of `contents`: the digests of a kind.
of_kind() { sed -n "s/^$1 \(sha256:[0-9a-f]*\).*/\1/p"; }
# Of a configuration blob: its diffIDs as docker and podman print them.
diff_ids() { py -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["rootfs"]["diff_ids"], separators=(",", ":")))'; }
