/* SPDX-License-Identifier: Apache-2.0
 * Local copies of what the network has: see local.h. The rest of the URL comes from a Dockerfile and is resolved by the kernel below the
 * directory that the user named. */
#include "fetch/local.h"

#include <errno.h>

#include "base/limits.h"
#include "sys/clock.h"

enum { PIECE_BYTES = 256 << 10, SETTLED_S = 2 };

/* The decoded path of "file:///rest", relative. */
static bool path_of(struct arena *a, struct str text, struct str *path, struct err *e) {
    struct url u;
    struct str plain, ignored;
    (void)str_cut(text, '#', &plain, &ignored);
    (void)str_cut(plain, '?', &plain, &ignored);
    if (!url_parse(a, plain, URL_FILE, &u, e))
        return false;
    *path = u.path;
    return true;
}

int local_open(struct arena *a, const struct url_map *map, struct str rest, int flags, struct err *e) {
    struct str path, top;
    flags |= O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    if (!path_of(a, map->to, &top, e))
        return -1;
    if (rest.n == 0 && !str_ends(map->to, S("/")))
        return file_open(top.p, flags, 0, e);
    if (!path_of(a, arena_join3(a, S("file:///"), rest, STR_NULL), &path, e))
        return -1;
    while (path.n && path.p[0] == '/')
        path = str_from(path, 1);
    _cleanup_fd_ int dir = file_open(top.p, O_PATH | O_DIRECTORY, 0, e);
    if (dir < 0)
        return -1;
    int fd = file_openat_beneath(dir, path.n ? path.p : ".", flags, 0);
    if (fd < 0)
        err_sys(e, errno, "open %.*s below %s", STR_ARG(path), top.p);
    return fd;
}

/* Any change of the file shows in its ctime, if that lies far enough back. */
static struct str etag_of(struct arena *a, const struct stat *st) {
    if (clock_now().tv_sec - st->st_ctim.tv_sec < SETTLED_S)
        return S("");
    return arena_printf(a, "\"%llx-%llx-%lld-%lld.%09ld-%lld.%09ld\"", (unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
                        (long long)st->st_size, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec,
                        st->st_ctim.tv_nsec);
}

static struct str date_of(struct arena *a, const struct stat *st) {
    char text[64];
    struct tm tm;
    gmtime_r(&st->st_mtim.tv_sec, &tm);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    return arena_str(a, str_z(text));
}

static bool copy(int fd, struct http_get *g, struct err *e) {
    _cleanup_(mem_freep) char *piece = mem_alloc(PIECE_BYTES);
    for (;;) {
        ssize_t n = read(fd, piece, PIECE_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, errno, "read");
        if (n == 0)
            return true;
        if ((uint64_t)n > g->max_bytes - g->done)
            return err_set(e, ERR_FAILED, "it is larger than the limit of %llu bytes", (unsigned long long)g->max_bytes);
        if (!file_write_all(g->draft->fd, piece, (size_t)n, "the download", e))
            return false;
        sha256_update(&g->hash, piece, (size_t)n);
        g->done += (uint64_t)n;
    }
}

bool local_get(const struct url_map *map, struct str rest, struct http_get *g, struct err *e) {
    struct stat before, after;
    g->same = g->transient = false;
    _cleanup_fd_ int fd = local_open(g->arena, map, rest, O_RDONLY, e);
    if (fd < 0)
        return false;
    if (fstat(fd, &before) < 0 || !S_ISREG(before.st_mode))
        return err_set(e, ERR_FAILED, "it is not a regular file");
    g->got_etag = etag_of(g->arena, &before);
    g->got_last_modified = date_of(g->arena, &before);
    g->effective_url = map->to;
    g->same = g->etag.n && str_eq(g->etag, g->got_etag);
    if (g->same)
        return true;
    if (!copy(fd, g, e))
        return false;
    return (fstat(fd, &after) == 0 && file_is_same(&before, &after)) ||
           err_set(e, ERR_FAILED, "the file changed while it was copied; try again");
}
