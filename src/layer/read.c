/* SPDX-License-Identifier: Apache-2.0
 * Stored layers and foreign archives to entries (read.h). Every byte of a stored layer is hashed twice on its way, compressed and not;
 * what the sink was given holds only when both digests turned out right, so sinks publish nothing before layer_read has returned. */
#include "layer/read.h"

#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "layer/ahead.h"
#include "layer/untar.h"

/* The bytes of one blob, on the read-ahead thread. */
struct blob_source {
    int fd;
    struct decoder *decoder;
    struct sha256 compressed, tar;
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
    sha256_update(&b->compressed, to, (size_t)k);
    return k;
}

static ptrdiff_t pull_tar(void *ctx, void *to, size_t n, struct err *e) {
    struct blob_source *b = ctx;
    ptrdiff_t k = decoder_pull(b->decoder, to, n, e);
    if (k > 0)
        sha256_update(&b->tar, to, (size_t)k);
    return k;
}

static bool untar_ahead(decoder_read pull, void *ctx, struct entry_sink sink, struct err *e) {
    _cleanup_(ahead_freep) struct ahead *a = ahead_new(pull, ctx);
    return untar(ahead_pull, a, sink, e);
}

static bool matches(const struct digest *got, const struct digest *want, const char *what, struct err *e) {
    if (digest_eq(got, want))
        return true;
    char text[2][DIGEST_TEXT + 1];
    return err_set(e, ERR_FAILED, "%s is %s and not the %s that it is named by: it is damaged or was tampered with; remove it and pull "
                   "it again", what, digest_text(got, text[0]), digest_text(want, text[1]));
}

/* Both digests, and what only the end of the stream tells. */
static bool settle(struct blob_source *b, struct layer *l, struct err *e) {
    struct digest blob = sha256_final(&b->compressed), tar = sha256_final(&b->tar);
    if (!matches(&blob, &l->blob, "the stored blob", e))
        return false;
    if (!digest_is_zero(&l->diff_id) && !matches(&tar, &l->diff_id, "the uncompressed tar stream (diffID)", e))
        return false;
    l->diff_id = tar;
    l->tar_bytes = b->tar.bytes;
    l->blob_bytes = b->compressed.bytes;
    l->compression = decoder_kind(b->decoder);
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

/* What is made of the uncompressed stream, to its end. */
typedef bool (*use_stream)(struct blob_source *b, void *ctx, struct err *e);

static bool read_stream(struct store *s, struct layer *l, use_stream use, void *ctx, struct err *e) {
    uint64_t start = log_now_ns();
    _cleanup_fd_ int fd = store_open_blob(s, &l->blob, NULL, e);
    if (fd < 0)
        return false;
    struct blob_source b = {.fd = fd};
    sha256_init(&b.compressed);
    sha256_init(&b.tar);
    _cleanup_(decoder_freep) struct decoder *decoder = decoder_new(read_blob, &b);
    b.decoder = decoder;
    bool used = use(&b, ctx, e);
    if (!used)
        blame_rot(&b, l, e);
    log_span("layer read", start);
    return (used && settle(&b, l, e)) || err_wrap(e, "layer %s", digest_text(&l->blob, (char[DIGEST_TEXT + 1]){0}));
}

static bool parse_stream(struct blob_source *b, void *sink, struct err *e) {
    return untar_ahead(pull_tar, b, *(struct entry_sink *)sink, e);
}

bool layer_read(struct store *s, struct layer *l, struct entry_sink sink, struct err *e) {
    return read_stream(s, l, parse_stream, &sink, e);
}

static bool pass_stream(struct blob_source *b, void *arg, struct err *e) {
    enum { PIECE_BYTES = 256 << 10 };
    const struct tar_sink *sink = arg;
    _cleanup_(mem_freep) unsigned char *piece = mem_alloc(PIECE_BYTES);
    _cleanup_(ahead_freep) struct ahead *a = ahead_new(pull_tar, b);
    ptrdiff_t n;
    while ((n = ahead_pull(a, piece, PIECE_BYTES, e)) > 0)
        if (!sink->take(sink->ctx, piece, (size_t)n, e))
            return false;
    return n == 0;
}

bool layer_read_tar(struct store *s, struct layer *l, struct tar_sink sink, struct err *e) {
    return read_stream(s, l, pass_stream, &sink, e);
}

static ptrdiff_t pull_decoded(void *decoder, void *to, size_t n, struct err *e) {
    return decoder_pull(decoder, to, n, e);
}

bool tar_read(decoder_read read, void *ctx, const char *what, struct entry_sink sink, struct err *e) {
    _cleanup_(decoder_freep) struct decoder *decoder = decoder_new(read, ctx);
    decoder_any_format(decoder);
    return untar_ahead(pull_decoded, decoder, sink, e) || err_wrap(e, "%s", what);
}
