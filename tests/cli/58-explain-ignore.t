#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the ignore file does, told:
#   * build --explain-ignore PATH: file and line that decide, also for directories above; the same answer that COPY gets; nothing is built
#   * COPY of what is hidden: the line is named for a path, for one below a hidden directory, behind a link; a warning where a wildcard
#     matched hidden files only
. "$(dirname "$0")/lib.sh"

c=$T/context
mkdir -p "$c/src/a" "$c/docs/keep/deep" "$c/secret/in" "$c/empty"
for f in src/main.c src/main.o src/a/x.o docs/guide.md docs/keep/this.md docs/keep/deep/d docs/keep/not.txt secret/key secret/in/key plain; do echo "$f" >"$c/$f"; done
ln -s secret/key "$c/link"
printf 'FROM scratch\nCOPY . /\n' >"$c/Dockerfile"

# explains DESC PATH WANT
explains() {
    run croze build --explain-ignore "$2" "$c"
    is "$1" "$code $out$err" "0 $3"
}
explains "no ignore file" plain 'plain: included, there is no ignore file'
cat >"$c/.dockerignore" <<'END'
# a comment
**/*.o
docs
!docs/keep
docs/keep/*.txt

secret/
END
explains "a file that no line matches" plain 'plain: included, no line of .dockerignore matches'
explains "one that is excluded" src/main.o 'src/main.o: excluded by .dockerignore:2 "**/*.o"'
explains "... deeper" src/a/x.o 'src/a/x.o: excluded by .dockerignore:2 "**/*.o"'
explains "written as COPY may write it" ./src/../src//main.o/ 'src/main.o: excluded by .dockerignore:2 "**/*.o"'
explains "... and ../ stays inside" ../../src/main.o 'src/main.o: excluded by .dockerignore:2 "**/*.o"'
explains "below an excluded directory" docs/guide.md 'docs: excluded by .dockerignore:3 "docs" (what lies below may be included again)
docs/guide.md: excluded by .dockerignore:3 "docs"'
explains "... included again" docs/keep/this.md 'docs: excluded by .dockerignore:3 "docs" (what lies below may be included again)
docs/keep: included by .dockerignore:4 "!docs/keep"
docs/keep/this.md: included by .dockerignore:4 "!docs/keep"'
explains "... and excluded again" docs/keep/not.txt 'docs: excluded by .dockerignore:3 "docs" (what lies below may be included again)
docs/keep: included by .dockerignore:4 "!docs/keep"
docs/keep/not.txt: excluded by .dockerignore:5 "docs/keep/*.txt"'
explains "a directory" docs 'docs: excluded by .dockerignore:3 "docs" (what lies below may be included again)'
explains "one of which nothing is included again" secret/in/key 'secret: excluded by .dockerignore:7 "secret"
secret/in/key: excluded by .dockerignore:7 "secret"'
explains "what is not there" src/none.o 'src/none.o: excluded by .dockerignore:2 "**/*.o" (and it is not there)'
explains "the context itself" . '.: included, no line of .dockerignore matches'
does "several" croze build --explain-ignore plain --explain-ignore src/main.o "$c"
is "... a line each" "$(printf '%s\n' "$out" | wc -l)" 2
is "nothing was built" "$(croze images -q; ls "$CROZE_ROOT/steps")" ""
does "no Dockerfile is needed" sh -c 'mv "$2/Dockerfile" "$2/D" && "$1" build --explain-ignore plain "$2"; code=$?; mv "$2/D" "$2/Dockerfile"; exit $code' - "$CROZE" "$c"
cp "$c/Dockerfile" "$c/other"
printf 'plain\n' >"$c/other.dockerignore"
does "-f: its own ignore file" croze build -f "$c/other" --explain-ignore plain "$c"
is "... is named as it was found" "$out" "plain: excluded by $c/other.dockerignore:1 \"plain\""
rm "$c"/other*
printf '!\n' >"$T/bad"
cp "$c/.dockerignore" "$T/good" && cp "$T/bad" "$c/.dockerignore"
refuses 2 '\.dockerignore:1' "an ignore file that is none" croze build --explain-ignore plain "$c"
cp "$T/good" "$c/.dockerignore"
printf 'a\033b\n' >>"$c/.dockerignore"
run croze build --explain-ignore "$(printf 'a\033b')" "$c"
unlike "names cannot steer the terminal" "$out" "$(printf '\033')"
cp "$T/good" "$c/.dockerignore"

# the same answer as COPY's, for every path
does "a build" croze build -q -t all "$c"
bad=
for f in $(cd "$c" && find . -type f -o -type l | sed 's/^\.\///'); do
    verdict=$(croze build --explain-ignore "$f" "$c" | tail -1)
    copied=$(img tree all "/$f" 2>/dev/null)
    case $verdict in
    "$f: included"*) [ -n "$copied" ] || bad="$bad $f" ;;
    "$f: excluded"*) [ -z "$copied" ] || bad="$bad $f" ;;
    *) bad="$bad $f?" ;;
    esac
done
is "what is said of each file is what COPY does" "$bad" ""

# --- COPY of what is hidden ---
# hides DESC OPERAND RE
hides() {
    printf 'FROM scratch\nCOPY %s /x/\n' "$2" >"$c/Dockerfile"
    fails_build "$3" "$1" "$c"
}
hides "a file" src/main.o '"/src/main.o": not found \(excluded by \.dockerignore:2 "\*\*/\*\.o"\)$'
hides "one below a hidden directory" secret/in/key '"/secret/in/key": not found \(excluded by \.dockerignore:7 "secret"\)$'
hides "... of which something is included again" docs/guide.md '"/docs/guide.md": not found \(excluded by \.dockerignore:3 "docs"\)$'
hides "the directory" secret '"/secret": not found \(excluded by \.dockerignore:7 "secret"\)$'
hides "behind a link" link '"/link": not found \(excluded by \.dockerignore:7 "secret"\)$'
hides "by way of .." 'docs/keep/../guide.md' '"/docs/guide.md": not found \(excluded by \.dockerignore:3 "docs"\)$'
hides "below a literal beginning that is hidden" 'secret/*' '"/secret/\*": not found \(excluded by \.dockerignore:7 "secret"\)$'
hides "what is not there at all has no line" src/none.o '"/src/none\.o": not found$'
printf 'FROM scratch\nRUN --mount=source=secret/key,target=/k x\n' >"$c/Dockerfile"
fails_build '"/secret/key": not found \(excluded by \.dockerignore:7 "secret"\)$' "a bind mount" "$c"

# warns DESC OPERAND RE
warns() {
    printf 'FROM scratch\nCOPY plain %s /x/\n' "$2" >"$c/Dockerfile"
    builds "$1" hidden "$c"
    like "... a warning" "$err" "$3"
    is "... one" "$(printf '%s\n' "$err" | grep -c 'copies nothing')" 1
    is "... and nothing of it is copied" "$(img tree hidden | sed -n 's/.* f //p')" /x/plain
}
warns "a wildcard for hidden files only" 'src/*.o' '^warning: "/src/\*\.o" copies nothing: all that it matches, such as src/main\.o, is excluded by \.dockerignore:2 "\*\*/\*\.o"$'
run build hidden "$c"
like "... from the cache too" "$err" '^warning: "/src/\*\.o" copies nothing'
warns "... for a hidden directory" 'secre*' '^warning: "/secre\*" copies nothing: all that it matches, such as secret, is excluded by \.dockerignore:7 "secret"$'
warns "... for what lies below" 's*/in/k*' '^warning: "/s\*/in/k\*" copies nothing: all that it matches, such as secret, is excluded'
printf 'FROM scratch\nCOPY plain src/main.* src/*.none /x/\n' >"$c/Dockerfile"
builds "one that matches others too, and one that matches nothing" hidden "$c"
unlike "... no warning" "$err" 'copies nothing'
done_testing
