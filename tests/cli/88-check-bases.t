#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze check and the base images of the store: an inherited user counts, root's does not; no store is made to look into it, and one that
# cannot be read knows nothing.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
printf 'FROM base\nCOPY x /\n' >plain
printf 'FROM base AS a\nFROM a\n' >staged
exits 10 "without a store" croze check plain
like "... the base is not known" "$out" 'plain:1:1: warning: no USER: unless the base image has one.*\[UserMissing\]$'
is "... and no store is made" "$(find store 2>/dev/null)" ''

import_base
exits 10 "a base without a user" croze check plain
like "... is named" "$out" 'no USER, and base has none'
mkdir c
# derived NAME USER: an image of the base with this user
derived() { printf 'FROM base\nUSER %s\n' "$2" >c/Dockerfile && does "an image of user $2" croze build -q -t "$1" c; }
derived app 10001
printf 'ARG N=app\nFROM $N AS a\nFROM a\n' >inherits
does "a user of the base counts, through stages and arguments" croze check inherits
is "... nothing is found" "$out" ''
derived zero 0:0
printf 'FROM zero\n' >root
exits 10 "root of the base does not" croze check root
like "... and is told" "$out" 'that of zero is 0:0: all of it runs as root'
printf 'FROM app\nUSER root\n' >back
exits 10 "nor root again" croze check back
like "... which is another rule's" "$out" '\[RootUser\]'
exits 10 "Trivy's word knows it too" croze check --compat trivy -t warning root
does "... likewise" croze check --compat trivy -t warning inherits
printf 'FROM app\nENV A=$PATHS\n' >vars
exits 10 "a variable that the base has not" croze check vars
like "... is undefined" "$out" '\[UndefinedVar\]'

mkdir other
echo x >other/file
exits 10 "a directory that is no store" croze --root "$T/other" check plain
like "... knows nothing" "$out" 'unless the base image has one'
is "... and stays as it is" "$(ls -A other)" file
done_testing
