/* SPDX-License-Identifier: Apache-2.0
 * Gzip streams as anyone may make them: headers with every field, cut anywhere; members without end; damage of every part. */
#include "base/codec.h"
#include "base/limits.h"
#include "tap.h"

struct source {
    struct str rest;
    size_t step;
};

static ptrdiff_t pull(void *ctx, void *to, size_t n, struct err *e) {
    struct source *s = ctx;
    (void)e;
    struct str piece = str_first(s->rest, s->step < n ? s->step : n);
    if (piece.n)
        memcpy(to, piece.p, piece.n);
    s->rest = str_from(s->rest, piece.n);
    return (ptrdiff_t)piece.n;
}

/* True if it was read to its end. */
static bool decode(struct str in, size_t step, size_t at_once, struct buf *out, struct err *e) {
    struct source s = {in, step};
    _cleanup_(decoder_freep) struct decoder *d = decoder_new(pull, &s);
    buf_reset(out);
    for (;;) {
        ptrdiff_t n = decoder_pull(d, buf_reserve(out, at_once), at_once, e);
        if (n <= 0)
            return n == 0;
        out->n += (size_t)n;
    }
}

static void refused(struct str in, const char *why, const char *what) {
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(MIB(1));
    ok(!decode(in, 4096, 1000, &out, &e), "%s", what);
    is_err(&e, why, "  and why");
    buf_fini(&out);
}

#define PLAIN_HEADER "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
#define STORED_HELLO "\x01\x05\x00\xfa\xff" "hello"
#define TRAILER_HELLO "\x86\xa6\x10\x36\x05\x00\x00\x00"
#define BYTES(s) str_n((s), sizeof(s) - 1)

/* FHCRC, FEXTRA, FNAME and FCOMMENT; the CRC is filled in. */
static void all_fields(struct buf *out) {
    buf_add_str(out, BYTES("\x1f\x8b\x08\x1e\x00\x00\x00\x00\x00\xff\x07\x00" "EXTRA\0\0name\0a comment\0"));
    uint32_t crc = crc32_update(0, out->p, out->n);
    buf_add_char(out, (char)(crc & 0xff));
    buf_add_char(out, (char)(crc >> 8 & 0xff));
    buf_add_str(out, BYTES(STORED_HELLO TRAILER_HELLO));
}

static void test_headers(void) {
    struct err e = ERR_INIT;
    struct buf member = BUF_INIT(MIB(1)), two = BUF_INIT(MIB(1)), out = BUF_INIT(MIB(1));
    all_fields(&member);
    buf_add_str(&two, buf_str(&member));
    buf_add_str(&two, buf_str(&member));
    size_t good = 0, noticed = 0;
    for (size_t step = 1; step <= two.n; step++)
        good += decode(buf_str(&two), step, step % 7 + 1, &out, &e) && str_eq(buf_str(&out), S("hellohello"));
    ok(good == two.n, "headers with every field, in pieces of any size");
    no_err(&e, "  without an error");
    for (size_t n = 2; n < member.n; n++) {
        noticed += !decode(str_first(buf_str(&member), n), n % 5 + 1, 100, &out, &e) && str_starts(str_z(e.msg), S("truncated gzip data"));
        err_clear(&e);
    }
    ok(noticed == member.n - 2, "cut off anywhere it is truncated");
    member.p[member.n - sizeof(STORED_HELLO TRAILER_HELLO)] ^= 1;
    refused(buf_str(&member), "incorrect checksum", "a header's wrong checksum");
    buf_fini(&member);
    buf_fini(&two);
    buf_fini(&out);
}

static void test_damage(void) {
    refused(BYTES("\x1f\x8b\x08\x20\x00\x00\x00\x00\x00\xff" STORED_HELLO TRAILER_HELLO), "unknown header flags", "reserved flags");
    refused(BYTES("\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\xff" STORED_HELLO TRAILER_HELLO), "unknown compression method", "another method");
    refused(BYTES(PLAIN_HEADER STORED_HELLO "\x87\xa6\x10\x36\x05\x00\x00\x00"), "incorrect checksum or length", "a wrong checksum");
    refused(BYTES(PLAIN_HEADER STORED_HELLO "\x86\xa6\x10\x36\x06\x00\x00\x00"), "incorrect checksum or length", "a wrong length");
    refused(BYTES(PLAIN_HEADER "\x01\x05\x00\xfb\xff" "hello" TRAILER_HELLO), "invalid block", "a stored block with two lengths");
    refused(BYTES(PLAIN_HEADER "\x07\x00" TRAILER_HELLO), "invalid block", "a block of no known type");
    refused(BYTES(PLAIN_HEADER "\x03\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00"), "too far back", "bytes from before the beginning");
    refused(BYTES(PLAIN_HEADER STORED_HELLO TRAILER_HELLO "0123456789"), "incorrect header", "garbage behind the end");
    refused(BYTES(PLAIN_HEADER STORED_HELLO TRAILER_HELLO "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "incorrect header", "zeros behind the end");
    refused(BYTES(PLAIN_HEADER STORED_HELLO TRAILER_HELLO "\x1f"), "truncated", "the beginning of one more member");
}

static void add_member(struct str text, struct buf *out) {
    _cleanup_(encoder_freep) struct encoder *z = encoder_new(COMPRESSION_GZIP, 6);
    size_t bound = encoder_bound(z, text.n);
    char *to = buf_reserve(out, bound);
    out->n += encoder_run(z, text.p, text.n, to, bound);
}

/* Text that repeats what lies nearly the whole window of 32 KiB back. */
static void far_text(struct buf *text) {
    enum { FAR_BYTES = KIB(32) - 300 };
    uint32_t r = 1;
    buf_reserve(text, MIB(1)); /* it is added to from itself */
    for (size_t i = 0; i < KIB(32); i++)
        buf_add_char(text, (char)((r = r * 1664525 + 1013904223) >> 24));
    for (int i = 0; i < 20; i++) {
        buf_add(text, text->p + text->n - FAR_BYTES, KIB(31));
        for (size_t k = 0; k < KIB(1); k++)
            buf_add_char(text, (char)((r = r * 1664525 + 1013904223) >> 24));
    }
}

static void test_window(void) {
    static const size_t sizes[] = {1, 7, 1000, KIB(32), 65537, MIB(1)};
    struct err e = ERR_INIT;
    struct buf text = BUF_INIT(MIB(2)), packed = BUF_INIT(MIB(2)), out = BUF_INIT(MIB(4));
    far_text(&text);
    add_member(buf_str(&text), &packed);
    ok(packed.n < text.n / 5, "the packed text reaches far back");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        ok(decode(buf_str(&packed), sizes[sizeof sizes / sizeof *sizes - 1 - i], sizes[i], &out, &e) &&
           str_eq(buf_str(&out), buf_str(&text)), "  %zu bytes at once", sizes[i]);
    no_err(&e, "  without an error");
    buf_fini(&text);
    buf_fini(&packed);
    buf_fini(&out);
}

static void test_members(void) {
    struct err e = ERR_INIT;
    struct buf packed = BUF_INIT(MIB(2)), out = BUF_INIT(MIB(2));
    for (int i = 0; i < 3000; i++)
        add_member(i % 3 ? S("") : S("x"), &packed);
    for (size_t step = 1; step < 5000; step = step * 3 + 1)
        ok(decode(buf_str(&packed), step, 10, &out, &e) && out.n == 1000, "3000 members, most of them empty, %zu bytes at a time", step);
    no_err(&e, "  without an error");
    buf_fini(&packed);
    buf_fini(&out);
}

int main(void) {
    test_headers();
    test_damage();
    test_window();
    test_members();
    return tap_done();
}
