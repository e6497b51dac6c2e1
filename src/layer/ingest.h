/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer's compressed bytes, while they arrive, become its table of contents and its tree in one pass: each byte is inflated once, hashed
 * for the diffID and for its file, and written where it is to lie. Nothing has a name before ingest_commit. */
#ifndef CROZE_LAYER_INGEST_H
#define CROZE_LAYER_INGEST_H

#include "layer/layer.h"
#include "store/store.h"

enum ingest_what {
    INGEST_TOC,  /* the table of contents */
    INGEST_TREE, /* that, and the tree (read.h's tree_open) */
};

/* Of one layer, in one thread; several may be at work at once. */
struct ingest;
struct ingest *ingest_new(struct store *s, enum ingest_what what);
/* Reads the blob to its end. `read` is called on another thread until it gives 0 or -1, or until this returns; it may wait for bytes that
 * are still to come. Sets l->diff_id, tar_bytes and compression; a diff_id that was known before and is another one is an error. The blob's
 * own digest and size are the caller's. */
MUST_CHECK bool ingest_read(struct ingest *g, decoder_read read, void *ctx, struct layer *l, struct err *e);
/* To be called when the bytes that were read are known to have the blob's digest: publishes what was made, the table of contents first. */
MUST_CHECK bool ingest_commit(struct ingest *g, struct err *e);
/* After ingest_read: whether commit gives a tree, or there was one before. A layer that leans on lower ones (toc.h), or seems to, gets none
 * here: tree_open makes it, with those. */
bool ingest_has_tree(const struct ingest *g);
/* NULL is fine. What was not committed leaves nothing. */
void ingest_free(struct ingest *g);
static inline void ingest_freep(struct ingest **g) {
    ingest_free(*g);
    *g = NULL;
}

#endif
