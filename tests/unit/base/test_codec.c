/* SPDX-License-Identifier: Apache-2.0 */
#include "base/codec.h"

#include <bzlib.h>
#include <lzma.h>

#include "base/limits.h"
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

static ptrdiff_t decode_by(struct decoder *d, uint64_t limit, struct buf *out, enum compression *kind, struct err *e) {
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

static ptrdiff_t decode(struct str in, size_t step, uint64_t limit, struct buf *out, enum compression *kind, struct err *e) {
    struct source s = {in.p, in.n, step};
    _cleanup_(decoder_freep) struct decoder *d = decoder_new(pull, &s);
    return decode_by(d, limit, out, kind, e);
}

static ptrdiff_t decode_any(struct str in, size_t step, uint64_t limit, struct buf *out, struct err *e) {
    struct source s = {in.p, in.n, step};
    enum compression kind;
    _cleanup_(decoder_freep) struct decoder *d = decoder_new(pull, &s);
    decoder_any_format(d);
    buf_reset(out);
    return decode_by(d, limit, out, &kind, e);
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

/* Appends one stream. */
static void add_foreign(bool xz, struct str text, struct buf *out) {
    size_t room = text.n * 2 + 4096, n = 0;
    unsigned bz_n = (unsigned)room;
    char *to = buf_reserve(out, room);
    bool good = xz ? lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, (const uint8_t *)text.p, text.n, (uint8_t *)to, &n, room) == LZMA_OK
                   : BZ2_bzBuffToBuffCompress(to, &bz_n, (char *)(uintptr_t)text.p, (unsigned)text.n, 1, 0, 0) == BZ_OK;
    ok(good, "packed");
    out->n += xz ? n : bz_n;
}

/* Formats that are only read. */
static void foreign(bool xz) {
    const char *name = xz ? "xz" : "bzip2";
    struct err e = ERR_INIT;
    enum compression kind;
    struct buf text = BUF_INIT(1 << 20), packed = BUF_INIT(1 << 21), out = BUF_INIT(1 << 21);
    for (int i = 0; i < 30000; i++)
        buf_printf(&text, "line %d\n", i * 7919 % 1000);
    add_foreign(xz, buf_str(&text), &packed);
    add_foreign(xz, S("the end"), &packed);
    for (size_t step = 1; step < 5000; step += 77)
        if (decode_any(buf_str(&packed), step, 1 << 21, &out, &e) != 0 || out.n != text.n + 7 || memcmp(out.p, text.p, text.n) != 0)
            ok(false, "%s: in pieces of %zu bytes: %s", name, step, e.msg ? e.msg : "other bytes");
    ok(str_ends(buf_str(&out), S("the end")), "%s: two streams are read as one, in pieces of any size", name);
    for (size_t n = 11; n < packed.n; n += packed.n / 50)
        if (decode_any(str_first(buf_str(&packed), n), 4096, 1 << 21, &out, &e) >= 0)
            ok(n > packed.n / 2 && str_eq(buf_str(&out), buf_str(&text)), "%s: cut off at %zu", name, n);
        else
            err_clear(&e);
    ok(decode_any(str_first(buf_str(&packed), packed.n - 3), 4096, 1 << 21, &out, &e) < 0, "%s: truncation is noticed", name);
    is_err(&e, xz ? "truncated xz data" : "truncated bzip2 data", "and named");
    ok(decode_any(buf_str(&packed), 4096, 1000, &out, &e) < 0, "%s: output past the limit is refused", name);
    is_err(&e, "limit of 1000 bytes", "and says so");
    ok(decode(buf_str(&packed), 4096, 1 << 21, &out, &kind, &e) < 0, "%s: not where layers are read", name);
    is_err(&e, xz ? "xz compression is not supported here" : "bzip2 compression is not supported here", "it says so");
    packed.p[packed.n / 2] ^= 0x55;
    ok(decode_any(buf_str(&packed), 4096, 1 << 21, &out, &e) < 0, "%s: damage is noticed", name);
    is_err(&e, xz ? "corrupt xz data" : "corrupt bzip2 data", "and named");
    buf_fini(&text);
    buf_fini(&packed);
    buf_fini(&out);
}

/* A block that wants a dictionary of 1 GiB: its header is changed, and its checksum made good. */
static void hungry(void) {
    enum { BLOCK = 12, GIB = 36 };
    struct err e = ERR_INIT;
    struct buf packed = BUF_INIT(1 << 16), out = BUF_INIT(1 << 16);
    add_foreign(true, S("text"), &packed);
    unsigned char *p = (unsigned char *)packed.p;
    size_t header = ((size_t)p[BLOCK] + 1) * 4, filter = BLOCK + 2 + (p[BLOCK + 1] >> 6 & 1) + (p[BLOCK + 1] >> 7); /* behind two sizes */
    ok(p[filter] == 0x21 && p[filter + 1] == 1, "the filter is LZMA2");
    p[filter + 2] = GIB;
    uint32_t crc = lzma_crc32(p + BLOCK, header - 4, 0);
    for (int i = 0; i < 4; i++)
        p[BLOCK + header - 4 + (size_t)i] = (unsigned char)(crc >> (8 * i));
    ok(decode_any(buf_str(&packed), 4096, 1 << 16, &out, &e) < 0, "xz: more memory than is allowed");
    is_err(&e, "takes more than 132 MiB of memory", "is refused");
    buf_fini(&packed);
    buf_fini(&out);
}

int main(void) {
    foreign(false);
    foreign(true);
    hungry();
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
