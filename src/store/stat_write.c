/* SPDX-License-Identifier: Apache-2.0
 * A new stat index (stat_private.h): the old file and what was learned, merged as they are written. */
#include <errno.h>
#include <sys/mman.h>

#include "base/codec.h"
#include "base/limits.h"
#include "store/stat_private.h"

enum {
    UNSEEN_MAX = 8,      /* rewrites that a record outlives unasked for: several Dockerfiles may take turns over parts of one context */
    PIECE_RECORDS = 1024,
};

struct out {
    const char *name;
    int fd;
    uint32_t crc;
    uint64_t count;
    size_t n;            /* in piece */
    struct stat_record piece[PIECE_RECORDS];
};

void stat_index_drop_pages(const struct stat_index *x) {
    if (x->map.n)
        madvise((void *)x->map.p, x->map.n, MADV_DONTNEED);
}

static bool flush(struct stat_index *x, struct out *o, struct err *e) {
    o->crc = crc32_update(o->crc, o->piece, o->n * STAT_RECORD_BYTES);
    bool good = file_write_all(o->fd, o->piece, o->n * STAT_RECORD_BYTES, o->name, e);
    if (o->count / PIECE_RECORDS % 64 == 0)
        stat_index_drop_pages(x);
    o->n = 0;
    return good;
}

static bool put(struct stat_index *x, struct out *o, const struct stat_record *r, struct err *e) {
    o->piece[o->n++] = *r;
    o->count++;
    return o->n < PIECE_RECORDS || flush(x, o, e);
}

/* An old record as it goes on; false: it has not been asked for in too many runs. */
static bool carry(struct stat_index *x, size_t i, struct stat_record *out) {
    *out = x->old[i];
    uint32_t unseen = atomic_load_explicit(&x->seen[i], memory_order_relaxed) ? 0 : le32_get(out->b + STAT_AT_UNSEEN) + 1;
    le32_set(out->b + STAT_AT_UNSEEN, unseen);
    return unseen <= UNSEEN_MAX;
}

/* Merges both sorted lists; what was learned wins. */
static bool merge(struct stat_index *x, struct out *o, struct err *e) {
    size_t n_learned = stat_learned_count(x->learned), i = 0, k = 0;
    struct stat_record learned, carried;
    bool is_read = false; /* learned is number k */
    while ((i < x->n_old || k < n_learned) && o->count < LIMIT_STAT_RECORDS) {
        if (k < n_learned && !is_read && !stat_learned_at(x->learned, k, &learned, e))
            return false;
        is_read = k < n_learned;
        int order = i == x->n_old ? 1 : !is_read ? -1 : stat_record_cmp(&x->old[i], &learned);
        if (order < 0 ? carry(x, i, &carried) && !put(x, o, &carried, e) : !put(x, o, &learned, e))
            return false;
        i += order <= 0;
        if (order >= 0) {
            is_read = false;
            k++;
        }
    }
    return flush(x, o, e);
}

static bool put_header(const struct out *o, struct err *e) {
    uint8_t h[STAT_HEADER_BYTES] = STAT_MAGIC;
    le32_set(h + STAT_AT_FORMAT, STAT_FORMAT);
    le32_set(h + STAT_AT_RECORD_BYTES, STAT_RECORD_BYTES);
    le64_set(h + STAT_AT_COUNT, o->count);
    le32_set(h + STAT_AT_CRC, o->crc);
    return (lseek(o->fd, 0, SEEK_SET) == 0 || err_sys(e, errno, "write %s", o->name)) && file_write_all(o->fd, h, sizeof h, o->name, e);
}

bool stat_index_write(struct stat_index *x, int dir, struct err *e) {
    static const uint8_t zeros[STAT_HEADER_BYTES];
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    stat_learned_sort(x->learned);
    if (!file_draft_open(dir, 0644, &draft, e))
        return false;
    _cleanup_(mem_freep) struct out *o = mem_zalloc(1, sizeof *o);
    o->name = x->name;
    o->fd = draft.fd;
    return file_write_all(o->fd, zeros, sizeof zeros, o->name, e) && merge(x, o, e) && put_header(o, e) &&
           file_publish(&draft, x->name, FILE_REPLACE, false, e);
}
