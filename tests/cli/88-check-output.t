#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What croze check says beside findings: how many are not shown, what was not looked at, in every format; the order of findings; names of files
# and rules as people write them; what stands behind an error.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
py -c 'print("FROM scratch\nUSER 1\n" + "RUN cd /x\n" * 20001)' >many
printf 'kind: ConfigMap\n' >none.yaml
rest() { croze check --format "$1" many none.yaml 2>"$T/rest.err" >"$T/rest.out" || true; }
rest json
tail -n 2 rest.out >last
like "json: a last object has how many are not shown" "$(cat last)" '^\{"file":"many","notShown":[0-9]+\}$'
like "... and one a note" "$(cat last)" '^\{"file":"none.yaml","note":"none.yaml deploys no image.*"\}$'
is "... all lines are JSON" "$(py -c 'import json, sys; print(all(json.loads(l) for l in open("rest.out")))')" True
rest sarif
is "sarif: notifications" "$(py -c 'import json
for n in json.load(open("rest.out"))["runs"][0]["invocations"][0]["toolExecutionNotifications"]:
    print(n["level"], n["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "not shown" in n["message"]["text"])')" "warning many True
note none.yaml False"
rest checkstyle
like "checkstyle" "$(tail -n 6 rest.out)" 'severity="info" message="[0-9]+ more findings are not shown" source="croze.note"/>'
is "... is XML" "$(py -c 'import xml.etree.ElementTree as e; print(e.parse("rest.out").getroot().tag)')" checkstyle
rest junit
like "junit" "$(grep system-out rest.out)" '<system-out>[0-9]+ more findings are not shown</system-out>'
is "... is XML" "$(py -c 'import xml.etree.ElementTree as e; print(e.parse("rest.out").getroot().tag)')" testsuites
rest github
like "github" "$(tail -n 2 rest.out)" '^::notice file=many::[0-9]+ more findings are not shown$'
rest gitlab
like "gitlab has no room: on standard error" "$(cat rest.err)" 'warning: many: [0-9]+ more findings are not shown'
rest text
like "text" "$(tail -n 2 rest.out)" '^many: [0-9]+ more findings are not shown$'
does "nothing to say: no such members" croze check --format sarif --ignore CdInRun,ConsecutiveRun,RootUser /dev/fd/3 3<<END
FROM scratch
USER 1
END
unlike "... in a good file" "$out" toolExecutionNotifications

printf 'FROM scratch\nUSER 1\nRUN sudo a; cd /x; cd /y\n' >order
exits 10 "several on one line" croze check order
is "... stand by their columns" "$(printf '%s\n' "$out" | cut -d: -f3 | sort -nc && echo sorted)" sorted

exits 10 "rules in another case" croze check --ignore sudoinrun,dl3059 --error CDINRUN order
like "... on the command line" "$out" 'error: cd /y'
unlike "... count" "$out" SudoInRun
refuses 2 'no rule is called "sudoinrum" \(did you mean SudoInRun' "no rule in any case" croze check --ignore sudoinrum order

bad=$(printf 'a\nb\033[31m')
refuses 1 '^croze: .*a\?b\?\[31m: No such file' "a name that ends a line" croze check "$bad"
is "... is told in one" "$(printf '%s\n' "$err" | wc -l)" 1
printf 'FROM scratch\nNO\n' >"$bad"
refuses 2 '^croze: a\?b\?\[31m:2:1: unknown' "... of a file that is wrong" croze check "$bad"

printf 'FROM scratch\nUSER 1\nEXPOSE 99999\nENV a b\n' >error
refuses 2 'error:3:8: ' "an error of an instruction" croze check error
like "... is a finding" "$out" 'error:3:8: error: .*ExposePortRange'
like "... and hides nothing" "$out" 'error:4:1: .*LegacyKeyValueFormat'

# what a file could not be read for stands in the document too
printf 'FROM scratch\nUSER 1\n' >good
for f in json sarif checkstyle junit github; do
    exits 1 "$f: a file that is not there, and a good one" croze check -f $f absent good
    like "... stands in it" "$out" 'absent: No such file'
done
exits 1 "sarif" croze check -f sarif good absent
like "... did not succeed" "$out" '"executionSuccessful": false'
exits 1 "junit" croze check -f junit absent good
like "... has an error" "$out" '<testsuite name="absent" tests="1" failures="0" errors="1">'
does "a good file" croze check -f sarif good
like "... succeeds" "$out" '"executionSuccessful": true'
exits 2 "a file that is no Dockerfile" croze check -f json "$bad"
like "... likewise" "$out" '"error":".*unknown instruction'

# what fingers of other tools' users type
printf 'FROM scratch\nUSER x\n' >name
exits 10 "hadolint's format" croze check -f tty name
like "... is text" "$out" '^name:2:6: info: USER x is a name \[UserNotNumeric\]$'
exits 10 "GitLab's, as hadolint calls it" croze check --format gitlab_codeclimate name
like "... is gitlab" "$out" '"check_name": "UserNotNumeric"'
exits 10 "with hadolint's word" croze check --compat hadolint name
like "... its ids are shown" "$out" '\[UserNotNumeric, DL3066\]$'
printf 'format: json\n' >.hadolint.yaml
exits 10 "the format of .hadolint.yaml" croze check name
like "... counts" "$out" '^\{"id":"UserNotNumeric"'
exits 10 "... unless another is asked for" croze check -f text name
like "... on the command line" "$out" '^name:2:6: '
printf 'format: sonarqube\n' >.hadolint.yaml
refuses 2 'format: sonarqube, which croze does not write; --format' "a format that there is not" croze check name
does "... harms nobody who names one" croze check -f text good
rm .hadolint.yaml
does "dockle's -i" croze check -i DL3066 name
refuses 2 'output: .*>FILE' "an option of trivy's" croze check -o x name
refuses 2 'severity is not supported: --failure-threshold' "another one" croze check --severity HIGH name
mkdir dir
refuses 1 'dir is a directory: .*croze check dir/Dockerfile' "a directory" croze check dir
refuses 1 'croze check --image app:1' "an image" croze check app:1
echo x >app.tar
refuses 1 'no such image: app.tar .*docker-archive:app.tar' "an archive" croze check --image app.tar
done_testing
