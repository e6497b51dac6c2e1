# SPDX-License-Identifier: Apache-2.0
"""How each tool starts, builds, forgets. A peer runs on stores of its own below the work directory, docker with a
daemon of its own: nobody's images are pruned, and the group has all of its CPU time."""
import json
import os
import shutil
import subprocess
import time

import inputs
import meter

IMAGE = "bench-image"


class Missing(Exception):
    """A tool that cannot be measured here, and why."""


class Failed(Exception):
    """A command that should have worked, with its last words."""


class Tool:
    """wrap: words before each command of a peer (BENCH_PEER_WRAP), to enter the root that has it installed."""

    def __init__(self, name, work, wrap=()):
        self.name, self.wrap = name, tuple(wrap)
        self.dir = f"{work}/{name}"
        self.base = None
        self.group = None
        self.command = []  # what each call of the tool begins with

    def start(self, base):
        """base: the archive that becomes inputs.BASE, or None where no case needs it."""
        self.base = base
        os.makedirs(self.dir)
        if os.geteuid() == 0:
            self.group = meter.Group(self.name)

    def stop(self):
        if self.group:
            self.group.remove()

    def require(self, *programs):
        for program in programs:
            found = subprocess.run([*self.wrap, "sh", "-c", f"command -v {program}"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            if found.returncode != 0:
                raise Missing(f"{program} is not installed")

    def call(self, argv, check=True):
        """A step that is not measured."""
        child = meter.spawn(argv, self.group, self.wrap, stdout=subprocess.PIPE)
        output = child.communicate()[0].decode(errors="replace")
        if check and child.returncode != 0:
            raise Failed(f"{self.name}: {' '.join(argv)}: exit status {child.returncode}\n{output[-2000:]}")
        return output

    def version(self):
        raise NotImplementedError

    def forget(self):
        """Make the next build a cold one."""
        raise NotImplementedError

    def build_command(self, context, cold):
        """cold: for a tool that can forget only while it builds."""
        raise NotImplementedError

    def has_image(self):
        return IMAGE in self.call([*self.command, "images"])

    def build(self, context, cold):
        return meter.measure(self.build_command(context, cold), self.group, self.wrap)


class Croze(Tool):
    def __init__(self, name, work, options=()):
        super().__init__(name, work)
        self.options = options

    def start(self, base):
        top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        binary = os.environ.get("CROZE") or shutil.which("croze", path=f"{top}/build:{os.environ['PATH']}")
        if not binary or not os.access(binary, os.X_OK):
            raise Missing(f"no croze at {binary or 'build/croze or on PATH'}: build it (make) or set CROZE")
        super().start(base)
        self.command = [binary, "--root", f"{self.dir}/root"]

    def version(self):
        return self.call([self.command[0], "version"]).strip()

    def forget(self):
        shutil.rmtree(f"{self.dir}/root", ignore_errors=True)
        if self.base:
            self.call([*self.command, "import", self.base, inputs.BASE])

    def build_command(self, context, _cold):
        return [*self.command, "build", "-q", "-t", IMAGE, *self.options, context]


class Docker(Tool):
    """dockerd and the BuildKit inside it. store "containerd": layers are compressed at each build, as croze does by
    default; "classic": overlay2, layers stay uncompressed until a push, so croze's --compression=none is its equal."""

    def __init__(self, store, work, wrap):
        super().__init__(f"docker-{store}", work, wrap)
        self.store = store
        self.daemon = None
        # No user's configuration, no legacy builder.
        self.command = ["env", f"DOCKER_CONFIG={self.dir}/client", "DOCKER_BUILDKIT=1",
                        "docker", "-H", f"unix://{self.dir}/sock"]

    def start(self, base):
        if os.geteuid() != 0:
            raise Missing("a docker daemon of the benchmark's own needs root")
        self.require("docker", "dockerd", "containerd", "runc")
        super().start(base)
        with open(f"{self.dir}/daemon.json", "w", encoding="ascii") as file:
            json.dump({"features": {"containerd-snapshotter": self.store == "containerd"}}, file)
        command = ["dockerd", "--config-file", f"{self.dir}/daemon.json", "--host", f"unix://{self.dir}/sock",
                   "--data-root", f"{self.dir}/data", "--exec-root", f"{self.dir}/exec", "--pidfile", f"{self.dir}/pid",
                   "--bridge", "none", "--iptables=false", "--ip6tables=false", "--log-level", "warn",
                   "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", self.group.containers]
        if self.store == "classic":
            command += ["--storage-driver", "overlay2"]  # never a silent fall back to vfs
        with open(f"{self.dir}/log", "wb") as log:
            self.daemon = meter.spawn(command, self.group, self.wrap, stdout=log)
        self.await_daemon()
        if base:
            self.call([*self.command, "import", base, inputs.BASE])

    def await_daemon(self):
        for _ in range(150):
            if self.daemon.poll() is not None:
                break
            client = meter.spawn([*self.command, "version"], self.group, self.wrap, stdout=subprocess.DEVNULL)
            if client.wait() == 0:
                return
            time.sleep(0.2)
        with open(f"{self.dir}/log", encoding="utf-8", errors="replace") as log:
            raise Failed(f"{self.name}: dockerd did not come up\n{log.read()[-2000:]}")

    def stop(self):
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait(timeout=60)
        super().stop()

    def version(self):
        return self.call([*self.command, "version", "--format", "docker {{.Server.Version}}"]).strip()

    def forget(self):
        self.call([*self.command, "image", "rm", "-f", IMAGE], check=False)  # there is none the first time
        self.call([*self.command, "builder", "prune", "-af"])

    def build_command(self, context, _cold):
        # Without provenance, since croze makes none here either.
        return [*self.command, "build", "-q", "--provenance=false", "--network", "host", "-t", IMAGE, context]


class Buildah(Tool):
    def __init__(self, work, wrap):
        super().__init__("buildah", work, wrap)
        self.command = ["env", f"TMPDIR={self.dir}/tmp", "buildah",
                        "--root", f"{self.dir}/storage", "--runroot", f"{self.dir}/run"]

    def start(self, base):
        self.require("buildah")
        super().start(base)
        os.makedirs(f"{self.dir}/tmp")
        if base:
            context = f"{self.dir}/base"
            inputs.write_dockerfile(context, "FROM scratch", "ADD base.tar /")
            shutil.copyfile(base, f"{context}/base.tar")
            self.call([*self.command, "build", "-q", "-t", inputs.BASE, context])

    def version(self):
        return self.call([*self.command, "--version"]).partition(" (")[0].strip()

    def forget(self):
        self.call([*self.command, "rmi", "-f", IMAGE], check=False)
        self.call([*self.command, "rmi", "--prune", "-f"], check=False)

    def build_command(self, context, cold):
        # --layers: a cache, as the others have. Its images are that cache, so only --no-cache is sure to be cold.
        parent = ["--cgroup-parent", self.group.containers] if self.group else []
        return [*self.command, "build", "-q", "--layers", *(["--no-cache"] if cold else []),
                "--network", "host", *parent, "-t", IMAGE, context]
