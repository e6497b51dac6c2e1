/* SPDX-License-Identifier: Apache-2.0
 * Chunks of a layer that is being written (pipeline.h): their memory, which goes in circles and is all that the writer takes for
 * contents, and the keys by which the chunk index knows them. */
#include <assert.h>

#include "base/mem.h"
#include "layer/pipeline.h"

/* Each piece has a header block of its own, and two names when somebody watches. */
enum { PATHS_MAX = CHUNK_MAX / TAR_BLOCK * 2 * (LIMIT_PATH_BYTES + 1) };

void chunks_init(struct layer_writer *w, unsigned workers) {
    w->n_chunks = workers + CHUNKS_EXTRA;
    w->chunks = mem_zalloc(w->n_chunks, sizeof *w->chunks);
    w->ready = mem_zalloc(w->n_chunks, sizeof *w->ready);
    for (unsigned i = 0; i < w->n_chunks; i++) {
        struct chunk *c = &w->chunks[i];
        c->writer = w;
        c->paths = (struct buf)BUF_INIT(PATHS_MAX);
        c->next = w->free;
        w->free = c;
    }
}

void chunks_fini(struct layer_writer *w) {
    for (unsigned i = 0; i < w->n_chunks; i++) {
        struct chunk *c = &w->chunks[i];
        free(c->raw);
        free(c->packed);
        vec_fini(&c->pieces);
        buf_fini(&c->paths);
        err_clear(&c->error);
    }
    free(w->chunks);
    free(w->ready);
}

struct chunk *chunk_take(struct layer_writer *w) {
    pthread_mutex_lock(&w->lock);
    while (!w->free)
        pthread_cond_wait(&w->freed, &w->lock);
    struct chunk *c = w->free;
    w->free = c->next;
    pthread_mutex_unlock(&w->lock);
    if (!c->raw)
        c->raw = mem_alloc(CHUNK_MAX);
    c->raw_n = c->packed_n = c->pieces.n = 0;
    c->has_literals = c->has_key = false;
    buf_reset(&c->paths);
    err_clear(&c->error);
    return c;
}

void chunk_give_back(struct layer_writer *w, struct chunk *c) {
    pthread_mutex_lock(&w->lock);
    c->next = w->free;
    w->free = c;
    pthread_cond_signal(&w->freed);
    pthread_mutex_unlock(&w->lock);
}

/* --- Keys --- */

static void hash_literals(struct chunk *c) {
    struct sha256 s;
    sha256_init(&s);
    size_t at = 0;
    for (size_t i = 0; i < c->pieces.n; i++) {
        const struct piece *p = &c->pieces.p[i];
        sha256_update(&s, c->raw + at, p->at - at);
        at = p->at + p->length;
    }
    sha256_update(&s, c->raw + at, c->raw_n - at);
    c->literals = sha256_final(&s);
    c->has_literals = true;
}

struct digest chunk_key(const struct layer_writer *w, const struct digest *literals, size_t raw_n, const struct piece *pieces, size_t n) {
    struct sha256 s;
    sha256_init(&s);
    sha256_field(&s, S("croze chunk 1"));
    sha256_field(&s, str_z(w->encoder_id));
    sha256_u64(&s, raw_n);
    sha256_update(&s, literals->b, sizeof literals->b);
    for (size_t i = 0; i < n; i++) {
        sha256_u64(&s, pieces[i].at);
        sha256_u64(&s, pieces[i].offset);
        sha256_u64(&s, pieces[i].length);
        sha256_update(&s, pieces[i].digest.b, sizeof pieces[i].digest.b);
    }
    return sha256_final(&s);
}

void chunk_find_key(const struct layer_writer *w, struct chunk *c) {
    if (!c->has_literals)
        hash_literals(c);
    if (c->has_key)
        return;
    for (size_t i = 0; i < c->pieces.n; i++)
        if (!c->pieces.p[i].has_digest)
            return;
    c->key = chunk_key(w, &c->literals, c->raw_n, c->pieces.p, c->pieces.n);
    c->has_key = true;
}

struct digest chunk_chain(const struct digest *before, const struct digest *key) {
    struct sha256 s;
    sha256_init(&s);
    sha256_field(&s, S("croze layer prefix 1"));
    sha256_update(&s, before->b, sizeof before->b);
    sha256_update(&s, key->b, sizeof key->b);
    return sha256_final(&s);
}
