#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a build says and leaves for scripts:
#   * -q, --iidfile, --metadata-file; several -t; --label; -f; Containerfile; no tag
#   * on a terminal: running steps and their last lines; a line for import and load that take long
#   * --progress plain, quiet, tty; auto is plain off a terminal; data on standard output, progress on standard error
#   * times: created, history, an unchanged rebuild; --compression; manifest and configuration by the OCI image specification
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
printf 'FROM base\nRUN echo a line of output\nENV A=1\n' | dockerfile "$c"

does "-q" croze build -q -t quiet "$c"
is "... the image ID alone" "$out" "$(config quiet '{{.Id}}')"
is "... and nothing on standard error" "$err" ""
does "build" croze build -t loud "$c"
is "nothing on standard output" "$out" ""
like "plain progress off a terminal" "$err" '^#1 \[1/1\] RUN echo a line of output$'
like "... CACHED" "$err" '^#1 CACHED'
like "... the digests" "$err" "image $(config loud '{{.Id}}'), manifest $(digest_of loud)"
like "... the name" "$err" '^named loud'
does "--progress=quiet" croze build --progress=quiet --no-cache "$c"
unlike "... no steps" "$err" '^#1'
does "--progress=tty" croze build --progress=tty --no-cache "$c"
like "... shows the step" "$err" 'RUN echo a line of output'

# --- on a terminal (tests/cli/terminal.py): what a person sees while a step runs, and afterwards ---
terminal() { py -m terminal "$@" 2>&1; }
screen() { printf '%s\n' "$1" | sed -n "/^== $2\$/,/^== /p" | sed '1d;/^== /d' | sed 's/[0-9.]*s\( \|$\)/TIME\1/'; }
dockerfile "$T/tty" <<'END'
FROM base
RUN --mount=target=/m for i in 1 2 3 4 5 6 7 8 9; do echo "line $i"; done; printf '10%%\r20%%\r\033[5A30%%'; until [ $(stat -c %Y /m/go) -gt 9 ]; do :; done; echo; echo last
RUN echo why it failed; exit 3
END
wait_again() { : >"$T/tty/go" && touch -d @1 "$T/tty/go"; } # its time is what the step waits for: what a mount shows may not change else
wait_again
seen=$(terminal 24x80 --until '30%' "$T/tty/go" -- "$CROZE" build "$T/tty")
is "a terminal: the last lines of a running step, of a line what a carriage return left of it" "$(screen "$seen" seen)" ' => [1/2] RUN --mount=target=/m for i in 1 2 3 4 5 6 7 8 9; do echo   TIME
 =>   line 5
 =>   line 6
 =>   line 7
 =>   line 8
 =>   line 9
 =>   ?[5A30%'
is "... which make way for the steps that are done, and for all that a failed one printed" "$(screen "$seen" end | head -6)" ' => [1/2] RUN --mount=target=/m for i in 1 2 3 4 5 6 7  TIME  28B
 => ERROR [2/2] RUN echo why it failed; exit 3  TIME
------
 > [2/2] RUN echo why it failed; exit 3:
why it failed
------'
wait_again
sed -i 's/RUN --/ENV A=1\nRUN --/' "$T/tty/Dockerfile"
seen=$(terminal 6x40 --until '30%' "$T/tty/go" -- "$CROZE" build "$T/tty")
is "a small terminal: fewer lines" "$(screen "$seen" seen)" ' => [1/2] RUN --mount=target  TIME
 =>   line 7
 =>   line 8
 =>   line 9
 =>   ?[5A30%'
unlike "... nothing is left of them" "$(screen "$seen" end)" '=>   line'
py -m maketar "$T/slow.tar"
# the first half of an archive, the rest when somebody has seen the line
half='head -c 100000 "$2"; until [ -e "$3" ]; do :; done; tail -c +100001 "$2"'
seen=$(terminal 24x80 --until '^importing standard input +[0-9.]+kB +[0-9]+s$' "$T/half" -- sh -c "($half) | \"\$1\" import - slow" - "$CROZE" "$T/slow.tar" "$T/half")
like "import: a line that says what it does" "$seen" '^== seen$'
is "... and goes" "$(screen "$seen" end)" "$(config slow '{{.Id}}')"
croze save slow -o "$T/saved.tar"
rm "$T/half"
seen=$(terminal 24x80 --until '^loading standard input +[0-9.]+kB +[0-9]+s$' "$T/half" -- sh -c "($half) | \"\$1\" load" - "$CROZE" "$T/saved.tar" "$T/half")
like "load" "$seen" '^== seen$'
is "... what was loaded stands on a line of its own" "$(screen "$seen" end)" 'Loaded image: slow:latest'
for verb in "fsck --deep" "gc" "save -o $T/saved2.tar slow" "run --rm slow true"; do
    # shellcheck disable=SC2086
    seen=$(terminal 24x80 -- "$CROZE" $verb)
    unlike "$verb: no line is left" "$(screen "$seen" end)" 'checking|looking|saving|unpacking'
    like "... and it is done" "$seen" '^0$'
done

does "--iidfile, --metadata-file, three names" croze build --iidfile "$T/iid" --metadata-file "$T/meta" -t one -t two:tag -t reg.example:5000/team/three:3 "$c"
is "the image ID, without a newline" "$(cat "$T/iid"; echo .)" "$(config one '{{.Id}}')."
is "metadata as buildx writes it" "$(py - "$T/meta" <<'END'
import json, sys
m = json.load(open(sys.argv[1]))
d = m["containerimage.descriptor"]
print(m["containerimage.digest"], m["containerimage.config.digest"], m["image.name"], d["digest"] == m["containerimage.digest"], d["mediaType"], d["size"] > 0)
END
)" "$(digest_of one) $(config one '{{.Id}}') one,two:tag,reg.example:5000/team/three:3 True application/vnd.oci.image.manifest.v1+json True"
is "all names are the same image" "$(digest_of two:tag) $(digest_of reg.example:5000/team/three:3)" "$(digest_of one) $(digest_of one)"
refuses 2 'BAD' "a name that is none, before anything is built" croze build -t BAD:name "$c"
refuses 2 'digest' "a name with a digest" croze build -t "x@$(digest_of one)" "$c"
refuses 1 'nowhere' "--iidfile that cannot be written" croze build --iidfile "$T/nowhere/iid" "$c"
does "without a name" croze build --iidfile "$T/iid" "$c"
does "... the ID finds it" croze inspect "$(cat "$T/iid")"
id=$(cat "$T/iid")
echo old >"$T/iid"
echo old >"$T/meta"
chmod 640 "$T/iid" "$T/meta"
ln -s iid "$T/iid.link"
does "by a symlink, onto files of a mode of their own" croze build --iidfile "$T/iid.link" --metadata-file "$T/meta" "$c"
is "... what it leads to is written" "$(cat "$T/iid"; readlink "$T/iid.link")" "${id}iid"
is "... modes stay" "$(stat -c %a "$T/iid" "$T/meta")" "640
640"
is "... nothing half-made lies about" "$(find "$T" -maxdepth 1 -name '.tmp-*')" ""
refuses 1 'exit code:? 1' "a build that fails" sh -c 'printf "FROM base\nRUN false\n" | "$CROZE" build --iidfile "$1/iid" -' - "$T"
is "... leaves what was there" "$(cat "$T/iid")" "$id"
echo before >"$T/shared"
sh -c '{ "$CROZE" build --iidfile /dev/stdout "$1"; echo; echo after; } >>"$2" 2>/dev/null' - "$c" "$T/shared"
is "--iidfile /dev/stdout goes where standard output does" "$(cat "$T/shared")" "before
$id
after"
sh -c '"$CROZE" build -q -o type=tar,dest=/dev/stdout "$1" 2>"$2/err" >"$2/stdout.tar"' - "$c" "$T"
croze build -q -o type=tar,dest="$T/named.tar" "$c" >/dev/null
is "... and so does dest=/dev/stdout" "$(sha256sum <"$T/stdout.tar")" "$(sha256sum <"$T/named.tar")"

printf 'FROM base\nLABEL a=file b=file\n' >"$c/other.file"
does "-f and --label" croze build -f "$c/other.file" --label b=option --label c=option -t labelled "$c"
is "... the option wins" "$(img config labelled config Labels)" '{"a":"file","b":"option","c":"option"}'
does "-f -" sh -c '"$CROZE" build -f - -t piped "$2" <"$1"' - "$c/other.file" "$c"
is "... reads the Dockerfile from standard input" "$(img config piped config Labels)" '{"a":"file","b":"file"}'
refuses 1 'nowhere: No such file' "-f of nothing" croze build -f nowhere "$c"
mkdir "$T/cf"
printf 'FROM base\nENV FROM_FILE=Containerfile\n' >"$T/cf/Containerfile"
does "a Containerfile" croze build -t cf "$T/cf"
is "... is read where there is no Dockerfile" "$(img config cf config Env 1)" '"FROM_FILE=Containerfile"'
printf 'FROM base\nENV FROM_FILE=dockerfile\n' >"$T/cf/dockerfile"
does "a dockerfile, as docker has it too" croze build -t cf "$T/cf"
is "... comes before it" "$(img config cf config Env 1)" '"FROM_FILE=dockerfile"'
exits 0 "the context may be the working directory" sh -c 'cd "$1" && "$CROZE" build -q .' - "$c"
ln -s "$c" "$T/link"
does "... or a symlink" croze build -q "$T/link"

# --- the documents ---
is "the manifest" "$(img manifest one schemaVersion) $(img manifest one mediaType) $(img manifest one config mediaType)" \
    '2 "application/vnd.oci.image.manifest.v1+json" "application/vnd.oci.image.config.v1+json"'
is "... gzip layers" "$(img manifest one layers 0 mediaType)" '"application/vnd.oci.image.layer.v1.tar+gzip"'
is "the configuration" "$(img config one os) $(img config one rootfs type)" '"linux" "layers"'
is "created is no older than the last step" "$(py - "$(img config one created)" "$(img config one history 1 created)" <<'END'
import sys
print(sys.argv[1] >= sys.argv[2])
END
)" True
is "documents are canonical: no blanks, no newline at the end" "$(py - <<'END'
import json, os
root = os.environ["CROZE_ROOT"]
bad = []
for m in json.load(open(root + "/index.json"))["manifests"]:
    text = open(root + "/blobs/sha256/" + m["digest"][7:]).read()
    config = open(root + "/blobs/sha256/" + json.loads(text)["config"]["digest"][7:]).read()
    for t in (text, config):
        if t != json.dumps(json.loads(t), separators=(",", ":"), ensure_ascii=False):
            bad.append(t)
print(bad)
END
)" "[]"
for how in none zstd gzip; do
    croze build -q --compression $how -t "c:$how" "$c" >/dev/null
done
is "--compression" "$(for how in none zstd gzip; do img manifest c:$how layers -1 mediaType; done | sed 's/.*layer.v1.//' | tr '\n' ' ')" 'tar" tar+zstd" tar+gzip" '
refuses 1 'standard output' "a standard output that is full" sh -c '"$CROZE" build -q "$1" >/dev/full' - "$c"

# a run of one build beside others in the same store
i=0
while [ $i -lt 6 ]; do
    printf 'FROM base\nRUN echo %s >/n\nCOPY Dockerfile /\n' $((i % 3)) | dockerfile "$T/p$i"
    croze build -q -t "p:$i" "$T/p$i" >"$T/p$i.log" 2>&1 &
    eval "pid$i=\$!"
    i=$((i + 1))
done
i=0 bad=
while [ $i -lt 6 ]; do
    eval "wait \$pid$i" || bad="$bad $i: $(cat "$T/p$i.log")"
    [ "$(img cat "p:$i" /n)" = $((i % 3)) ] || bad="$bad $i"
    i=$((i + 1))
done
is "six builds at once in one store" "$bad" ""
does "... leave it sound" croze fsck --deep

done_testing
