/* SPDX-License-Identifier: Apache-2.0
 * A stored layer packed by another encoder (read.h). What is in normal form goes through the layer writer again, entry by entry, so that
 * its chunks, and with them the blob, are the very ones that a build with that encoder makes. What is not (layers of other builders) keeps
 * its stream to the byte and is cut every MiB. Which of the two it is shows by trying: the diffID must come out as it was. That is also
 * what tells of damage, so the bytes are not hashed on their way in. */
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "layer/read.h"
#include "layer/toc.h"

static void layer_writer_freep(struct layer_writer **w) {
    layer_writer_free(*w);
    *w = NULL;
}

/* --- By entries --- */

struct again {
    struct layer_writer *writer;
    struct toc *toc;     /* of the layer, which knows its files' digests; or NULL */
    struct buf last_path;
    bool any;
};

/* The writer takes what it could have written, and nothing else. */
static bool is_normal(const struct again *a, const struct entry *en) {
    for (size_t i = 0; i < en->n_xattrs; i++)
        if (str_index(en->xattrs[i].name, '=') >= 0)
            return false;
    return en->type != ENTRY_OPAQUE && (!a->any || path_cmp(buf_str(&a->last_path), en->path) < 0);
}

/* By it the chunk index knows a file, so that what was packed once, here or by a build, is found again without hashing it. */
static bool find_digest(const struct again *a, const struct entry *en, struct digest *out) {
    struct entry there;
    size_t i;
    if (!a->toc || en->type != ENTRY_FILE || !toc_find(a->toc, en->path, &i))
        return false;
    toc_entry(a->toc, i, NULL, &there);
    return there.type == ENTRY_FILE && there.size == en->size && toc_digest(a->toc, i, out);
}

static bool add_again(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct again *a = ctx;
    if (!is_normal(a, en))
        return err_set(e, ERR_FAILED, "not in normal form");
    a->any = true;
    buf_reset(&a->last_path);
    buf_add_str(&a->last_path, en->path);
    struct content known = *c;
    known.has_digest = find_digest(a, en, &known.digest);
    return layer_writer_add(a->writer, en, &known, e);
}

static bool by_entries(struct store *s, const struct layer *from, const struct layer_options *o, struct layer *out, struct err *e) {
    struct layer_options options = {.compression = o->compression, .level = o->level, .no_reuse = o->no_reuse, .blob_only = true,
                                    .must_be = from->diff_id, .digests_hold = true};
    struct err no_toc = ERR_INIT;
    _cleanup_(layer_writer_freep) struct layer_writer *w = layer_writer_new(s, &options, e);
    struct again a = {.writer = w, .toc = toc_open(s, &from->diff_id, &no_toc), .last_path = BUF_INIT(LIMIT_PATH_BYTES)};
    err_clear(&no_toc);
    bool good = w && layer_read_unhashed(s, from, (struct entry_sink){add_again, &a}, e) && layer_writer_finish(w, out, e);
    buf_fini(&a.last_path);
    toc_free(a.toc);
    return good;
}

/* --- By bytes --- */

enum { PIECE_BYTES = 1 << 20 };

struct pieces {
    struct encoder *encoder;
    struct file_draft draft;
    struct sha256 blob;
    char *raw, *packed;
    size_t raw_n, packed_capacity, n;
};

static bool put_piece(struct pieces *p, struct err *e) {
    size_t n = encoder_run(p->encoder, p->raw, p->raw_n, p->packed, p->packed_capacity);
    sha256_update(&p->blob, p->packed, n);
    p->raw_n = 0;
    p->n++;
    return file_write_all(p->draft.fd, p->packed, n, "a layer's blob", e);
}

static bool take_bytes(void *ctx, const void *bytes, size_t n, struct err *e) {
    struct pieces *p = ctx;
    const char *from = bytes;
    while (n > 0) {
        size_t k = n < PIECE_BYTES - p->raw_n ? n : PIECE_BYTES - p->raw_n;
        memcpy(p->raw + p->raw_n, from, k);
        p->raw_n += k;
        from += k;
        n -= k;
        if (p->raw_n == PIECE_BYTES && !put_piece(p, e))
            return false;
    }
    return true;
}

static bool fill_blob(struct pieces *p, struct store *s, struct layer *l, struct layer *out, struct err *e) {
    if (!store_draft(s, &p->draft, e) || !layer_read_tar(s, l, (struct tar_sink){take_bytes, p}, e))
        return false;
    if ((p->raw_n > 0 || p->n == 0) && !put_piece(p, e))
        return false;
    out->blob = sha256_final(&p->blob);
    out->blob_bytes = p->blob.bytes;
    return store_publish_blob(s, &p->draft, &out->blob, e);
}

static bool by_bytes(struct store *s, const struct layer *from, const struct layer_options *o, struct layer *out, struct err *e) {
    struct layer l = *from;
    _cleanup_(encoder_freep) struct encoder *encoder = encoder_new(o->compression, o->level);
    size_t capacity = encoder_bound(encoder, PIECE_BYTES);
    _cleanup_(mem_freep) char *raw = mem_alloc(PIECE_BYTES);
    _cleanup_(mem_freep) char *packed = mem_alloc(capacity);
    struct pieces p = {.encoder = encoder, .draft = FILE_DRAFT_INIT, .raw = raw, .packed = packed, .packed_capacity = capacity};
    sha256_init(&p.blob);
    bool good = fill_blob(&p, s, &l, out, e);
    file_draft_discard(&p.draft);
    out->diff_id = l.diff_id;
    out->tar_bytes = l.tar_bytes;
    out->compression = o->compression;
    compression_encoder_id(o->compression, o->level, out->encoder_id);
    return good;
}

bool layer_recompress(struct store *s, const struct layer *from, const struct layer_options *o, struct layer *out, struct err *e) {
    *out = (struct layer){0};
    if (by_entries(s, from, o, out, e))
        return true;
    if (e->sys != 0) /* a disk that is full, a file that cannot be read: not the layer's form */
        return false;
    log_debug("%s; its stream is packed as it is", e->msg);
    err_clear(e);
    return by_bytes(s, from, o, out, e);
}
