/* SPDX-License-Identifier: Apache-2.0
 * What the chunk index learns from a layer that is being written (pipeline.h): each chunk's place in the blob under its key, and the
 * state of both hashes behind every beginning. Notes are kept until the blob has its digest. */
#include "layer/pipeline.h"

void record_chunk(struct layer_writer *w, const struct chunk *c, size_t length) {
    if (w->made.n == MADE_MAX)
        return;
    struct made m = {.literals = c->literals, .key = c->key, .has_key = c->has_key, .length = (uint32_t)length,
                     .raw_length = (uint32_t)c->raw_n, .crc32 = c->crc32, .tar = w->tar, .blob = w->blob};
    if (!c->has_key) { /* then it is a part of one large file, and of nothing else */
        m.part.at = c->pieces.p[0].at;
        m.part.length = c->pieces.p[0].length;
        m.part.offset = c->pieces.p[0].offset;
    }
    vec_push(&w->made, m);
}

void record_file_digest(struct layer_writer *w, const struct digest *d) {
    for (size_t i = w->file_first_made; i < w->made.n; i++) {
        struct made *m = &w->made.p[i];
        if (m->has_key)
            continue;
        struct piece p = {.at = m->part.at, .length = m->part.length, .offset = m->part.offset, .digest = *d};
        m->key = chunk_key(w, &m->literals, m->raw_length, &p, 1);
        m->has_key = true;
    }
}

void record_all(struct layer_writer *w, const struct digest *blob) {
    struct digest chain = w->chain; /* what was skipped is known, and stays known under the blob that it came from */
    for (size_t i = 0; i < w->made.n && w->made.p[i].has_key; i++) {
        const struct made *m = &w->made.p[i];
        if (m->length) {
            struct chunk_record r = {*blob, m->blob.bytes - m->length, m->length, m->raw_length, m->crc32};
            chunk_index_put(w->index, &m->key, &r);
        }
        chain = chunk_chain(&chain, &m->key);
        struct prefix_record p = {*blob, m->blob.bytes, m->tar, m->blob};
        chunk_index_put_prefix(w->index, &chain, &p);
    }
}
