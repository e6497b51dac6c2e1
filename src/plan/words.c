/* SPDX-License-Identifier: Apache-2.0
 * Go's ways of writing lists, quoted texts and durations: see words.h. */
#include "plan/words.h"

void words_join(struct buf *out, const struct str *words, size_t n, struct str between) {
    for (size_t k = 0; k < n; k++) {
        if (k)
            buf_add_str(out, between);
        buf_add_str(out, words[k]);
    }
}

void words_bracketed(struct buf *out, const struct str *words, size_t n) {
    buf_add_char(out, '[');
    words_join(out, words, n, S(" "));
    buf_add_char(out, ']');
}

/* The length of the UTF-8 sequence at s, or 0. Overlong forms and surrogates are none. */
static size_t utf8_length(struct str s) {
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;
    if (n == 0 || n > s.n)
        return 0;
    for (size_t k = 1; k < n; k++)
        if ((p[k] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool outside = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return overlong || outside ? 0 : n;
}

static void quote_ascii(struct buf *out, unsigned char c) {
    static const char escaped[] = "\a\b\f\n\r\t\v\"\\", letters[] = "abfnrtv\"\\";
    const char *at = c ? strchr(escaped, c) : NULL;
    if (at)
        buf_printf(out, "\\%c", letters[at - escaped]);
    else if (c < ' ' || c == 0x7f)
        buf_printf(out, "\\x%02x", c);
    else
        buf_add_char(out, (char)c);
}

/* As strconv.Quote does; letters beyond ASCII stand as they are, but for the control characters U+0080 to U+00A0. */
void word_quoted(struct buf *out, struct str s) {
    buf_add_char(out, '"');
    while (s.n) {
        unsigned char c = (unsigned char)s.p[0];
        size_t n = utf8_length(s);
        if (n == 1)
            quote_ascii(out, c);
        else if (n == 0)
            buf_printf(out, "\\x%02x", c);
        else if (c == 0xc2 && (unsigned char)s.p[1] <= 0xa0)
            buf_printf(out, "\\u%04x", (unsigned char)s.p[1]);
        else
            buf_add(out, s.p, n);
        s = str_from(s, n ? n : 1);
    }
    buf_add_char(out, '"');
}

void words_quoted(struct buf *out, const struct str *words, size_t n) {
    buf_add_char(out, '[');
    for (size_t k = 0; k < n; k++) {
        if (k)
            buf_add_char(out, ' ');
        word_quoted(out, words[k]);
    }
    buf_add_char(out, ']');
}

/* --- Durations ------------------------------------------------------------------------------------------------------------------- */

#define NS_PER_US 1000ll
#define NS_PER_MS 1000000ll
#define NS_PER_S 1000000000ll
enum { FRACTION_DIGITS = 18 }; /* an hour has fewer nanoseconds */

static const struct unit {
    const char *name;
    int64_t ns;
} units[] = {{"ns", 1},         {"us", NS_PER_US}, {"\xc2\xb5s", NS_PER_US}, {"\xce\xbcs", NS_PER_US},
             {"ms", NS_PER_MS}, {"s", NS_PER_S},   {"m", 60 * NS_PER_S},     {"h", 3600 * NS_PER_S}};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static struct str take_digits(struct str *s) {
    size_t n = 0;
    while (n < s->n && is_digit(s->p[n]))
        n++;
    struct str digits = str_first(*s, n);
    *s = str_from(*s, n);
    return digits;
}

/* The unit at the head: all up to the next digit or point. */
static int64_t take_unit(struct str *s) {
    size_t n = 0;
    while (n < s->n && !is_digit(s->p[n]) && s->p[n] != '.')
        n++;
    struct str name = str_first(*s, n);
    *s = str_from(*s, n);
    for (size_t k = 0; k < sizeof units / sizeof units[0]; k++)
        if (str_eqz(name, units[k].name))
            return units[k].ns;
    return 0;
}

/* 0.DIGITS of a unit, rounded down; digits that no nanosecond can show are dropped. */
static int64_t fraction_of(struct str digits, int64_t unit_ns) {
    __extension__ __int128 sum = 0, scale = 1;
    for (size_t k = 0; k < digits.n && k < FRACTION_DIGITS; k++) {
        sum = sum * 10 + (digits.p[k] - '0');
        scale *= 10;
    }
    return (int64_t)(sum * unit_ns / scale);
}

bool duration_parse(struct str s, int64_t *ns) {
    *ns = 0;
    if (str_eqz(s, "0"))
        return true;
    if (s.n == 0)
        return false;
    while (s.n) {
        struct str whole = take_digits(&s), fraction = STR_NULL;
        uint64_t count = 0;
        int64_t part;
        if (s.n && s.p[0] == '.') {
            s = str_from(s, 1);
            fraction = take_digits(&s);
        }
        if (whole.n + fraction.n == 0 || (whole.n && !str_to_u64(whole, 10, INT64_MAX, &count)))
            return false;
        int64_t unit = take_unit(&s);
        if (unit == 0 || __builtin_mul_overflow((int64_t)count, unit, &part) ||
            __builtin_add_overflow(part, fraction_of(fraction, unit), &part) || __builtin_add_overflow(*ns, part, ns))
            return false;
    }
    return true;
}

/* VALUE of UNIT with the digits of the rest that are not trailing zeros: "1.5s". */
static void write_fraction(struct buf *out, int64_t ns, int64_t unit_ns, const char *unit) {
    buf_printf(out, "%lld", (long long)(ns / unit_ns));
    int64_t rest = ns % unit_ns;
    if (rest)
        buf_add_char(out, '.');
    while (rest) {
        rest *= 10;
        buf_add_char(out, (char)('0' + rest / unit_ns));
        rest %= unit_ns;
    }
    buf_add_str(out, str_z(unit));
}

void duration_write(struct buf *out, int64_t ns) {
    if (ns == 0) {
        buf_add_str(out, S("0s"));
        return;
    }
    if (ns < NS_PER_S) {
        int64_t unit = ns < NS_PER_US ? 1 : ns < NS_PER_MS ? NS_PER_US : NS_PER_MS;
        write_fraction(out, ns, unit, unit == 1 ? "ns" : unit == NS_PER_US ? "\xc2\xb5s" : "ms");
        return;
    }
    int64_t minutes = ns / (60 * NS_PER_S);
    if (minutes >= 60)
        buf_printf(out, "%lldh", (long long)(minutes / 60));
    if (minutes)
        buf_printf(out, "%lldm", (long long)(minutes % 60));
    write_fraction(out, ns % (60 * NS_PER_S), NS_PER_S, "s");
}

/* --- Sizes ----------------------------------------------------------------------------------------------------------------------- */

enum { SIZE_BITS_MAX = 62, UNIT_BITS = 10 };

/* Bits that the unit shifts by: "k", "kb", "kib" in any case 10, "m" 20, and so on; "" and "b" 0; -1: no unit. */
static int unit_bits(struct str s) {
    static const char letters[] = "kmgtp";
    if (s.n == 0 || str_eq_nocase(s, S("b")))
        return 0;
    struct str rest = str_from(s, 1);
    for (int k = 0; letters[k]; k++)
        if ((s.p[0] | 0x20) == letters[k] && (rest.n == 0 || str_eq_nocase(rest, S("b")) || str_eq_nocase(rest, S("ib"))))
            return (k + 1) * UNIT_BITS;
    return -1;
}

bool size_parse(struct str s, uint64_t *bytes) {
    struct str whole = take_digits(&s), fraction = STR_NULL;
    uint64_t count = 0;
    if (s.n && s.p[0] == '.') {
        s = str_from(s, 1);
        fraction = take_digits(&s);
    }
    int bits = unit_bits(str_from(s, s.n > 1 && s.p[0] == ' '));
    if (bits < 0 || whole.n + fraction.n == 0 || (whole.n && !str_to_u64(whole, 10, (UINT64_C(1) << (SIZE_BITS_MAX - bits)) - 1, &count)))
        return false;
    *bytes = (count << bits) + (uint64_t)fraction_of(fraction, INT64_C(1) << bits);
    return true;
}
