/* SPDX-License-Identifier: Apache-2.0
 * Stored layers and foreign archives to entries (read.h). Every byte of a stored layer is hashed twice on its way, compressed and not;
 * what the sink was given holds only when both digests turned out right, so sinks publish nothing before layer_read has returned. */
#include "layer/read.h"

#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "layer/ingest.h"
#include "layer/tar_stream.h"
#include "layer/untar.h"

/* The bytes of one blob, on the read-ahead thread. */
struct blob_source {
    int fd;
    bool unhashed;
    struct sha256 hash;
};

static ptrdiff_t read_blob(void *ctx, void *to, size_t n, struct err *e) {
    struct blob_source *b = ctx;
    ssize_t k;
    do
        k = read(b->fd, to, n);
    while (k < 0 && errno == EINTR);
    if (k < 0) {
        err_sys(e, errno, "read");
        return -1;
    }
    if (!b->unhashed)
        sha256_update(&b->hash, to, (size_t)k);
    return k;
}

/* The whole blob has passed. */
static bool settle_blob(const struct blob_source *b, struct layer *l, struct err *e) {
    struct digest d = sha256_final(&b->hash);
    if (!digest_matches(&d, &l->blob, "the stored blob", e))
        return false;
    l->blob_bytes = b->hash.bytes;
    return true;
}

/* A blob that rotted shows as broken gzip or tar first: say what it really is. */
static void blame_rot(struct blob_source *b, const struct layer *l, struct err *e) {
    struct err ignored = ERR_INIT;
    struct digest d;
    if (lseek(b->fd, 0, SEEK_SET) == 0 && file_digest(b->fd, "blob", &d, NULL, &ignored) && !digest_eq(&d, &l->blob))
        err_append(e, " (the stored blob does not match its digest: it is damaged; remove it and pull it again)");
    err_clear(&ignored);
}

/* What is made of the blob's bytes, to their end. */
typedef bool (*use_blob)(struct blob_source *b, struct layer *l, void *ctx, struct err *e);

static bool read_layer(struct store *s, struct layer *l, bool unhashed, use_blob use, void *ctx, struct err *e) {
    uint64_t start = log_now_ns();
    _cleanup_fd_ int fd = store_open_blob(s, &l->blob, NULL, e);
    if (fd < 0)
        return false;
    struct blob_source b = {.fd = fd, .unhashed = unhashed};
    struct layer found = *l; /* nothing is known of it before both digests are right */
    sha256_init(&b.hash);
    bool used = use(&b, &found, ctx, e);
    if (!used && !unhashed)
        blame_rot(&b, l, e);
    log_span("layer read", start);
    if (!used || (!unhashed && !settle_blob(&b, &found, e)))
        return err_wrap(e, "layer %s", digest_text(&l->blob, (char[DIGEST_TEXT + 1]){0}));
    *l = found;
    return true;
}

static bool parse_blob(struct blob_source *b, struct layer *l, void *sink, struct err *e) {
    _cleanup_(tar_stream_freep) struct tar_stream *t = tar_stream_new(read_blob, b, TAR_OF_LAYER);
    return untar(tar_stream_next, t, *(struct entry_sink *)sink, e) && tar_stream_settle(t, l, e);
}

bool layer_read(struct store *s, struct layer *l, struct entry_sink sink, struct err *e) {
    return read_layer(s, l, false, parse_blob, &sink, e);
}

static bool parse_unhashed(struct blob_source *b, struct layer *l, void *sink, struct err *e) {
    (void)l;
    _cleanup_(tar_stream_freep) struct tar_stream *t = tar_stream_new(read_blob, b, TAR_UNHASHED);
    return untar(tar_stream_next, t, *(struct entry_sink *)sink, e);
}

bool layer_read_unhashed(struct store *s, const struct layer *l, struct entry_sink sink, struct err *e) {
    struct layer found = *l;
    return read_layer(s, &found, true, parse_unhashed, &sink, e);
}

static bool pass_blob(struct blob_source *b, struct layer *l, void *ctx, struct err *e) {
    const struct tar_sink *sink = ctx;
    _cleanup_(tar_stream_freep) struct tar_stream *t = tar_stream_new(read_blob, b, TAR_OF_LAYER);
    const void *piece;
    ptrdiff_t n;
    while ((n = tar_stream_next(t, &piece, e)) > 0)
        if (!sink->take(sink->ctx, piece, (size_t)n, e))
            return false;
    return n == 0 && tar_stream_settle(t, l, e);
}

bool layer_read_tar(struct store *s, struct layer *l, struct tar_sink sink, struct err *e) {
    return read_layer(s, l, false, pass_blob, &sink, e);
}

bool tar_read(decoder_read read, void *ctx, const char *what, struct entry_sink sink, struct err *e) {
    _cleanup_(tar_stream_freep) struct tar_stream *t = tar_stream_new(read, ctx, TAR_OF_ARCHIVE);
    return untar(tar_stream_next, t, sink, e) || err_wrap(e, "%s", what);
}

/* --- Tables of contents and trees --- */

static bool ingest_blob(struct blob_source *b, struct layer *l, void *ingest, struct err *e) {
    return ingest_read(ingest, read_blob, b, l, e);
}

static bool ingest_stored(struct store *s, struct layer *l, enum ingest_what what, struct err *e) {
    _cleanup_(ingest_freep) struct ingest *g = ingest_new(s, what);
    return read_layer(s, l, false, ingest_blob, g, e) && ingest_commit(g, e);
}

bool layer_make_toc(struct store *s, struct layer *l, struct err *e) {
    return ingest_stored(s, l, INGEST_TOC, e);
}

bool layer_make_tree(struct store *s, struct layer *l, struct err *e) {
    return ingest_stored(s, l, INGEST_TREE, e);
}
