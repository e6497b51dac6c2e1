/* SPDX-License-Identifier: Apache-2.0
 * Characters in bytes: see utf8.h. */
#include "base/utf8.h"

/* How many bytes the lead byte c announces; 0: it is none. */
static size_t announced(unsigned char c) {
    return c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
}

static bool is_surrogate(uint32_t rune) {
    return rune >= 0xd800 && rune <= 0xdfff;
}

uint32_t utf8_next(struct str s, size_t *at) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)s.p + *at;
    size_t n = announced(p[0]), have = 1;
    uint32_t rune = n <= 1 ? p[0] : p[0] & (0x7fu >> n);
    while (have < n && have < s.n - *at && (p[have] & 0xc0) == 0x80)
        rune = rune << 6 | (p[have++] & 0x3f);
    bool good = n > 0 && have == n && rune >= smallest[n] && rune < UTF8_BAD && !is_surrogate(rune);
    *at += good ? n : 1;
    return good ? rune : UTF8_BAD + p[0];
}

uint32_t utf8_before(struct str s, size_t *at) {
    for (size_t n = 1; n <= 4 && n <= *at; n++) {
        size_t from = *at - n, end = from;
        uint32_t rune = utf8_next(s, &end);
        if (end != *at || (n == 1 && rune >= UTF8_BAD)) /* a byte that is none may still end a character that began before it */
            continue;
        *at = from;
        return rune;
    }
    *at -= 1;
    return UTF8_BAD + (unsigned char)s.p[*at];
}

size_t utf8_length(struct str s) {
    size_t end = 0;
    return utf8_next(s, &end) < UTF8_BAD ? end : 0;
}

size_t utf8_count(struct str s) {
    size_t count = 0;
    for (size_t at = 0; at < s.n; count++)
        utf8_next(s, &at);
    return count;
}

struct str utf8_first(struct str s, size_t n) {
    size_t at = 0;
    for (; n > 0 && at < s.n; n--)
        utf8_next(s, &at);
    return str_first(s, at);
}

void utf8_add(struct buf *out, uint32_t rune) {
    if (rune >= UTF8_BAD || is_surrogate(rune))
        rune = 0xfffd;
    if (rune < 0x80) {
        buf_add_char(out, (char)rune);
        return;
    }
    unsigned more = rune < 0x800 ? 1 : rune < 0x10000 ? 2 : 3; /* bytes behind the lead byte, six bits in each */
    char bytes[4] = {(char)((0xff00u >> (more + 1)) | rune >> (6 * more))};
    for (unsigned i = 1; i <= more; i++)
        bytes[i] = (char)(0x80 | (rune >> (6 * (more - i)) & 0x3f));
    buf_add(out, bytes, more + 1);
}
