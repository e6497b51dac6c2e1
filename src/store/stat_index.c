/* SPDX-License-Identifier: Apache-2.0
 * The stat index of a context directory: what its files hashed to when they had these device, inode, times, size and mode. A sorted file of
 * fixed records is mapped and searched in place; what this run learns is kept beside it and merged into a new file at the end
 * (stat_private.h). */
#include <errno.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/stat_private.h"
#include "sys/clock.h"

enum {
    COARSE_FS_S = 2,   /* the grain of a file system that keeps whole seconds (ext3) or two of them (FAT) */
    DROP_ASKED = 65536, /* questions after which the map's memory is given back: a walk asks for neighbours */
};

int stat_record_cmp(const void *x, const void *y) {
    const struct stat_record *a = x, *b = y;
    uint64_t da = stat_dev(a), db = stat_dev(b), ia = stat_ino(a), ib = stat_ino(b);
    if (da != db)
        return da < db ? -1 : 1;
    return (ia > ib) - (ia < ib);
}

static void fill(struct stat_record *r, const struct stat *st) {
    memset(r, 0, sizeof *r);
    le64_set(r->b + STAT_AT_DEV, st->st_dev);
    le64_set(r->b + STAT_AT_INO, st->st_ino);
    le64_set(r->b + STAT_AT_CTIME, (uint64_t)st->st_ctim.tv_sec);
    le64_set(r->b + STAT_AT_MTIME, (uint64_t)st->st_mtim.tv_sec);
    le64_set(r->b + STAT_AT_SIZE, (uint64_t)st->st_size);
    le32_set(r->b + STAT_AT_CTIME_NS, (uint32_t)st->st_ctim.tv_nsec);
    le32_set(r->b + STAT_AT_MTIME_NS, (uint32_t)st->st_mtim.tv_nsec);
    le32_set(r->b + STAT_AT_MODE, st->st_mode);
}

/* --- Opening --- */

bool stat_index_check(struct str file, const char **why) {
    const uint8_t *p = (const uint8_t *)file.p;
    if (file.n < STAT_HEADER_BYTES || memcmp(p, STAT_MAGIC, STAT_AT_FORMAT) != 0)
        return *why = "not a stat index", false;
    if (le32_get(p + STAT_AT_FORMAT) != STAT_FORMAT || le32_get(p + STAT_AT_RECORD_BYTES) != STAT_RECORD_BYTES)
        return *why = "of another format", false;
    uint64_t count = le64_get(p + STAT_AT_COUNT);
    if (count > LIMIT_STAT_RECORDS || file.n - STAT_HEADER_BYTES != count * STAT_RECORD_BYTES)
        return *why = "cut short or too long", false;
    if (crc32_update(0, p + STAT_HEADER_BYTES, file.n - STAT_HEADER_BYTES) != le32_get(p + STAT_AT_CRC))
        return *why = "its checksum is wrong", false;
    const struct stat_record *r = (const struct stat_record *)(p + STAT_HEADER_BYTES);
    for (uint64_t i = 1; i < count; i++)
        if (stat_record_cmp(&r[i - 1], &r[i]) >= 0)
            return *why = "not sorted", false;
    return true;
}

static int stat_dir(struct store *s, struct err *e) {
    return file_openat(s->root_fd, "stat", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
}

/* Maps the file if there is a sound one. It is only ever replaced by rename, so the mapping never shrinks under us. */
static void load(struct stat_index *x, int dir) {
    struct err ignored = ERR_INIT;
    struct str map = STR_NULL;
    _cleanup_fd_ int fd = openat(dir, x->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool mapped = fd >= 0 && file_map(fd, x->name, &map, &ignored) && map.n > 0;
    err_clear(&ignored);
    if (!mapped)
        return;
    const char *why;
    if (!stat_index_check(map, &why)) {
        log_warn("stat/%s is dropped: %s (the context is hashed again)", x->name, why);
        file_unmap(&map);
        return;
    }
    x->map = map;
    x->old = (const struct stat_record *)(map.p + STAT_HEADER_BYTES);
    x->n_old = (map.n - STAT_HEADER_BYTES) / STAT_RECORD_BYTES;
    stat_index_drop_pages(x);
}

struct stat_index *stat_index_open(struct store *s, int context_fd, struct err *e) {
    struct stat st;
    if (fstat(context_fd, &st) < 0) {
        err_sys(e, errno, "stat the context");
        return NULL;
    }
    _cleanup_fd_ int dir = stat_dir(s, e);
    if (dir < 0)
        return NULL;
    struct stat_index *x = mem_zalloc(1, sizeof *x);
    x->store = s;
    snprintf(x->name, sizeof x->name, "%llx-%llx", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    pthread_mutex_init(&x->mutex, NULL);
    struct timespec grain;
    x->grain_ns = clock_getres(CLOCK_REALTIME_COARSE, &grain) == 0 && grain.tv_sec == 0 ? grain.tv_nsec : 999999999;
    load(x, dir);
    x->seen = mem_zalloc(x->n_old, sizeof *x->seen);
    x->learned = stat_learned_new(s);
    return x;
}

/* --- Asking --- */

static bool get_learned(struct stat_index *x, const struct stat_record *key, struct digest *out) {
    struct stat_record r;
    pthread_mutex_lock(&x->mutex);
    bool hit = stat_learned_get(x->learned, key, &r) && memcmp(r.b, key->b, STAT_KEY_BYTES) == 0;
    pthread_mutex_unlock(&x->mutex);
    if (hit)
        memcpy(out->b, r.b + STAT_AT_DIGEST, sizeof out->b);
    return hit;
}

bool stat_index_get(struct stat_index *x, const struct stat *st, struct digest *out) {
    struct stat_record key;
    fill(&key, st);
    const struct stat_record *r = x->n_old ? bsearch(&key, x->old, x->n_old, sizeof key, stat_record_cmp) : NULL;
    if (atomic_fetch_add_explicit(&x->asked, 1, memory_order_relaxed) % DROP_ASKED == DROP_ASKED - 1)
        stat_index_drop_pages(x);
    if (!r || memcmp(r->b, key.b, STAT_KEY_BYTES) != 0)
        return get_learned(x, &key, out);
    atomic_store_explicit(&x->seen[r - x->old], 1, memory_order_relaxed);
    memcpy(out->b, r->b + STAT_AT_DIGEST, sizeof out->b);
    return true;
}

/* --- Learning --- */

/* Whether a change after `read_at` is certain to show in the times: both lie before it by more than the grain of the clock, or of a file
 * system that seems to keep whole seconds only. */
static bool is_settled(const struct stat_index *x, const struct stat *st, struct timespec read_at) {
    struct timespec newest = clock_cmp(st->st_ctim, st->st_mtim) < 0 ? st->st_mtim : st->st_ctim;
    struct timespec limit = read_at;
    if (newest.tv_nsec == 0)
        limit.tv_sec -= COARSE_FS_S;
    limit.tv_nsec -= x->grain_ns;
    if (limit.tv_nsec < 0) {
        limit.tv_nsec += 1000000000;
        limit.tv_sec--;
    }
    return clock_cmp(newest, limit) < 0;
}

void stat_index_put(struct stat_index *x, const struct stat *st, struct timespec read_at, const struct digest *d) {
    struct stat_record r;
    if (!is_settled(x, st, read_at))
        return;
    fill(&r, st);
    memcpy(r.b + STAT_AT_DIGEST, d->b, sizeof d->b);
    pthread_mutex_lock(&x->mutex);
    stat_learned_put(x->learned, &r);
    pthread_mutex_unlock(&x->mutex);
}

/* --- Writing back --- */

/* Its mtime tells gc when it was last of use. */
static bool touch(struct stat_index *x, int dir, struct err *e) {
    return x->map.n == 0 || utimensat(dir, x->name, NULL, 0) == 0 || err_sys(e, errno, "set its time");
}

void stat_index_close(struct stat_index *x) {
    struct err why = ERR_INIT;
    if (!x)
        return;
    _cleanup_fd_ int dir = stat_dir(x->store, &why);
    if (dir < 0 || !(stat_learned_count(x->learned) ? stat_index_write(x, dir, &why) : touch(x, dir, &why)))
        log_warn("stat/%s is not updated: %s (the next build hashes more than it must)", x->name, why.msg);
    err_clear(&why);
    file_unmap(&x->map);
    pthread_mutex_destroy(&x->mutex);
    stat_learned_free(x->learned);
    free(x->seen);
    free(x);
}
