/* SPDX-License-Identifier: Apache-2.0
 * Edits carried out: places, order, overlaps, texts that are not there. */
#include "check/fix.h"
#include "tap.h"

static struct edit edit(unsigned line, unsigned column, unsigned to_line, unsigned to_column, const char *text) {
    return (struct edit){{line, column}, {to_line, to_column}, str_z(text)};
}

static void check(const char *text, struct edit *edits, const size_t *counts, size_t n, size_t mended, const char *want, const char *what) {
    struct arena a = ARENA_INIT;
    struct finding f[8] = {0};
    struct str out;
    for (size_t k = 0; k < n; edits += counts[k], k++)
        f[k] = (struct finding){.edits = edits, .n_edits = counts[k]};
    ok(fix_apply(&a, str_z(text), f, n, &out) == mended, "%s: as many as could be", what);
    is_str(out, str_z(want), what);
    arena_fini(&a);
}
#define CHECK(text, mended, want, what, counts, ...)                                                                                    \
    check(text, (struct edit[]){__VA_ARGS__}, (const size_t[])counts, sizeof((const size_t[])counts) / sizeof(size_t), mended, want, what)
#define COUNTS(...) {__VA_ARGS__}

int main(void) {
    check("a\n", (struct edit[1]){0}, (const size_t[]){0}, 1, 0, "a\n", "a finding without edits");
    CHECK("FROM a\nRUN b\n", 1, "FROM a\nRUN c\n", "a word", COUNTS(1), edit(2, 5, 2, 6, "c"));
    CHECK("one\ntwo\nthree", 1, "three", "lines taken out", COUNTS(1), edit(1, 1, 3, 1, ""));
    CHECK("one", 1, "one\nend", "at the end of a text without a newline", COUNTS(1), edit(1, 4, 1, 4, "\nend"));
    CHECK("", 1, "x", "into nothing", COUNTS(1), edit(1, 1, 1, 1, "x"));
    CHECK("abc", 1, "XbY", "two edits of one finding", COUNTS(2), edit(1, 1, 1, 2, "X"), edit(1, 3, 1, 4, "Y"));
    CHECK("abc", 2, "YbX", "in the order of the text, not of the findings", COUNTS(1, 1), edit(1, 3, 1, 4, "X"), edit(1, 1, 1, 2, "Y"));
    CHECK("abc", 1, "Xc", "one that overlaps waits", COUNTS(1, 1), edit(1, 1, 1, 3, "X"), edit(1, 2, 1, 4, "Y"));
    CHECK("abcd", 1, "Xcd", "... with all of its edits", COUNTS(1, 2), edit(1, 1, 1, 3, "X"), edit(1, 4, 1, 5, "D"), edit(1, 2, 1, 3, "Y"));
    CHECK("abc", 2, "XYc", "side by side is no overlap", COUNTS(1, 1), edit(1, 1, 1, 2, "X"), edit(1, 2, 1, 3, "Y"));
    CHECK("abc", 2, "X-c", "an insertion at the edge of a change", COUNTS(1, 1), edit(1, 1, 1, 3, "X"), edit(1, 3, 1, 3, "-"));
    CHECK("abc", 1, "Xc", "... and inside of one, which waits", COUNTS(1, 1), edit(1, 1, 1, 3, "X"), edit(1, 2, 1, 2, "-"));
    CHECK("abc", 1, "a-bc", "two insertions at one place", COUNTS(1, 1), edit(1, 2, 1, 2, "-"), edit(1, 2, 1, 2, "+"));
    CHECK("abc", 0, "abc", "a line that is not there", COUNTS(1), edit(3, 1, 3, 1, "x"));
    CHECK("a\nb", 1, "a\n", "the last line, without a newline", COUNTS(1), edit(2, 1, 3, 1, ""));
    CHECK("abc", 0, "abc", "a column that is not there", COUNTS(1), edit(1, 5, 1, 5, "x"));
    CHECK("abc", 0, "abc", "an end before its beginning", COUNTS(1), edit(1, 3, 1, 1, "x"));
    CHECK("abc", 0, "abc", "no place at all", COUNTS(1), edit(0, 0, 0, 0, "x"));
    return tap_done();
}
