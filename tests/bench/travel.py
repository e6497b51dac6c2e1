# SPDX-License-Identifier: Apache-2.0
"""How each tool of tests/bench/registry pulls, copies, builds and pushes, and forgets. Each returns the command that is
measured; None where the tool has no such thing."""
import json
import os
import shutil

import tools


class Nothing:
    """What a tool does not do."""

    def pull(self, _name):
        return None

    def copy(self, _name):
        return None

    def build_as(self, _name, _context):
        return None

    def push(self, _name, _context):
        return None

    def holds(self, name):
        """After a pull, by its name without the tag, since some list them apart."""
        return name.rsplit(":", 1)[0] in self.call([*self.command, "images"])


class Croze(Nothing, tools.Croze):
    """compression none: layers stay as they are until the push, as docker's classic store and buildah's keep them."""

    def __init__(self, name, work, compression="gzip"):
        tools.Croze.__init__(self, name, work)
        self.compression = compression

    def forget(self):
        shutil.rmtree(f"{self.dir}/root", ignore_errors=True)
        shutil.rmtree(f"{self.dir}/layout", ignore_errors=True)

    def pull(self, name):
        return [*self.command, "pull", "-q", "--unpack", name] if self.compression == "gzip" else None

    def copy(self, name):
        return [*self.command, "copy", "-q", f"docker://{name}", f"oci:{self.dir}/layout:1"] if self.compression == "gzip" else None

    def build_as(self, name, context):
        return [*self.command, "build", "-q", f"--compression={self.compression}", "-t", name, context]

    def push(self, name, context):
        if self.compression == "gzip":
            return [*self.command, "push", "-q", name]
        return [*self.command, "build", "-q", "--compression=none", "-o", f"type=registry,name={name},compression=gzip", context]


class CheckedCroze(Croze):
    """A pull that lets no image pass of which `croze check --image` finds an error. That of the product is let pass by exceptions,
    whatever its jars hold, so that the pull comes to its end."""

    def start(self, base):
        super().start(base)
        lines = self.call([*self.command, "check", "--rules", "--format", "json"]).splitlines()
        with open(f"{self.dir}/.croze-check.yaml", "w", encoding="utf-8") as out:
            for rule in (json.loads(line) for line in lines if line.startswith("{")):
                if rule["id"].startswith("Image"):
                    print(f"- rule: {rule['id']}\n  reason: this is a benchmark", file=out)

    def pull(self, name):
        return ["env", "-C", self.dir, *self.command, "pull", "-q", "--unpack", "--require-checks", name]

    def copy(self, name):
        return None

    def build_as(self, name, context):
        return None


class Docker(Nothing, tools.Docker):
    def forget(self):
        self.call([*self.command, "image", "prune", "-af"])
        self.call([*self.command, "builder", "prune", "-af"])

    def pull(self, name):
        return [*self.command, "pull", "-q", name]

    def build_as(self, name, context):
        return [*self.command, "build", "-q", "--provenance=false", "-t", name, context]

    def push(self, name, _context):
        return [*self.command, "push", "-q", name]


class Containers(Nothing, tools.Tool):
    """buildah and podman: one store, two programs, so each has its own."""

    def start(self, base):
        self.require(self.name)
        super().start(base)
        os.makedirs(f"{self.dir}/tmp")
        self.command = ["env", f"TMPDIR={self.dir}/tmp", self.name, "--root", f"{self.dir}/storage", "--runroot", f"{self.dir}/run"]

    def version(self):
        return self.call([*self.command, "--version"]).partition(" (")[0].strip()

    def forget(self):
        self.call([*self.command, "rmi", "-af"])

    def pull(self, name):
        return [*self.command, "pull", "-q", "--tls-verify=false", name]


class Buildah(Containers):
    def build_as(self, name, context):
        return [*self.command, "build", "-q", "--layers", "--no-cache", "-t", name, context]

    def push(self, name, _context):
        return [*self.command, "push", "-q", "--tls-verify=false", name]


class Skopeo(Nothing, tools.Tool):
    def start(self, base):
        self.require("skopeo")
        super().start(base)
        self.command = ["skopeo"]

    def version(self):
        return self.call(["skopeo", "--version"]).partition(" commit")[0].strip()

    def forget(self):
        shutil.rmtree(f"{self.dir}/layout", ignore_errors=True)

    def copy(self, name):
        return ["skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{name}", f"oci:{self.dir}/layout:1"]


def known(work, wrap):
    return [Croze("croze", work), Croze("croze-none", work, "none"), CheckedCroze("croze-checked", work), Docker("classic", work, wrap),
            Docker("containerd", work, wrap), Containers("podman", work, wrap), Buildah("buildah", work, wrap),
            Skopeo("skopeo", work, wrap)]
