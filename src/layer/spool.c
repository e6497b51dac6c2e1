/* SPDX-License-Identifier: Apache-2.0
 * Pulls a file's content to where it is wanted (spool.h). */
#include "layer/spool.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"

enum { PIECE_BYTES = 128 << 10, HOLE_BYTES = 4096 };

/* Bytes that pass: lent by who has them, else pulled into a buffer. */
struct passing {
    const struct content *c;
    char *own;
};

static void passing_fini(struct passing *p) {
    free(p->own);
}

/* Fills the buffer as far as it goes. */
static ptrdiff_t pull_full(struct passing *p, struct err *e) {
    size_t n = 0;
    if (!p->own)
        p->own = mem_alloc(PIECE_BYTES);
    while (n < PIECE_BYTES) {
        ptrdiff_t k = p->c->pull(p->c->pull_ctx, p->own + n, PIECE_BYTES - n, e);
        if (k < 0)
            return -1;
        if (k == 0)
            break;
        n += (size_t)k;
    }
    return (ptrdiff_t)n;
}

/* The next of them. 0: all have passed, -1: error. */
static ptrdiff_t next_bytes(struct passing *p, const char **bytes, struct err *e) {
    if (p->c->kind != CONTENT_STREAM)
        return 0;
    const void *lent = NULL;
    ptrdiff_t n = p->c->lend ? p->c->lend(p->c->pull_ctx, &lent, e) : pull_full(p, e);
    *bytes = p->c->lend ? lent : p->own;
    return n;
}

static bool all_zero(const char *p, size_t n) {
    return n >= HOLE_BYTES && p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

static bool write_at(int fd, const char *p, size_t n, uint64_t offset, struct err *e) {
    while (n > 0) {
        ssize_t k = pwrite(fd, p, n, (off_t)offset);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return err_sys(e, errno, "write");
        p += k;
        n -= (size_t)k;
        offset += (uint64_t)k;
    }
    return true;
}

bool spool_write(const struct content *c, uint64_t size, int fd, uint64_t offset, struct err *e) {
    _cleanup_(passing_fini) struct passing p = {.c = c};
    uint64_t done = 0;
    bool hole_last = false;
    const char *bytes;
    ptrdiff_t n;
    while ((n = next_bytes(&p, &bytes, e)) > 0) {
        hole_last = all_zero(bytes, (size_t)n);
        if (!hole_last && !write_at(fd, bytes, (size_t)n, offset + done, e))
            return false;
        done += (uint64_t)n;
    }
    if (n < 0)
        return false;
    if (done != size)
        return err_set(e, ERR_FAILED, "it has %llu bytes and not the %llu that were announced", (unsigned long long)done,
                       (unsigned long long)size);
    return !hole_last || ftruncate(fd, (off_t)(offset + done)) == 0 || err_sys(e, errno, "write");
}

bool spool_hash(const struct content *c, struct digest *out, struct buf *kept, struct err *e) {
    _cleanup_(passing_fini) struct passing p = {.c = c};
    struct sha256 s;
    const char *bytes;
    ptrdiff_t n;
    sha256_init(&s);
    while ((n = next_bytes(&p, &bytes, e)) > 0) {
        sha256_update(&s, bytes, (size_t)n);
        if (kept)
            buf_add(kept, bytes, (size_t)n);
    }
    *out = sha256_final(&s);
    return n == 0;
}

/* --- Hashing what passes --- */

static ptrdiff_t pull_hashed(void *ctx, void *to, size_t n, struct err *e) {
    struct hashed_content *h = ctx;
    ptrdiff_t got = h->inner->pull(h->inner->pull_ctx, to, n, e);
    if (got > 0)
        sha256_update(&h->hash, to, (size_t)got);
    return got;
}

static ptrdiff_t lend_hashed(void *ctx, const void **p, struct err *e) {
    struct hashed_content *h = ctx;
    ptrdiff_t got = h->inner->lend(h->inner->pull_ctx, p, e);
    if (got > 0)
        sha256_update(&h->hash, *p, (size_t)got);
    return got;
}

void hashed_content_init(struct hashed_content *h, const struct content *inner) {
    h->inner = inner;
    h->content = (struct content){.kind = inner->kind, .dir_fd = -1, .pull = pull_hashed, .lend = inner->lend ? lend_hashed : NULL,
                                  .pull_ctx = h};
    sha256_init(&h->hash);
}
