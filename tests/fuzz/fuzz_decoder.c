/* SPDX-License-Identifier: Apache-2.0
 * Compressed streams of every format: cut into pieces of any size they give the same bytes, or the same kind of failure. */
#include <assert.h>

#include "base/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUTPUT_MAX = 1 << 20 };

struct input {
    struct str rest;
    size_t step;
};

static ptrdiff_t pull(void *ctx, void *to, size_t n, struct err *e) {
    struct input *in = ctx;
    (void)e;
    n = in->step < n ? in->step : n;
    struct str piece = str_first(in->rest, n);
    if (piece.n)
        memcpy(to, piece.p, piece.n);
    in->rest = str_from(in->rest, piece.n);
    return (ptrdiff_t)piece.n;
}

/* True: read to its end. */
static bool decode(struct str bytes, size_t step, size_t at_once, struct buf *out) {
    struct err e = ERR_INIT;
    struct input in = {bytes, step};
    char piece[4096];
    ptrdiff_t n;
    _cleanup_(decoder_freep) struct decoder *d = decoder_new(pull, &in);
    decoder_any_format(d);
    decoder_limit(d, OUTPUT_MAX);
    while ((n = decoder_pull(d, piece, at_once, &e)) > 0)
        buf_add(out, piece, (size_t)n);
    assert((n < 0) == (e.kind != ERR_NONE));
    err_clear(&e);
    return n == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf whole = BUF_INIT(2 * OUTPUT_MAX), pieces = BUF_INIT(2 * OUTPUT_MAX);
    struct str bytes = str_n((const char *)data, size);
    bool good = decode(bytes, size + 1, 4096, &whole);
    assert(decode(bytes, 7, 1000, &pieces) == good);
    assert(!good || str_eq(buf_str(&whole), buf_str(&pieces)));
    buf_fini(&whole);
    buf_fini(&pieces);
    return 0;
}
