/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes one layer: entries in normal order in; tar stream, diffID, chunked compressed blob and toc out. Chunks are cut by the content of
 * the stream alone (docs/layers.md "Chunks"), read and compressed by several threads, put in order by one. Where the chunk index knows a
 * chunk, its compressed bytes are copied; where it knows the whole beginning of the layer, both hashes resume behind it.
 *
 * A file whose size, times or content (against content.digest) are not what was listed makes finish fail with e->sys = ESTALE: the caller
 * lists again and starts anew, a bounded number of times. */
#ifndef CROZE_LAYER_WRITER_H
#define CROZE_LAYER_WRITER_H

#include "layer/entry.h"
#include "layer/layer.h"
#include "store/store.h"

struct layer_options {
    enum compression compression;
    int level;
    bool has_epoch;
    int64_t epoch;              /* mtimes newer than this become this */
    bool hash_only;             /* diffID only: no blob, no toc */
    bool blob_only;             /* no toc: the store has one, or none is wanted */
    bool no_reuse;              /* every chunk is compressed, whatever older blobs hold */
    struct digest must_be;      /* not zero: the diffID that has to come out; with another one nothing is published, and that is an error */
    bool digests_hold;          /* with must_be: streams that bear a digest have it if that comes out, so they are not hashed for it */
};

struct layer_writer;
MUST_CHECK struct layer_writer *layer_writer_new(struct store *s, const struct layer_options *o, struct err *e);
/* Takes the next entry (copies what it needs; CONTENT_FILE is opened later by a worker). Entries out of order, doubled or with a bad path
 * are programmer errors (assert). */
MUST_CHECK bool layer_writer_add(struct layer_writer *w, const struct entry *en, const struct content *c, struct err *e);
struct entry_sink layer_writer_sink(struct layer_writer *w);
/* Waits for all of it; publishes the blob and toc (not with hash_only). */
MUST_CHECK bool layer_writer_finish(struct layer_writer *w, struct layer *out, struct err *e);
void layer_writer_free(struct layer_writer *w); /* before or after finish; NULL is fine */

#endif
