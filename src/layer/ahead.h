/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads ahead: a thread pulls bytes (reading, hashing, inflating) into a ring of buffers while the caller parses and writes files. */
#ifndef CROZE_LAYER_AHEAD_H
#define CROZE_LAYER_AHEAD_H

#include "base/codec.h"
#include "base/digest.h"

struct ahead;
/* `pull` is called on the other thread until it gives 0 or -1; it and `ctx` must outlive ahead_free. With `hashed` a third thread hashes
 * the bytes, so that neither pulling nor using them waits for that. */
struct ahead *ahead_new(decoder_read pull, void *ctx, bool hashed);
/* Lends the next bytes where they lie, until the next call. Their number; 0 at the end, -1 with the error that the pull gave. */
MUST_CHECK ptrdiff_t ahead_next(struct ahead *a, const void **piece, struct err *e);
/* The hash of all bytes, when the end was reached; waits until it is there. */
const struct sha256 *ahead_hash(struct ahead *a);
/* Stops and joins the threads. NULL is fine. */
void ahead_free(struct ahead *a);
static inline void ahead_freep(struct ahead **a) {
    ahead_free(*a);
    *a = NULL;
}

#endif
