# SPDX-License-Identifier: Apache-2.0
"""A docker-registry on loopback for tests/bench/registry: its start and end, what it was asked, what it holds. It is in no
tool's bill."""
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import time

import meter
import tools

KINDS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
         "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
REQUEST = re.compile(r'"(?:GET|HEAD|POST|PUT|PATCH|DELETE) /v2/[^ "]')  # "/v2/" alone is where authentication begins


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Registry:
    def __init__(self, work, wrap):
        self.dir, self.wrap = f"{work}/registry", tuple(wrap)
        self.host = None
        self.daemon = None

    def start(self):
        found = subprocess.run([*self.wrap, "sh", "-c", "command -v docker-registry"], stdout=subprocess.DEVNULL, check=False)
        if found.returncode:
            raise tools.Missing("docker-registry is not installed")
        self.host = f"127.0.0.1:{free_port()}"
        os.makedirs(f"{self.dir}/data")
        # JSON is YAML. No cache of what it holds, since push() empties the directory below it.
        config = {"version": "0.1", "log": {"level": "error"}, "http": {"addr": self.host, "secret": "not secret"},
                  "storage": {"filesystem": {"rootdirectory": f"{self.dir}/data"}}}
        with open(f"{self.dir}/config.yml", "w", encoding="ascii") as file:
            json.dump(config, file)
        with open(f"{self.dir}/log", "wb") as log:
            self.daemon = meter.spawn(["docker-registry", "serve", f"{self.dir}/config.yml"], None, self.wrap, stdout=log)
        for _ in range(150):
            try:
                socket.create_connection(self.host.split(":")).close()
                return
            except OSError:
                if self.daemon.poll() is not None:
                    break
                time.sleep(0.1)
        raise tools.Failed("docker-registry did not come up\n" + self.log()[-2000:])

    def stop(self):
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait(timeout=60)

    def empty(self):
        shutil.rmtree(f"{self.dir}/data/docker", ignore_errors=True)

    def log(self):
        with open(f"{self.dir}/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def requests(self):
        """How many there have been, beyond authentication."""
        return len(REQUEST.findall(self.log()))

    def get(self, path):
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request("GET", path, headers={"Accept": ", ".join(KINDS)})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise tools.Failed(f"registry: GET {path}: {answer.status} {body[:300]!r}")
        return json.loads(body)

    def layers_bytes(self, name):
        """The compressed size of each layer of "host/repository:tag", which must be there."""
        repository, tag = name.removeprefix(f"{self.host}/").rsplit(":", 1)
        manifest = self.get(f"/v2/{repository}/manifests/{tag}")
        if "manifests" in manifest:
            manifest = self.get(f"/v2/{repository}/manifests/{manifest['manifests'][0]['digest']}")
        return [layer["size"] for layer in manifest["layers"]]
