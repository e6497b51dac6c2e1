#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ADD of repositories:
#   * the default branch, a branch, a tag, a whole commit; #ref:dir and the query; submodules, and without them; --keep-git-dir
#   * modes 0644 and 0755 whatever the umask, links stay links, owners 0:0 or --chown; one layer for one content, on any day with an epoch
#   * --checksum; mirrors in the store: what is held is not fetched, a whole commit needs no network; gc takes them when they are old
#   * --url-map; credentials that are not shown; nothing of a repository or of the user's configuration runs
#   * texts that would be options of git or ssh, and other protocols, are refused
. "$(dirname "$0")/lib.sh"
if ! command -v git >/dev/null; then
    skip "ADD of repositories" "git is not installed"
    done_testing
fi
export CROZE_FETCH_TRIES=1
unset GIT_SSL_CAINFO CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR XDG_CONFIG_HOME

import_base
mkdir -p "$T/www" "$T/empty" "$T/home"
export HOME="$T/home"
(cd "$T/www" && sh "$here/repos.sh" make) >/dev/null 2>&1
serve plain
host=127.0.0.1:$port
repo=http://$host/repo/app.git
old=$(git -C "$T/www/app" rev-parse old)

adds() { # DESC ARGS-OF-ADD [BUILD-OPTIONS]
    adds_what=$1
    printf 'FROM base\nADD %s\n' "$2" >"$T/Dockerfile"
    shift 2
    builds "$adds_what" added "$T/empty" -f "$T/Dockerfile" "$@"
}
refuses_add() { # RE DESC ARGS-OF-ADD [BUILD-OPTIONS]
    refuse_re=$1 refuse_what=$2
    printf 'FROM base\nADD %s\n' "$3" >"$T/Dockerfile"
    shift 3
    fails_build "$refuse_re" "$refuse_what" "$T/empty" -f "$T/Dockerfile" "$@"
}
requests() { wc -l <"$T/plain.log" | tr -d ' '; }

umask 077
adds "a repository" "$repo /src"
umask 022
is "its files, links and submodules, with git's modes" "$(img tree added /src)" "0755 0:0 d /src
0644 0:0 f /src/.gitmodules
0644 0:0 f /src/a.txt
0755 0:0 d /src/dir
0755 0:0 d /src/dir/below
0644 0:0 f /src/dir/below/in.txt
0777 0:0 l /src/dirlink -> dir
0644 0:0 f /src/lines.txt
0777 0:0 l /src/link -> a.txt
0755 0:0 f /src/run.sh
0755 0:0 d /src/sub
0644 0:0 f /src/sub/.gitmodules
0755 0:0 d /src/sub/inner
0644 0:0 f /src/sub/inner/deep.txt
0644 0:0 f /src/sub/sub.txt"
is "the branch's content" "$(img cat added /src/a.txt)" two
adds "again" "$repo /src"
like "is CACHED" "$err" CACHED
unlike "and nothing is fetched" "$(tail -n 3 "$T/plain.log")" 'git-upload-pack.*fetch'
for row in "#old one" "#light one" "#noted one" "?tag=noted one" "?branch=main two" "#$old one" "#$(echo "$old" | cut -c1-8) one" "#refs/heads/old one"; do
    adds "${row%% *}" "$repo${row%% *} /src"
    is "... is that commit" "$(img cat added /src/a.txt)" "${row#* }"
done
adds "a directory" "$repo#main:dir /d/"
is "alone" "$(img tree added /d)" "0755 0:0 d /d
0755 0:0 d /d/below
0644 0:0 f /d/below/in.txt"
adds "by the query, with an owner" "--chown=5:6 $repo?ref=old&subdir=/dir/below /d/"
is "too" "$(img tree added /d/in.txt)" "0644 5:6 f /d/in.txt"
adds "without submodules" "$repo?submodules=false /src"
is "they are empty directories" "$(img tree added /src/sub)" "0755 0:0 d /src/sub"
adds "with its .git" "--keep-git-dir=true $repo#noted /src"
is "one commit deep" "$(img cat added /src/.git/shallow)" "$old"
adds "the same by the query" "$repo?keep-git-dir=1#noted /src"
like "is the same layer" "$err" CACHED
printf 'FROM base\nADD --keep-git-dir=false %s?keep-git-dir=1 /src\n' "$repo" >"$T/Dockerfile"
refuses 2 'keep-git-dir' "not both" build failing "$T/empty" -f "$T/Dockerfile"

# --- checksums ---
adds "a checksum" "--checksum=$old $repo#old /src"
adds "its beginning" "--checksum=$(echo "$old" | cut -c1-10) $repo#noted /src"
adds "that of a tag" "--checksum=$(git -C "$T/www/app" rev-parse noted) $repo#noted /src"
refuses_add "the checksum $old is not that of commit [0-9a-f]{40}" "another one" "--checksum=$old $repo /src"

# --- what is held ---
(cd "$T/www/app" && git checkout -q main && echo three >a.txt && git commit -qam three && git push -q ../app.git main)
adds "a branch that has moved" "$repo#main /src"
is "comes anew" "$(img cat added /src/a.txt)" three
before=$(requests)
adds "a whole commit" "$repo#$old /src"
is "needs no network" "$(requests)" "$before"
is "mirrors lie in the store" "$(find "$CROZE_ROOT/gits" -mindepth 1 -maxdepth 1 | wc -l | tr -d ' ')" 3
does "fsck knows them" croze fsck --deep
like "and finds nothing" "$out" '^the store is sound$'
does "gc --all" croze gc --all --grace 0
is "takes them" "$(find "$CROZE_ROOT/gits" "$CROZE_ROOT/downloads" -type f | wc -l | tr -d ' ')" 0

# --- an epoch ---
export SOURCE_DATE_EPOCH=1700000000
adds "with an epoch" "$repo?keep-git-dir#main /src"
first=$(digest_of added)
croze gc --all --grace 0 >/dev/null
adds "from an empty cache" "$repo?keep-git-dir#main /src" --no-cache
is "the same image, .git and all" "$(digest_of added)" "$first"
is "no time is newer" "$(img mtime added /src/.git/index)" 1700000000
adds "times of the commit" "$repo?mtime=commit#old /src" --no-cache
is "are older" "$(img mtime added /src/a.txt)" 1000000000
unset SOURCE_DATE_EPOCH

# --- elsewhere, and with credentials ---
adds "by --url-map" "https://dead.example/app.git#old /src" --url-map "https://dead.example/=http://$host/repo/"
is "is the same" "$(img cat added /src/a.txt)" one
adds "from a directory" "https://local.example/app.git /src" --url-map "https://local.example/=file://$T/www/"
is "with submodules" "$(img cat added /src/sub/inner/deep.txt)" deep
adds "credentials" "http://user:secret@$host/authrepo/app.git /src"
unlike "are not shown" "$out$err$(croze history --no-trunc added)" secret
refuses_add 'git ls-remote failed' "wrong ones" "http://user:wrong@$host/authrepo/app.git /src"
unlike "neither" "$err" wrong

# --- nothing runs ---
(cd "$T/www" && sh "$here/repos.sh" evil "touch $T/trapped") >/dev/null 2>&1
rm -f "$T/trapped"
adds "a repository that asks for a filter" "http://$host/repo/evil.git /src"
exits 1 "no hook, filter or monitor ran" test -e "$T/trapped"
for url in file:///etc "ext::sh -c touch% $T/trapped" ../../../../x.git -uevil; do
    (cd "$T/www" && sh "$here/repos.sh" bad "$url") >/dev/null 2>&1
    refuses_add 'submodule mod \(' "a submodule from $url" "http://$host/repo/bad.git /src"
done
exits 1 "nothing ran" test -e "$T/trapped"
for text in 'ssh://-oProxyCommand=x/r' 'git@host:-path' "$repo#-upload-pack" "$repo?ref=a:b" "$repo?x=y"; do
    printf 'FROM base\nADD %s /src\n' "$text" >"$T/Dockerfile"
    refuses 2 'Dockerfile:2:' "$text is refused" build failing "$T/empty" -f "$T/Dockerfile"
done
refuses_add 'ext::' "ext:: is a path, and not there" "ext::sh%20-c%20touch%20$T/trapped /src"
printf 'FROM base\nCOPY %s /src\n' "$repo" >"$T/Dockerfile"
refuses 2 'COPY cannot copy a git repository' "COPY takes none" build failing "$T/empty" -f "$T/Dockerfile"

# --- failures ---
refuses_add 'it has no branch or tag "none"' "no such branch" "$repo#none /src"
refuses_add 'it has no directory none' "no such directory" "$repo#:none /src"
refuses_add '/repo/none.git: git ls-remote failed' "no such repository" "http://$host/repo/none.git /src"
refuses_add 'git ls-remote failed' "nobody listens" "http://127.0.0.1:1/r.git /src"
mkdir -p "$T/bin"
for tool in newuidmap newgidmap; do
    ! command -v $tool >/dev/null || ln -s "$(command -v $tool)" "$T/bin/$tool"
done
printf 'FROM base\nADD %s /src\n' "$repo" >"$T/Dockerfile"
refuses 1 'git is not installed; repositories are fetched with it' "without git" env PATH="$T/bin" "$CROZE" build "$T/empty" -f "$T/Dockerfile"
done_testing
