#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze check --variants: a product on three bases; what one of them says otherwise is a finding of that file, which its comments may silence
# and its severities are of; what cannot be compared.
# shellcheck disable=SC2046,SC2154
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
for os in alpine rocky ubuntu; do
    mkdir $os
    cat >$os/Dockerfile <<END
FROM $os:1
ARG USER_ID=802
ENV JAVA_HOME=/usr/lib/jvm/$os LANG=en_US.UTF-8
COPY docker-entrypoint.sh /home/
EXPOSE 9763 9443
USER \${USER_ID}
ENTRYPOINT ["/home/docker-entrypoint.sh"]
END
done
drift() { printf '%s\n' "$out" | grep '\[Variant'; }
exits 10 "alike, but for where Java lies" croze check --variants -t info ./*/Dockerfile
is "... which is information" "$(drift)" './rocky/Dockerfile:3:5: info: ENV JAVA_HOME is "/usr/lib/jvm/rocky", in ./alpine/Dockerfile "/usr/lib/jvm/alpine" [VariantDetail]
./ubuntu/Dockerfile:3:5: info: ENV JAVA_HOME is "/usr/lib/jvm/ubuntu", in ./alpine/Dockerfile "/usr/lib/jvm/alpine" [VariantDetail]'
does "without the option they are not compared" croze check ./*/Dockerfile
sed -i 's/9763 9443/9443/; s/en_US/C/' rocky/Dockerfile
sed -i 's/=802/=803/' ubuntu/Dockerfile
exits 10 "drift" croze check --variants -t warning --ignore VariantDetail ./*/Dockerfile
is "... of each file" "$(drift)" './rocky/Dockerfile:1:1: warning: EXPOSE 9763/tcp is missing: ./alpine/Dockerfile has it [VariantDrift]
./rocky/Dockerfile:3:34: warning: ENV LANG is "C.UTF-8", in ./alpine/Dockerfile "en_US.UTF-8" [VariantDrift]
./ubuntu/Dockerfile:6:1: warning: USER is "803", in ./alpine/Dockerfile "802" [VariantDrift]'
exits 10 "... as JSON" croze check --variants --format json ./*/Dockerfile
like "... has the place" "$out" '"id":"VariantDrift".*"line":6,'
sed -i 's/^USER/# hadolint ignore=VariantDrift\nUSER/' ubuntu/Dockerfile
sed -i '1s/^/# check=skip=VariantDrift\n/' rocky/Dockerfile
does "comments silence it" croze check --variants --ignore VariantDetail ./*/Dockerfile

printf 'FROM x:1\nUSER 1\nNONSENSE\n' >broken
refuses 2 'broken:3:1' "a file that is no Dockerfile" croze check --variants broken alpine/Dockerfile
refuses 1 'nowhere: No such file' "one that is not there" croze check --variants nowhere alpine/Dockerfile
refuses 2 'compares several' "one file alone" croze check --variants broken
refuses 2 'is none' "standard input" croze check --variants - broken
refuses 2 'is none' "a compose file" croze check --variants broken x.yaml
refuses 2 'no images' "images" croze check --variants --image a b
refuses 2 'behind it' "mending" croze check --variants --fix broken broken
refuses 2 'at most 32' "too many" croze check --variants $(yes broken | head -33)
done_testing
