/* SPDX-License-Identifier: Apache-2.0
 * Splits a logical line into words and flags: see words.h. */
#include "dockerfile/words.h"

#include "dockerfile/text.h"

bool word_next(struct str *rest, char escape, struct str *word) {
    struct str s = blank_trim_left(*rest);
    char quote = 0;
    size_t i = 0;
    while (i < s.n && (quote || !blank_at(s, i))) {
        char c = s.p[i];
        if (c == escape && quote != '\'') {
            if (i + 1 == s.n) { /* an escape character at the very end stands for nothing */
                *word = str_first(s, i);
                *rest = str_from(s, s.n);
                return word->n > 0;
            }
            i++;
        } else if (quote) {
            quote = c == quote ? 0 : quote;
        } else if (c == '\'' || c == '"') {
            quote = c;
        }
        i++;
    }
    *word = str_first(s, i);
    *rest = str_from(s, i);
    return i > 0;
}

/* Length of the flag that s begins with; *plain: it has neither quotes nor escapes. */
static size_t flag_length(struct str s, char escape, bool *plain) {
    char quote = 0;
    size_t i = 0;
    *plain = true;
    while (i < s.n && (quote || !blank_at(s, i))) {
        char c = s.p[i++];
        if (c == escape)
            i += i < s.n;
        else if (quote ? c == quote : c == '\'' || c == '"')
            quote = quote ? 0 : c;
        else
            continue;
        *plain = false;
    }
    return i;
}

static struct str without_quotes(struct arena *a, struct str s, char escape) {
    char *to = arena_alloc(a, s.n + 1, 1);
    size_t n = 0;
    char quote = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == escape) {
            if (++i < s.n)
                to[n++] = s.p[i];
        } else if (quote ? c == quote : c == '\'' || c == '"') {
            quote = quote ? 0 : c;
        } else {
            to[n++] = c;
        }
    }
    return str_n(to, n);
}

bool flag_next(struct arena *a, struct str *rest, char escape, struct str *raw, struct str *word) {
    *rest = blank_trim_left(*rest);
    if (!str_starts(*rest, S("--")))
        return false;
    bool plain;
    *raw = str_first(*rest, flag_length(*rest, escape, &plain));
    *rest = str_from(*rest, raw->n);
    *word = plain ? *raw : without_quotes(a, *raw, escape);
    return !str_eq(*word, S("--"));
}
