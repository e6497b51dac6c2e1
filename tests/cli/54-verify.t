#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --reproducible, SOURCE_DATE_EPOCH=context, --verify:
#   * the epoch is the newest commit's time; a tree that is not clean, or is none, is an error; nothing of the repository is run
#   * "context" as the epoch, on the command line, in the environment, in the Dockerfile's head; without git the newest file
#   * --verify: equal builds say so; of unequal ones the layer, its instruction and the first entries are named, with what differs; nothing gets a name
#   * what the step cache holds is verified too
. "$(dirname "$0")/lib.sh"

import_base
have() { command -v "$1" >/dev/null; }
steps() { printf '%s\n' "$err" | sed -n 's/^#[0-9]* \(CACHED\|DONE\).*/\1/p' | tr '\n' ' '; }
out() { croze build --progress=plain "$@"; }

# --- the epoch of a context ---
c=$T/context
mkdir -p "$c/sub"
printf 'FROM base\nCOPY . /src\nRUN echo "$SOURCE_DATE_EPOCH" >/epoch\n' >"$c/Dockerfile"
echo one >"$c/file"
echo two >"$c/sub/file"
echo .git >"$c/.dockerignore"
touch -d @1500000000 "$c/file"
touch -d @1500000100.5 "$c/sub/file"
touch -d @1400000000 "$c/Dockerfile" "$c/.dockerignore"
does "SOURCE_DATE_EPOCH=context without git" env SOURCE_DATE_EPOCH=context "$CROZE" build -t newest "$c"
like "... says which" "$err" '^SOURCE_DATE_EPOCH=1500000100: the context.s newest file$'
is "... and it is the epoch" "$(img cat newest /epoch) $(img config newest created) $(img mtime newest /src/sub/file /src/file | tr '\n' ' ')" \
    '1500000100 "2017-07-14T02:41:40Z" 1500000100 1500000000 '
echo sub/file >>"$c/.dockerignore"
touch -d @1400000000 "$c/.dockerignore"
does "... what the ignore file hides does not count" out --build-arg SOURCE_DATE_EPOCH=context -t newest "$c"
is "... the newest of the others" "$(img cat newest /epoch)" 1500000000
echo .git >"$c/.dockerignore"
touch -d @1400000000 "$c/.dockerignore"
cp "$c/Dockerfile" "$T/plain.file"
(echo 'ARG SOURCE_DATE_EPOCH=context'; cat "$T/plain.file") >"$T/arg.file"
does "ARG SOURCE_DATE_EPOCH=context in the file's head" out -f "$T/arg.file" -t newest "$c"
is "... the same" "$(img cat newest /epoch)" 1500000100
does "... a number of the command line wins" out -f "$T/arg.file" --build-arg SOURCE_DATE_EPOCH=1300000000 -t newest "$c"
is "... for RUN too" "$(img cat newest /epoch) $(img newest newest)" "1300000000 1600000000"
mkdir "$T/bare"
refuses 1 'no files' "a context without files" env SOURCE_DATE_EPOCH=context "$CROZE" build -f "$T/plain.file" "$T/bare"
refuses 2 'nor "context"' "an epoch that is neither" env SOURCE_DATE_EPOCH=yesterday "$CROZE" build "$c"
refuses 1 'not in a git work tree.*SOURCE_DATE_EPOCH' "--reproducible without git" croze build --reproducible "$c"

if have git; then
    # nothing of the machine's configuration, and fixed times
    repo() { env GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_DATE="@$1" GIT_COMMITTER_DATE="@$1" \
        git -C "$c" -c init.defaultBranch=main -c user.name=n -c user.email=e@x "$2" ${3+"$3"} ${4+"$4"} ${5+"$5"} >/dev/null; }
    repo 1 init -q
    refuses 1 'has no commit' "... without a commit" croze build --reproducible "$c"
    find "$c" -type f -exec touch {} + # as a checkout does it: nothing is older than the commit
    repo 1450000000 add -A
    repo 1450000000 commit -qm first
    does "--reproducible" out --reproducible -t repro "$c"
    like "... says which epoch" "$err" '^SOURCE_DATE_EPOCH=1450000000: the context.s newest commit$'
    is "... it is the commit's" "$(img cat repro /epoch) $(img config repro created) $(img mtime repro /src/file)" '1450000000 "2015-12-13T09:46:40Z" 1450000000'
    first=$(digest_of repro)
    cp -r "$c" "$T/clone"
    chmod -R g+w "$T/clone"
    find "$T/clone" -type f -exec touch {} +
    does "... from another checkout, at other times, with another umask" out --reproducible -t repro2 "$T/clone"
    is "... the same image" "$(digest_of repro2)" "$first"
    does "... --modes context keeps the modes" out --reproducible --modes context -t repro3 "$T/clone"
    is "... another image" "$(img tree repro3 /src/file | cut -d' ' -f1) $(img tree repro2 /src/file | cut -d' ' -f1)" "0664 0644"
    does "... of a directory below the repository's" out --reproducible -f "$T/plain.file" -t sub "$c/sub"
    is "... the same commit" "$(img cat sub /epoch)" 1450000000
    echo changed >"$c/file"
    refuses 1 'file is changed since the last commit.*SOURCE_DATE_EPOCH' "a changed file" croze build --reproducible "$c"
    does "... is no matter with a number" env SOURCE_DATE_EPOCH=1300000000 "$CROZE" build --reproducible -q "$c"
    does "... nor in another directory" out --reproducible -f "$T/plain.file" -q "$c/sub"
    does "... and \"context\" falls back to the newest file" env SOURCE_DATE_EPOCH=context "$CROZE" build "$c"
    like "... and says so" "$err" "newest file"
    repo 1460000000 checkout -q -- file
    echo new >"$c/new"
    refuses 1 'new is not in git' "a new file" croze build --reproducible "$c"
    repo 1460000000 add new
    refuses 1 'new is changed' "... that is only added" croze build --reproducible "$c"
    repo 1460000000 commit -qm second
    does "... committed" out --build-arg SOURCE_DATE_EPOCH=context -t repro "$c"
    is "... gives the new time" "$(img cat repro /epoch)" 1460000000
    # a repository that would have programs run
    for key in core.fsmonitor core.sshCommand log.showSignature gpg.program core.pager diff.external alias.status; do
        printf '#!/bin/sh\necho %s >>"%s"\n' "$key" "$T/ran" >"$T/evil-$key"
        chmod +x "$T/evil-$key"
        repo 1 config "$key" "$T/evil-$key"
    done
    repo 1 config log.showSignature true
    for hook in post-index-change post-checkout pre-commit; do
        printf '#!/bin/sh\necho hook >>"%s"\n' "$T/ran" >"$c/.git/hooks/$hook"
        chmod +x "$c/.git/hooks/$hook"
    done
    touch "$c/file"
    does "a repository that names programs" out --reproducible "$c"
    is "... none is run" "$(cat "$T/ran" 2>/dev/null)" ""
    cp "$c/.git/config" "$T/config"
    repo 1 config filter.evil.clean "$T/evil-core.pager"
    echo '* filter=evil' >"$c/.git/info/attributes"
    touch "$c/file"
    refuses 1 'filter.evil.clean, a program to be run' "... a filter is refused by name" croze build --reproducible "$c"
    printf '[include]\n\tpath = %s\n' "$T/included" >>"$T/config"
    printf '[filter "evil"]\n\tprocess = %s\n' "$T/evil-core.pager" >"$T/included"
    cp "$T/config" "$c/.git/config"
    refuses 1 'filter.evil.process, a program to be run' "... an included one too" croze build --reproducible "$c"
    is "... none was run" "$(cat "$T/ran" 2>/dev/null)" ""
    rm -rf "$c/.git"
else
    skip "--reproducible" "git is not installed"
fi

# --- building twice ---
v=$T/verify
dockerfile "$v" <<'END'
FROM base AS tools
RUN mkdir /tools && for i in 3 1 2; do echo $i >/tools/$i; done && umask >/tools/umask && env | sort >/tools/env
FROM base
COPY --from=tools /tools /tools
COPY . /context
WORKDIR /made
RUN head -c 3000000 /dev/zero | tr '\0' x >large && touch a b && ln a c
LABEL a=b
END
does "--verify of a build that depends on its inputs alone" out --verify -t good "$v"
like "... says so" "$err" "^--verify: both builds gave manifest $(digest_of good)\$"
like "... says which epoch" "$err" '^SOURCE_DATE_EPOCH=[0-9]*: the context.s newest file'
like "... and under which conditions" "$err" 'first apart: nothing from the cache, [13] threads?, umask 0'
is "... all steps twice" "$(steps)" "DONE DONE DONE DONE DONE DONE DONE DONE DONE DONE "
does "... again" out --verify -t good2 "$v"
is "... the second build has its cache" "$(steps)" "DONE DONE DONE DONE DONE CACHED CACHED CACHED CACHED CACHED "
is "... the same image" "$(digest_of good2)" "$(digest_of good)"
does "... with all that makes another image" env SOURCE_DATE_EPOCH=1234567890 "$CROZE" build --verify --squash-new --compression zstd --annotation a=b -t good3 -o type=image -o type=oci,dest="$T/good.tar" "$v"
is "... the outputs are made" "$(img layers good3; [ -f "$T/good.tar" ] && echo archive)" "2
archive"
does "-q" croze build -q --verify -t good "$v"
is "... the image ID alone" "$out$err" "$(config good '{{.Id}}')"
refuses 2 'standard input can be read once' "a Dockerfile on standard input" croze build --verify -f - "$v"

# differs RE DESC < Dockerfile: --verify fails and its message matches
differs() {
    dockerfile "$T/bad"
    rm -f "$T/bad.tar"
    run croze build --verify -t bad -o type=image -o type=tar,dest="$T/bad.tar" "$T/bad"
    if [ "$code" -ne 1 ] || [ "$(printf '%s\n' "$err" | grep -c '^croze: --verify: two builds differ$')" -ne 1 ]; then
        fail "$2" "exit code $code" "$err"
    elif printf '%s\n' "$err" | sed -e '1,/^croze: /d' -e '/^  log: /d' | tr '\n' '~' | grep -qE -e "$1"; then
        pass "$2"
    else
        fail "$2" "the message does not match $1" "$err"
    fi
    if croze inspect bad >/dev/null 2>&1 || [ -e "$T/bad.tar" ]; then fail "... nothing is named or written" "$(croze images)"; else pass "... nothing is named or written"; fi
}
differs '^  layer 2 of 3: RUN [^~]*random/uuid[^~]*~    /srv/stamp: bytes from offset [0-9]+ on \(0x[0-9a-f]+ and 0x[0-9a-f]+\)~$' "a chance in a file: layer, instruction, path, offset" <<'END'
FROM base
RUN cat /proc/sys/kernel/random/uuid >/srv/stamp
RUN echo fine >/fine
END
# A counter that lives in a cache mount: what the two builds do is known. The build apart begins with an empty cache, the other one finds a 1.
counter='RUN --mount=type=cache,target=/c,id=ID n=$(cat /c/n 2>/dev/null || echo 0) && echo $((n + 1)) >/c/n &&'
id=0
count() {
    id=$((id + 1))
    printf 'FROM base\nRUN --mount=type=cache,target=/c,id=%s echo 1 >/c/n\n' $id >"$T/warm"
    croze build -q -f "$T/warm" "$v" >/dev/null 2>&1
    printf 'FROM base\nENV FIRST=1\n%s %s\n' "$(printf %s "$counter" | sed "s/ID/$id/")" "$1"
}
count 'chmod 64$n /etc/passwd' >"$T/d" && differs '    /etc/passwd: mode 0640 and 0641;~$' "a mode" <"$T/d"
count 'chown $n:7 /etc/passwd' >"$T/d" && differs '    /etc/passwd: owner 0:7 and 1:7;~$' "an owner" <"$T/d"
count 'touch -d @100$n /etc/passwd' >"$T/d" && differs '    /etc/passwd: mtime 1970-01-01T00:16:40Z and 1970-01-01T00:16:41Z;~$' "a time" <"$T/d"
count 'ln -s to-$n /link' >"$T/d" && differs '    /link: target to-0 and to-1;~$' "a link" <"$T/d"
count 'if [ $n = 0 ]; then mkdir /x; else echo >/x; fi' >"$T/d" && differs '    /x: a directory and a file~$' "a kind" <"$T/d"
count 'mkdir /d && touch /d/$n' >"$T/d" && differs '    /d/0: a file, only in the build apart~    /d/1: a file, only in the build as it is~$' "a name" <"$T/d"
count 'if [ $n = 0 ]; then rm /opt/lower/file; else rm /etc/group; fi' >"$T/d" &&
    differs '/etc/group: removed, only in the build as it is~.*/opt/lower/file: removed, only in the build apart~' "a removal" <"$T/d"
count 'head -c 200000 /dev/zero | tr "\0" x >/f && echo $n >>/f' >"$T/d" && differs '    /f: bytes from offset 200000 on \(0x30 and 0x31\)~$' "a byte far in" <"$T/d"
count 'head -c $((70000 + n)) /dev/zero >/f' >"$T/d" && differs '    /f: bytes from offset 70000 on, where one ends~$' "a length" <"$T/d"
count 'for i in $(seq 30); do echo $n >/m$i; done' >"$T/d" && differs '    /m1: bytes.*~    and 20 entries more~$' "the first ten of many" <"$T/d"
like "... ten" "$(printf '%s\n' "$err" | grep -c '^    /m')" '^10$'

# what the cache holds
count 'echo $n >/n' >"$T/d"
dockerfile "$T/cached" <"$T/d"
SOURCE_DATE_EPOCH=1400000000 build cached "$T/cached" 2>/dev/null
refuses 1 'layer 2 of 2: RUN' "a step that is CACHED" env SOURCE_DATE_EPOCH=1400000000 "$CROZE" build --progress=plain --verify -t bad "$T/cached"
is "... is compared with one that is done anew" "$(steps)" "DONE CACHED "
is "... the record stays what it was" "$(SOURCE_DATE_EPOCH=1400000000 croze build -q -t again "$T/cached" >/dev/null; img cat again /n)" 1
refuses 1 'exit code' "a step that fails" sh -c 'printf "FROM base\nRUN false\n" >"$1/f" && "$CROZE" build --verify -f "$1/f" "$2"' - "$T" "$v"
if have git && cp -r "$v" "$T/both" && (cd "$T/both" && git init -q . && git add -A && GIT_COMMITTER_DATE=@1300000000 git -c user.name=n -c user.email=e commit -qm x); then
    does "--verify --reproducible" out --verify --reproducible -t both "$T/both"
    like "... with the commit's time" "$err" '^SOURCE_DATE_EPOCH=1300000000: the context.s newest commit'
    does "--verify alone takes it too" out --verify -t both2 "$T/both"
    like "... where there is one" "$err" '^SOURCE_DATE_EPOCH=1300000000: the context.s newest commit'
else
    skip "--verify --reproducible" "git is not installed"
fi
does "the store is sound" croze fsck --deep
is "no work directories are left" "$(ls "$CROZE_ROOT/work")" ""

done_testing
