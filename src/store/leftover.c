/* SPDX-License-Identifier: Apache-2.0
 * What a crash leaves half-made: drafts under private names, where the file system knows no unnamed files or a rename was about to follow.
 * gc and fsck remove them. A living writer's draft looks the same, hence age and leases decide. */
#include "base/digest.h"
#include "store/store_private.h"
#include "sys/clock.h"

/* No draft is written for longer without a pause of that length. */
enum { DRAFT_IDLE_S = 3600 };

int64_t stat_age_s(const struct stat *st) {
    struct timespec newest = clock_cmp(st->st_ctim, st->st_mtim) < 0 ? st->st_mtim : st->st_ctim;
    return (int64_t)clock_now().tv_sec - (int64_t)newest.tv_sec;
}

bool name_is_digest(struct str name, struct digest *d) {
    return digest_parse_hex(name, d);
}

bool store_is_ours_alone(struct store *s) {
    struct err ignored = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct dir_names names;
    _cleanup_fd_ int dir = file_openat(s->root_fd, "leases", O_RDONLY | O_DIRECTORY, 0, &ignored);
    bool alone = dir >= 0 && file_list(dir, &a, &names, &ignored);
    for (size_t i = 0; alone && i < names.n; i++)
        alone = str_eqz(names.names[i], s->lease->name) || !lease_is_alive(s, names.names[i].p);
    err_clear(&ignored);
    arena_fini(&a);
    return alone;
}

static bool find_in(const struct leftovers *l, const char *where, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    _cleanup_fd_ int dir = file_openat(l->store->root_fd, where, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    bool ok = dir >= 0 && file_list(dir, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++) {
        struct stat st;
        if (!str_starts(names.names[i], S(".tmp-")) || fstatat(dir, names.names[i].p, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
            continue;
        if (l->alone || stat_age_s(&st) >= DRAFT_IDLE_S)
            l->found(l->ctx, where, names.names[i].p, dir, &st);
    }
    arena_fini(&a);
    return ok;
}

bool leftovers_find(const struct leftovers *l, struct err *e) {
    static const char *const dirs[] = {".", "blobs/sha256", "toc", "marks", "steps", "why", "stat", "downloads/sha256", "downloads/urls",
                                       "origins"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        if (!find_in(l, dirs[i], e))
            return false;
    return true;
}
