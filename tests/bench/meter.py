# SPDX-License-Identifier: Apache-2.0
"""What a command cost: CPU seconds, wall seconds, peak resident memory.

As root every tool has a cgroup v2 group, in which its daemon, its client and all that they start run: getrusage and
/proc miss daemons, and container shims that lose their parent. cpu.stat counts in any v2 group, with or without the cpu
controller, so hybrid machines will do. Without root getrusage must do, which is right for daemonless tools only.
"""
import collections
import glob
import os
import subprocess
import time

Cost = collections.namedtuple("Cost", "cpu wall peak_mib output status")

# Joining from inside keeps what stands before it on the command line (a wrapper that enters another root) out of the
# bill. The descriptor travels as stdin, since a path would mean something else in that root.
JOIN = ["sh", "-c", 'echo 0 >&0; echo; exec "$@" </dev/null', "sh"]


def read(path):
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


class Group:
    """<mount>/croze-bench-<pid>/<name>/{main,containers}. A group with controllers may hold processes or groups, not
    both, so daemon and client are in main, and a daemon puts its containers into containers."""

    def __init__(self, name):
        mounts = (line.split() for line in read("/proc/self/mounts").splitlines())
        mount = next(mount[1] for mount in mounts if mount[2] == "cgroup2")
        self.path = f"{mount}/croze-bench-{os.getpid()}/{name}"
        self.containers = f"/croze-bench-{os.getpid()}/{name}/containers"
        for leaf in ("main", "containers"):
            os.makedirs(f"{self.path}/{leaf}")

    def cpu_seconds(self):
        return int(read(f"{self.path}/cpu.stat").split()[1]) / 1e6  # usage_usec N, the first line

    def pids(self):
        return read(f"{self.path}/main/cgroup.procs").split()

    def reset_peaks(self):
        for pid in self.pids():
            write(f"/proc/{pid}/clear_refs", "5")

    def peak_mib(self):
        """The sum over the processes there are now (a daemon's) of each one's peak since reset_peaks()."""
        kib = 0
        for pid in self.pids():
            lines = read(f"/proc/{pid}/status").splitlines()
            kib += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
        return kib / 1024

    def settle(self):
        """Wait, 15 s at most, until a daemon has done what it puts off (garbage after a prune): no part of a build."""
        for _ in range(60):
            before = self.cpu_seconds()
            time.sleep(0.25)
            if self.cpu_seconds() - before < 0.003:
                return

    def remove(self):
        write(f"{self.path}/cgroup.kill", "1")  # what an interrupted run left
        while self.pids():
            time.sleep(0.05)
        for path in sorted(glob.glob(f"{self.path}/**/", recursive=True), key=len, reverse=True):
            os.rmdir(path)
        if not glob.glob(f"{os.path.dirname(self.path)}/*/"):
            os.rmdir(os.path.dirname(self.path))


def spawn(argv, group, wrap=(), **options):
    """Start argv inside group (None: nowhere in particular), behind the wrapper's words."""
    stdin = os.open(f"{group.path}/main/cgroup.procs" if group else os.devnull, os.O_WRONLY)
    try:
        return subprocess.Popen([*wrap, *JOIN, *argv], stdin=stdin, stderr=subprocess.STDOUT, **options)
    finally:
        os.close(stdin)


def measure(argv, group, wrap=()):
    """Run argv to its end. The memory is that of its largest process, and of the daemon where there is one; it cannot
    be less than this script's own 15 MiB or so, which a child counts as its own until it execs."""
    os.sync()  # so that nobody waits for what an earlier tool wrote
    if group:
        group.settle()
        group.reset_peaks()
        before = group.cpu_seconds()
    child = spawn(argv, group, wrap, stdout=subprocess.PIPE)
    child.stdout.readline()  # JOIN's echo: inside the group
    start = time.monotonic()
    output = child.stdout.read().decode(errors="replace")
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    cpu = group.cpu_seconds() - before if group else usage.ru_utime + usage.ru_stime
    rss = usage.ru_maxrss / 1024 + (group.peak_mib() if group else 0)
    return Cost(cpu, wall, rss, output, child.returncode)
