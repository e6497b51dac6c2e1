/* SPDX-License-Identifier: Apache-2.0
 * Bytes in memory at first, then in a file (spill.h). The tail is kept in memory and goes out by halves, so that what was added a moment
 * ago can still be changed for nothing; the file always ends at a multiple of a cache block. */
#include "sys/spill.h"

#include <assert.h>
#include <errno.h>

#include "base/limits.h"
#include "sys/files.h"

enum {
    TAIL_BYTES = MIB(2),
    HALF_BYTES = MIB(1),
    TAIL_FIRST_BYTES = KIB(4),
    BLOCK_BYTES = KIB(1), /* what one read from a random place costs most is its copying */
    BLOCKS = 16384,
    LARGE_BYTES = 4 * BLOCK_BYTES, /* reads of more leave the cache to others */
};
_Static_assert(HALF_BYTES % BLOCK_BYTES == 0, "the file holds whole blocks");

struct spill {
    int dir;
    struct file_draft file;
    char *tail;            /* all from tail_at on */
    size_t tail_n, tail_capacity;
    uint64_t tail_at;      /* so much is in the file */
    char *blocks;          /* the cache: block n of the file may be at n % BLOCKS; NULL until something is read from the file */
    uint64_t *numbers;     /* of the block that is there, plus one */
};

static const char what[] = "a work file of the store";

struct spill *spill_new(int dir) {
    struct spill *s = mem_zalloc(1, sizeof *s);
    s->dir = dir;
    s->file = (struct file_draft)FILE_DRAFT_INIT;
    return s;
}

void spill_free(struct spill *s) {
    if (!s)
        return;
    file_draft_discard(&s->file);
    free(s->tail);
    free(s->blocks);
    free(s->numbers);
    free(s);
}

uint64_t spill_bytes(const struct spill *s) {
    return s->tail_at + s->tail_n;
}

/* --- Adding --- */

/* The older half of a full tail goes into the file. */
static bool flush_half(struct spill *s, struct err *e) {
    if (s->file.fd < 0 && !file_draft_open(s->dir, 0600, &s->file, e))
        return false;
    if (!file_write_all(s->file.fd, s->tail, HALF_BYTES, what, e))
        return false;
    s->tail_at += HALF_BYTES;
    s->tail_n -= HALF_BYTES;
    memmove(s->tail, s->tail + HALF_BYTES, s->tail_n);
    return true;
}

static void make_room(struct spill *s, size_t n) {
    size_t capacity = s->tail_capacity ? s->tail_capacity : (size_t)TAIL_FIRST_BYTES;
    while (capacity < TAIL_BYTES && capacity < s->tail_n + n)
        capacity *= 2;
    if (capacity > s->tail_capacity)
        s->tail = mem_realloc(s->tail, capacity, 1);
    s->tail_capacity = capacity;
}

bool spill_add(struct spill *s, const void *p, size_t n, struct err *e) {
    for (const char *from = p; n;) {
        if (s->tail_n == TAIL_BYTES && !flush_half(s, e))
            return false;
        make_room(s, n);
        size_t room = s->tail_capacity - s->tail_n, k = n < room ? n : room;
        memcpy(s->tail + s->tail_n, from, k);
        s->tail_n += k;
        from += k;
        n -= k;
    }
    return true;
}

/* --- Reading --- */

/* The cached block; NULL: it could not be read. */
static const char *block(struct spill *s, uint64_t number, struct err *e) {
    if (!s->blocks) {
        s->blocks = mem_alloc((size_t)BLOCKS * BLOCK_BYTES);
        s->numbers = mem_zalloc(BLOCKS, sizeof *s->numbers);
    }
    size_t slot = number % BLOCKS;
    char *b = s->blocks + slot * BLOCK_BYTES;
    if (s->numbers[slot] == number + 1)
        return b;
    s->numbers[slot] = 0;
    if (!file_pread_all(s->file.fd, b, BLOCK_BYTES, number * BLOCK_BYTES, what, e))
        return NULL;
    s->numbers[slot] = number + 1;
    return b;
}

bool spill_read(struct spill *s, uint64_t at, void *to, size_t n, struct err *e) {
    assert(at + n <= spill_bytes(s));
    char *out = to;
    if (n > LARGE_BYTES && at < s->tail_at) { /* past the cache */
        size_t k = s->tail_at - at < n ? (size_t)(s->tail_at - at) : n;
        if (!file_pread_all(s->file.fd, out, k, at, what, e))
            return false;
        out += k;
        at += k;
        n -= k;
    }
    while (n && at < s->tail_at) {
        size_t from = at % BLOCK_BYTES, k = n < BLOCK_BYTES - from ? n : BLOCK_BYTES - from;
        const char *b = block(s, at / BLOCK_BYTES, e);
        if (!b)
            return false;
        memcpy(out, b + from, k);
        out += k;
        at += k;
        n -= k;
    }
    if (n)
        memcpy(out, s->tail + (at - s->tail_at), n);
    return true;
}

/* --- Changing --- */

static bool change_in_file(struct spill *s, uint64_t at, const char *p, size_t n, struct err *e) {
    for (uint64_t b = at / BLOCK_BYTES; s->numbers && b <= (at + n - 1) / BLOCK_BYTES; b++)
        if (s->numbers[b % BLOCKS] == b + 1)
            s->numbers[b % BLOCKS] = 0;
    while (n) {
        ssize_t k = pwrite(s->file.fd, p, n, (off_t)at);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return err_sys(e, errno, "write %s", what);
        p += k;
        at += (size_t)k;
        n -= (size_t)k;
    }
    return true;
}

bool spill_change(struct spill *s, uint64_t at, const void *p, size_t n, struct err *e) {
    assert(at + n <= spill_bytes(s));
    size_t in_file = at >= s->tail_at ? 0 : s->tail_at - at < n ? (size_t)(s->tail_at - at) : n;
    if (in_file && !change_in_file(s, at, p, in_file, e))
        return false;
    if (n > in_file)
        memcpy(s->tail + (at + in_file - s->tail_at), (const char *)p + in_file, n - in_file);
    return true;
}
