/* SPDX-License-Identifier: Apache-2.0
 * The stat index of a context directory: what its files hashed to when they had these device, inode, times, size and mode. A sorted file of
 * fixed records is mapped and searched in place; what this run learns is kept beside it and merged into a new file at the end. Format:
 * croze-store(5). */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "store/le.h"
#include "store/store_private.h"
#include "sys/clock.h"

/* Offsets in the file. The header is: magic, format, record size, count, CRC-32 of all records, zeros. */
enum { HEADER_BYTES = 32, AT_FORMAT = 8, AT_RECORD_BYTES = 12, AT_COUNT = 16, AT_CRC = 24, FORMAT = 1 };
enum {
    RECORD_BYTES = 88,
    AT_DEV = 0,
    AT_INO = 8,
    AT_CTIME = 16,
    AT_MTIME = 24,
    AT_SIZE = 32,
    AT_CTIME_NS = 40,
    AT_MTIME_NS = 44,
    AT_MODE = 48,
    AT_UNSEEN = 52,
    AT_DIGEST = 56,
    KEY_BYTES = 52, /* all that must be equal: up to and with the mode */
};
enum {
    UNSEEN_MAX = 8,  /* rewrites that a record outlives unasked for: several Dockerfiles may take turns over parts of one context */
    COARSE_FS_S = 2, /* the grain of a file system that keeps whole seconds (ext3) or two of them (FAT) */
    HASH_MIN = 64,
};
static const char magic[8] = {'C', 'R', 'O', 'Z', 'S', 'T', 'A', 'T'};

struct record {
    uint8_t b[RECORD_BYTES];
};

struct stat_index {
    struct store *store;
    char name[40];      /* in stat/: <device>-<inode> of the context */
    const uint8_t *map; /* the file, or NULL */
    size_t map_bytes;
    const struct record *old; /* in the map, sorted */
    size_t n_old;
    atomic_uchar *seen;    /* one an old record */
    long grain_ns;         /* of the clock that stamps files */
    pthread_mutex_t mutex; /* guards what follows */
    VEC(struct record) learned;
    uint32_t *hash; /* index + 1 into learned, by device and inode */
    size_t hash_size;
};

static uint64_t ino_of(const struct record *r) {
    return le64_get(r->b + AT_INO);
}
static uint64_t dev_of(const struct record *r) {
    return le64_get(r->b + AT_DEV);
}

static int compare(const void *x, const void *y) {
    const struct record *a = x, *b = y;
    uint64_t da = dev_of(a), db = dev_of(b), ia = ino_of(a), ib = ino_of(b);
    if (da != db)
        return da < db ? -1 : 1;
    return (ia > ib) - (ia < ib);
}

static void fill(struct record *r, const struct stat *st) {
    memset(r, 0, sizeof *r);
    le64_set(r->b + AT_DEV, st->st_dev);
    le64_set(r->b + AT_INO, st->st_ino);
    le64_set(r->b + AT_CTIME, (uint64_t)st->st_ctim.tv_sec);
    le64_set(r->b + AT_MTIME, (uint64_t)st->st_mtim.tv_sec);
    le64_set(r->b + AT_SIZE, (uint64_t)st->st_size);
    le32_set(r->b + AT_CTIME_NS, (uint32_t)st->st_ctim.tv_nsec);
    le32_set(r->b + AT_MTIME_NS, (uint32_t)st->st_mtim.tv_nsec);
    le32_set(r->b + AT_MODE, st->st_mode);
}

/* --- Opening --- */

bool stat_index_check(struct str file, const char **why) {
    const uint8_t *p = (const uint8_t *)file.p;
    if (file.n < HEADER_BYTES || memcmp(p, magic, sizeof magic) != 0)
        return *why = "not a stat index", false;
    if (le32_get(p + AT_FORMAT) != FORMAT || le32_get(p + AT_RECORD_BYTES) != RECORD_BYTES)
        return *why = "of another format", false;
    uint64_t count = le64_get(p + AT_COUNT);
    if (count > LIMIT_STAT_RECORDS || file.n - HEADER_BYTES != count * RECORD_BYTES)
        return *why = "cut short or too long", false;
    if (crc32_update(0, p + HEADER_BYTES, file.n - HEADER_BYTES) != le32_get(p + AT_CRC))
        return *why = "its checksum is wrong", false;
    const struct record *r = (const struct record *)(p + HEADER_BYTES);
    for (uint64_t i = 1; i < count; i++)
        if (compare(&r[i - 1], &r[i]) >= 0)
            return *why = "not sorted", false;
    return true;
}

static int stat_dir(struct store *s, struct err *e) {
    return file_openat(s->root_fd, "stat", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
}

/* Maps the file if there is a sound one. It is only ever replaced by rename, so the mapping never shrinks under us. */
static void load(struct stat_index *x, int dir) {
    struct stat st;
    _cleanup_fd_ int fd = openat(dir, x->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0)
        return;
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return;
    const char *why;
    if (!stat_index_check(str_n(map, (size_t)st.st_size), &why)) {
        log_warn("stat/%s is dropped: %s (the context is hashed again)", x->name, why);
        munmap(map, (size_t)st.st_size);
        return;
    }
    x->map = map;
    x->map_bytes = (size_t)st.st_size;
    x->old = (const struct record *)(x->map + HEADER_BYTES);
    x->n_old = (x->map_bytes - HEADER_BYTES) / RECORD_BYTES;
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
    return x;
}

/* --- Asking --- */

/* The place of key's device and inode in the hash of what was learned: its entry, or a free one. */
static uint32_t *slot(const struct stat_index *x, const struct record *key) {
    uint64_t h = (ino_of(key) ^ dev_of(key) << 40) * 0x9e3779b97f4a7c15u;
    for (size_t i = h >> 32 & (x->hash_size - 1);; i = (i + 1) & (x->hash_size - 1)) {
        uint32_t number = x->hash[i];
        if (number == 0 || compare(&x->learned.p[number - 1], key) == 0)
            return &x->hash[i];
    }
}

static bool get_learned(struct stat_index *x, const struct record *key, struct digest *out) {
    pthread_mutex_lock(&x->mutex);
    uint32_t number = x->hash_size ? *slot(x, key) : 0;
    bool hit = number && memcmp(x->learned.p[number - 1].b, key->b, KEY_BYTES) == 0;
    if (hit)
        memcpy(out->b, x->learned.p[number - 1].b + AT_DIGEST, sizeof out->b);
    pthread_mutex_unlock(&x->mutex);
    return hit;
}

bool stat_index_get(struct stat_index *x, const struct stat *st, struct digest *out) {
    struct record key;
    fill(&key, st);
    const struct record *r = x->n_old ? bsearch(&key, x->old, x->n_old, sizeof key, compare) : NULL;
    if (!r || memcmp(r->b, key.b, KEY_BYTES) != 0)
        return get_learned(x, &key, out);
    atomic_store_explicit(&x->seen[r - x->old], 1, memory_order_relaxed);
    memcpy(out->b, r->b + AT_DIGEST, sizeof out->b);
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

static void grow_hash(struct stat_index *x) {
    size_t size = x->hash_size ? x->hash_size * 2 : HASH_MIN;
    free(x->hash);
    x->hash = mem_zalloc(size, sizeof *x->hash);
    x->hash_size = size;
    for (size_t i = 0; i < x->learned.n; i++)
        *slot(x, &x->learned.p[i]) = (uint32_t)i + 1;
}

void stat_index_put(struct stat_index *x, const struct stat *st, struct timespec read_at, const struct digest *d) {
    struct record r;
    if (!is_settled(x, st, read_at))
        return;
    fill(&r, st);
    memcpy(r.b + AT_DIGEST, d->b, sizeof d->b);
    pthread_mutex_lock(&x->mutex);
    if (x->learned.n >= LIMIT_STAT_RECORDS) {
        pthread_mutex_unlock(&x->mutex);
        return;
    }
    if (x->learned.n * 2 >= x->hash_size)
        grow_hash(x);
    uint32_t *number = slot(x, &r);
    if (*number) {
        x->learned.p[*number - 1] = r;
    } else {
        vec_push(&x->learned, r);
        *number = (uint32_t)x->learned.n;
    }
    pthread_mutex_unlock(&x->mutex);
}

/* --- Writing back --- */

/* An old record as it goes on; false: it has not been asked for in too many runs. */
static bool carry(struct stat_index *x, size_t i, struct record *out) {
    *out = x->old[i];
    uint32_t unseen = atomic_load_explicit(&x->seen[i], memory_order_relaxed) ? 0 : le32_get(out->b + AT_UNSEEN) + 1;
    le32_set(out->b + AT_UNSEEN, unseen);
    return unseen <= UNSEEN_MAX;
}

/* Merges both sorted lists; what was learned wins. */
static size_t merge(struct stat_index *x, struct record *out) {
    size_t n = 0, i = 0, k = 0;
    while (i < x->n_old || k < x->learned.n) {
        int order = i == x->n_old ? 1 : k == x->learned.n ? -1 : compare(&x->old[i], &x->learned.p[k]);
        if (order < 0)
            n += carry(x, i, &out[n]);
        else
            out[n++] = x->learned.p[k++];
        i += order <= 0;
    }
    return n > LIMIT_STAT_RECORDS ? LIMIT_STAT_RECORDS : n;
}

static bool write_back(struct stat_index *x, struct err *e) {
    _cleanup_fd_ int dir = stat_dir(x->store, e);
    if (dir < 0)
        return false;
    qsort(x->learned.p, x->learned.n, sizeof *x->learned.p, compare);
    _cleanup_(mem_freep) uint8_t *file = mem_alloc(HEADER_BYTES + (x->n_old + x->learned.n) * RECORD_BYTES);
    size_t n = merge(x, (struct record *)(file + HEADER_BYTES));
    memset(file, 0, HEADER_BYTES);
    memcpy(file, magic, sizeof magic);
    le32_set(file + AT_FORMAT, FORMAT);
    le32_set(file + AT_RECORD_BYTES, RECORD_BYTES);
    le64_set(file + AT_COUNT, n);
    le32_set(file + AT_CRC, crc32_update(0, file + HEADER_BYTES, n * RECORD_BYTES));
    return file_replace(dir, x->name, file, HEADER_BYTES + n * RECORD_BYTES, false, e);
}

/* Its mtime tells gc when it was last of use. */
static bool touch(struct stat_index *x, struct err *e) {
    _cleanup_fd_ int dir = stat_dir(x->store, e);
    return dir >= 0 && (!x->map || utimensat(dir, x->name, NULL, 0) == 0 || err_sys(e, errno, "set its time"));
}

void stat_index_close(struct stat_index *x) {
    struct err why = ERR_INIT;
    if (!x)
        return;
    if (!(x->learned.n ? write_back(x, &why) : touch(x, &why)))
        log_warn("stat/%s is not updated: %s (the next build hashes more than it must)", x->name, why.msg);
    err_clear(&why);
    if (x->map)
        munmap((void *)x->map, x->map_bytes);
    pthread_mutex_destroy(&x->mutex);
    vec_fini(&x->learned);
    free(x->hash);
    free(x->seen);
    free(x);
}
