#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build --progress=rawjson: BuildKit's SolveStatus, one JSON object a line on standard error:
#   * member names, types, times and digests as moby/buildkit client/graph.go has them; nothing else on the stream
#   * vertexes: one a step, started and completed, cached, with an error; inputs; the same digests in every build
#   * logs: every byte of a RUN, by stream, in order; warnings; what belongs to no step
#   * BUILDKIT_PROGRESS is the default of --progress, which wins
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
echo file >"$T/file"
mkdir "$c" && cp "$T/file" "$c/file"
cat >"$T/read.py" <<'END'
"""Reads rawjson from a file: checks every object against the schema and prints what argv[2] asks for."""
import base64, datetime, json, re, sys

DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")
def digest(x): assert isinstance(x, str) and DIGEST.match(x), x
def text(x): assert isinstance(x, str) and x, x
def whole(x): assert isinstance(x, int) and not isinstance(x, bool), x
def flag(x): assert x is True, x
def data(x): base64.b64decode(x, validate=True)
def digests(x): assert x; [digest(d) for d in x]
def moment(x):
    m = re.match(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z$", x)
    assert m, x
    t = datetime.datetime.strptime(m[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    assert abs((datetime.datetime.now(datetime.timezone.utc) - t).total_seconds()) < 600, x

VERTEX = dict(digest=digest, inputs=digests, name=text, started=moment, completed=moment, cached=flag, error=text)
STATUS = dict(id=text, vertex=digest, name=text, total=whole, current=whole, timestamp=moment, started=moment, completed=moment)
LOG = dict(vertex=digest, stream=whole, data=data, timestamp=moment)
WARNING = dict(vertex=digest, level=whole, short=data)
SCHEMA = {"vertexes": (VERTEX, {"digest", "name"}), "statuses": (STATUS, {"id", "vertex", "current", "timestamp"}),
          "logs": (LOG, {"vertex", "stream", "data", "timestamp"}), "warnings": (WARNING, {"vertex", "short"})}

vertexes, order, logs, warnings, statuses = {}, [], [], [], []
for line in open(sys.argv[1], "rb"):
    if line.startswith(b"croze: "):
        break # the message of a build that failed, as a client prints it; nothing of the stream comes after it
    status = json.loads(line)
    assert status and set(status) <= set(SCHEMA), line
    for kind, entries in status.items():
        members, wanted = SCHEMA[kind]
        assert entries, line
        for entry in entries:
            assert wanted <= set(entry) <= set(members), line
            for key, value in entry.items():
                members[key](value)
            if kind == "vertexes":
                if entry["digest"] not in vertexes:
                    order.append(entry["digest"])
                for i in entry.get("inputs", []):
                    assert i in vertexes, "an input that was not told of"
                before = vertexes.get(entry["digest"], {})
                assert "completed" not in before, "told of again after its end"
                vertexes[entry["digest"]] = entry
            else:
                assert entry["vertex"] in vertexes, "of a vertex that was not told of"
                dict(logs=logs, warnings=warnings, statuses=statuses)[kind].append(entry)

names = {d: v["name"] for d, v in vertexes.items()}
def log_of(name, stream):
    return b"".join(base64.b64decode(l["data"]) for l in logs if names[l["vertex"]] == name and l["stream"] in stream)
for d in order:
    assert sys.argv[2] == "failed" or "completed" in vertexes[d], "not completed: " + names[d]
if sys.argv[2] in ("steps", "failed"):
    for d in order:
        v = vertexes[d]
        print(v["name"], "cached" if v.get("cached") else "error: " + v["error"] if "error" in v else "done" if "completed" in v else "running")
elif sys.argv[2] == "inputs":
    for d in order:
        print(names[d], "<-", ", ".join(names[i] for i in vertexes[d].get("inputs", [])))
elif sys.argv[2] == "digests":
    print("\n".join(sorted(order)))
elif sys.argv[2] == "log":
    sys.stdout.buffer.write(log_of(sys.argv[3], [int(s) for s in sys.argv[4:]]))
elif sys.argv[2] == "warnings":
    for w in warnings:
        print(base64.b64decode(w["short"]).decode())
elif sys.argv[2] == "statuses":
    print(len(statuses))
END
events() { py "$T/read.py" "$T/events" "$@" 2>&1; }
# raw [OPTIONS]: a build whose standard error goes to the reader
raw() {
    run croze build --progress=rawjson -t raw "$@" "$c"
    cp "$T/.err" "$T/events"
}

dockerfile "$c" <<'END'
FROM base AS low
RUN echo out; echo err >&2; printf 'no newline'
FROM base
COPY file /file
COPY --from=low /etc/passwd /copied
RUN --mount=from=low,target=/m i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i + 1)); done; printf '\000\377\033[31m'
WORKDIR /new
END
run_low='[low 1/1] RUN echo out; echo err >&2; printf '"'no newline'"
run_long='[stage-1 3/4] RUN --mount=from=low,target=/m i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i + 1)); done; printf '"'\\000\\377\\033[31m'"
raw
is "a build" "$code" 0
is "nothing on standard output" "$out" ""
is "a vertex a step, all completed, and one for the build" "$(events steps | sort)" "$(printf '%s\n' '[internal] croze build done' "$run_low done" '[stage-1 1/4] COPY file /file done' \
    '[stage-1 2/4] COPY --from=low /etc/passwd /copied done' "$run_long done" '[stage-1 4/4] WORKDIR /new done' | sort)"
is "what each stands on" "$(events inputs | grep -v internal | sort)" "$(printf '%s\n' "$run_low <- " '[stage-1 1/4] COPY file /file <- ' \
    "[stage-1 2/4] COPY --from=low /etc/passwd /copied <- [stage-1 1/4] COPY file /file, $run_low" \
    "$run_long <- [stage-1 2/4] COPY --from=low /etc/passwd /copied, $run_low" "[stage-1 4/4] WORKDIR /new <- $run_long" | sort)"
is "standard output by itself" "$(events log "$run_low" 1; echo .)" "$(printf 'out\nno newline.')"
is "... and standard error" "$(events log "$run_low" 2)" 'err'
is "every byte of a long log" "$(events log "$run_long" 1 2 | sha256sum)" "$( (i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i + 1)); done; printf '\000\377\033[31m') | sha256sum)"
like "what belongs to no step" "$(events log '[internal] croze build' 2)" '^named raw$'
ids=$(events digests)
raw
is "the second time all are cached" "$(events steps | grep -v internal | grep -vc cached)" 0
is "... under the same digests" "$(events digests)" "$ids"

printf 'FROM base\nARG UNSET\nRUN echo before; echo last words >&2; exit 3\nRUN echo never' | dockerfile "$c"
raw --build-arg nobody=wants
is "a step that fails: the exit code" "$code" 1
is "... its vertex" "$(events steps | grep -v internal)" '[1/2] RUN echo before; echo last words >&2; exit 3 error: exit code 3'
is "... its output" "$(events log '[1/2] RUN echo before; echo last words >&2; exit 3' 2)" 'last words'
is "... a warning" "$(events warnings)" 'build argument nobody was not used'
is "... and one message, behind the stream" "$(grep -c '^croze: ' "$T/events") $(sed '1,/^croze: /d' "$T/events" | grep -c '^{')" "1 0"
printf 'FROM nothing-of-this-name\n' | dockerfile "$c"
raw --pull=never
is "a build that fails before its first step" "$code $(events steps)" '1 [internal] croze build done'

# --- the environment ---
printf 'FROM base\nRUN echo here\n' | dockerfile "$c"
BUILDKIT_PROGRESS=rawjson run croze build "$c"
cp "$T/.err" "$T/events"
is "BUILDKIT_PROGRESS" "$(events steps | tail -1)" '[1/1] RUN echo here done'
BUILDKIT_PROGRESS=rawjson run croze build --progress=plain "$c"
like "... is only the default" "$err" '^#1 CACHED'
BUILDKIT_PROGRESS=nonsense refuses 2 'BUILDKIT_PROGRESS.*nonsense' "... which must be one" croze build "$c"
BUILDKIT_PROGRESS=rawjson run croze build -q "$c"
is "-q is quieter" "$err" ""
does "--progress=none is buildx's word" croze build --progress=none "$c"
unlike "... for no steps" "$err" 'RUN'
done_testing
