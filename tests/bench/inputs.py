# SPDX-License-Identifier: Apache-2.0
"""What is built: a tree of 20,000 files, 20 tiny RUN steps, one LABEL; and the busybox base image of the RUN steps.

The bytes are the same on every machine (fixed seed, only random() underneath), so figures of two days compare.
"""
import io
import itertools
import os
import random
import shutil
import tarfile

BASE = "localhost/bench-base:1"
FILES, TOP_DIRS, SUB_DIRS, TREE_BYTES = 20_000, 20, 10, 106_700_000
DIRS = TOP_DIRS * (SUB_DIRS + 1)
ENTRIES = FILES + DIRS + 1
RUNS = 20
LONG_AGO = 1_760_000_000  # an mtime that no tool can take for "changed just now"


def tree_dirs():
    for top in range(TOP_DIRS):
        yield f"d{top:02d}"
        for sub in range(SUB_DIRS):
            yield f"d{top:02d}/s{sub}"


def file_sizes(rng):
    """FILES sizes between 256 bytes and about 26 KB, many small and few large, TREE_BYTES in all."""
    weights = [rng.random() ** 3 for _ in range(FILES)]
    scale = (TREE_BYTES - 256 * FILES) / sum(weights)
    sizes = [256 + int(weight * scale) for weight in weights]
    sizes[0] += TREE_BYTES - sum(sizes)
    return sizes


def write_tree(root):
    """Words of an invented language by Zipf's law, never repeated as a block: gzip -6 makes it 2.5 times smaller, as it
    does source code. (Slices of one text would flatter compressors with a long window.)"""
    rng = random.Random(20_000)
    letters = "etaoinshrdlucmfwypvbgkjqxz_"
    words = ["".join(rng.choices(letters, k=2 + int(rng.random() * 9))) for _ in range(8000)]
    zipf = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))
    dirs = list(tree_dirs())
    for name in dirs:
        os.makedirs(f"{root}/{name}")
    for number, size in enumerate(file_sizes(rng)):
        text = " ".join(rng.choices(words, cum_weights=zipf, k=size // 3 + 1))  # a word and its space: 3 bytes or more
        path = f"{root}/{dirs[number % DIRS]}/f{number // DIRS:03d}.txt"
        with open(path, "w", encoding="ascii") as file:
            file.write(text[:size])
        os.utime(path, (LONG_AGO, LONG_AGO))


def write_dockerfile(context, *lines):
    os.makedirs(context, exist_ok=True)
    with open(f"{context}/Dockerfile", "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


def copy20k(context):
    write_dockerfile(context, "FROM scratch", "COPY src /app")
    write_tree(f"{context}/src")


def change_one(context, stamp):
    """One file in the middle of the tree gets other bytes of the same length."""
    with open(f"{context}/src/d10/s5/f040.txt", "r+", encoding="ascii") as file:
        file.write(f"{stamp:012d}")


def run20(context):
    write_dockerfile(context, f"FROM {BASE}", *(f"RUN echo {n} > /f{n}" for n in range(1, RUNS + 1)))


def label(context, stamp=0):
    write_dockerfile(context, "FROM scratch", f'LABEL bench.stamp="{stamp}"')


def find_busybox():
    """The path of a static busybox, or None: BENCH_BUSYBOX, else the one on PATH (Debian: busybox-static)."""
    path = os.environ.get("BENCH_BUSYBOX") or shutil.which("busybox")
    if not path:
        return None
    with open(path, "rb") as file:
        dynamic = b"/ld-" in file.read(8192)  # the program interpreter's name stands near the start of an ELF file
    return None if dynamic else path


def write_base(busybox, archive):
    """A root file system that a RUN needs: a shell, /etc/passwd and the usual mount points."""
    def add(kind, name, mode=0o755, **fields):
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode, entry.mtime = kind, mode, LONG_AGO
        for key, value in fields.items():
            setattr(entry, key, value)
        return entry

    with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name in ("bin", "dev", "etc", "proc", "sys"):
            tar.addfile(add(tarfile.DIRTYPE, name))
        tar.addfile(add(tarfile.DIRTYPE, "tmp", 0o1777))
        with open(busybox, "rb") as file:
            tar.addfile(add(tarfile.REGTYPE, "bin/busybox", size=os.path.getsize(busybox)), file)
        tar.addfile(add(tarfile.SYMTYPE, "bin/sh", linkname="busybox"))
        passwd = b"root:x:0:0:root:/:/bin/sh\n"
        tar.addfile(add(tarfile.REGTYPE, "etc/passwd", 0o644, size=len(passwd)), io.BytesIO(passwd))
