/* SPDX-License-Identifier: Apache-2.0
 * Counted strings: see str.h. */
#include "base/str.h"

#include <arpa/inet.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

int str_cmp(struct str a, struct str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_eq_nocase(struct str a, struct str b) {
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool str_starts(struct str s, struct str prefix) {
    return s.n >= prefix.n && str_eq(str_first(s, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix) {
    return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

bool str_starts_nocase(struct str s, struct str prefix) {
    return s.n >= prefix.n && str_eq_nocase(str_first(s, prefix.n), prefix);
}

ptrdiff_t str_index(struct str s, char c) {
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
    return at ? at - s.p : -1;
}

ptrdiff_t str_rindex(struct str s, char c) {
    const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;
    return at ? at - s.p : -1;
}

ptrdiff_t str_find(struct str s, struct str needle) {
    if (needle.n == 0)
        return 0;
    const char *at = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return at ? at - s.p : -1;
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim_left(struct str s) {
    while (s.n && is_blank(s.p[0]))
        s = str_from(s, 1);
    return s;
}

struct str str_trim_right(struct str s) {
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_trim(struct str s) {
    return str_trim_right(str_trim_left(s));
}

bool str_cut(struct str s, char c, struct str *head, struct str *tail) {
    ptrdiff_t at = str_index(s, c);
    if (at < 0) {
        *head = s;
        *tail = STR_NULL;
        return false;
    }
    *head = str_first(s, (size_t)at);
    *tail = str_from(s, (size_t)at + 1);
    return true;
}

bool str_next(struct str *rest, char sep, struct str *piece) {
    if (!rest->p)
        return false;
    if (!str_cut(*rest, sep, piece, rest))
        *rest = STR_NULL;
    return true;
}

static int digit_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

bool str_to_u64(struct str s, unsigned base, uint64_t max, uint64_t *out) {
    uint64_t v = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)digit_value(s.p[i]);
        if (d >= base || __builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, d, &v) || v > max)
            return false;
    }
    *out = v;
    return true;
}

bool str_to_bool(struct str s, bool *out) {
    static const char *const yes[] = {"1", "t", "T", "true", "True", "TRUE", NULL};
    static const char *const no[] = {"0", "f", "F", "false", "False", "FALSE", NULL};
    for (size_t k = 0; yes[k]; k++)
        if (str_eqz(s, yes[k]) || str_eqz(s, no[k])) {
            *out = str_eqz(s, yes[k]);
            return true;
        }
    return false;
}

bool str_to_i64(struct str s, int64_t *out) {
    bool negative = s.n && s.p[0] == '-';
    uint64_t v;
    if (!str_to_u64(negative ? str_from(s, 1) : s, 10, INT64_MAX, &v))
        return false;
    *out = negative ? -(int64_t)v : (int64_t)v;
    return true;
}

bool str_is_ip(struct str s) {
    unsigned char binary[sizeof(struct in6_addr)];
    char z[INET6_ADDRSTRLEN];
    if (s.n == 0 || s.n >= sizeof z || str_index(s, '\0') >= 0)
        return false;
    memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    return inet_pton(AF_INET, z, binary) == 1 || inet_pton(AF_INET6, z, binary) == 1;
}

static unsigned path_rank(struct str s, size_t i) {
    unsigned char c = (unsigned char)s.p[i];
    return c == '/' ? 0 : c + 1u;
}

int path_cmp(struct str a, struct str b) {
    size_t n = a.n < b.n ? a.n : b.n, i = 0;
    while (i < n && a.p[i] == b.p[i])
        i++;
    if (i == n)
        return (a.n > b.n) - (a.n < b.n);
    return path_rank(a, i) < path_rank(b, i) ? -1 : 1;
}

struct str path_dir(struct str path) {
    ptrdiff_t at = str_rindex(path, '/');
    return at < 0 ? str_first(path, 0) : str_first(path, (size_t)at);
}

struct str path_base(struct str path) {
    return str_from(path, (size_t)(str_rindex(path, '/') + 1));
}

struct str path_clean(struct arena *a, struct str path, bool rooted) {
    char *out = arena_alloc(a, path.n + 1, 1);
    size_t n = 0, floor = 0; /* out[0..floor) is a beginning of "..", of which a later one takes nothing back */
    struct str part;
    while (str_next(&path, '/', &part)) {
        bool up = str_eq(part, S(".."));
        if (part.n == 0 || str_eq(part, S(".")) || (up && rooted && n == 0))
            continue;
        if (up && n > floor) {
            size_t dir = path_dir(str_n(out, n)).n;
            n = dir > floor ? dir : floor;
            continue;
        }
        if (n > 0)
            out[n++] = '/';
        memcpy(out + n, part.p, part.n);
        n += part.n;
        floor = up ? n : floor;
    }
    out[n] = '\0';
    return str_n(out, n);
}

struct str str_first_chars(struct str s, size_t n) {
    enum { BACK_MAX = 3 }; /* a character has no more bytes behind its first: what goes on longer is no UTF-8, and is cut at n */
    if (n >= s.n)
        return s;
    size_t back = 0;
    while (back < n && back <= BACK_MAX && ((unsigned char)s.p[n - back] & 0xc0) == 0x80)
        back++;
    return str_first(s, back <= BACK_MAX ? n - back : n);
}

const char *str_shown(struct str s, char out[STR_SHOWN + 1]) {
    static const char cut[] = "...";
    bool whole = s.n <= STR_SHOWN;
    _cleanup_(buf_fini) struct buf shown = BUF_INIT(STR_SHOWN);
    buf_add_shown(&shown, whole ? s : str_first_chars(s, STR_SHOWN - (sizeof cut - 1)));
    buf_add_str(&shown, str_z(whole ? "" : cut));
    memcpy(out, shown.n ? shown.p : "", shown.n + 1);
    return out;
}
