/* SPDX-License-Identifier: Apache-2.0
 * Walks the context and makes a whiteout device (overlayfs: character device 0:0) for what the ignore file excludes: see hide_ignored.h.
 * The walk keeps a list of directories still to visit instead of recursing: a context may be as deep as it likes. */
#include "build/hide_ignored.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/limits.h"
#include "base/vec.h"
#include "sys/files.h"

struct hide {
    int context_fd, to_fd;
    const struct ignore *ignore;
    struct arena arena;
    VEC(struct str) pending;   /* directories, relative, NUL-terminated */
};

/* Makes the directories of `path`'s parents in the overlay's upper side, with the context's modes, so that they look as before. */
static bool make_parents(struct hide *h, struct str path, struct err *e) {
    for (size_t at = 0; at < path.n; at++) {
        if (path.p[at] != '/')
            continue;
        char *dir = arena_strz(&h->arena, str_first(path, at));
        struct stat st;
        if (mkdirat(h->to_fd, dir, 0755) < 0) {
            if (errno == EEXIST)
                continue;
            return err_sys(e, errno, "hide %s", dir);
        }
        if (fstatat(h->context_fd, dir, &st, AT_SYMLINK_NOFOLLOW) == 0 && fchmodat(h->to_fd, dir, st.st_mode & 07777, 0) < 0)
            return err_sys(e, errno, "hide %s", dir);
    }
    return true;
}

static bool visit(struct hide *h, struct str path, bool is_dir, struct err *e) {
    if (ignore_match(h->ignore, path, NULL)) {
        if (is_dir && ignore_may_reinclude_below(h->ignore, path)) {
            vec_push(&h->pending, path);
            return true;
        }
        if (!make_parents(h, path, e))
            return false;
        return mknodat(h->to_fd, path.p, S_IFCHR, makedev(0, 0)) == 0 || err_sys(e, errno, "hide %s", path.p);
    }
    if (is_dir)
        vec_push(&h->pending, path);
    return true;
}

static bool visit_directory(struct hide *h, struct str dir, struct err *e) {
    struct dir_names names;
    _cleanup_fd_ int fd = file_openat_nolinks(h->context_fd, dir.n ? dir.p : ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return err_sys(e, errno, "open %.*s in the build context", STR_ARG(dir));
    if (!file_list(fd, &h->arena, &names, e))
        return err_wrap(e, "build context, %.*s", STR_ARG(dir));
    for (size_t i = 0; i < names.n; i++) {
        struct stat st;
        bool is_dir = names.types[i] == DT_DIR;
        if (names.types[i] == DT_UNKNOWN)
            is_dir = fstatat(fd, names.names[i].p, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
        struct str path = arena_join3(&h->arena, dir, dir.n ? S("/") : S(""), names.names[i]);
        if (path.n > LIMIT_PATH_BYTES)
            return err_set(e, ERR_FAILED, "a path in the build context is longer than %d bytes", LIMIT_PATH_BYTES);
        if (!visit(h, path, is_dir, e))
            return false;
    }
    return true;
}

bool hide_ignored(int context_fd, const struct ignore *ig, const char *to, struct err *e) {
    _cleanup_fd_ int to_fd = file_open(to, O_RDONLY | O_DIRECTORY, 0, e);
    if (to_fd < 0)
        return false;
    struct hide h = {.context_fd = context_fd, .to_fd = to_fd, .ignore = ig};
    bool good = visit_directory(&h, S(""), e);
    for (size_t i = 0; good && i < h.pending.n; i++)
        good = visit_directory(&h, h.pending.p[i], e);
    vec_fini(&h.pending);
    arena_fini(&h.arena);
    return good;
}
