#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze check --exceptions: findings about files, images and deployments that pass, with a reason; .croze-check.yaml; what has expired.
. "$(dirname "$0")/lib.sh"

import_base
cd "$T" || exit 1
printf 'FROM base\nRUN cp /bin/busybox /opt/x && chmod 4755 /opt/x && cp /opt/x /opt/y\nRUN chmod 4755 /opt/y\nUSER 10001:10002\nHEALTHCHECK CMD true\n' >Dockerfile
croze build -q -t image . >/dev/null
set_ids() { croze check --image --base base "$@" image | grep -c ImageSetId; }

is "without exceptions" "$(set_ids)" 2
cat >some.yaml <<'END'
- rule: CIS-DI-0008
  path: opt/x
  reason: the installer needs it
  until: 2999-12-31
END
isnt "with one for a path" "$(set_ids --exceptions some.yaml)" 2
like "... other paths are found all the same" "$(croze check --image --exceptions some.yaml image)" '/opt/y: .*ImageSetId'
unlike "... and this one is not" "$(croze check --image --exceptions some.yaml image)" '/opt/x: .*ImageSetId'

printf -- '- rule: MaintainerDeprecated\n  reason: kept for old tools\n- {rule: DeployLatest, path: old.yaml, reason: goes with it}\n' >.croze-check.yaml
printf 'FROM base:1\nMAINTAINER x\nUSER 10001\n' >file
unlike "the file that lies here" "$(croze check file)" Maintainer
like "... is not read with --no-config" "$(croze check --no-config file)" Maintainer
printf 'services: {a: {image: x}}\n' >old.yaml
cp old.yaml new.yaml
does "for one deployment" croze check old.yaml
exits 10 "... and not for another" croze check new.yaml

printf -- '- {rule: DeployLatest, path: old.yaml, reason: for the moment, until: 2020-01-31}\n' >past.yaml
exits 10 "one that has expired" croze check --exceptions past.yaml old.yaml
like "... lets nothing pass" "$out" '^old.yaml:1:[0-9]+: error: .*DeployLatest'
like "... and is a finding itself" "$out" '^past.yaml: error: The exception for DeployLatest ended on 2020-01-31: for the moment \[ExceptionExpired\]'
printf -- '- rule: DeployLatest\n' >bad.yaml
refuses 2 'bad.yaml: exception 1: reason is missing' "one without a reason" croze check --exceptions bad.yaml old.yaml
refuses 1 'nothere.yaml' "a file that is not there" croze check --exceptions nothere.yaml old.yaml
done_testing
