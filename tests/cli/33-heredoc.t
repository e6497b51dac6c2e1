#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Here-documents:
#   * COPY: names, mode 0644, variables expanded unless the word is quoted, <<- without tabs, several at once
#   * RUN: the body as a script of the SHELL, with #! as a program of its own, as input of a command; never expanded by croze
#   * they count for the cache
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
dockerfile "$c" <<'END'
FROM base
ARG WHO=world
COPY <<EOF /greeting
hello $WHO, \$WHO
EOF
COPY <<"EOF" /literal
hello $WHO
EOF
COPY <<-EOF /tabs
		indented
	EOF
COPY --chown=app --chmod=600 <<first.txt <<'second.txt' /several/
one ${WHO}
first.txt
two ${WHO}
second.txt
COPY <<EOF /empty
EOF
END
builds "COPY of here-documents" doc "$c"
is "variables are expanded, \\\$ is not" "$(img cat doc /greeting)" 'hello world, $WHO'
is "... not in a quoted one" "$(img cat doc /literal)" 'hello $WHO'
is "<<- strips tabs" "$(img cat doc /tabs)" indented
is "several, with owner and mode" "$(img tree doc /several) $(img cat doc /several/first.txt) $(img cat doc /several/second.txt)" \
    "0600 10001:10002 d /several
0600 10001:10002 f /several/first.txt
0600 10001:10002 f /several/second.txt one world two \${WHO}"
is "an empty one, mode 0644 of root" "$(img tree doc /empty)" '0644 0:0 f /empty'

dockerfile "$c" <<'END'
FROM base
ARG WHO=world
RUN <<EOF
echo "first $WHO"
false
echo "script $0" >/script
cd /tmp
pwd >/where
EOF
RUN <<EOF
#!/bin/busybox sh
echo "program $WHO" >/program
echo "$0" >>/program
EOF
RUN cat <<EOF >/input && cat <<'EOF' >>/input
expanded by the shell: $WHO
EOF
not expanded: $WHO
EOF
RUN <<EOF cat >/redirected
text
EOF
USER app
RUN <<EOF
id -u >/tmp/user
EOF
END
builds "RUN of here-documents" doc "$c"
is "a script of the shell" "$(img cat doc /where)" /tmp
like "its output is shown" "$err" 'first world'
is "#! makes it a program" "$(img cat doc /program)" "program world
/dev/pipes/EOF"
is "input of commands" "$(img cat doc /input)" 'expanded by the shell: world
not expanded: $WHO'
is "in front of the command" "$(img cat doc /redirected)" text
is "as another user" "$(img cat doc /tmp/user)" 10001
is "the program leaves nothing behind" "$(img tree doc /dev)" '0755 0:0 d /dev'

builds "unchanged" doc "$c"
is "... all are CACHED" "$(printf '%s\n' "$err" | grep -c CACHED)" 5
sed -i 's/^text$/other text/' "$c/Dockerfile"
builds "another body" doc "$c"
is "... is another step" "$(printf '%s\n' "$err" | grep -c CACHED) $(img cat doc /redirected)" "3 other text"
sed -i 's/^cd .tmp$/exit 3/' "$c/Dockerfile"
fails_build 'exit code 3' "a script that fails" "$c"

done_testing
