#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build --why: for each step that is done, what differs from the time it was done before:
#   * never built; the command, the environment, user, directory, network, mounts; COPY's files by name; the layers below and the step that changed them
#   * --no-cache, a layer that is gone; nothing for a step from the cache, nothing without --why
#   * what is not to be told is not in the store: proxies, variables that are called a secret
#   * records are swept with those of the steps; damaged ones are passed over
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir -p "$c/src/sub"
echo main >"$c/src/main.c"
echo sub >"$c/src/sub/a"

write() { dockerfile "$c"; }
plain='FROM base
ARG VALUE=one
COPY src /app
RUN echo "$VALUE" >/value
RUN cat /app/main.c >/copy'
printf '%s\n' "$plain" | write

# why: the reasons of the last build, a line a step that was done
why() { printf '%s\n' "$err" | sed -n 's/^why: //p'; }
# because DESC WANT [OPTIONS]: builds, and wants these reasons
because() {
    because_what=$1 because_want=$2
    shift 2
    run croze build --progress=plain -t why --why "$@" "$c"
    [ "$code" -eq 0 ] || { fail "$because_what" "$err"; return; }
    is "$because_what" "$(why)" "$because_want"
}
copy='[1/3] COPY src /app' value='[2/3] RUN echo "$VALUE" >/value' cat='[3/3] RUN cat /app/main.c >/copy'
below='the layers below changed (see step 1/3)'

because "a first build" "$copy: never built here
$value: never built here
$cat: never built here"
because "all from the cache" ""
does "without --why" croze build -t why --no-cache "$c"
is "... no reason is given" "$(why)" ""
because "a build argument, which every RUN behind it sees" "$value: environment VALUE changed: \"one\" -> \"two\"
$cat: environment VALUE changed: \"one\" -> \"two\" (and 1 more)" --build-arg VALUE=two
because "... and back" ""

echo other >"$c/src/main.c"
because "a file's content" "$copy: /app/main.c changed (content)
$value: $below
$cat: $below"
chmod 700 "$c/src/sub/a"
because "a mode" "$copy: /app/sub/a changed (mode 0644 -> 0700)
$value: $below
$cat: $below"
echo new >"$c/src/sub/b"
because "a new file" "$copy: /app/sub/b is new
$value: $below
$cat: $below"
rm "$c/src/sub/a"
because "one less" "$copy: /app/sub/a is gone
$value: $below
$cat: $below"
ln -s b "$c/src/sub/a"
because "a link" "$copy: /app/sub/a is new
$value: $below
$cat: $below"
ln -sf c "$c/src/sub/a"
because "... to another place" "$copy: /app/sub/a changed (where it links to)
$value: $below
$cat: $below"

# --- RUN, field by field: each stands in the place of the last ---
last() {
    last_what=$1 last_want=$2
    shift 2
    printf 'FROM base\n%b\n' "$1" | write
    shift
    run croze build --progress=plain -t why --why "$@" "$c"
    [ "$code" -eq 0 ] || { fail "$last_what" "$err"; return; }
    is "$last_what" "$(why | sed -n '$s/^\[[^]]*\] [^:]*: //p')" "$last_want"
}
rm -rf "$T/store" && import_base
long=0123456789012345678901234567890123456789012345678901234567890123456789
last "a long command" 'never built here' "RUN true $long one $long"
last "... of which what is about the difference is shown" \
    'the command changed: "...1234567890123456789 one 012345678901234567890123456789012345..." -> "...1234567890123456789 two 012345678901234567890123456789012345..."' "RUN true $long two $long"
last "a short one" 'the command changed: "true 0123456789012345678901234567890123456789012345678901234..." -> "true"' 'RUN true'
last "a variable more" 'environment FOO is new: "1"' 'ENV FOO=1\nRUN true'
last "another value" 'environment FOO changed: "1" -> "2"' 'ENV FOO=2\nRUN true'
printf 'FROM base\nENV GONE=2\nRUN true gone' | write
run croze build "$c"
last "a variable less" 'environment GONE is gone: "2"' 'RUN true gone'
last "USER" 'the user changed: "root" -> "daemon"' 'USER daemon\nRUN true'
last "the directory" 'the directory changed: "/" -> "/tmp"' 'USER daemon\nWORKDIR /tmp\nRUN true'
last "the network" 'the network changed: "default" -> "none"' 'USER daemon\nWORKDIR /tmp\nRUN --network=none true'
last "a mount and its user" 'the user changed: "daemon" -> "root" (and 2 more)' 'WORKDIR /tmp\nRUN --mount=source=src,target=/m true'
echo more >>"$c/src/main.c"
last "what it shows" 'the content of mount /m changed' 'WORKDIR /tmp\nRUN --mount=source=src,target=/m true'
last "whether it is writable" 'mount /m changed: "bind ro" -> "bind rw"' 'WORKDIR /tmp\nRUN --mount=source=src,target=/m,rw true'
last "--modes" '--modes changed: "context" -> "git"' 'WORKDIR /tmp\nRUN --mount=source=src,target=/m,rw true' --modes git
SOURCE_DATE_EPOCH=1700000000 last "an epoch" 'SOURCE_DATE_EPOCH is new: "1700000000"' 'WORKDIR /tmp\nRUN --mount=source=src,target=/m,rw true'
last "a script" 'the command changed: "true" -> "/dev/pipes/E" (and 2 more)' 'WORKDIR /tmp\nRUN <<E\n#!/bin/sh\ntrue\nE'
last "... another one" 'the script changed: "#!/bin/sh?true?" -> "#!/bin/sh?true 2?"' 'WORKDIR /tmp\nRUN <<E\n#!/bin/sh\ntrue 2\nE'
last "exec form" 'the command changed: "/dev/pipes/E" -> "/bin/true x" (and 2 more)' 'WORKDIR /tmp\nRUN ["/bin/true","x"]'

# --- COPY and WORKDIR: the text of the instruction, if that is what changed ---
printf 'FROM base\nWORKDIR /a\nCOPY src b\n' | write
run croze build "$c"
printf 'FROM base\nWORKDIR /a\nCOPY src c\n' | write
because "another destination" '[2/2] COPY src c: the instruction changed: "COPY src b" -> "COPY src c"'
printf 'FROM base\nWORKDIR /d\nCOPY src c\n' | write
because "another directory" '[1/2] WORKDIR /d: the instruction changed: "WORKDIR /a" -> "WORKDIR /d"
[2/2] COPY src c: /a is gone'

# --- the layers below ---
printf 'FROM base AS low\nRUN echo 1 >/low\nFROM low\nRUN true low' | write
run croze build "$c"
sed -i 's/echo 1/echo 2/' "$c/Dockerfile"
because "a stage that stands on another" '[low 1/1] RUN echo 2 >/low: the command changed: "echo 1 >/low" -> "echo 2 >/low"
[stage-1 1/1] RUN true low: the layers below changed (see the stage that this one stands on)'
printf 'FROM base AS low\nRUN echo 1 >/low\nFROM base\nCOPY --from=low /low /x\n' | write
run croze build "$c"
sed -i 's/echo 1/echo 2/' "$c/Dockerfile"
run croze build "$c" --target low
because "a COPY from a stage: the file" '[stage-1 1/1] COPY --from=low /low /x: /x changed (content)'
printf 'FROM base\nRUN true below' | write
run croze build "$c"
mkdir "$T/other"
printf 'FROM base\nRUN echo other >/other\n' | dockerfile "$T/other"
croze build -q -t base2 "$T/other" >/dev/null
croze tag base base1
croze tag base2 base
because "another base image" '[1/1] RUN true below: the layers below changed (the base image is another)'
croze tag base1 base

# --- reasons that are not the step's ---
because "--no-cache" '[1/1] RUN true below: --no-cache' --no-cache
because "another compression is no reason" "" --compression zstd
rm -f "$CROZE_ROOT/blobs/sha256/$(py - <<'END'
import json, os
root = os.environ["CROZE_ROOT"]
for name in os.listdir(root + "/steps"):
    step = json.load(open(root + "/steps/" + name))
    if step.get("title") == "RUN true below":
        print(step["layer"]["digest"][7:])
        break
END
)"
because "a layer that is gone" '[1/1] RUN true below: its layer is not in the store any more'

# --- the nearest record: of this context, else of the same instruction in another (a fresh clone) ---
cp -r "$c" "$T/clone"
sed -i 's/RUN/ENV A=1\nRUN/' "$T/clone/Dockerfile"
run croze build --why "$T/clone"
is "a copy of the context" "$(why)" "[1/1] RUN true below: environment A is new: \"1\"; compared with the build of $(realpath "$c")"
sed -i 's/A=1/A=2/' "$T/clone/Dockerfile"
run croze build -q --why "$T/clone"
is "... from then on it has records of its own; -q prints the reasons too" "$(why)" '[1/1] RUN true below: environment A changed: "1" -> "2"'
run croze build -f "$T/clone/Dockerfile" --why "$T/clone"
is "... and the same from the cache has no reason, whatever the file is called" "$(why)" ''

# --- what is not to be told ---
printf 'FROM base\nARG https_proxy\nARG API_TOKEN\nARG DB_PASSWORD=x\nRUN true private' | write
https_proxy=http://u:geheim1@proxy:1 because "a first build with a proxy" '[1/1] RUN true private: the command changed: "true below" -> "true private" (and 3 more)' --build-arg API_TOKEN=geheim2 --build-arg DB_PASSWORD=geheim3
is "neither proxies nor secrets are in the store" "$(grep -rlE 'geheim[123]' "$CROZE_ROOT/why" "$CROZE_ROOT/steps")" ""
https_proxy=http://u:geheim1@proxy:1 because "... so what changed can only be guessed" '[1/1] RUN true private: a value that is not recorded changed, or the order of values (environment https_proxy, environment API_TOKEN, environment DB_PASSWORD)' --build-arg API_TOKEN=geheim4

# --- records on the disk ---
does "a sound store" croze fsck
is "one record a step that was done" "$(py - <<'END'
import json, os
root = os.environ["CROZE_ROOT"]
steps = {n: json.load(open(root + "/steps/" + n)) for n in os.listdir(root + "/steps")}
layers = {n for n in steps if steps[n].get("title", "").split(" ")[0] in ("RUN", "COPY", "WORKDIR")}
print(layers == set(os.listdir(root + "/why")), all(json.load(open(root + "/why/" + n))["version"] == 1 for n in layers))
END
)" "True True"
for f in "$CROZE_ROOT"/why/*; do echo '{"version":1,"fields":[[1]]' >"$f"; done
printf 'FROM base\nRUN true again' | write
because "damaged records are passed over" '[1/1] RUN true again: never built here'
big=$(printf '%060000d' 0)
printf 'FROM base\nENV A=%s\nENV B=1\nENV C=%s\nRUN true big' "$big" "$big" | write
because "60,000 bytes" '[1/1] RUN true big: the command changed: "true again" -> "true big" (and 3 more)'
sed -i 's/ENV B=1/ENV B=2/' "$c/Dockerfile"
because "... among them a change" '[1/1] RUN true big: environment B changed: "1" -> "2"'
sed -i 's/0$/1/' "$c/Dockerfile"
run croze build --why "$c"
is "... also at their end, of which only that is told" "$(why)" '[1/1] RUN true big: environment A changed (and 1 more)'
{ echo FROM base; i=0; while [ $i -lt 300 ]; do printf 'ENV V%d=%0200d\n' $i $i; i=$((i + 1)); done; echo 'RUN true many'; } | write
run croze build --why "$c"
sed -i 's/^\(ENV V299=.*\)9$/\18/' "$c/Dockerfile"
because "300 variables: what is not kept one by one is told as one" '[1/1] RUN true many: one of 126 further fields changed'
croze images -q | sort -u | while read -r id; do croze rmi -f "$id"; done >/dev/null 2>&1
does "gc" croze gc --all --grace 0
is "... removes them with their steps" "$(ls "$CROZE_ROOT/why")" ""
echo x >"$CROZE_ROOT/why/$(printf '%064d' 0)"
does "one without its step" croze fsck
like "... is a leftover" "$out" '^leftover: why/0{64}: its step record is gone'
does "... that --repair removes" croze fsck --repair
is "... and does" "$(ls "$CROZE_ROOT/why")" ""
done_testing
