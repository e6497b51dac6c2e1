#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks of Dockerfiles:
#   * build --check and --call=check|outline|targets: text, JSON, exit codes; nothing is run and nothing is stored
#   * what the ignore file, the base images of the store, --target and build arguments change
#   * "# check=" directives, BUILDKIT_DOCKERFILE_CHECK, comments above an instruction; error=true ends a build before its first step
#   * the warnings of a build: at its end, good or bad
#   * croze check (lint): several files, standard input, wrong files, hostile files, the list of rules
#   * --fix: what it writes, what it leaves, files that stay as they are
#   * whose word counts, exceptions, severities, thresholds, hadolint's file
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context

# json FILE EXPRESSION: of a JSON document d
json() { py -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }
# The rules that $out speaks of, in its order
spoken() { printf '%s\n' "$out" | sed -n 's/^WARNING: \([A-Za-z]*\).*/\1/p'; }

# --- build --check ---

dockerfile "$c" <<'END'
FROM base
RUN echo ran >/ran
END
images=$(croze images --format json)
does "nothing to say" croze build --check "$c"
is "... and that is said" "$out" 'Check complete, no warnings found.'
is "... on standard output alone" "$err" ''
is "no image was made" "$(croze images --format json)" "$images"

dockerfile "$c" <<'END'
FROM base AS Build
WORKDIR app
RUN exit 3
FROM base
CMD run \
  me
END
exits 10 "three findings" croze build --check "$c"
is "... as docker prints them" "$out" 'Check complete, 3 warnings have been found!

WARNING: StageNameCasing - https://docs.docker.com/go/dockerfile/rule/stage-name-casing/
Stage name '\''Build'\'' should be lowercase
Dockerfile:1
--------------------
   1 | >>> FROM base AS Build
   2 |     WORKDIR app
   3 |     RUN exit 3
--------------------

WARNING: WorkdirRelativePath - https://docs.docker.com/go/dockerfile/rule/workdir-relative-path/
Relative workdir "app" can have unexpected results if the base image changes
Dockerfile:2
--------------------
   1 |     FROM base AS Build
   2 | >>> WORKDIR app
   3 |     RUN exit 3
   4 |     FROM base
--------------------

WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/
JSON arguments recommended for CMD to prevent unintended behavior related to OS signals
Dockerfile:5
--------------------
   4 |     FROM base
   5 | >>> CMD run \
   6 | >>>   me
   7 |     
--------------------'
exits 10 "--call=check is the same" croze build --call=check "$c"
exits 10 "... and lint" croze build --call lint "$c"
exits 0 "ignorestatus=true" croze build --call=check,ignorestatus=true "$c"
like "... prints the same" "$out" '^Check complete, 3 warnings'
exits 10 "as JSON" croze build --call=check,format=json "$c"
printf '%s\n' "$out" >"$T/j"
ranges='[(w["ruleName"], [(r["start"]["line"], r["end"]["line"]) for r in w["location"]["ranges"]]) for w in d["warnings"]]'
is "... rules and lines" "$(json "$T/j" "$ranges")" \
    "[('StageNameCasing', [(1, 1)]), ('WorkdirRelativePath', [(2, 2)]), ('JSONArgsRecommended', [(5, 6)])]"
is "... the source" "$(json "$T/j" '__import__("base64").b64decode(d["sources"][0]["data"]).decode()')" "$(cat "$c/Dockerfile")"
is "... no error" "$(json "$T/j" '"buildError" in d')" False
exits 10 "--target" croze build --check --target Build "$c"
is "... what it needs, and the text as a whole" "$(spoken)" 'StageNameCasing
WorkdirRelativePath'
exits 10 "with -f -" sh -c 'printf "FROM scratch\nMAINTAINER x\n" | "$1" build --check -f - "$2"' sh "$CROZE" "$c"
is "nothing of this was stored" "$(croze images --format json)" "$images"

printf 'FROM base\nMAINTAINER m\nNONSENSE\n' | dockerfile "$c"
refuses 2 '^croze: Dockerfile:3:1: unknown instruction: NONSENSE' "a file that cannot be read" croze build --check "$c"
like "... with what was found before" "$out" '^WARNING: MaintainerDeprecated'
like "... and the place, shown" "$out" '   3 \| >>> NONSENSE'
refuses 2 '^croze: Dockerfile:3:1: ' "... as JSON" croze build --call=check,format=json "$c"
printf '%s\n' "$out" >"$T/j"
is "... the error's line" "$(json "$T/j" '(d["buildError"]["location"]["ranges"][0]["start"]["line"], len(d["warnings"]))')" '(3, 1)'
refuses 2 'none of build, check, outline and targets' "a call that there is not" croze build --call=describe "$c"
refuses 2 'asks for two things' "two calls" croze build --call=check,outline "$c"
refuses 2 'format=xml' "a format that there is not" croze build --call=check,format=xml "$c"
refuses 2 'ignorestatus=perhaps' "a wrong ignorestatus" croze build --call=check,ignorestatus=perhaps "$c"
printf 'FROM scratch\n' | dockerfile "$c"
does "--call=build builds" croze build --call=build -q "$c"

# --- what the build knows ---

printf 'secret\n' >"$c/.dockerignore"
printf 'FROM scratch\nCOPY secret /\n' | dockerfile "$c"
exits 10 "a file that the ignore file hides" croze build --check "$c"
like "... is named" "$out" '^Attempting to Copy file "secret" that is excluded by .dockerignore$'
rm "$c/.dockerignore"
does "... and no longer" croze build --check "$c"

printf 'FROM base\nENV SERVER_HOME=/srv\nSHELL ["/bin/ash", "-c"]\nONBUILD LABEL legacy pair\n' | dockerfile "$T/parent"
build parent "$T/parent" 2>/dev/null
printf 'FROM parent\nWORKDIR $SERVER_HOME\nCMD run\nENV OTHER=$NOWHERE\n' | dockerfile "$c"
exits 10 "a base of the store" croze build --check "$c"
is "... has its variables, its shell, its triggers" "$(spoken)" 'LegacyKeyValueFormat
UndefinedVar'
like "... so that only what is missing is told" "$out" "^Usage of undefined variable '\\\$NOWHERE'\$"
printf 'FROM not-in-the-store\nWORKDIR $SERVER_HOME/x\nENV A=$PAHT\n' | dockerfile "$c"
exits 10 "a base that is not there" croze build --check "$c"
is "... may set any variable; a slip of the pen is one all the same" "$(spoken)" 'UndefinedVar'
printf 'ARG TAG\nFROM base:$TAG\n' | dockerfile "$c"
exits 10 "a FROM that only a build argument makes whole" croze build --check --build-arg TAG=latest "$c"
like "... is named" "$out" '^Default value for ARG base:\$TAG results in empty or invalid base image name'

# --- directives ---

printf '# check=skip=StageNameCasing,NoSuchRule\nFROM base as Build\n# check=skip=all // old tools want it\nMAINTAINER m\n' | dockerfile "$c"
exits 10 "what is skipped" croze build --check "$c"
is "... is silent, and the rest is not" "$(spoken)" FromAsCasing
does "the build argument overrides the directive" croze build --check --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all "$c"
refuses 2 'BUILDKIT_DOCKERFILE_CHECK: invalid check option "nonsense"' "a wrong build argument" \
    croze build --check --build-arg BUILDKIT_DOCKERFILE_CHECK=nonsense "$c"
printf '# check=nonsense=1\nFROM base\n' | dockerfile "$c"
refuses 2 '^croze: Dockerfile:1:9: # check=: invalid check option "nonsense"' "a wrong directive has its place" croze build "$c"

printf '# check=error=true\nFROM base AS Build\nRUN echo ran; exit 3\n' | dockerfile "$c"
refuses 10 'Dockerfile: lint violation found for rules: StageNameCasing' "error=true ends a build" build failing "$c"
unlike "... before its first step" "$err" 'ran|#1'
like "... and tells what was found" "$err" "^ - StageNameCasing: Stage name 'Build' should be lowercase \\(line 2\\)"
exits 10 "... a check too" croze build --call=check,format=json "$c"
printf '%s\n' "$out" >"$T/j"
is "... and says so" "$(json "$T/j" 'd["buildError"]["message"]')" 'lint violation found for rules: StageNameCasing'
refuses 1 'RUN echo ran; exit 3' "... not if it is overridden" build failing "$c" --build-arg BUILDKIT_DOCKERFILE_CHECK=
printf '# check=error=true\nFROM base\nRUN true\n' | dockerfile "$c"
builds "error=true with nothing found" clean "$c"

# --- the warnings of a build ---

printf 'FROM base AS Dead\nCMD x\nFROM base\nARG token\nRUN true\nENV a b\n' | dockerfile "$c"
builds "a build with warnings" warned "$c"
is "... tells them once, at its end" "$(printf '%s\n' "$err" | sed -n '/warnings found/,$p' | grep -v '^image\|^named')" \
    '3 warnings found (use --check to expand):
 - StageNameCasing: Stage name '\''Dead'\'' should be lowercase (line 1)
 - SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "token") (line 4)
 - LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format (line 6)'
printf 'FROM base\nENV AAAA=$no BBBB=$no$no CCCC=$other\nENV DDDD=$no\n' | dockerfile "$c"
builds "a line that is wrong in one way three times" warned "$c"
is "... is told of once" "$(printf '%s\n' "$err" | sed -n '/warnings found/,$p' | grep -v '^image\|^named')" \
    '3 warnings found (use --check to expand):
 - UndefinedVar: Usage of undefined variable '\''$no'\'' (line 2)
 - UndefinedVar: Usage of undefined variable '\''$other'\'' (line 2)
 - UndefinedVar: Usage of undefined variable '\''$no'\'' (line 3)'
printf 'FROM base\nMAINTAINER m\nRUN exit 3\n' | dockerfile "$c"
fails_build 'exit' "a build that fails" "$c"
like "... tells them too" "$err" '^1 warning found \(use --check to expand\):$'
printf 'FROM base\nRUN echo ran\nUSER $NOBODY\n' | dockerfile "$c"
refuses 2 'Dockerfile:3:6: USER \$NOBODY gives an empty name' "what is wrong further down" build failing "$c"
unlike "... is found before the first step" "$err" 'ran|#1'
printf 'FROM base\nRUN true\n' | dockerfile "$c"
builds "nothing to warn of" quiet "$c"
unlike "... and no word of it" "$err" 'warning'

# --- outline and targets ---

dockerfile "$c" <<'END'
# VERSION of the product
ARG VERSION=1.0
# tools what builds it
FROM base AS tools
ARG UNUSED=x
FROM base:${LATEST:-latest}
# HOME_DIR where it lies
ARG HOME_DIR=/srv/$VERSION
ARG VERSION
COPY --from=tools /etc/passwd /
END
does "the outline" croze build --call=outline "$c"
is "... what the build can be given" "$out" 'BUILD ARG   VALUE   DESCRIPTION
VERSION     1.0     of the product
UNUSED      x       
HOME_DIR    /srv/   where it lies'
does "... of a target" croze build --call=outline --target tools --build-arg UNUSED=y "$c"
is "... with a build argument" "$out" 'TARGET:      tools
DESCRIPTION: what builds it

BUILD ARG   VALUE   DESCRIPTION
UNUSED      y       '
does "... as JSON" croze build --call=outline,format=json --target tools "$c"
printf '%s\n' "$out" >"$T/j"
is "... the same" "$(json "$T/j" '(d["name"], d["description"], [(a["name"], a["value"]) for a in d["args"]], len(d["sources"]))')" \
    "('tools', 'what builds it', [('UNUSED', 'x')], 1)"
refuses 2 'target' "a target that there is not" croze build --call=outline --target tolls "$c"
does "the targets" croze build --call=targets "$c"
is "... are listed" "$out" 'TARGET    DESCRIPTION
tools     what builds it
(default) '
does "... as JSON" croze build --call=targets,format=json "$c"
printf '%s\n' "$out" >"$T/j"
is "... with their bases" "$(json "$T/j" '[(t.get("name"), t["base"], t.get("default"), t.get("description")) for t in d["targets"]]')" \
    "[('tools', 'base', None, 'what builds it'), (None, 'base:\${LATEST:-latest}', True, None)]"

printf 'FROM base AS a\nRUN --mount=type=secret,id=npm,required --mount=type=cache,target=/c true\nFROM a\nRUN --mount=type=ssh true\n' | dockerfile "$c"
does "the outline of mounts" croze build --call=outline "$c"
is "... secrets, agents, caches, of the stages below too" "$out" 'SECRET   REQUIRED
npm      true

SSH       REQUIRED
default   

CACHE
/c'

# --- croze check ---

mkdir "$T/files"
cd "$T/files" || exit 1
printf 'FROM scratch\nCOPY a /\nUSER 1\n' >good
printf 'FROM scratch AS B\n  MAINTAINER m\nUSER 1\n' >bad
printf 'FROM scratch\nMAINTAINER m\nFORM x\nUSER 1\n' >wrong
does "check: a good file" croze check good
is "... nothing to say" "$out$err" ''
exits 10 "lint: a good and a bad one" croze lint good bad
is "... a line each" "$out" "bad:1:1: warning: Stage name 'B' should be lowercase [StageNameCasing]
bad:2:3: warning: Maintainer instruction is deprecated in favor of using label [MaintainerDeprecated]"
does "help lint" croze help lint
like "... is that of check" "$out" '^Usage: croze check '
refuses 2 '^croze: wrong:3:1: unknown instruction: FORM' "a wrong one among them" croze check wrong bad
is "... does not hide the others" "$(printf '%s\n' "$out" | cut -d: -f1-2)" 'wrong:2
bad:1
bad:2'
run croze check wrong missing
is "several that are wrong: all are told" "$code $(printf '%s\n' "$err" | grep -c 'wrong:3:1\|missing')" '2 2'
exits 1 "a file that is not there" croze check missing
exits 1 "a directory" croze check .
exits 10 "standard input" sh -c 'printf "from scratch\nMAINTAINER m\nUSER u\n" | "$1" check -' sh "$CROZE"
like "... is called so" "$out" '^standard input:2:1: warning: '
exits 10 "as JSON" croze check --format json bad good
printf '[%s]' "$(printf '%s\n' "$out" | sed '$!s/$/,/')" >"$T/j"
fields='[(f["id"], f["severity"], f["also"], f["file"], f["line"], f["column"], f["endLine"], f["endColumn"]) for f in d]'
is "... an object a finding" "$(json "$T/j" "$fields")" \
    "[('StageNameCasing', 'warning', [], 'bad', 1, 1, 1, 18), ('MaintainerDeprecated', 'warning', ['DL4000', 'DS-0022'], 'bad', 2, 3, 2, 15)]"
printf 'FROM a:1\nUSER 1\nRUN yum install x-1 && yum clean all\n' >mend
exits 10 "what can be mended" croze check --format json mend
printf '%s\n' "$out" >"$T/j"
is "... has its edits" "$(json "$T/j" '[(e["line"], e["column"], e["endColumn"], e["text"]) for e in d["edits"]]')" "[(3, 16, 16, ' -y')]"
refuses 2 'check takes Dockerfiles' "no file" croze check
exits 1 "a full standard output is noticed" sh -c '"$1" check bad >/dev/full 2>/dev/null' sh "$CROZE"

printf 'FROM scratch AS X\nENV \033[31mk v\nLABEL \302\233x y\nNONSENSE\033[1m\n' >hostile
refuses 2 'hostile:4:1: unknown instruction: NONSENSE' "control characters in a file" croze check hostile
unlike "... do not reach the terminal" "$(croze check hostile 2>&1; croze build --check -f hostile . 2>&1)" "$(printf '\033|\302\233')"
printf 'FROM scratch\nRUN \000\n' >nul
refuses 2 'nul:2:5: a NUL byte' "a NUL byte" croze check nul
head -c 17000000 /dev/zero | tr '\0' '\n' >big
refuses 2 'big' "a file that is too large" croze check big
py -c 'print("FROM scratch\nuser 1\n" + "env a b\n" * 20000)' >many
exits 10 "more findings than anyone reads" croze check many
like "... are counted" "$(printf '%s\n' "$out" | tail -1)" '^many: 10001 more findings are not shown$'
cd / || exit 1
is "check makes no store" "$(CROZE_ROOT=$T/none croze check "$T/files/good"; ls -d "$T/none" 2>/dev/null)" ''

# --- what a user wants of the rules ---

cd "$T/files" || exit 1
printf 'RUN apt-get install x\n# hadolint ignore=DL3003\nRUN sudo y && cd /x\n' >piece
exits 10 "a piece of a file" croze check piece
is "... in croze's words" "$(printf '%s\n' "$out" | sed 's/.*\[\(.*\)\]/\1/' | tr '\n' ' ')" 'AptGetYes AptGetRecommends AptGetPin ConsecutiveRun SudoInRun '
exits 10 "--compat=trivy" croze check --compat=trivy piece
is "... speaks of less" "$(printf '%s\n' "$out" | sed 's/.*\[\(.*\)\]/\1/' | tr '\n' ' ')" 'AptGetYes, DS-0021 AptGetRecommends, DS-0029 SudoInRun, DS-0010 '
does "--ignore, by any name" croze check --ignore DL3008,DS-0021 --ignore AptGetRecommends --ignore SudoInRun,DL3059 piece
is "... nothing is left" "$out" ''
does "--failure-threshold" croze check --ignore SudoInRun -t error piece
like "... prints the rest all the same" "$out" '\[AptGetPin\]$'
exits 10 "--error makes one of it" croze check --ignore SudoInRun -t error --error DL3008 piece
like "... and says so" "$out" '^piece:1:21: error: x is installed .*\[AptGetPin\]$'
does "--no-fail" croze check --no-fail --no-color piece
exits 10 "--disable-ignore-pragma" croze check --disable-ignore-pragma piece
like "... the comment does not count" "$out" '\[CdInRun\]$'
exits 10 "--enable" croze check --enable DL1001 piece
like "... the exception itself is told" "$out" '\[InlineIgnore\]$'
exits 10 "labels and registries" sh -c 'printf "FROM quay.io/x:1\nUSER 1\nLABEL b=c\n" | "$1" check --trusted-registry docker.io --require-label a:url --strict-labels -' sh "$CROZE"
is "... are asked for" "$(printf '%s\n' "$out" | sed 's/.*\[\(.*\)\]/\1/' | tr '\n' ' ')" 'LabelMissing UntrustedRegistry LabelUnknown '
refuses 2 'croze: --ignore: no rule is called "CdInRum" \(did you mean CdInRun\?\)' "a rule that there is not" croze check --ignore CdInRum piece
refuses 2 'croze: --require-label: label "a": no kind "number"' "a kind of label that there is not" croze check --require-label a:number piece

printf 'ignored: [DL3008, DL3014, DL3015, DL3004]\noverride:\n  style: [DL3059]\n' >.hadolint.yaml
exits 10 ".hadolint.yaml" croze check piece
is "... is read where it lies" "$out" 'piece:3:1: style: two RUN, one behind the other, make two layers [ConsecutiveRun]'
printf 'ignored: [DL3059]\nno-fail: true\n' >other.yaml
does "--config" croze check --config other.yaml piece
like "... is read in its place" "$out" '\[AptGetPin\]$'
exits 10 "--no-config" croze check --no-config piece
like "... reads none" "$out" '\[ConsecutiveRun\]$'
mkdir -p home/.config
printf 'ignored: [DL3008]\n' >home/.config/hadolint.yaml
mv .hadolint.yaml was.yaml
exits 10 "a user's own" env HOME="$T/files/home" XDG_CONFIG_HOME= "$CROZE" check piece
unlike "... is read too" "$out" 'AptGetPin'
printf 'ingored: []\n' >.hadolint.yaml
refuses 2 '\.hadolint\.yaml: ingored: not understood' "a key that means nothing" croze check piece
printf 'ignored: [\n' >.hadolint.yaml
refuses 2 '\.hadolint\.yaml:[0-9]+:[0-9]+: not valid YAML' "no YAML" croze check piece
rm .hadolint.yaml
refuses 1 'missing.yaml' "a file that is not there" croze check --config missing.yaml piece
cd / || exit 1

# --- --fix ---

cd "$T/files" || exit 1
cat >broken <<'END'
from debian:12 AS Build
# what it is made of
RUN apt-get update
RUN apt-get install \
    curl=8   \
    bash=5
MAINTAINER me
USER 1
CMD run --fast
END
cp broken kept
chmod 640 broken
does "--fix --dry-run" croze check --fix --dry-run --no-fail broken
like "... shows the changes" "$out" '^\+FROM debian:12 AS build$'
is "... and writes nothing" "$(cat broken)" "$(cat kept)"
printf '%s\n' "$out" | grep '^[-+ @]' >"$T/patch"
cp kept patched
if command -v patch >/dev/null; then
    does "... as patch(1) takes them" patch -s patched "$T/patch"
    croze check --fix broken >/dev/null
    is "... to what --fix makes" "$(cat patched)" "$(cat broken)"
else
    skip "... as patch(1) takes them" "patch is not installed"
    croze check --fix broken >/dev/null
fi
is "--fix" "$(cat broken)" 'FROM debian:12 AS build
# what it is made of
RUN apt-get update \
    && apt-get install -y \
    bash=5   \
    curl=8 && rm -rf /var/lib/apt/lists/*
LABEL org.opencontainers.image.authors="me"
USER 1
CMD ["run","--fast"]'
is "... keeps the mode" "$(stat -c %a broken)" 640
if [ "$(id -u)" = 0 ]; then
    cp kept owned
    chown 1234:5678 owned
    croze check --fix owned >/dev/null
    is "... keeps owner and group" "$(stat -c %u:%g owned)" 1234:5678
else
    skip "... keeps owner and group" "only root may give a file away"
fi
cp broken once
croze check --fix broken >"$T/left"
is "... a second time changes nothing" "$(cat broken)" "$(cat once)"
is "... what is left is told" "$(sed 's/.*\[\(.*\)\]/\1/' "$T/left" | tr '\n' ' ')" 'AptGetRecommends '
ln -s broken link
cp kept broken
does "... through a link" croze check --fix --no-fail link
is "... writes the file" "$(cat broken)" "$(cat once)"
printf 'FROM a:1\nRUN apt-get install b=1\nNONSENSE\n' >wrong
refuses 2 '^croze: wrong:3:1: unknown instruction: NONSENSE' "a file that is wrong" croze check --fix wrong
is "... stays as it is" "$(cat wrong)" 'FROM a:1
RUN apt-get install b=1
NONSENSE'
does "what is ignored" croze check --fix --ignore DL3014,DL3015 --no-fail mend
is "standard input is mended to standard output" "$(croze check --fix - <kept 2>/dev/null)" "$(cat once)"
refuses 2 '--fix mends Dockerfiles, and no images' "images are not mended" croze check --fix --image base
refuses 2 '--base is of images' "flags of images without images" croze check --base base mend
refuses 2 '--dry-run shows what --fix would change' "--dry-run without --fix" croze check --dry-run mend
if [ "$(id -u)" != 0 ]; then
    mkdir locked
    cp kept locked/file
    chmod 500 locked
    chmod 400 locked/file
    refuses 1 '--fix: ' "a file that cannot be replaced" croze check --fix locked/file
    is "... stays as it is" "$(cat locked/file)" "$(cat kept)"
    chmod 700 locked
fi
cd / || exit 1

does "the rules" croze check --rules
like "... are listed" "$out" '^JSONArgsRecommended  *warning  *In shell form .*  DL3025$'
does "one of them" croze check --rules dl3025
like "... by any name" "$out" '^JSONArgsRecommended \(warning\)$'
unlike "... alone" "$out" AptGetPin
refuses 2 'none of .* is called DL3005' "a number that has no rule" croze check --rules DL3005
refuses 2 'no rule is called "DLX"' "none of that name" croze check --rules DLX
rules=$(croze check --rules --format json | sed 's/^{"id":"\([A-Za-z]*\)".*/\1/' | sort)
is "... as JSON, one a line" "$(printf '%s\n' "$rules" | sort -u | grep -c .)" "$(printf '%s\n' "$rules" | grep -c .)"
ids() { croze check --rules --format json | grep -o "\"$1[0-9]*\"" | sort -u | grep -c .; }
is "... hadolint's own, all of them" "$(ids DL)" 71
is "... Trivy's" "$(ids DS-)" 28
if [ -d "$here/../../src" ]; then
    said=$(cat "$here"/../../src/dockerfile/*.c "$here"/../../src/plan/*.c | tr -d '\n' |
        grep -oE '(warn_at|scope_warn)\([^";{]*"[A-Z][A-Za-z]+"|\.rule = "[A-Za-z]+"' | sed 's/.*"\([A-Za-z]*\)"$/\1/' | sort -u)
    isnt "the parser and the plan warn of something" "$said" ''
    is "... and all of it has a row" "$(printf '%s\n' "$said" | grep -vxF "$rules")" ''
else
    skip "every warning of the parser and the plan has a row" "the source is not here"
fi

done_testing
