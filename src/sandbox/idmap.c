/* SPDX-License-Identifier: Apache-2.0
 * A mount that shows a directory's files under other owners (mount_setattr(2), MOUNT_ATTR_IDMAP): nothing on disk changes. The map is that
 * of a user namespace, which exists only as long as it takes to hand it to the mount. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdnoreturn.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "sandbox/child.h"
#include "sandbox/guard.h"
#include "sys/files.h"

/* Lives until the pipe ends, in a user namespace of its own. */
static noreturn void hold_namespace(int from, int to) {
    char byte;
    close(to);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    while (read(from, &byte, 1) < 0 && errno == EINTR)
        continue;
    _exit(0);
}

/* `id` and 0 change places, all others stay. */
static bool write_map(pid_t pid, const char *which, uint32_t id) {
    struct err ignored = ERR_INIT;
    struct buf text = BUF_INIT(4096);
    _cleanup_(mem_freep) char *path = mem_printf("/proc/%d/%s", (int)pid, which);
    _cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (id == 0)
        buf_printf(&text, "0 0 %u\n", UINT32_MAX);
    else
        buf_printf(&text, "0 %u 1\n%u 0 1\n", id, id);
    if (id > 1)
        buf_printf(&text, "1 1 %u\n", id - 1);
    if (id > 0 && id + 1 < UINT32_MAX)
        buf_printf(&text, "%u %u %u\n", id + 1, id + 1, UINT32_MAX - id - 1);
    bool ok = fd >= 0 && file_write_all(fd, text.p, text.n, path, &ignored);
    buf_fini(&text);
    err_clear(&ignored);
    return ok;
}

/* The namespace as a descriptor; -1: the kernel gives none. */
static int swapping_namespace(uid_t uid, gid_t gid) {
    int ends[2], fd = -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = clone_quietly(CLONE_NEWUSER, NULL);
    if (pid == 0)
        hold_namespace(ends[0], ends[1]);
    if (pid > 0 && write_map(pid, "uid_map", uid) && write_map(pid, "gid_map", gid)) {
        _cleanup_(mem_freep) char *path = mem_printf("/proc/%d/ns/user", (int)pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    close(ends[0]);
    close(ends[1]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return fd;
}

bool sandbox_mount_as_root(const char *source, uid_t uid, gid_t gid, const char *target) {
    if (in_user_namespace() || (uid == 0 && gid == 0))
        return false;
    _cleanup_fd_ int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    _cleanup_fd_ int ns = tree < 0 ? -1 : swapping_namespace(uid, gid);
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_NODEV, .userns_fd = (uint64_t)ns};
    return ns >= 0 && mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) == 0 &&
           move_mount(tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}
