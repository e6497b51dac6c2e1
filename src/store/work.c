/* SPDX-License-Identifier: Apache-2.0
 * Work directories: work/<lease>-<n>, private to the process of that lease and swept when it is dead; kept/<same> if a person wants to look
 * at what a failed step left. */
#include <errno.h>

#include "base/log.h"
#include "store/store_private.h"

const char *store_lease_name(const struct store *s) {
    return s->lease->name;
}

void workdir_name(struct store *s, char out[LEASE_NAME_MAX + 16]) {
    snprintf(out, LEASE_NAME_MAX + 16, "%s-%u", s->lease->name, atomic_fetch_add(&s->lease->next_workdir, 1));
}

bool store_workdir(struct store *s, char **path, struct err *e) {
    char name[LEASE_NAME_MAX + 16];
    workdir_name(s, name);
    if (mkdirat(s->work_fd, name, 0700) < 0)
        return err_sys(e, errno, "make directory %s/work/%s", s->root, name);
    *path = mem_printf("%s/work/%s", s->root, name);
    return true;
}

void store_workdir_remove(struct store *s, const char *path) {
    struct err why = ERR_INIT;
    if (!file_remove_tree(s->work_fd, path_base(str_z(path)).p, &why))
        log_warn("%s is left behind: %s", path, why.msg);
    err_clear(&why);
}

bool store_workdir_keep(struct store *s, const char *path, char **kept, struct err *e) {
    enum { SAME_NAME_MAX = 10000 }; /* pids come again; a person who keeps that many has gc --all */
    const char *name = path_base(str_z(path)).p;
    _cleanup_fd_ int dir = file_openat(s->root_fd, "kept", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    if (dir < 0)
        return false;
    for (int n = 0; n < SAME_NAME_MAX; n++) {
        _cleanup_(mem_freep) char *to = n ? mem_printf("%s.%d", name, n) : mem_strdup(name);
        if (renameat2(s->work_fd, name, dir, to, RENAME_NOREPLACE) == 0) {
            *kept = mem_printf("%s/kept/%s", s->root, to);
            return true;
        }
        if (errno != EEXIST)
            return err_sys(e, errno, "keep %s", path);
    }
    return err_set(e, ERR_FAILED, "keep %s: kept/ is full of that name (croze gc --all empties it)", path);
}
