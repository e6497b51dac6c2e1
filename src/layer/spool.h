/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of file contents from a stream: written to a file with holes where they are zero, hashed, or kept in memory. */
#ifndef CROZE_LAYER_SPOOL_H
#define CROZE_LAYER_SPOOL_H

#include "base/buf.h"
#include "layer/entry.h"

/* Writes all that `c` pulls to fd at `offset`, leaving holes for long runs of zeros; exactly `size` bytes. */
MUST_CHECK bool spool_write(const struct content *c, uint64_t size, int fd, uint64_t offset, struct err *e);
/* The digest of all that `c` pulls; the bytes too, if `bytes` is not NULL. */
MUST_CHECK bool spool_hash(const struct content *c, struct digest *out, struct buf *bytes, struct err *e);

/* A content that hashes what passes: to be handed on in the place of another. */
struct hashed_content {
    struct content content;
    const struct content *inner;
    struct sha256 hash;
};
void hashed_content_init(struct hashed_content *h, const struct content *inner); /* which must outlive it */

#endif
