/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include "tap.h"

/* One character of each length, at both of its ends; and what is none, byte by byte. */
static const struct {
    struct str text;
    uint32_t rune;
} good[] = {
    {S("\0"), 0},
    {S("\x7f"), 0x7f},
    {S("\xc2\x80"), 0x80},
    {S("\xdf\xbf"), 0x7ff},
    {S("\xe0\xa0\x80"), 0x800},
    {S("\xed\x9f\xbf"), 0xd7ff},
    {S("\xee\x80\x80"), 0xe000},
    {S("\xef\xbf\xbf"), 0xffff},
    {S("\xf0\x90\x80\x80"), 0x10000},
    {S("\xf4\x8f\xbf\xbf"), 0x10ffff},
};
static const struct str bad[] = {
    S("\x80"), S("\xbf"), S("\xc0\x80"), S("\xc1\xbf"), S("\xc2"), S("\xc2\xc2"), S("\xe0\x9f\xbf"), S("\xe2\x82"), S("\xed\xa0\x80"),
    S("\xed\xbf\xbf"), S("\xf0\x8f\xbf\xbf"), S("\xf0\x9f\x98"), S("\xf4\x90\x80\x80"), S("\xf5\x80\x80\x80"), S("\xff"),
};

static void reading(void) {
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct str s = good[i].text;
        size_t end = 0, from = s.n;
        ok(utf8_next(s, &end) == good[i].rune && end == s.n && utf8_before(s, &from) == good[i].rune && from == 0 &&
               utf8_length(s) == s.n,
           "U+%04X, forwards and backwards", good[i].rune);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct str s = bad[i];
        size_t end = 0, from = 1;
        uint32_t want = UTF8_BAD + (unsigned char)s.p[0];
        ok(utf8_next(s, &end) == want && end == 1 && utf8_before(s, &from) == want && from == 0 && utf8_length(s) == 0,
           "bad sequence %zu: its first byte stands for itself", i);
    }
    size_t from = 3;
    ok(utf8_before(S("\xe2\x82\xac"), &from) == 0x20ac && from == 0, "backwards to the first byte");
    from = 3;
    ok(utf8_before(S("a\x82\x82"), &from) == UTF8_BAD + 0x82 && from == 2, "... or over one byte");
}

static void writing(void) {
    struct buf out = BUF_INIT(64);
    bool same = true;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        utf8_add(&out, good[i].rune);
        same = same && str_eq(buf_str(&out), good[i].text);
        buf_reset(&out);
    }
    ok(same, "each is written as it was read");
    utf8_add(&out, 0xd800);
    utf8_add(&out, UTF8_BAD);
    utf8_add(&out, UINT32_MAX);
    is_str(buf_str(&out), S("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"), "what is no code point becomes U+FFFD");
    buf_fini(&out);
}

static void counting(void) {
    struct str s = S("a\xe2\x82\xac\xff\xc3\xa9");
    ok(utf8_count(s) == 4 && utf8_count(STR_NULL) == 0, "characters, and a byte that is none");
    is_str(utf8_first(s, 2), S("a\xe2\x82\xac"), "the first two");
    is_str(utf8_first(s, 9), s, "no more than there are");
    is_str(utf8_first(s, 0), S(""), "none");
    is_str(str_first_chars(s, 4), S("a\xe2\x82\xac"), "four bytes end behind a character");
    is_str(str_first_chars(s, 3), S("a"), "three before it");
    is_str(str_first_chars(S("\x80\x80\x80\x80\x80\x80"), 5), S("\x80\x80\x80\x80\x80"), "what is no character is cut anywhere");
    is_str(str_first_chars(s, 99), s, "short enough");
}

int main(void) {
    reading();
    writing();
    counting();
    return tap_done();
}
