/* SPDX-License-Identifier: Apache-2.0
 *
 * A counted string: pointer and length, not owned, not NUL-terminated. Everything that is parsed is a str; NUL-terminated
 * copies are made only at the system call (arena_strz). The empty string may have a NULL pointer. */
#ifndef CROZE_BASE_STR_H
#define CROZE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define S(lit) ((struct str){"" lit, sizeof(lit) - 1})
#define STR_NULL ((struct str){NULL, 0})
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_z(const char *z) {
    return z ? (struct str){z, strlen(z)} : STR_NULL;
}
static inline struct str str_n(const char *p, size_t n) {
    return (struct str){p, n};
}
static inline bool str_eq(struct str a, struct str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool str_eqz(struct str a, const char *z) {
    return str_eq(a, str_z(z));
}
/* s from byte `from` on; past the end gives the empty string. */
static inline struct str str_from(struct str s, size_t from) {
    if (s.n == 0) /* its pointer may be NULL, to which nothing may be added */
        return s;
    return from >= s.n ? (struct str){s.p + s.n, 0} : (struct str){s.p + from, s.n - from};
}
/* The first n bytes of s, or all of it. */
static inline struct str str_first(struct str s, size_t n) {
    return n < s.n ? (struct str){s.p, n} : s;
}

int str_cmp(struct str a, struct str b);          /* bytewise, shorter first */
bool str_eq_nocase(struct str a, struct str b);   /* ASCII only */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_starts_nocase(struct str s, struct str prefix);
/* Index of the first / last c, or -1. */
ptrdiff_t str_index(struct str s, char c);
ptrdiff_t str_rindex(struct str s, char c);
ptrdiff_t str_find(struct str s, struct str needle);
struct str str_trim(struct str s);                /* blanks, tabs, \r, \n, \v, \f at both ends */
struct str str_trim_left(struct str s);
struct str str_trim_right(struct str s);

/* Splits at the first c: *head before it, *tail behind it. Without c: false, *head = s, *tail empty. */
bool str_cut(struct str s, char c, struct str *head, struct str *tail);
/* The next piece of *rest up to sep, taking it off; false when nothing is left. "a//b" gives "a", "", "b". */
bool str_next(struct str *rest, char sep, struct str *piece);

/* At most n bytes, cut before a character of UTF-8 rather than inside one. */
struct str str_first_chars(struct str s, size_t n);

/* A text of anyone's as a message quotes it: whole or its beginning and "...", at most STR_SHOWN bytes, control characters replaced.
 * Returns out. */
enum { STR_SHOWN = 200 };
const char *str_shown(struct str s, char out[STR_SHOWN + 1]);
#define SHOWN(s) str_shown((s), (char[STR_SHOWN + 1]){0})

/* Whole-string numbers; false on anything else, or above max. No sign, no blanks. */
bool str_to_u64(struct str s, unsigned base, uint64_t max, uint64_t *out);
bool str_to_i64(struct str s, int64_t *out);      /* decimal, with optional '-' */
/* The words that Go's strconv.ParseBool, and so docker's flags, take: 1, t, T, true, True, TRUE and their opposites. */
bool str_to_bool(struct str s, bool *out);
/* Whether s is an address of IPv4 or IPv6, without brackets, port or zone. */
bool str_is_ip(struct str s);

/* Compares two clean relative paths component by component, '/' sorting below every other byte, so that a directory is
 * followed at once by all that lies in it. This is the order of entries in croze's layers. */
int path_cmp(struct str a, struct str b);
/* "a/b/c" -> "a/b"; "a" -> "". */
struct str path_dir(struct str path);
struct str path_base(struct str path);

struct arena;
/* The shortest path with the same meaning, as Go's path.Clean has it, but without a "/" in front, and "" for ".": "/a//./b/../c/" gives
 * "a/c". `rooted`: it begins at a root, above which ".." does not lead; else what leads above its beginning stays: "a/../../b" gives
 * "../b". NUL-terminated. */
struct str path_clean(struct arena *a, struct str path, bool rooted);

#endif
