/* SPDX-License-Identifier: Apache-2.0
 *
 * The tar stream inside of compressed bytes: inflated on one thread and hashed on another, while the caller uses it. */
#ifndef CROZE_LAYER_TAR_STREAM_H
#define CROZE_LAYER_TAR_STREAM_H

#include "layer/layer.h"

enum tar_stream_kind {
    TAR_OF_LAYER,   /* plain, gzip or zstd; hashed for its diffID */
    TAR_UNHASHED,   /* the same, not hashed: what becomes of it is */
    TAR_OF_ARCHIVE, /* bzip2 and xz too; not hashed */
};

struct tar_stream;
/* `read` gives compressed bytes and is called on another thread; it and `ctx` must outlive tar_stream_free. */
struct tar_stream *tar_stream_new(decoder_read read, void *ctx, enum tar_stream_kind kind);
void tar_stream_free(struct tar_stream *t);
static inline void tar_stream_freep(struct tar_stream **t) {
    tar_stream_free(*t);
    *t = NULL;
}
/* Lends the next bytes until the next call (untar.h's tar_next). 0 at the end, -1 with an error. */
MUST_CHECK ptrdiff_t tar_stream_next(void *stream, const void **piece, struct err *e);
/* At the end of a layer: sets what is known of it now. A diffID that was known before and is another one is an error. */
MUST_CHECK bool tar_stream_settle(struct tar_stream *t, struct layer *l, struct err *e);

/* The two digests are equal; else the error says so, and that `what` is damaged. */
MUST_CHECK bool digest_matches(const struct digest *got, const struct digest *want, const char *what, struct err *e);

#endif
