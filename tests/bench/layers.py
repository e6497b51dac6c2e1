# SPDX-License-Identifier: Apache-2.0
"""The product-like image of tests/bench/registry: a context of three folders (base, runtime, product), each a COPY, of the
folders that are given or of this machine's /usr. Real files: invented ones compress as no product does."""
import os
import shutil
import subprocess

import inputs

# Without folders of the user's: what of /, and how many bytes of it. About 600 MB when compressed.
OF_USR = ((("usr/bin", "usr/sbin"), 300 << 20), (("usr/lib",), 500 << 20), (("usr/share", "usr/include", "usr/local"), 700 << 20))


def regular_files(folders):
    for folder in folders:
        for path, dirs, names in os.walk(f"/{folder}"):
            dirs.sort()
            yield from (f"{path}/{name}" for name in sorted(names) if os.path.isfile(f"{path}/{name}")
                        and not os.path.islink(f"{path}/{name}") and os.access(f"{path}/{name}", os.R_OK))


def copy_some(folders, most_bytes, to):
    for path in regular_files(folders):
        most_bytes -= os.path.getsize(path)
        if most_bytes < 0:
            return
        os.makedirs(os.path.dirname(to + path), exist_ok=True)
        shutil.copy2(path, to + path)


def copy_all(folder, to):
    """Without devices and sockets, which not every COPY takes."""
    subprocess.run(["cp", "-a", f"{folder}/.", to], check=True)
    subprocess.run(["find", to, "!", "-type", "f", "!", "-type", "d", "!", "-type", "l", "-delete"], check=True)


def write_context(context, folders):
    count = len(folders or OF_USR)
    for number in range(count):
        os.makedirs(f"{context}/{number}")
        if folders:
            copy_all(folders[number], f"{context}/{number}")
        else:
            copy_some(*OF_USR[number], f"{context}/{number}")
    inputs.write_dockerfile(context, "FROM scratch", *(f"COPY {number} /" for number in range(count)), 'CMD ["/bin/sh"]')
