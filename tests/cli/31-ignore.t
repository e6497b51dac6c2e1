#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ignore file:
#   * patterns, **, negation below an excluded directory, comments, the last match wins
#   * NAME.dockerignore beside the Dockerfile before .containerignore before .dockerignore
#   * a source that it hides is an error that names file, line and pattern; what is hidden is in no cache key
#   * the Dockerfile itself may be ignored
. "$(dirname "$0")/lib.sh"

c=$T/context
mkdir -p "$c/src/a/b" "$c/docs/keep" "$c/build"
for f in src/main.c src/main.o src/a/x.o src/a/b/y.o src/a/b/y.c docs/guide.md docs/keep/this.md docs/keep/not.txt build/out notes.md README.md '#hash'; do
    echo "$f" >"$c/$f"
done
printf 'FROM scratch\nCOPY . /\n' >"$c/Dockerfile"

# shows DESC PATTERNS WANT: the files that COPY . sees, without the ones that are always there
shows() {
    printf '%b' "$2" >"$c/.dockerignore"
    run build shown "$c"
    [ "$code" -eq 0 ] || { fail "$1" "$err"; return; }
    is "$1" "$(img tree shown | sed -n 's/.* f \///p' | grep -vE '^(Dockerfile|\.dockerignore)$' | tr '\n' ' ')" "$3"
}
shows "no pattern" '' '#hash README.md build/out docs/guide.md docs/keep/not.txt docs/keep/this.md notes.md src/a/b/y.c src/a/b/y.o src/a/x.o src/main.c src/main.o '
shows "names are of the context's top" '*.md\nbuild\n' '#hash docs/guide.md docs/keep/not.txt docs/keep/this.md src/a/b/y.c src/a/b/y.o src/a/x.o src/main.c src/main.o '
shows "** is any depth" '**/*.o\n**/*.md\n/build/\n#hash\n' '#hash docs/keep/not.txt src/a/b/y.c src/main.c '
shows "a later ! brings back" 'docs\nsrc\nbuild\n*.md\n!README.md\n' '#hash README.md '
shows "... even below an excluded directory" '*\n!docs/keep\ndocs/keep/*.txt\n' 'docs/keep/this.md '
shows "... and an earlier one does not" '!README.md\n*\n' ''
shows "a comment is a # in the first column only" '# *\n\\#hash\n *.md \n' 'build/out docs/guide.md docs/keep/not.txt docs/keep/this.md src/a/b/y.c src/a/b/y.o src/a/x.o src/main.c src/main.o '
shows "[...] and ?" 'src/[a-l]*\nsrc/main.?\nbuild/*\n**/[gt]*.md\n' '#hash README.md docs/keep/not.txt notes.md '
shows "CRLF" '*\r\n!src/main.c\r\n' 'src/main.c '

printf '# comment\n*.o\nsecret\n!**/keep.o\n' >"$c/.dockerignore"
echo s >"$c/secret"
printf 'FROM scratch\nCOPY secret /\n' >"$T/df"
fails_build '"/secret": not found.*excluded by \.dockerignore:3 "secret"' "a hidden source: the message names the line" "$c" -f "$T/df"
printf 'FROM scratch\nCOPY nothing /\n' >"$T/df"
run build x "$c" -f "$T/df"
unlike "... and does not where the file is just missing" "$err" 'excluded'
printf '[\n' >"$c/.dockerignore"
refuses 2 '\.dockerignore:1' "a pattern that is none" croze build "$c"

printf 'Dockerfile\n.dockerignore\n' >"$c/.dockerignore"
builds "the Dockerfile and the ignore file may be ignored" shown "$c"
is "... and then are not copied" "$(img tree shown /Dockerfile)$(img tree shown /.dockerignore)" ""

printf '*\n!notes.md\n' >"$c/.dockerignore"
printf '*\n!README.md\n' >"$c/.containerignore"
build shown "$c" 2>/dev/null
is ".containerignore comes before .dockerignore" "$(img tree shown | sed 's/.* //')" /README.md
cp "$c/Dockerfile" "$c/special"
printf '*\n!#hash\n!src/main.c\n' >"$c/special.dockerignore"
build shown "$c" -f "$c/special" 2>/dev/null
is "NAME.dockerignore before both" "$(img tree shown | sed -n 's/.* f //p' | tr '\n' ' ')" '/#hash /src/main.c '
cp "$c/Dockerfile" "$T/elsewhere"
printf '*\n!src/main.o\n' >"$T/elsewhere.dockerignore"
build shown "$c" -f "$T/elsewhere" 2>/dev/null
is "... also where it lies outside of the context" "$(img tree shown | sed -n 's/.* f //p')" /src/main.o
rm "$c/.containerignore" "$c/special"*

printf '*.md\n' >"$c/.dockerignore"
build shown "$c" 2>/dev/null
first=$(digest_of shown)
echo changed >>"$c/notes.md"
builds "a change of an ignored file" shown "$c"
like "... is none for the cache" "$err" '^#1 CACHED'
is "... and the image is the same" "$(digest_of shown)" "$first"

done_testing
