/* SPDX-License-Identifier: Apache-2.0
 * Chunks in order (pipeline.h): takes packed chunks as they come, and for each whose turn it is: tar hash, blob hash, blob bytes, digests
 * of files. One thread at a time does this, whichever completes the chunk that all wait for; the others go on packing. */
#include "base/mem.h"
#include "layer/pipeline.h"

/* Hashes the bytes of a large file that lie before a part: needed only when the writer resumed in the middle of it. */
static bool hash_before(struct layer_writer *w, const struct piece *p, const char *path, struct err *e) {
    _cleanup_(mem_freep) char *bytes = mem_alloc(CHUNK_FILE);
    sha256_init(&w->file);
    while (w->file.bytes < p->offset) {
        size_t n = p->offset - w->file.bytes < CHUNK_FILE ? (size_t)(p->offset - w->file.bytes) : (size_t)CHUNK_FILE;
        if (!pack_read_file(p, path, w->file.bytes, bytes, n, e))
            return false;
        sha256_update(&w->file, bytes, n);
    }
    return true;
}

/* A part of a large file passes; with its last part the file's digest is known. */
static bool pass_part(struct layer_writer *w, struct chunk *c, struct piece *p, struct err *e) {
    const char *path = chunk_path(c, p);
    if (p->offset == 0) {
        sha256_init(&w->file);
        w->file_first_made = w->made.n;
    }
    if (w->file.bytes != p->offset && !hash_before(w, p, path, e))
        return false;
    sha256_update(&w->file, c->raw + p->at, p->length);
    if (!piece_is_last(p))
        return true;
    struct digest d = sha256_final(&w->file);
    sha256_init(&w->file);
    if (p->has_digest && !digest_eq(&d, &p->digest))
        return pack_changed(path, "its bytes are not what was listed", e);
    p->digest = d;
    p->has_digest = true;
    return true;
}

static bool keep_digests(struct layer_writer *w, const struct chunk *c, struct err *e) {
    bool good = true;
    if (!w->toc)
        return true;
    pthread_mutex_lock(&w->shared);
    for (size_t i = 0; i < c->pieces.n && good; i++)
        if (c->pieces.p[i].has_digest)
            good = toc_builder_set_digest(w->toc, c->pieces.p[i].entry, &c->pieces.p[i].digest, e);
    pthread_mutex_unlock(&w->shared);
    return good;
}

static bool write_blob(struct layer_writer *w, struct chunk *c, struct err *e) {
    bool plain = w->options.compression == COMPRESSION_NONE;
    struct str bytes = {(const char *)(plain ? c->raw : c->packed), plain ? c->raw_n : c->packed_n};
    if (plain)
        w->blob = w->tar; /* the same bytes: hashed once */
    else
        sha256_update(&w->blob, bytes.p, bytes.n);
    if (!file_write_all(w->draft.fd, bytes.p, bytes.n, "a layer's blob", e))
        return false;
    record_chunk(w, c, plain ? 0 : bytes.n);
    return true;
}

static bool order_chunk(struct layer_writer *w, struct chunk *c, struct err *e) {
    if (c->error.kind != ERR_NONE) {
        err_move(e, &c->error);
        return false;
    }
    struct piece *part = c->pieces.n && !piece_is_whole(&c->pieces.p[0]) && !c->pieces.p[0].filled ? &c->pieces.p[0] : NULL;
    if (part && !pass_part(w, c, part, e))
        return false;
    sha256_update(&w->tar, c->raw, c->raw_n);
    if (w->options.hash_only)
        return true;
    chunk_find_key(w, c);
    if (!keep_digests(w, c, e) || !write_blob(w, c, e))
        return false;
    if (part && piece_is_last(part))
        record_file_digest(w, &part->digest);
    return true;
}

void order_chunk_done(struct layer_writer *w, struct chunk *c) {
    pthread_mutex_lock(&w->lock);
    w->ready[c->number % w->n_chunks] = c;
    bool mine = !w->ordering;
    w->ordering = true;
    while (mine && (c = w->ready[w->next_number % w->n_chunks]) != NULL) {
        w->ready[w->next_number % w->n_chunks] = NULL;
        w->next_number++;
        pthread_mutex_unlock(&w->lock);
        struct err e = ERR_INIT;
        bool first_failure = !atomic_load(&w->failed) && !order_chunk(w, c, &e);
        chunk_give_back(w, c);
        pthread_mutex_lock(&w->lock);
        if (first_failure) {
            err_move(&w->error, &e);
            atomic_store(&w->failed, true);
        }
    }
    if (mine)
        w->ordering = false;
    pthread_mutex_unlock(&w->lock);
}
