/* SPDX-License-Identifier: Apache-2.0
 * Compressed bytes to tar bytes (tar_stream.h): a decoder whose output is pulled by the read-ahead threads. */
#include "layer/tar_stream.h"

#include "base/mem.h"
#include "layer/ahead.h"

struct tar_stream {
    struct decoder *decoder;
    struct ahead *ahead;
};

static ptrdiff_t inflate(void *decoder, void *to, size_t n, struct err *e) {
    return decoder_pull(decoder, to, n, e);
}

struct tar_stream *tar_stream_new(decoder_read read, void *ctx, enum tar_stream_kind kind) {
    struct tar_stream *t = mem_zalloc(1, sizeof *t);
    t->decoder = decoder_new(read, ctx);
    if (kind == TAR_OF_ARCHIVE)
        decoder_any_format(t->decoder);
    t->ahead = ahead_new(inflate, t->decoder, kind == TAR_OF_LAYER);
    return t;
}

void tar_stream_free(struct tar_stream *t) {
    if (!t)
        return;
    ahead_free(t->ahead);
    decoder_free(t->decoder);
    free(t);
}

ptrdiff_t tar_stream_next(void *stream, const void **piece, struct err *e) {
    struct tar_stream *t = stream;
    return ahead_next(t->ahead, piece, e);
}

bool digest_matches(const struct digest *got, const struct digest *want, const char *what, struct err *e) {
    if (digest_eq(got, want))
        return true;
    char text[2][DIGEST_TEXT + 1];
    return err_set(e, ERR_FAILED, "%s is %s and not the %s that it is named by: it is damaged or was tampered with; remove it and pull "
                   "it again", what, digest_text(got, text[0]), digest_text(want, text[1]));
}

bool tar_stream_settle(struct tar_stream *t, struct layer *l, struct err *e) {
    const struct sha256 *hash = ahead_hash(t->ahead);
    struct digest tar = sha256_final(hash);
    if (!digest_is_zero(&l->diff_id) && !digest_matches(&tar, &l->diff_id, "the uncompressed tar stream (diffID)", e))
        return false;
    l->diff_id = tar;
    l->tar_bytes = hash->bytes;
    l->compression = decoder_kind(t->decoder);
    return true;
}
