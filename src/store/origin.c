/* SPDX-License-Identifier: Apache-2.0
 * Where blobs came from, or went to: origins/<hex> lists repositories of registries, the newest first, one a line (croze-store(5)). A
 * push to another repository of such a registry mounts the blob from there. It is a hint: what is lost, or not so any more, costs a
 * request. */

#include <errno.h>

#include "base/limits.h"
#include "store/store_private.h"

static int origins_dir(struct store *s, struct err *e) {
    return file_openat(s->root_fd, "origins", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
}

/* An older store has no such directory, and most blobs have no origin: both give none. */
static bool read_origins(struct store *s, const struct digest *d, struct buf *out) {
    char hex[DIGEST_HEX + 1];
    struct err absent = ERR_INIT;
    _cleanup_fd_ int dir = origins_dir(s, &absent);
    bool there = dir >= 0 && file_readat(dir, digest_hex(d, hex), out, &absent);
    err_clear(&absent);
    return there;
}

bool store_origins(struct store *s, const struct digest *d, struct arena *a, struct str **out, size_t *n) {
    struct buf text = BUF_INIT(LIMIT_ORIGIN_BYTES);
    bool there = read_origins(s, d, &text);
    struct str rest = arena_str(a, buf_str(&text)), line;
    buf_fini(&text);
    *n = 0;
    *out = arena_array(a, struct str, rest.n / 2 + 1);
    while (there && str_next(&rest, '\n', &line))
        if (line.n)
            (*out)[(*n)++] = line;
    return *n > 0;
}

bool store_origin_add(struct store *s, const struct digest *d, struct str repository, struct err *e) {
    enum { KEPT = 8 };
    char hex[DIGEST_HEX + 1];
    struct arena a = ARENA_INIT;
    struct str *before;
    size_t n, kept = 1;
    struct buf text = BUF_INIT(LIMIT_ORIGIN_BYTES);
    store_origins(s, d, &a, &before, &n);
    bool good = true;
    if (n == 0 || !str_eq(before[0], repository)) {
        buf_printf(&text, "%.*s\n", STR_ARG(repository));
        for (size_t i = 0; i < n && kept < KEPT; i++)
            if (!str_eq(before[i], repository) && text.n + before[i].n < LIMIT_ORIGIN_BYTES) {
                buf_printf(&text, "%.*s\n", STR_ARG(before[i]));
                kept++;
            }
        _cleanup_fd_ int dir = origins_dir(s, e);
        good = dir >= 0 && file_replace(dir, digest_hex(d, hex), text.p, text.n, false, e);
    }
    buf_fini(&text);
    arena_fini(&a);
    return good || err_wrap(e, "origins of %s", s->root);
}

bool origin_orphans(struct store *s, void (*found)(void *ctx, int dir_fd, const char *name), void *ctx, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    struct digest d;
    _cleanup_fd_ int dir = origins_dir(s, e);
    if (dir < 0 && e->sys == ENOENT) {
        err_clear(e);
        return true;
    }
    bool good = dir >= 0 && file_list(dir, &a, &names, e);
    for (size_t i = 0; good && i < names.n; i++)
        if (name_is_digest(names.names[i], &d) && !store_has_blob(s, &d, NULL))
            found(ctx, dir, names.names[i].p);
    arena_fini(&a);
    return good;
}
