#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --on-error=sh: a shell in the root of a RUN that failed
#   * commands from standard input: environment, user, directory, mounts, secrets, network are the step's; then the build fails as before
#   * what it changes is in no layer; the kept files are there; only the first failure has a shell; none without a failure or the flag
#   * the image's SHELL; a root without a shell; standard input that gives something else
#   * at a terminal: one of its own, with the window's size; Ctrl-C is the shell's; the user's terminal is left as it was
. "$(dirname "$0")/lib.sh"

import_base
c=$T/context
mkdir "$c"
echo mounted >"$c/file"
echo hush >"$T/secret"

# commands DESC COMMANDS RE...: the last build's Dockerfile fails; the shell says lines that match
shell() { printf '%s\n' "$commands" | "$CROZE" build --progress=plain --on-error=sh -t failing "$@" "$c"; }
commands() {
    lib_what=$1 commands=$2
    shift 2
    shell "$@" >"$T/.out" 2>"$T/.err"
    code=$? out=$(cat "$T/.out") err=$(cat "$T/.err")
    is "$lib_what: the build fails" "$code $out" '1 '
}
cat >"$c/Dockerfile" <<'END'
FROM base
ENV WHERE=env
ARG GIVEN=arg
USER app
WORKDIR /opt/real
RUN --network=none --mount=target=/c --mount=type=cache,target=/cache,id=c,mode=0777,sharing=locked --mount=type=secret,id=s,uid=10001 echo left >/tmp/left; echo cached >/cache/f; exit 7
RUN echo never
END
commands "a shell" 'echo "at $(pwd) as $(id -un):$(id -gn) with $WHERE $GIVEN $HOME"; cat /tmp/left /c/file /cache/f; wc -c </run/secrets/s; ip -o link | wc -l; tty; echo changed >/tmp/changed; exit 0' --secret id=s,src="$T/secret"
like "... in the step's directory, as its user, with its environment" "$err" '^#[0-9]+ [0-9.]+ at /opt/real as app:app with env arg /home/app$'
like "... what it had written is there" "$err" ' left$'
like "... and its mounts" "$err" ' mounted$'
like "... the cache, which is still its own" "$err" ' cached$'
like "... the secret" "$err" ' 5$'
like "... its network" "$err" ' 1$'
like "... and no terminal" "$err" 'not a tty$'
like "then the build fails as it would have" "$err" '^croze: Dockerfile:6:1: RUN --network=none .*: exit code 7$'
unlike "... nothing behind it has run" "$err" 'never'
kept=$(printf '%s\n' "$err" | sed -n 's/.*ls -l \([^ ]*\).*/\1/p')
is "... the files are kept where it says, with the shell's" "$(cat "$kept/tmp/left" "$kept/tmp/changed" | tr '\n' ' ')" 'left changed '
is "... and nothing else is left" "$(ls "$CROZE_ROOT/work" | wc -l)" 0
refuses 1 'failing' "... and the image has no name" croze inspect failing
sed -i 's/exit 7/true; ls \/tmp >\/tmp\/o/' "$c/Dockerfile"
builds "the same steps, mended" failing "$c" --secret id=s,src="$T/secret"
unlike "... see nothing of the shell's" "$(img cat failing /tmp/o)" changed

printf 'FROM base\nRUN true\nRUN echo oops; exit 3\n' >"$c/Dockerfile"
commands "a shell that fails" 'exit 42'
like "... does not change how the build does" "$err" '^croze: Dockerfile:3:1: RUN echo oops; exit 3: exit code 3$'
commands "standard input without commands" ''
run build failing "$c"
unlike "without the flag there is no shell" "$err" 'shell'
printf 'FROM base\nRUN true\n' >"$c/Dockerfile"
run shell
is "without a failure there is none" "$code $(printf '%s\n' "$err" | grep -c shell)" '0 0'
printf 'FROM base AS a\nRUN echo a >/which; exit 1\nFROM base AS b\nRUN echo b >/which; exit 1\nFROM base\nCOPY --from=a / /\nCOPY --from=b / /\n' >"$c/Dockerfile"
commands "two steps that fail" 'cat /which'
is "... one shell" "$(printf '%s\n' "$err" | grep -c 'A shell in the root')" 1
like "... in the first one that did" "$err" " $(printf '%s\n' "$err" | sed -n 's/^croze: .*RUN echo \([ab]\) .*/\1/p')\$"
printf 'FROM base\nSHELL ["/bin/busybox", "sh", "-ec"]\nRUN false\n' >"$c/Dockerfile"
commands "the image's SHELL, without its options" 'false; echo "still here in $(tr "\\0" " " </proc/$$/cmdline)"'
like "... runs" "$err" 'still here in /bin/busybox sh *$'
printf 'FROM scratch\nCOPY --from=base /bin/busybox /busybox\nRUN ["/busybox", "false"]\n' >"$c/Dockerfile"
commands "a root without a shell" 'echo never'
like "... has none, and that is said" "$err" 'warning: --on-error=sh: run /bin/sh: No such file'
like "... the step's own failure is the message" "$err" '^croze: Dockerfile:3:1: RUN \["/busybox", "false"\]: exit code 1$'
printf 'FROM base\nRUN ["/no/such/program"]\n' >"$c/Dockerfile"
commands "a program that is not there" 'echo never'
unlike "... leaves nothing to look at" "$err" 'A shell in'
refuses 2 'standard input gives the context or the Dockerfile' "a Dockerfile on standard input" croze build --on-error=sh -f - "$c"
refuses 2 'on-error' "another word" croze build --on-error=ask "$c"

# --- a terminal ---
cat >"$T/talk.py" <<'END'
import fcntl, os, pty, re, select, struct, sys, termios, time
# talk.py CROZE ARGS...: runs it at a terminal of 33x101 and talks to the shell; prints what went wrong, or "ok"
fd, slave = pty.openpty()
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
pid = os.fork()
if pid == 0:
    os.login_tty(slave) if hasattr(os, "login_tty") else (os.setsid(), fcntl.ioctl(slave, termios.TIOCSCTTY, 0), [os.dup2(slave, n) for n in range(3)])
    os.execv(sys.argv[1], sys.argv[1:])
before = termios.tcgetattr(slave)
seen = b""
def expect(pattern, what):
    global seen
    end = time.monotonic() + 60
    while True:
        found = re.search(pattern, seen)
        if found:
            seen = seen[found.end():]
            return found
        left = end - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            sys.exit("%s: not seen in %r" % (what, seen[-500:]))
        try:
            piece = os.read(fd, 65536)
        except OSError:
            piece = b""
        if not piece:
            sys.exit("%s: it ended with %r" % (what, seen[-500:]))
        seen += piece
def say(text):
    os.write(fd, text.encode())
expect(rb"A shell in the root", "the announcement")
expect(rb"[#$] ", "a prompt")
say("stty size; echo one=$((0+1))\n")
expect(rb"33 101\r\n", "the window's size")
expect(rb"one=1\r\n", "output")
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 90, 0, 0))
say("until stty size | grep -q '^40 90'; do sleep 0.1; done; echo resized=$((1+1))\n")
expect(rb"resized=2\r\n", "a new size")
say("sh -c 'echo sleeps=$((3+4)); exec sleep 1000'\n")
expect(rb"sleeps=7\r\n", "a command that runs on")
say("\x03")
expect(rb"[#$] ", "a prompt after Ctrl-C")
say("echo after=$?\n")
expect(rb"after=130\r\n", "the interrupted command's code")
say("cat /left; exit\n")
expect(rb"left behind\r\n", "the step's file")
expect(rb"croze: Dockerfile:2:1: RUN [^\r]*: exit code 5", "the build's message")
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
if code != 1:
    sys.exit("exit code %d" % code)
if termios.tcgetattr(slave) != before:
    sys.exit("the terminal's settings are not what they were")
print("ok")
END
printf 'FROM base\nRUN echo left behind >/left; exit 5\n' >"$c/Dockerfile"
is "a shell at a terminal" "$(TERM=xterm py "$T/talk.py" "$CROZE" build --on-error=sh "$c" 2>&1)" ok
is "... with plain progress" "$(TERM=dumb py "$T/talk.py" "$CROZE" build --progress=plain --on-error=sh "$c" 2>&1)" ok
is "nothing is left of it" "$(ls "$CROZE_ROOT/work" | wc -l)" 0

done_testing
