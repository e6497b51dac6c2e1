/* SPDX-License-Identifier: Apache-2.0
 * Levenshtein's distance, by one row: see near.h. */
#include "base/near.h"

enum { NEAR_BYTES = 64, NEAR_EDITS = 3 }; /* longer words are nobody's misspelling; so many edits are another word */

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static size_t least(size_t a, size_t b, size_t c) {
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Both have at most NEAR_BYTES. */
static size_t distance(struct str a, struct str b, bool fold_case) {
    size_t row[NEAR_BYTES + 1];
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            char x = a.p[i - 1], y = b.p[j - 1];
            bool same = fold_case ? lower(x) == lower(y) : x == y;
            size_t change = diagonal + !same;
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, change);
        }
    }
    return row[b.n];
}

void near_try(struct near *n, struct str candidate) {
    size_t limit = n->name.n ? n->distance : NEAR_EDITS;
    size_t differ = candidate.n > n->word.n ? candidate.n - n->word.n : n->word.n - candidate.n;
    if (candidate.n == 0 || differ >= limit || candidate.n > NEAR_BYTES || n->word.n > NEAR_BYTES)
        return;
    size_t d = distance(n->word, candidate, n->fold_case);
    if (d < limit) {
        n->name = candidate;
        n->distance = d;
    }
}
