/* SPDX-License-Identifier: Apache-2.0 */
#include "base/codec.h"

#include "base/mem.h"
#include "tap.h"

/* A source that gives `step` bytes at a time. */
struct source {
    const char *p;
    size_t n, step;
};

static ptrdiff_t pull(void *ctx, void *to, size_t n, struct err *e) {
    struct source *s = ctx;
    (void)e;
    size_t k = s->n < s->step ? s->n : s->step;
    k = k < n ? k : n;
    memcpy(to, s->p, k);
    s->p += k;
    s->n -= k;
    return (ptrdiff_t)k;
}

static ptrdiff_t decode(struct str in, size_t step, uint64_t limit, struct buf *out, enum compression *kind, struct err *e) {
    struct source s = {in.p, in.n, step};
    _cleanup_(decoder_freep) struct decoder *d = decoder_new(pull, &s);
    decoder_limit(d, limit);
    for (;;) {
        char piece[1000];
        ptrdiff_t n = decoder_pull(d, piece, sizeof piece, e);
        *kind = decoder_kind(d);
        if (n <= 0)
            return n;
        buf_add(out, piece, (size_t)n);
    }
}

static void add_member(struct encoder *z, struct str text, struct buf *out) {
    size_t bound = encoder_bound(z, text.n);
    char *to = buf_reserve(out, bound);
    out->n += encoder_run(z, text.p, text.n, to, bound);
}

static void round_trip(enum compression c, const char *name) {
    struct err e = ERR_INIT;
    enum compression kind;
    struct buf text = BUF_INIT(1 << 20), packed = BUF_INIT(1 << 21), out = BUF_INIT(1 << 21);
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "line %d\n", i * 7919 % 1000);
    _cleanup_(encoder_freep) struct encoder *z = encoder_new(c, compression_default_level(c));
    add_member(z, buf_str(&text), &packed);
    add_member(z, S("the end"), &packed);
    ok(decode(buf_str(&packed), 77, 1 << 21, &out, &kind, &e) == 0 && kind == c, "%s: two members are read as one stream", name);
    ok(out.n == text.n + 7 && memcmp(out.p, text.p, text.n) == 0, "%s: the bytes come back", name);
    if (c != COMPRESSION_NONE) {
        buf_reset(&out);
        ok(decode(str_first(buf_str(&packed), packed.n - 3), 4096, 1 << 21, &out, &kind, &e) < 0, "%s: truncation is noticed", name);
        is_err(&e, "truncated", "and named");
        packed.p[packed.n / 2] ^= 0x55;
        buf_reset(&out);
        ok(decode(buf_str(&packed), 4096, 1 << 21, &out, &kind, &e) < 0, "%s: damage is noticed", name);
        err_clear(&e);
    }
    buf_reset(&packed);
    add_member(z, buf_str(&text), &packed);
    buf_reset(&out);
    ok(decode(buf_str(&packed), 4096, 1000, &out, &kind, &e) < 0, "%s: output past the limit is refused", name);
    is_err(&e, "limit", "and says so");
    buf_fini(&text);
    buf_fini(&packed);
    buf_fini(&out);
}

int main(void) {
    round_trip(COMPRESSION_GZIP, "gzip");
    round_trip(COMPRESSION_ZSTD, "zstd");
    round_trip(COMPRESSION_NONE, "none");
    enum compression c;
    ok(compression_parse(S("uncompressed"), &c) && c == COMPRESSION_NONE, "BuildKit's word for none");
    ok(!compression_parse(S("lzma"), &c), "unknown compression");
    ok(crc32_update(0, "123456789", 9) == 0xcbf43926, "CRC-32 check value");
    ok(crc32_update(0xcbf43926, NULL, 0) == 0xcbf43926, "nothing, at NULL, changes nothing");
    return tap_done();
}
