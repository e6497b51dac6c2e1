/* SPDX-License-Identifier: Apache-2.0
 * Blanks, fields, runes and positions: see text.h. */
#include "dockerfile/text.h"

#include "base/mem.h"

/* White_Space beyond ASCII. */
static const struct {
    uint32_t low, high;
} wide_blanks[] = {{0x85, 0x85}, {0xa0, 0xa0}, {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f},
                   {0x3000, 0x3000}};

size_t blank_at(struct str s, size_t i) {
    unsigned char c = (unsigned char)s.p[i];
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r') ? 1 : 0;
    if (c != 0xc2 && (c < 0xe1 || c > 0xe3)) /* none of them begins so */
        return 0;
    size_t end = i;
    uint32_t rune = utf8_next(s, &end);
    for (size_t k = 0; k < sizeof wide_blanks / sizeof wide_blanks[0]; k++)
        if (rune >= wide_blanks[k].low && rune <= wide_blanks[k].high)
            return end - i;
    return 0;
}

struct str blank_trim_left(struct str s) {
    for (size_t n; s.n && (n = blank_at(s, 0)) > 0;)
        s = str_from(s, n);
    return s;
}

/* The length of the blank that ends the text; 0 if none does. */
static size_t blank_last(struct str s) {
    for (size_t n = 1; n <= 3 && n <= s.n; n++)
        if (blank_at(s, s.n - n) == n)
            return n;
    return 0;
}

struct str blank_trim(struct str s) {
    s = blank_trim_left(s);
    for (size_t n; s.n && (n = blank_last(s)) > 0;)
        s.n -= n;
    return s;
}

bool field_next(struct str *rest, struct str *field) {
    struct str s = *rest;
    while (s.n && is_gap(s.p[0]))
        s = str_from(s, 1);
    size_t n = 0;
    while (n < s.n && !is_gap(s.p[n]))
        n++;
    *field = str_first(s, n);
    *rest = str_from(s, n);
    return n > 0;
}

bool fail_at(struct str name, struct df_pos pos, struct err *e, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    return err_set(e, ERR_USAGE, "%.*s:%u:%u: %s", STR_ARG(name), pos.line, pos.column, text);
}
