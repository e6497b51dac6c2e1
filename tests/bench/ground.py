# SPDX-License-Identifier: Apache-2.0
"""The file system that contexts and stores lie on.

An ext4 without a journal makes every create after a large rm 3 to 8 times dearer (its inode allocator passes over
recently deleted inodes), which hits the tools that unpack files and so flatters croze. Hence: a journal or no figures.
"""
import contextlib
import glob
import os
import subprocess
import tempfile

IMAGE_BYTES = 24 << 30  # sparse


def mount_of(path):
    """(device, type) of the mount that holds path."""
    out = subprocess.run(["findmnt", "-n", "-o", "SOURCE,FSTYPE", "-T", path],
                         check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return out[0], out[1]


def is_sound(path):
    device, kind = mount_of(path)
    if kind == "ext4":
        return bool(glob.glob(f"/proc/fs/jbd2/{os.path.basename(os.path.realpath(device))}-*"))
    return kind in ("tmpfs", "xfs", "btrfs")


def mount_loop(path):
    """Mount a journaled ext4 of a sparse file on path. File and loop device vanish with the umount."""
    image = f"{path}.img"
    with open(image, "wb") as file:
        file.truncate(IMAGE_BYTES)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image], check=True)
        # Direct I/O: otherwise each page is cached twice, and the copying is charged to nobody.
        loop = subprocess.run(["losetup", "--direct-io=on", "-f", "--show", image],
                              check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        try:
            subprocess.run(["mount", "-o", "noatime", loop, path], check=True)
        finally:
            subprocess.run(["losetup", "-d", loop], check=True)  # in use: only marked, freed by the umount
    finally:
        os.unlink(image)


@contextlib.contextmanager
def work_dir(path):
    """A fresh directory on a sound file system under path, removed at the end."""
    os.makedirs(path, exist_ok=True)
    mounted = not is_sound(path)
    if mounted:
        if os.geteuid() != 0:
            raise SystemExit(f"bench: {path} is on an ext4 without a journal or on an unknown file system: set "
                             "BENCH_DIR to a directory on tmpfs, xfs, btrfs or a journaled ext4, or run as root")
        mount_loop(path)
    try:
        with tempfile.TemporaryDirectory(dir=path, prefix="run-", ignore_cleanup_errors=True) as work:
            yield work
    finally:
        if mounted:
            subprocess.run(["umount", "-R", path], check=True)
