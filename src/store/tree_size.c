/* SPDX-License-Identifier: Apache-2.0
 * How many bytes a tree takes on disk, for gc's report. Trees are hostile: no link is followed, the walk uses no recursion, and depth is
 * bounded because each level holds a descriptor. */
#include "base/limits.h"
#include "store/store_private.h"

struct level {
    int fd;
    struct arena arena;
    struct dir_names names;
    size_t next;
};

static bool enter(struct level *l, int dir, const char *name) {
    struct err ignored = ERR_INIT;
    *l = (struct level){.fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), .arena = ARENA_INIT};
    bool ok = l->fd >= 0 && file_list(l->fd, &l->arena, &l->names, &ignored);
    err_clear(&ignored);
    if (!ok) {
        arena_fini(&l->arena);
        fd_closep(&l->fd);
    }
    return ok;
}

uint64_t tree_size(int dir, const char *name) {
    struct level stack[LIMIT_TREE_SIZE_DEPTH];
    struct stat st;
    uint64_t bytes = 0;
    size_t depth = enter(&stack[0], dir, name) ? 1 : 0;
    while (depth > 0) {
        struct level *l = &stack[depth - 1];
        if (l->next == l->names.n) {
            arena_fini(&l->arena);
            fd_closep(&l->fd);
            depth--;
            continue;
        }
        const char *child = l->names.names[l->next++].p;
        if (fstatat(l->fd, child, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        bytes += (uint64_t)st.st_blocks * 512 / (S_ISREG(st.st_mode) && st.st_nlink > 1 ? st.st_nlink : 1);
        if (S_ISDIR(st.st_mode) && depth < LIMIT_TREE_SIZE_DEPTH)
            depth += enter(&stack[depth], l->fd, child);
    }
    return bytes;
}
