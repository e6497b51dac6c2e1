#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Logs of builds:
#   * every build leaves one in the store: an index, and the whole output of each step as it came; --last-log lists and prints them
#   * a failed build's message ends in the path; -q says nothing of it; failed, cached, canceled, exit codes
#   * kill -9: what was printed until then is there
#   * bounded in number and size; gc and fsck; a log that cannot be written fails no build; indexes from strangers
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
logs=$CROZE_ROOT/logs
newest() { ls "$logs" | tail -1; }
# index EXPRESSION: of the newest log
index() {
    py - "$logs/$(newest)/index.json" "$1" <<'END'
import json, sys
i = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))
END
}

dockerfile "$c" <<'END'
FROM base AS low
RUN echo low
FROM base
WORKDIR /w
RUN i=0; while [ $i -lt 20000 ]; do echo "line $i of a long output"; i=$((i + 1)); done; printf 'the end \000\377 without a newline'
RUN true
COPY --from=low /etc/passwd /
END
does "a build" croze build -q -t logged:1 -t logged:2 "$c"
is "-q says nothing of the log" "$err" ""
is "its index" "$(index 'i["version"], i["state"], i["context"] == "'"$(realpath "$c")"'", i["dockerfile"], i["tags"], i["image"] == "'"$out"'", i["started"] <= i["ended"]')" \
    "(1, 'done', True, 'Dockerfile', ['logged:1', 'logged:2'], True, True)"
is "its steps" "$(index 'sorted((s["title"][:21], s["state"], s.get("exitCode"), s.get("log", "-") == str(s["number"]) + ".log", s.get("bytes")) for s in i["steps"])')" \
    "[('[low 1/1] RUN echo lo', 'done', 0, True, 4), ('[stage-1 1/4] WORKDIR', 'done', None, False, None), ('[stage-1 2/4] RUN i=0', 'done', 0, True, 548918), ('[stage-1 3/4] RUN tru', 'done', 0, False, None), ('[stage-1 4/4] COPY --', 'done', None, False, None)]"
long=$(index '[s["number"] for s in i["steps"] if s.get("bytes", 0) > 1000][0]')
croze build --last-log "$long" >"$T/long"
is "a long output is there to the last byte" "$(sha256sum <"$T/long")" "$( (i=0; while [ $i -lt 20000 ]; do echo "line $i of a long output"; i=$((i + 1)); done; printf 'the end \000\377 without a newline') | sha256sum)"
does "--last-log" croze build --last-log
like "... says what became of which build" "$out" "^done, 20[-0-9T:]*Z: Dockerfile of $(realpath "$c"), for logged:1 logged:2\$"
like "... of each step" "$out" '^[0-9] +done +[0-9.]+s +0 +4B +\[low 1/1\] RUN echo low$'
like "... without an output" "$out" '^[0-9] +done +[0-9.]+s +0 +- +\[stage-1 3/4\] RUN true$'
like "... and where it is" "$out" "^$logs/$(newest)\$"
is "... a log is not for everybody" "$(stat -c %a "$logs/$(newest)")" 700
true=$(index '[s["number"] for s in i["steps"] if s["title"].endswith("RUN true")][0]')
does "a step that printed nothing" croze build --last-log "$true"
is "... prints nothing" "$out" ""
refuses 2 'no step 99' "a step that is none" croze build --last-log 99
refuses 2 'number of a step' "a word" croze build --last-log "$c"
refuses 2 'at most one' "two" croze build --last-log 1 2
run croze build "$c"
is "from the cache: a log too, without output" "$(index '[(s["state"], "log" in s) for s in i["steps"]]')" "[$(printf "('cached', False), %.0s" 1 2 3 4)('cached', False)]"
is "two builds, two logs" "$(ls "$logs" | wc -l)" 2

# --- failures ---
printf 'FROM base\nRUN echo before; echo why >&2; exit 7\nRUN true\n' | dockerfile "$c"
run croze build --progress=plain "$c"
is "a build that fails" "$code" 1
is "... says at its end where the log is" "$(printf '%s\n' "$err" | tail -1)" "  log: $logs/$(newest)/1.log"
is "... which holds both streams in their order" "$(cat "$logs/$(newest)/1.log")" 'before
why'
is "... the index" "$(index 'i["state"], i["error"], [(s["state"], s.get("exitCode")) for s in i["steps"]], "image" in i')" "('failed', 'Dockerfile:2:1: RUN echo before; echo why >&2; exit 7: exit code 7', [('failed', 7)], False)"
does "--last-log" croze build --last-log
like "... the same" "$out" '^1 +failed +[0-9.]+s +7 +11B +\[1/2\] RUN echo before'
like "... and why" "$out" '^Dockerfile:2:1: .*exit code 7$'
printf 'FROM base\nRUN exit 3\n' | dockerfile "$c"
run croze build -q "$c"
is "without any output it is the whole log; so with -q" "$(printf '%s\n' "$err" | tail -1)" "  log: $logs/$(newest)"
printf 'FROM base\nNONSENSE\n' | dockerfile "$c"
before=$(ls "$logs" | wc -l)
run croze build "$c"
unlike "a Dockerfile that is none is no build" "$err" 'log:'
is "... and leaves none" "$(ls "$logs" | wc -l)" "$before"

# --- kill -9 ---
printf 'FROM base\nRUN echo begun; printf more; while :; do sleep 1; done\n' | dockerfile "$c"
"$CROZE" build --progress=quiet "$c" >/dev/null 2>&1 &
pid=$!
begun() { [ "$(cat "$logs"/*/1.log 2>/dev/null | tail -1)" = more ]; }
until_true 300 begun && pass "a step writes its log as it prints" || fail "a step writes its log as it prints" "$(ls -R "$logs")"
does "--last-log meanwhile" croze build --last-log
like "... it runs" "$out" '^running, '
like "... and so does the step" "$out" '^1 +running +- +- +[0-9]+B +\[1/1\] RUN echo begun'
kill -9 $pid
wait $pid 2>/dev/null
run croze build --last-log
like "after kill -9" "$out" '^killed, '
does "... what was printed is there" croze build --last-log 1
is "... all of it" "$out" 'begun
more'
does "... and the store is sound" croze fsck
unlike "... with nothing to be said of logs" "$out" 'logs/'

# --- bounds ---
i=0
while [ $i -lt 120 ]; do
    d=$(printf '%s/20200101T000000.%06dZ-1' "$logs" $i)
    mkdir -p "$d" && printf '{"version":1,"state":"done","started":"2020-01-01T00:00:00Z","steps":[]}' >"$d/index.json"
    i=$((i + 1))
done
printf 'FROM base\n' | dockerfile "$c"
run croze build "$c"
is "a hundred logs are kept" "$(ls "$logs" | wc -l)" 100
is "... the newest" "$(ls "$logs" | grep -c '^2020')" "$((100 - $(ls "$logs" | grep -vc '^2020')))"
head -c 70000000 /dev/zero >"$logs/20200101T000000.000119Z-1/1.log"
run croze build "$c"
is "size is looked at by builds that print only" "$(ls "$logs" | wc -l)" 100
printf 'FROM base\nRUN echo print\n' | dockerfile "$c"
run croze build "$c"
is "... then what is beyond 64 MiB goes" "$(ls "$logs" | grep -c '^2020')" 0
does "gc keeps the young" croze gc
isnt "... logs" "$(ls "$logs" | wc -l)" 0
does "gc --keep-steps 0" croze gc --keep-steps 0
is "... removes them" "$(ls "$logs" | wc -l)" 0
refuses 1 'no build has left a log' "--last-log without one" croze build --last-log

# --- what is not in order ---
run croze build "$c"
mkdir "$logs/20990101T000000.000000Z-1" "$logs/20980101T000000.000000Z-1" "$logs/nonsense"
echo secret >"$T/secret"
echo '{' >"$logs/20980101T000000.000000Z-1/index.json"
does "--last-log passes over one without an index" sh -c 'rm -r "$2/20980101T000000.000000Z-1" && "$1" build --last-log; mkdir "$2/20980101T000000.000000Z-1" && echo "{" >"$2/20980101T000000.000000Z-1/index.json"' - "$CROZE" "$logs"
refuses 1 '20980101T000000.000000Z-1' "... and names one that is damaged" croze build --last-log
does "fsck" croze fsck
like "... names it" "$out" '^leftover: logs/20980101T000000.000000Z-1: a log without a sound index'
like "... and what is none" "$out" '^leftover: logs/nonsense: not the log of a build'
does "... --repair removes both" croze fsck --repair
is "... and nothing else" "$(ls "$logs" | grep -c .)" 2
rm -r "$logs"/2099*
printf '{"version":1,"state":"\\u001b[31m","started":"2099-01-01T00:00:00Z","context":"x\\u001b","steps":[{"number":1,"log":"../../../secret"},{"number":2,"log":"/etc/passwd"},{"number":3,"log":7},4]}' >"$T/hostile"
mkdir "$logs/20990101T000000.000000Z-1" && cp "$T/hostile" "$logs/20990101T000000.000000Z-1/index.json"
does "an index from a stranger" croze build --last-log
unlike "... cannot steer the terminal" "$out" "$(printf '\033')"
run croze build --last-log 1
is "... nor lead out of the log" "$out" ""
run croze build --last-log 2
is "... by an absolute path either" "$out" ""
ln -s "$T/secret" "$logs/20990101T000000.000000Z-1/5.log"
sed -i 's/"number":1,"log":"[^"]*"/"number":1,"log":"5.log"/' "$logs/20990101T000000.000000Z-1/index.json"
refuses 1 '5\.log' "... or a link" croze build --last-log 1
remove_all "$logs"
echo in the way >"$logs"
does "logs/ is in the way" croze build --progress=plain -t named --no-cache "$c"
like "... one warning, and the build is done" "$err" '^warning: the log of this build is not complete: '
is "... just one" "$(printf '%s\n' "$err" | grep -c '^warning')" 1
done_testing
