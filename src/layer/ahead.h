/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads ahead: a thread pulls bytes (reading, hashing, inflating) into a ring of buffers while the caller parses and writes files. */
#ifndef CROZE_LAYER_AHEAD_H
#define CROZE_LAYER_AHEAD_H

#include "base/codec.h"

struct ahead;
/* `pull` is called on the other thread until it gives 0 or -1; it and `ctx` must outlive ahead_free. */
struct ahead *ahead_new(decoder_read pull, void *ctx);
/* Lends the next bytes where they lie, until the next call. Their number; 0 at the end, -1 with the error that the pull gave. */
MUST_CHECK ptrdiff_t ahead_next(struct ahead *a, const void **piece, struct err *e);
/* Stops and joins the thread. NULL is fine. */
void ahead_free(struct ahead *a);
static inline void ahead_freep(struct ahead **a) {
    ahead_free(*a);
    *a = NULL;
}

#endif
