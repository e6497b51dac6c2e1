/* SPDX-License-Identifier: Apache-2.0
 * Pulls a file's content to where it is wanted (spool.h). */
#include "layer/spool.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"

enum { PIECE_BYTES = 128 << 10, HOLE_BYTES = 4096 };

/* Up to a full piece. -1: error. */
static ptrdiff_t pull_piece(const struct content *c, char *piece, struct err *e) {
    size_t n = 0;
    while (n < PIECE_BYTES) {
        ptrdiff_t k = c->pull(c->pull_ctx, piece + n, PIECE_BYTES - n, e);
        if (k < 0)
            return -1;
        if (k == 0)
            break;
        n += (size_t)k;
    }
    return (ptrdiff_t)n;
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
    _cleanup_(mem_freep) char *piece = mem_alloc(PIECE_BYTES);
    uint64_t done = 0;
    bool hole_last = false;
    while (c->kind == CONTENT_STREAM) {
        ptrdiff_t n = pull_piece(c, piece, e);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        hole_last = all_zero(piece, (size_t)n);
        if (!hole_last && !write_at(fd, piece, (size_t)n, offset + done, e))
            return false;
        done += (uint64_t)n;
    }
    if (done != size)
        return err_set(e, ERR_FAILED, "it has %llu bytes and not the %llu that were announced", (unsigned long long)done,
                       (unsigned long long)size);
    return !hole_last || ftruncate(fd, (off_t)(offset + done)) == 0 || err_sys(e, errno, "write");
}

bool spool_hash(const struct content *c, struct digest *out, struct buf *bytes, struct err *e) {
    _cleanup_(mem_freep) char *piece = mem_alloc(PIECE_BYTES);
    struct sha256 s;
    sha256_init(&s);
    while (c->kind == CONTENT_STREAM) {
        ptrdiff_t n = pull_piece(c, piece, e);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        sha256_update(&s, piece, (size_t)n);
        if (bytes)
            buf_add(bytes, piece, (size_t)n);
    }
    *out = sha256_final(&s);
    return true;
}
