/* SPDX-License-Identifier: Apache-2.0
 * What a run learned of files (stat_private.h). A million records would be 88 MB: they lie in a work file, and a hash of their numbers
 * finds them. Eight bits of the hash stand beside each number, so that a record is hardly ever read in vain. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/vec.h"
#include "store/stat_private.h"

enum { HASH_FIRST = 64, NUMBER_BITS = 24 };
_Static_assert(LIMIT_STAT_RECORDS < 1u << NUMBER_BITS, "a number and its mark share a slot");

/* A record's place in the sorted file. */
struct place {
    uint64_t ino;
    uint32_t device;       /* its place in `devices` */
    uint32_t number;
};

struct stat_learned {
    struct spill *records;
    size_t n;
    uint32_t *hash;        /* number + 1, and the mark above it; 0: free */
    size_t hash_size;
    VEC(uint64_t) devices; /* sorted; nearly always one */
    struct place *order;
    bool broken;           /* the work file cannot be read or written: nothing more is learned */
};

struct stat_learned *stat_learned_new(struct store *s) {
    struct stat_learned *l = mem_zalloc(1, sizeof *l);
    l->records = spill_new(s->work_fd);
    return l;
}

void stat_learned_free(struct stat_learned *l) {
    if (!l)
        return;
    spill_free(l->records);
    free(l->hash);
    vec_fini(&l->devices);
    free(l->order);
    free(l);
}

size_t stat_learned_count(const struct stat_learned *l) {
    return l->broken ? 0 : l->n;
}

bool stat_learned_at(struct stat_learned *l, size_t i, struct stat_record *out, struct err *e) {
    return spill_read(l->records, (uint64_t)(l->order ? l->order[i].number : i) * STAT_RECORD_BYTES, out->b, sizeof out->b, e);
}

/* Nothing depends on what is learned but time, so a failure only ends it. */
static bool settle(struct stat_learned *l, bool good, struct err *e) {
    l->broken = l->broken || !good;
    err_clear(e);
    return good;
}

static bool read_number(struct stat_learned *l, uint32_t number, struct stat_record *out) {
    struct err e = ERR_INIT;
    return settle(l, spill_read(l->records, (uint64_t)number * STAT_RECORD_BYTES, out->b, sizeof out->b, &e), &e);
}

/* --- The hash --- */

static uint64_t hash_of(const struct stat_record *r) {
    return (stat_ino(r) ^ stat_dev(r) << 40) * 0x9e3779b97f4a7c15u;
}

static uint32_t mark_of(uint64_t hash) {
    return (uint32_t)(hash >> 56) << NUMBER_BITS;
}

/* The place of key's device and inode: its entry, or a free one. */
static uint32_t *slot(struct stat_learned *l, const struct stat_record *key, struct stat_record *there) {
    uint64_t hash = hash_of(key), mask = l->hash_size - 1;
    for (uint64_t i = hash >> 24 & mask;; i = (i + 1) & mask) {
        uint32_t *s = &l->hash[i];
        if (*s == 0)
            return s;
        if ((*s & ~0u << NUMBER_BITS) == mark_of(hash) && read_number(l, (*s & ~(~0u << NUMBER_BITS)) - 1, there) &&
            stat_record_cmp(there, key) == 0)
            return s;
    }
}

static void grow_hash(struct stat_learned *l) {
    l->hash_size = l->hash_size ? l->hash_size * 2 : HASH_FIRST;
    free(l->hash);
    l->hash = mem_zalloc(l->hash_size, sizeof *l->hash);
    uint64_t mask = l->hash_size - 1;
    for (uint32_t number = 0; number < l->n; number++) {
        struct stat_record r;
        if (!read_number(l, number, &r))
            return;
        uint64_t hash = hash_of(&r), i = hash >> 24 & mask;
        while (l->hash[i])
            i = (i + 1) & mask;
        l->hash[i] = mark_of(hash) | (number + 1);
    }
}

bool stat_learned_get(struct stat_learned *l, const struct stat_record *key, struct stat_record *out) {
    return !l->broken && l->n && *slot(l, key, out) && !l->broken;
}

void stat_learned_put(struct stat_learned *l, const struct stat_record *r) {
    struct err e = ERR_INIT;
    struct stat_record there;
    if (!l->broken && l->n >= l->hash_size / 4 * 3)
        grow_hash(l);
    if (l->broken)
        return;
    uint32_t *s = slot(l, r, &there);
    if (*s) {
        uint64_t at = (uint64_t)((*s & ~(~0u << NUMBER_BITS)) - 1) * STAT_RECORD_BYTES;
        settle(l, spill_change(l->records, at, r->b, sizeof r->b, &e), &e);
    } else if (l->n < LIMIT_STAT_RECORDS && settle(l, spill_add(l->records, r->b, sizeof r->b, &e), &e)) {
        *s = mark_of(hash_of(r)) | (uint32_t)++l->n;
    }
}

/* --- Order --- */

static uint32_t device_place(struct stat_learned *l, uint64_t dev) {
    size_t i = 0;
    while (i < l->devices.n && l->devices.p[i] != dev)
        i++;
    if (i == l->devices.n)
        vec_push(&l->devices, dev);
    return (uint32_t)i;
}

static int by_place(const void *x, const void *y, void *learned) {
    const struct place *a = x, *b = y;
    const struct stat_learned *l = learned;
    if (a->device != b->device)
        return l->devices.p[a->device] < l->devices.p[b->device] ? -1 : 1;
    return (a->ino > b->ino) - (a->ino < b->ino);
}

void stat_learned_sort(struct stat_learned *l) {
    free(l->hash);
    l->hash = NULL;
    struct place *order = mem_zalloc(l->n, sizeof *order);
    for (uint32_t i = 0; i < l->n; i++) {
        struct stat_record r;
        if (!read_number(l, i, &r))
            break;
        order[i] = (struct place){stat_ino(&r), device_place(l, stat_dev(&r)), i};
    }
    qsort_r(order, l->n, sizeof *order, by_place, l);
    l->order = order;
}
