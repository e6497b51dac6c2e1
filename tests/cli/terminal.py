# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a terminal of its own and prints what a person sees there.

    python3 -m terminal ROWSxCOLUMNS [--until REGEX FILE]... -- COMMAND...

Each --until waits until the screen matches, prints the screen below a line "== seen", and makes FILE, which the command waits for. At the end
the screen stands below "== end", with what has scrolled off it, and the exit code below "== code". The terminal understands what croze may
use: carriage return, line feed, cursor up, erase to the end of line and screen, colours (which are dropped). Anything else is printed as <..>.
A command that does not get there within a minute is killed."""
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

LIMIT_S = 60

class Screen:
    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.scrolled, self.lines, self.y, self.x, self.rest = [], [""] * rows, 0, 0, b""

    def feed(self, data):
        text = self.rest + data
        at = 0
        while at < len(text):
            c = text[at:at + 1]
            if c == b"\x1b":
                m = re.match(rb"\x1b\[([0-9;]*)([A-Za-z])", text[at:])
                if not m:
                    break # the rest of it is yet to come
                self.escape(m[1].decode(), m[2].decode())
                at += m.end()
                continue
            if c == b"\r":
                self.x = 0
            elif c == b"\n":
                self.down()
            else:
                self.put(c.decode("latin-1"))
            at += 1
        self.rest = text[at:]

    def escape(self, numbers, letter):
        if letter == "A":
            self.y = max(0, self.y - int(numbers or 1))
        elif letter == "J" and numbers in ("", "0"):
            self.lines[self.y] = self.lines[self.y][:self.x]
            self.lines[self.y + 1:] = [""] * (self.rows - self.y - 1)
        elif letter == "K" and numbers in ("", "0"):
            self.lines[self.y] = self.lines[self.y][:self.x]
        elif letter != "m":
            self.put("<ESC[%s%s>" % (numbers, letter))

    def down(self):
        if self.y + 1 < self.rows:
            self.y += 1
        else:
            self.scrolled.append(self.lines.pop(0))
            self.lines.append("")

    def put(self, text):
        for c in text:
            if self.x == self.columns:
                self.x = 0
                self.down()
            line = self.lines[self.y].ljust(self.x)
            self.lines[self.y] = line[:self.x] + c + line[self.x + 1:]
            self.x += 1

    def show(self):
        return "\n".join(l.rstrip() for l in self.lines).rstrip("\n")

def main(args):
    rows, columns = (int(n) for n in args.pop(0).split("x"))
    waits = []
    while args[0] == "--until":
        waits.append((re.compile(args[1], re.M), args[2]))
        del args[:3]
    assert args.pop(0) == "--"
    screen = Screen(rows, columns)
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.environ["TERM"] = "xterm"
        for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP):  # by whoever started the tests in the background
            signal.signal(ignored, signal.SIG_DFL)
        os.execvp(args[0], args)
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            data = os.read(fd, 65536)
        except OSError: # EIO: nobody has it open any more
            data = b""
        if not data:
            break
        screen.feed(data)
        if waits and waits[0][0].search(screen.show()):
            print("== seen\n" + screen.show())
            open(waits.pop(0)[1], "w").close()
    else:
        print("== not within a minute\n" + screen.show())
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print("== end\n" + "\n".join(screen.scrolled + [screen.show()]).rstrip("\n"))
    print("== code\n%d" % code)

main(sys.argv[1:])
