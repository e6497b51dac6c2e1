/* SPDX-License-Identifier: Apache-2.0
 * What git wrote, made independent of umask and clock: see git_settle_tree. Depth costs descriptors, and is bounded. */
#include <errno.h>

#include "base/limits.h"
#include "fetch/git_repo.h"

static bool settle_entry(int dir, const char *name, int64_t time_s, int depth, struct err *e);

static bool settle_dir(int fd, int64_t time_s, int depth, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    bool ok = depth <= LIMIT_GIT_TREE_DEPTH || err_set(e, ERR_FAILED, "directories nested deeper than %d levels", LIMIT_GIT_TREE_DEPTH);
    ok = ok && file_list(fd, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++)
        ok = settle_entry(fd, names.names[i].p, time_s, depth, e);
    arena_fini(&a);
    const struct timespec times[2] = {{time_s, 0}, {time_s, 0}};
    return ok && ((fchmod(fd, 0755) == 0 && futimens(fd, times) == 0) || err_sys(e, errno, "set mode and time of a directory"));
}

static bool settle_entry(int dir, const char *name, int64_t time_s, int depth, struct err *e) {
    const struct timespec times[2] = {{time_s, 0}, {time_s, 0}};
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(e, errno, "look at %s", name);
    if (S_ISDIR(st.st_mode)) {
        _cleanup_fd_ int fd = file_openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
        return fd >= 0 && settle_dir(fd, time_s, depth + 1, e);
    }
    if (S_ISREG(st.st_mode) && fchmodat(dir, name, st.st_mode & 0100 ? 0755 : 0644, 0) < 0)
        return err_sys(e, errno, "set the mode of %s", name);
    return utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) == 0 || err_sys(e, errno, "set the time of %s", name);
}

bool git_settle_tree(int dir, int64_t time_s, struct err *e) {
    return settle_dir(dir, time_s, 0, e);
}
