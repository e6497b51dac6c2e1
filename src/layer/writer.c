/* SPDX-License-Identifier: Apache-2.0
 * The layer writer's front (writer.h): takes entries, lays their headers and the places of their files out in chunks, and gives each full
 * chunk to a worker. How the parts work together: pipeline.h. */
#include <assert.h>
#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "layer/pipeline.h"
#include "layer/watch.h"

const char *layer_media_type(enum compression c) {
    static const char *const types[] = {
        [COMPRESSION_NONE] = "application/vnd.oci.image.layer.v1.tar",
        [COMPRESSION_GZIP] = "application/vnd.oci.image.layer.v1.tar+gzip",
        [COMPRESSION_ZSTD] = "application/vnd.oci.image.layer.v1.tar+zstd",
    };
    return types[c];
}

struct layer_writer *layer_writer_new(struct store *s, const struct layer_options *o, struct err *e) {
    struct chunk_index *index = chunk_index_open(s, e);
    if (!index)
        return NULL;
    struct layer_writer *w = mem_zalloc(1, sizeof *w);
    w->store = s;
    w->options = *o;
    compression_encoder_id(o->compression, o->level, w->encoder_id);
    w->headers = (struct buf)BUF_INIT(TAR_HEADERS_MAX);
    w->last_path = (struct buf)BUF_INIT(LIMIT_PATH_BYTES);
    w->watched = o->hash_only || o->blob_only ? NULL : watch_begin(s);
    w->skipping = !o->no_reuse && !w->watched; /* a watch sees every file */
    for (size_t i = 0; i < WORKERS_MAX; i++)
        w->workers[i].blob_fd = -1;
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->shared, NULL);
    pthread_cond_init(&w->freed, NULL);
    unsigned workers = thread_count();
    chunks_init(w, workers < WORKERS_MAX ? workers : WORKERS_MAX);
    sha256_init(&w->tar);
    sha256_init(&w->blob);
    w->draft = (struct file_draft)FILE_DRAFT_INIT;
    w->toc = o->hash_only || o->blob_only ? NULL : toc_builder_new(s);
    w->index = index;
    return w;
}

void layer_writer_free(struct layer_writer *w) {
    if (!w)
        return;
    atomic_store(&w->failed, true); /* what still waits in the pool is not worth its work any more */
    pool_free(w->pool);
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        encoder_free(w->workers[i].encoder);
        fd_closep(&w->workers[i].blob_fd);
    }
    chunks_fini(w);
    watch_end(w->store, w->watched);
    file_draft_discard(&w->draft);
    toc_builder_free(w->toc);
    chunk_index_close(w->index);
    vec_fini(&w->made);
    buf_fini(&w->headers);
    buf_fini(&w->last_path);
    err_clear(&w->error);
    pthread_cond_destroy(&w->freed);
    pthread_mutex_destroy(&w->shared);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* --- Handing chunks on --- */

static bool take_error(struct layer_writer *w, struct err *e) {
    pthread_mutex_lock(&w->lock);
    if (w->error.kind != ERR_NONE)
        err_move(e, &w->error);
    else
        err_set(e, ERR_FAILED, "the layer could not be written");
    pthread_mutex_unlock(&w->lock);
    return false;
}

static void run(struct layer_writer *w, struct chunk *c) {
    c->number = w->issued++;
    if (w->issued == 1) {
        w->held = c;
        return;
    }
    if (!w->pool)
        w->pool = pool_new(w->n_chunks - CHUNKS_EXTRA, w->n_chunks);
    if (w->held)
        pool_run(w->pool, pack_job, take_ptr(&w->held));
    pool_run(w->pool, pack_job, c);
}

/* The open chunk is complete. */
static bool close_chunk(struct layer_writer *w, struct err *e) {
    struct chunk *c = take_ptr(&w->open);
    w->cut_next = false;
    if (!c)
        return true;
    if (resume_skips(w, c)) {
        chunk_give_back(w, c);
        return true;
    }
    if (w->issued == 0 && !resume_begin(w, e)) {
        chunk_give_back(w, c);
        return false;
    }
    run(w, c);
    return true;
}

static size_t room(const struct layer_writer *w) {
    return w->open ? CHUNK_MAX - w->open->raw_n : CHUNK_MAX;
}

static struct chunk *open_chunk(struct layer_writer *w) {
    if (!w->open)
        w->open = chunk_take(w);
    return w->open;
}

/* Bytes that are in memory; they run over into the next chunk where one is full. */
static bool put_literal(struct layer_writer *w, struct str bytes, struct err *e) {
    while (bytes.n) {
        if (room(w) == 0 && !close_chunk(w, e))
            return false;
        struct chunk *c = open_chunk(w);
        size_t n = bytes.n < room(w) ? bytes.n : room(w);
        memcpy(c->raw + c->raw_n, bytes.p, n);
        c->raw_n += n;
        bytes = str_from(bytes, n);
    }
    return true;
}

/* --- Where chunks begin --- */

/* FNV-1a, then mixed so that its upper half depends on every byte. What it gives is part of the format. */
static uint32_t path_hash(struct str path) {
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < path.n; i++)
        h = (h ^ (unsigned char)path.p[i]) * 0x100000001b3u;
    h = (h ^ h >> 32) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(h >> 32);
}

/* Whether an entry of so many bytes begins a chunk. Its name decides, with odds in proportion to its size: chunks come out about equal
 * whether files are small or large, and a change moves no cut but those beside it. */
static bool begins_chunk(const struct layer_writer *w, struct str path, uint64_t bytes, bool is_large) {
    size_t have = w->open ? w->open->raw_n : 0;
    if (have == 0)
        return false;
    if (w->cut_next || is_large || bytes > room(w))
        return true;
    return have >= CHUNK_MIN && (uint64_t)path_hash(path) * CHUNK_MORE < bytes << 32;
}

/* --- Contents --- */

_Static_assert((int)WATCH_HEAD_BYTES == (int)CHUNK_FILE, "a file's first piece is the head that a watch is shown, and no more");

static uint32_t add_path(struct chunk *c, struct str path) {
    size_t at = c->paths.n;
    buf_add_str(&c->paths, path);
    buf_add_char(&c->paths, '\0');
    return (uint32_t)at;
}

static void add_piece(struct layer_writer *w, const struct entry *en, const struct content *c, size_t number, uint64_t offset, size_t n) {
    struct chunk *k = open_chunk(w);
    struct piece p = {.at = (uint32_t)k->raw_n,
                      .length = (uint32_t)n,
                      .path = add_path(k, c->path),
                      .dir_fd = c->dir_fd,
                      .offset = offset,
                      .entry = number,
                      .seen = c->seen,
                      .has_digest = c->has_digest,
                      .digest = c->digest};
    if (w->watched && offset == 0) {
        p.entry_path = add_path(k, en->path);
        p.entry_mode = en->mode;
    }
    vec_push(&k->pieces, p);
    k->raw_n += n;
}

static bool holds_digest(const struct layer_writer *w, const struct content *c) {
    return c->kind == CONTENT_STREAM && c->has_digest && w->options.digests_hold;
}

/* The next n bytes of the chunk are that part of a file; they are about to be pulled. */
static void mark_piece(struct layer_writer *w, const struct entry *en, const struct content *c, uint64_t offset, size_t n) {
    struct chunk *k = open_chunk(w);
    struct piece p = {.at = (uint32_t)k->raw_n,
                      .length = (uint32_t)n,
                      .dir_fd = -1,
                      .offset = offset,
                      .filled = true,
                      .has_digest = true,
                      .seen = {.st_size = (off_t)en->size},
                      .digest = c->digest};
    vec_push(&k->pieces, p);
}

/* Pulls n bytes of a file's content right into the open chunk. `hash` may be NULL. */
static bool pull_piece(struct layer_writer *w, struct str path, const struct content *c, size_t n, struct sha256 *hash, struct err *e) {
    struct chunk *k = open_chunk(w);
    size_t start = k->raw_n;
    while (k->raw_n < start + n) {
        ptrdiff_t got = c->pull(c->pull_ctx, k->raw + k->raw_n, start + n - k->raw_n, e);
        if (got < 0)
            return false;
        if (got == 0)
            return err_set(e, ERR_FAILED, "%.*s: its content ends early", STR_ARG(path));
        k->raw_n += (size_t)got;
    }
    if (hash)
        sha256_update(hash, k->raw + start, n);
    return true;
}

static bool keep_digest(struct layer_writer *w, size_t number, const struct digest *d, struct err *e) {
    if (!w->toc)
        return true;
    pthread_mutex_lock(&w->shared);
    bool good = toc_builder_set_digest(w->toc, number, d, e);
    pthread_mutex_unlock(&w->shared);
    return good;
}

/* All of the file has passed. `hash`: of its bytes, or NULL. */
static bool keep_file_digest(struct layer_writer *w, const struct entry *en, const struct content *c, const struct sha256 *hash,
                             size_t number, struct err *e) {
    struct digest d = hash ? sha256_final(hash) : c->digest;
    if (hash && c->has_digest && !digest_eq(&d, &c->digest))
        return err_set(e, ERR_FAILED, "%.*s: its bytes are not what was listed: the unpacked layer that they come from is damaged",
                       STR_ARG(en->path));
    return !(hash || c->has_digest) || !en->size || keep_digest(w, number, &d, e);
}

/* The next n bytes of a file's content. */
static bool put_part(struct layer_writer *w, const struct entry *en, const struct content *c, size_t number, uint64_t offset, size_t n,
                     struct sha256 *hash, struct err *e) {
    if (c->kind == CONTENT_FILE) {
        add_piece(w, en, c, number, offset, n);
        return true;
    }
    if (holds_digest(w, c))
        mark_piece(w, en, c, offset, n);
    if (!pull_piece(w, en->path, c, n, hash, e))
        return false;
    if (w->watched && offset == 0) {
        const struct chunk *k = w->open;
        struct str head = str_n((const char *)k->raw + k->raw_n - n, n);
        w->store->watch->file(w->watched, &(struct watched_file){en->path, en->mode, en->size, head});
    }
    return true;
}

/* The parts of a file's content begin at multiples of CHUNK_FILE, each in a chunk of its own; most files have one part, behind their
 * header. */
static bool put_parts(struct layer_writer *w, const struct entry *en, const struct content *c, size_t number, struct err *e) {
    struct sha256 state, *hash = NULL;
    if (c->kind != CONTENT_FILE && !holds_digest(w, c) && (w->toc || c->has_digest)) /* else nobody asks for the digest */
        hash = &state;
    sha256_init(&state);
    for (uint64_t offset = 0; offset < en->size;) {
        size_t n = en->size - offset < CHUNK_FILE ? (size_t)(en->size - offset) : (size_t)CHUNK_FILE;
        if (((offset > 0 || room(w) < n) && !close_chunk(w, e)) || !put_part(w, en, c, number, offset, n, hash, e))
            return false;
        offset += n;
    }
    static const char zeros[TAR_BLOCK];
    return keep_file_digest(w, en, c, hash, number, e) && put_literal(w, str_n(zeros, tar_padding(en->size)), e);
}

static ptrdiff_t pull_bytes(void *ctx, void *to, size_t n, struct err *e) {
    (void)e;
    struct str *left = ctx;
    struct str piece = str_first(*left, n);
    memcpy(to, piece.p, piece.n);
    *left = str_from(*left, piece.n);
    return (ptrdiff_t)piece.n;
}

/* The bytes of `c`, which are all in memory. */
static bool put_bytes(struct layer_writer *w, const struct entry *en, const struct content *c, struct str bytes, size_t number,
                      struct err *e) {
    assert(bytes.n == en->size);
    struct content pulled = {
        .kind = CONTENT_STREAM, .has_digest = c->has_digest, .digest = c->digest, .pull = pull_bytes, .pull_ctx = &bytes};
    return put_parts(w, en, &pulled, number, e);
}

/* Reads a file that the toc keeps whole (etc/passwd, etc/group) here and now. */
static bool read_kept(const struct entry *en, const struct content *c, struct buf *out, struct err *e) {
    char *to = buf_reserve(out, (size_t)en->size);
    assert(to);
    struct piece p = {.dir_fd = c->dir_fd, .seen = c->seen};
    if (c->kind == CONTENT_FILE) {
        _cleanup_(mem_freep) char *path = mem_strndup(c->path.p, c->path.n);
        if (!pack_read_file(&p, path, 0, to, (size_t)en->size, e))
            return false;
        struct digest d = sha256_of(to, (size_t)en->size);
        if (c->has_digest && !digest_eq(&d, &c->digest))
            return pack_changed(path, "its bytes are not what was listed", e);
        out->n = (size_t)en->size;
    }
    while (out->n < en->size) {
        ptrdiff_t n = c->pull(c->pull_ctx, out->p + out->n, (size_t)en->size - out->n, e);
        if (n <= 0)
            return n < 0 ? false : err_set(e, ERR_FAILED, "%.*s: its content ends early", STR_ARG(en->path));
        out->n += (size_t)n;
    }
    return true;
}

static bool put_kept(struct layer_writer *w, const struct entry *en, const struct content *c, size_t number, struct err *e) {
    struct buf bytes = BUF_INIT(LIMIT_PASSWD_BYTES);
    bool ok = true;
    if (c->kind == CONTENT_BYTES)
        buf_add_str(&bytes, c->bytes);
    else
        ok = read_kept(en, c, &bytes, e);
    if (ok) {
        pthread_mutex_lock(&w->shared);
        toc_builder_set_kept(w->toc, number, buf_str(&bytes));
        pthread_mutex_unlock(&w->shared);
        ok = put_bytes(w, en, c, buf_str(&bytes), number, e);
    }
    buf_fini(&bytes);
    return ok;
}

static bool put_content(struct layer_writer *w, const struct entry *en, const struct content *c, size_t number, struct err *e) {
    if (en->type != ENTRY_FILE)
        return true;
    if (w->toc && toc_keeps(en->path) && en->size <= LIMIT_PASSWD_BYTES)
        return put_kept(w, en, c, number, e);
    if (en->size == 0)
        return true;
    assert(c->kind != CONTENT_NONE && (c->kind != CONTENT_FILE || (uint64_t)c->seen.st_size == en->size));
    return c->kind == CONTENT_BYTES ? put_bytes(w, en, c, c->bytes, number, e) : put_parts(w, en, c, number, e);
}

/* --- Entries --- */

/* The entry as it is written: times clamped to the epoch, and a whiteout is only a name. */
static struct entry as_written(const struct layer_writer *w, const struct entry *en) {
    struct entry n = *en;
    if (en->type == ENTRY_WHITEOUT)
        return (struct entry){.path = en->path, .type = en->type};
    if (en->type != ENTRY_FILE)
        n.size = 0;
    if (w->options.has_epoch)
        entry_clamp_time(&n, w->options.epoch);
    return n;
}

static bool check_limits(struct layer_writer *w, const struct entry *en, struct err *e) {
    assert(w->entries == 0 || path_cmp(buf_str(&w->last_path), en->path) < 0);
    buf_reset(&w->last_path);
    buf_add_str(&w->last_path, en->path);
    if (++w->entries > LIMIT_LAYER_ENTRIES)
        return err_set(e, ERR_FAILED, "the layer has more than %u entries", LIMIT_LAYER_ENTRIES);
    if (en->size > LIMIT_LAYER_BYTES || (w->tar_bytes += en->size) > LIMIT_LAYER_BYTES)
        return err_set(e, ERR_FAILED, "%.*s: the layer is larger than the limit of 4 TiB", STR_ARG(en->path));
    return true;
}

static bool add_to_toc(struct layer_writer *w, const struct entry *en, size_t *number, struct err *e) {
    *number = 0;
    if (!w->toc)
        return true;
    pthread_mutex_lock(&w->shared);
    bool ok = toc_builder_add(w->toc, en, number, e);
    pthread_mutex_unlock(&w->shared);
    return ok;
}

bool layer_writer_add(struct layer_writer *w, const struct entry *given, const struct content *c, struct err *e) {
    if (atomic_load(&w->failed))
        return take_error(w, e);
    struct entry en = as_written(w, given);
    size_t number;
    buf_reset(&w->headers);
    if (!check_limits(w, &en, e) || !tar_header(&en, &w->headers, e) || !add_to_toc(w, &en, &number, e))
        return false;
    bool is_large = en.size > CHUNK_FILE;
    uint64_t bytes = w->headers.n + en.size + tar_padding(en.size);
    if (begins_chunk(w, en.path, bytes, is_large) && !close_chunk(w, e))
        return false;
    if (!put_literal(w, buf_str(&w->headers), e) || !put_content(w, &en, c, number, e))
        return false;
    w->cut_next |= is_large;
    return true;
}

static bool sink_add(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    return layer_writer_add(ctx, en, c, e);
}

struct entry_sink layer_writer_sink(struct layer_writer *w) {
    return (struct entry_sink){sink_add, w};
}

/* --- The end --- */

static bool publish(struct layer_writer *w, struct layer *out, struct err *e) {
    if (!store_lease(w->store, &out->blob, e))
        return false;
    if (!resume_is_all(w)) {
        if (!store_publish_blob(w->store, &w->draft, &out->blob, e))
            return false;
        record_all(w, &out->blob);
    }
    return watch_commit(w->store, w->watched, &out->diff_id, e) && (!w->toc || toc_builder_publish(w->toc, out, e));
}

bool layer_writer_finish(struct layer_writer *w, struct layer *out, struct err *e) {
    static const char zeros[TAR_END_BYTES];
    if (!put_literal(w, str_n(zeros, sizeof zeros), e) || !close_chunk(w, e))
        return false;
    if (w->held)
        pack_job(take_ptr(&w->held), 0);
    pool_free(take_ptr(&w->pool));
    if (atomic_load(&w->failed))
        return take_error(w, e);
    log_debug("layer of %zu entries: %llu chunks skipped, %lu reused, %llu packed", w->entries, (unsigned long long)w->skipped,
              atomic_load(&w->reused), (unsigned long long)(w->issued - atomic_load(&w->reused)));
    if (resume_is_all(w)) {
        w->tar = w->resume.tar;
        w->blob = w->resume.compressed;
    } else if (w->issued == 0 && !resume_begin(w, e)) {
        return false;
    }
    *out = (struct layer){.diff_id = sha256_final(&w->tar), .tar_bytes = w->tar.bytes};
    if (!digest_is_zero(&w->options.must_be) && !digest_eq(&out->diff_id, &w->options.must_be))
        return err_set(e, ERR_FAILED, "the layer came out with another diffID than the one it must have");
    if (w->options.hash_only)
        return true;
    out->blob = sha256_final(&w->blob);
    out->blob_bytes = w->blob.bytes;
    out->compression = w->options.compression;
    memcpy(out->encoder_id, w->encoder_id, sizeof out->encoder_id);
    return publish(w, out, e);
}
