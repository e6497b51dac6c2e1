/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the stat index (store.h): its records, and what one run learns beside the file. The bytes are croze-store(5)'s.
 *
 *   stat_index.c     opening and asking
 *   stat_learned.c   what this run learned: in a work file, found by a hash of 4 bytes a slot
 *   stat_write.c     merging both into a new file */
#ifndef CROZE_STORE_STAT_PRIVATE_H
#define CROZE_STORE_STAT_PRIVATE_H

#include "store/le.h"
#include "store/store_private.h"
#include "sys/spill.h"

/* Offsets in the file. The header is: magic, format, record size, count, CRC-32 of all records, zeros. */
enum { STAT_HEADER_BYTES = 32, STAT_AT_FORMAT = 8, STAT_AT_RECORD_BYTES = 12, STAT_AT_COUNT = 16, STAT_AT_CRC = 24, STAT_FORMAT = 1 };
#define STAT_MAGIC "CROZSTAT"
enum {
    STAT_RECORD_BYTES = 88,
    STAT_AT_DEV = 0,
    STAT_AT_INO = 8,
    STAT_AT_CTIME = 16,
    STAT_AT_MTIME = 24,
    STAT_AT_SIZE = 32,
    STAT_AT_CTIME_NS = 40,
    STAT_AT_MTIME_NS = 44,
    STAT_AT_MODE = 48,
    STAT_AT_UNSEEN = 52,
    STAT_AT_DIGEST = 56,
    STAT_KEY_BYTES = 52, /* all that must be equal: up to and with the mode */
};

struct stat_record {
    uint8_t b[STAT_RECORD_BYTES];
};

static inline uint64_t stat_dev(const struct stat_record *r) {
    return le64_get(r->b + STAT_AT_DEV);
}
static inline uint64_t stat_ino(const struct stat_record *r) {
    return le64_get(r->b + STAT_AT_INO);
}
/* The order of the file: by device and inode. */
int stat_record_cmp(const void *a, const void *b);

/* --- stat_learned.c --- */
struct stat_learned;
struct stat_learned *stat_learned_new(struct store *s);
void stat_learned_free(struct stat_learned *l);
size_t stat_learned_count(const struct stat_learned *l);
/* The record of this device and inode, if there is one. What cannot be read is not there. */
bool stat_learned_get(struct stat_learned *l, const struct stat_record *key, struct stat_record *out);
/* In the place of the one of the same device and inode, if there is one. What cannot be written is not learned. */
void stat_learned_put(struct stat_learned *l, const struct stat_record *r);
/* Sorts; the hash is gone then: no get or put any more. */
void stat_learned_sort(struct stat_learned *l);
MUST_CHECK bool stat_learned_at(struct stat_learned *l, size_t i, struct stat_record *out, struct err *e);

/* --- stat_write.c --- */
struct stat_index {
    struct store *store;
    char name[40];               /* in stat/: <device>-<inode> of the context */
    struct str map;              /* the file, or empty */
    const struct stat_record *old; /* in the map, sorted */
    size_t n_old;
    atomic_uchar *seen;          /* one an old record */
    atomic_uint asked;
    long grain_ns;               /* of the clock that stamps files */
    pthread_mutex_t mutex;       /* guards what follows */
    struct stat_learned *learned;
};
/* A new file of what was there and what was learned. */
MUST_CHECK bool stat_index_write(struct stat_index *x, int dir, struct err *e);
/* Lets go of the map's memory; the file is still there, so what is asked for comes back. */
void stat_index_drop_pages(const struct stat_index *x);

#endif
