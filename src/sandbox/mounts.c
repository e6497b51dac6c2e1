/* SPDX-License-Identifier: Apache-2.0
 * What is mounted inside the root, by the child (child.h): /proc, /sys and /dev as docker has them, then the caller's mounts in their
 * order. The working directory is /proc/self/fd all the time, so mount(2) is told its target by number: a path in the root is resolved
 * once, by target.c, and never again by name.
 *
 * Everything is nodev but single device files: uid 0 of tier T0 may mknod, but what it makes does not open; unless the step is to be
 * insecure. */
#include <errno.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "sandbox/child.h"
#include "sandbox/policy.h"
#include "sys/files.h"

static bool mount_at(const char *type, int target, unsigned long flags, const char *options) {
    char name[FD_NAME];
    return mount(type, fd_name(target, name), type, flags, options) == 0;
}

/* A copy of the mount at dir/path with all below it, attached over `target`. */
static bool bind_at(int dir, const char *path, int target, uint64_t attributes) {
    unsigned empty = path[0] ? 0 : AT_EMPTY_PATH;
    _cleanup_fd_ int tree = open_tree(dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | empty);
    struct mount_attr attr = {.attr_set = attributes};
    return tree >= 0 && (attributes == 0 || mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) == 0) &&
           move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

static bool mount_proc(const struct child *c) {
    _cleanup_fd_ int at = target_open(c, "/proc", true);
    return (at >= 0 && mount_at("proc", at, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)) || child_fail(c, STEP_PROC, 0);
}

/* A fresh sysfs needs to own the network namespace; the host's with all below it, read-only, is what remains. Some hosts allow neither: few
 * programs miss /sys. */
static bool mount_sys(const struct child *c) {
    bool writable = c->plan->spec->insecure;
    const uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | (writable ? 0 : MOUNT_ATTR_RDONLY);
    _cleanup_fd_ int at = target_open(c, "/sys", true);
    if (at < 0)
        return child_fail(c, STEP_SYS, 0);
    if (!mount_at("sysfs", at, MS_NOSUID | MS_NODEV | MS_NOEXEC | (writable ? 0 : MS_RDONLY), NULL) &&
        !bind_at(AT_FDCWD, "/sys", at, attributes))
        child_note(c, STEP_SYS, 0);
    return true;
}

static const struct device {
    const char *name, *host;
    unsigned major, minor;
} devices[] = {
    {"null", "/dev/null", 1, 3}, {"zero", "/dev/zero", 1, 5}, {"full", "/dev/full", 1, 7},
    {"random", "/dev/random", 1, 8}, {"urandom", "/dev/urandom", 1, 9}, {"tty", "/dev/tty", 5, 0},
};
enum { N_DEVICES = sizeof devices / sizeof *devices };

/* A node of our own where the kernel lets us make one (a chmod in the sandbox must not reach the host's), else the host's. */
static bool add_device(const struct child *c, int dev, const struct device *d) {
    _cleanup_fd_ int at = openat(dev, d->name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0644);
    if (at < 0)
        return false;
    if (mknodat(c->staging, d->name, S_IFCHR | 0666, makedev(d->major, d->minor)) == 0 && fchmodat(c->staging, d->name, 0666, 0) == 0)
        return bind_at(c->staging, d->name, at, 0);
    return bind_at(AT_FDCWD, d->host, at, 0);
}

static bool add_links(int dev) {
    return symlinkat("/proc/self/fd", dev, "fd") == 0 && symlinkat("/proc/self/fd/0", dev, "stdin") == 0 &&
           symlinkat("/proc/self/fd/1", dev, "stdout") == 0 && symlinkat("/proc/self/fd/2", dev, "stderr") == 0 &&
           symlinkat("pts/ptmx", dev, "ptmx") == 0 && symlinkat("/proc/kcore", dev, "core") == 0;
}

/* Group 5 is `tty` wherever it matters; a namespace with few ids may not have it. */
static bool mount_pts(int dev) {
    _cleanup_fd_ int at = mkdirat(dev, "pts", 0755) < 0 ? -1 : openat(dev, "pts", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return at >= 0 && (mount_at("devpts", at, MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5") ||
                       mount_at("devpts", at, MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620"));
}

static bool mount_shm(const struct child *c, int dev) {
    _cleanup_fd_ int at = mkdirat(dev, "shm", 01777) < 0 ? -1 : openat(dev, "shm", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return at >= 0 && mount_at("tmpfs", at, MS_NOSUID | MS_NODEV | MS_NOEXEC, c->plan->shm_options);
}

/* What an insecure step has besides, as BuildKit gives it; only the host's root can make them. */
static const struct device insecure_devices[] = {
    {"kmsg", NULL, 1, 11}, {"fuse", NULL, 10, 229}, {"kvm", NULL, 10, 232}, {"loop-control", NULL, 10, 237}, {"net/tun", NULL, 10, 200},
};
enum { N_INSECURE_DEVICES = sizeof insecure_devices / sizeof *insecure_devices, LOOP_MAJOR = 7, N_LOOPS = 8 };

static void add_insecure_devices(const struct child *c, int dev) {
    char name[sizeof "loop" + FD_NAME] = "loop";
    if (mkdirat(dev, "net", 0755) < 0)
        return;
    for (int i = 0; i < N_INSECURE_DEVICES; i++) {
        const struct device *d = &insecure_devices[i];
        if (mknodat(dev, d->name, S_IFCHR | 0660, makedev(d->major, d->minor)) < 0)
            child_note(c, STEP_DEV_NODE, N_DEVICES + i);
    }
    for (int i = 0; i < N_LOOPS; i++) {
        fd_name(i, name + strlen("loop"));
        if (mknodat(dev, name, S_IFBLK | 0660, makedev(LOOP_MAJOR, (unsigned)i)) < 0)
            child_note(c, STEP_DEV_NODE, N_DEVICES + N_INSECURE_DEVICES + i);
    }
}

static bool mount_dev(const struct child *c) {
    bool insecure = c->plan->spec->insecure;
    _cleanup_fd_ int at = target_open(c, "/dev", true);
    if (at < 0 || !mount_at("tmpfs", at, MS_NOSUID | (insecure ? 0 : MS_NODEV) | MS_STRICTATIME, "mode=755,size=64m"))
        return child_fail(c, STEP_DEV, 0);
    _cleanup_fd_ int dev = child_open(c->root, "/dev", O_PATH | O_DIRECTORY);
    if (dev < 0 || !add_links(dev) || !mount_pts(dev) || !mount_shm(c, dev))
        return child_fail(c, STEP_DEV, 0);
    for (int i = 0; i < N_DEVICES; i++)
        if (!add_device(c, dev, &devices[i]))
            return child_fail(c, STEP_DEV_NODE, i);
    if (insecure)
        add_insecure_devices(c, dev);
    return true;
}

/* Hides files behind an empty device, directories behind an empty directory. */
static bool mask_path(const struct child *c, const char *path) {
    _cleanup_fd_ int at = child_open(c->root, path, O_PATH);
    struct stat st;
    if (at < 0)
        return errno == ENOENT || errno == ENOTDIR;
    if (fstat(at, &st) < 0)
        return false;
    if (S_ISDIR(st.st_mode))
        return mount_at("tmpfs", at, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,nr_inodes=2");
    _cleanup_fd_ int null = child_open(c->root, "/dev/null", O_PATH);
    return null >= 0 && bind_at(null, "", at, MOUNT_ATTR_RDONLY);
}

static bool protect_path(const struct child *c, const char *path) {
    _cleanup_fd_ int at = child_open(c->root, path, O_PATH);
    if (at < 0)
        return errno == ENOENT || errno == ENOTDIR;
    return bind_at(at, "", at, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

static bool mask_paths(const struct child *c) {
    if (c->plan->spec->insecure)
        return true;
    for (int i = 0; policy_masked_paths[i]; i++)
        if (!mask_path(c, policy_masked_paths[i]))
            return child_fail(c, STEP_MASK, i);
    for (int i = 0; policy_readonly_paths[i]; i++)
        if (!protect_path(c, policy_readonly_paths[i]))
            return child_fail(c, STEP_MASK, i);
    return true;
}

/* The source of mount `index` as descriptor: the host's path, or a file of the private tmpfs that holds the bytes. */
static int open_source(const struct child *c, const struct sandbox_mount *m, int index) {
    char name[1 + FD_NAME] = "f";
    if (m->kind == SANDBOX_BIND) {
        int fd = open(m->source, O_PATH | O_CLOEXEC);
        if (fd < 0)
            child_fail(c, STEP_SOURCE, index);
        return fd;
    }
    fd_name(index, name + 1);
    int fd = openat(c->staging, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    for (size_t done = 0; fd >= 0 && done < m->bytes.n;) {
        ssize_t k = write(fd, m->bytes.p + done, m->bytes.n - done);
        if (k < 0 && errno != EINTR)
            fd_closep(&fd);
        done += k < 0 ? 0 : (size_t)k;
    }
    if (fd < 0) {
        child_fail(c, STEP_FILE, index);
    } else if (fchown(fd, m->uid, m->gid) < 0 || fchmod(fd, m->mode) < 0) {
        child_fail(c, STEP_FILE_OWNER, index);
        fd_closep(&fd);
    }
    return fd;
}

static bool add_bind(const struct child *c, const struct sandbox_mount *m, int index) {
    _cleanup_fd_ int source = open_source(c, m, index);
    struct stat st;
    if (source < 0)
        return false;
    if (fstat(source, &st) < 0)
        return child_fail(c, STEP_SOURCE, index);
    _cleanup_fd_ int at = target_open(c, m->target, S_ISDIR(st.st_mode));
    if (at < 0)
        return child_fail(c, STEP_TARGET, index);
    uint64_t attributes = MOUNT_ATTR_NODEV | (m->writable ? 0 : MOUNT_ATTR_RDONLY);
    if (m->kind == SANDBOX_FILE)
        attributes |= MOUNT_ATTR_NOSUID | (m->mode & 0111 ? 0 : MOUNT_ATTR_NOEXEC);
    return bind_at(source, "", at, attributes) || child_fail(c, STEP_MOUNT, index);
}

static bool add_tmpfs(const struct child *c, const struct sandbox_mount *m, int index) {
    _cleanup_fd_ int at = target_open(c, m->target, true);
    if (at < 0)
        return child_fail(c, STEP_TARGET, index);
    return mount_at("tmpfs", at, MS_NOSUID | MS_NODEV | (m->writable ? 0 : MS_RDONLY), m->options) || child_fail(c, STEP_MOUNT, index);
}

bool child_mounts(const struct child *c) {
    const struct sandbox_spec *s = c->plan->spec;
    if (!mount_proc(c) || !mount_sys(c) || !mount_dev(c) || !mask_paths(c))
        return false;
    for (size_t i = 0; i < s->n_mounts; i++) {
        const struct sandbox_mount *m = &s->mounts[i];
        if (!(m->kind == SANDBOX_TMPFS ? add_tmpfs(c, m, (int)i) : add_bind(c, m, (int)i)))
            return false;
    }
    return true;
}
