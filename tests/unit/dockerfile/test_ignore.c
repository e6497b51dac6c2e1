/* SPDX-License-Identifier: Apache-2.0
 * Ignore files and wildcard patterns: the tables ignore.tsv and match.tsv, what decides, what may be skipped, what is refused. */
#include "table.h"
#include "tap.h"

#include "base/limits.h"
#include "dockerfile/dockerfile.h"

/* "yes path line line...": the file that the lines make excludes the path. */
static void check_ignore_row(struct arena *a, const struct row *r) {
    struct buf text = BUF_INIT(4096);
    struct err e = ERR_INIT;
    struct ignore ig;
    for (size_t i = 2; i < r->n; i++)
        buf_printf(&text, "%.*s\n", STR_ARG(r->column[i]));
    bool parsed = ignore_parse(a, buf_str(&text), S(".dockerignore"), &ig, &e);
    struct str want = r->column[0];
    struct str got = !parsed ? S("bad") : ignore_match(&ig, r->column[1], NULL) ? S("yes") : S("no");
    ok(str_eq(got, want), "ignore.tsv:%u: %.*s: %.*s%s", r->line, STR_ARG(r->column[1]), STR_ARG(got), e.msg ? e.msg : "");
    err_clear(&e);
    buf_fini(&text);
}

static void check_ignore_table(void) {
    struct arena a = ARENA_INIT;
    struct str rest = table_open(&a, "ignore.tsv");
    struct row r = {0};
    size_t rows = 0;
    for (; table_next(&rest, &r); rows++)
        check_ignore_row(&a, &r);
    ok(rows > 110, "the table has its rows (%zu)", rows);
    arena_fini(&a);
}

static void check_match_table(void) {
    struct arena a = ARENA_INIT;
    struct str rest = table_open(&a, "match.tsv");
    struct row r = {0};
    size_t rows = 0;
    for (; table_next(&rest, &r); rows++) {
        struct err e = ERR_INIT;
        bool matched;
        bool good = pattern_match(r.column[1], r.column[2], &matched, &e);
        struct str got = !good ? S("bad") : matched ? S("yes") : S("no");
        ok(str_eq(got, r.column[0]), "match.tsv:%u: %.*s against %.*s", r.line, STR_ARG(r.column[1]), STR_ARG(r.column[2]));
        err_clear(&e);
    }
    ok(rows > 70, "the table has its rows (%zu)", rows);
    arena_fini(&a);
}

static void check_parse(void) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct ignore ig;
    ptrdiff_t which;
    struct str text = S("\xef\xbb\xbf# comment\r\n\r\n/a/b/\r\n !  /c \n#x\n\n./d/../e//f\n");
    ok(ignore_parse(&a, text, S("i"), &ig, &e) && ig.n == 3, "three patterns");
    is_str(ig.patterns[0].text, S("a/b"), "cleaned");
    is_str(ig.patterns[1].text, S("c"), "without the mark");
    is_str(ig.patterns[2].text, S("e/f"), "and the shortest path");
    ok(ig.patterns[0].line == 3 && ig.patterns[2].line == 7, "with their lines");
    ok(ig.any_negated && ig.patterns[1].negated && !ig.patterns[2].negated, "one is negated");
    ok(ignore_match(&ig, S("a/b/x/y"), &which) && which == 0, "the pattern that decides is told");
    ok(!ignore_match(&ig, S("a/bc"), &which) && which == -1, "or that there is none");
    ok(!ignore_match(&ig, S("c/x"), &which) && which == 1, "a negated one decides too");
    ok(!ignore_parse(&a, S("a\nb\n[x\n"), S(".dockerignore"), &ig, &e), "a malformed pattern is refused");
    is_err(&e, ".dockerignore:3:1: syntax error in pattern \"[x\": [ without ]", "with its place");
    arena_fini(&a);
}

/* Whether a walk must enter the excluded directory. */
static void reinclude(const char *file, const char *directory, bool want) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct ignore ig;
    bool parsed = ignore_parse(&a, str_z(file), S("i"), &ig, &e);
    bool enters = parsed && ignore_may_reinclude_below(&ig, str_z(directory));
    ok(parsed && enters == want, "of %zu patterns: a walk %s %s", ig.n, want ? "enters" : "skips", directory);
    err_clear(&e);
    arena_fini(&a);
}

static void check_reinclude(void) {
    reinclude("a", "a", false);
    reinclude("a\n!a/b/c", "a", true);
    reinclude("a\n!a/b/c", "a/b", true);
    reinclude("a\n!a/b/c", "a/x", false);
    reinclude("a\n!ab", "a", false);
    reinclude("!a/b\na", "a", false);
    reinclude("*\n!**/*.md", "x/y", true);
    reinclude("*\n!docs/*.md", "x", false);
    reinclude("*\n!docs/*.md", "docs", true);
    reinclude("*\n!docs/*.md", "docs/y", false);
    reinclude("*\n!docs", "docs/y", false);
    reinclude("*\n!d*/x", "dd", true);
}

/* --exclude: flags are not lines. */
static void check_flags(void) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct ignore ig;
    struct str texts[] = {S("#a"), S(" *.md "), S(""), S("."), S("!/keep.md")}, bad = S("[");
    ok(ignore_of(&a, texts, 5, &ig, &e) && ig.n == 3, "five flags, three patterns");
    ok(ignore_match(&ig, S("#a/x"), NULL), "there are no comments");
    ok(ignore_match(&ig, S("x.md"), NULL) && !ignore_match(&ig, S("keep.md"), NULL), "an exception");
    ok(ignore_of(&a, NULL, 0, &ig, &e) && !ignore_match(&ig, S("x"), NULL), "none");
    no_err(&e, "no error");
    ok(!ignore_of(&a, &bad, 1, &ig, &e), "a wrong one");
    is_err(&e, "syntax error in pattern \"[\"", "is named");
    arena_fini(&a);
}

/* One path of --parents: taken, to be entered, or neither. */
static void taken(const char *pattern, const char *path, const char *want) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct ignore ig;
    bool good = ignore_all_but(&a, str_z(pattern), &ig, &e);
    const char *got = !good                                              ? "bad"
                      : !ignore_match(&ig, str_z(path), NULL)            ? "taken"
                      : ignore_may_reinclude_below(&ig, str_z(path))     ? "entered"
                                                                         : "left";
    ok(strcmp(got, want) == 0, "%s is %s for the pattern %s", path, got, pattern);
    err_clear(&e);
    arena_fini(&a);
}

static void check_all_but(void) {
    taken("a/b/c", "a", "entered");
    taken("a/b/c", "a/b/c", "taken");
    taken("a/b/c", "a/b/c/d", "taken");
    taken("a/b/c", "a/x", "left");
    taken("a/b/c", "ab", "left");
    taken("!a", "!a", "taken");
    taken("!a", "a", "left");
    taken("*.md", "x/y.md", "left");
    taken("**/*.md", "x", "entered");
    taken("**/*.md", "x/y.md", "taken");
    taken("c/**/e", "c/e", "taken");
    taken("c/**/e", "c/d/d/e/f", "taken");
    taken("[", "x", "bad");
}

static void check_limits(void) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct ignore ig;
    struct buf b = BUF_INIT(LIMIT_IGNORE_BYTES + 10);
    for (size_t i = 0; i <= LIMIT_IGNORE_PATTERNS; i++)
        buf_printf(&b, "p%zu\n", i);
    ok(!ignore_parse(&a, buf_str(&b), S("i"), &ig, &e), "too many patterns");
    is_err(&e, "i:20001:1: more than 20000 patterns", "are refused with the line");
    buf_reset(&b);
    for (size_t i = 0; i <= LIMIT_PATH_BYTES; i++)
        buf_add_char(&b, 'x');
    ok(!ignore_parse(&a, buf_str(&b), S("i"), &ig, &e), "a pattern that no path can match");
    is_err(&e, "i:1:1: a pattern of 4096 bytes", "is refused");
    b.n = LIMIT_PATH_BYTES;
    for (size_t i = 0; i + 1 < b.n; i += 2)
        memcpy(b.p + i, "*a", 2);
    ok(ignore_parse(&a, str_n(b.p, 2000), S("i"), &ig, &e), "a pattern of a thousand stars");
    memset(b.p + 2000, 'a', 2000);
    b.p[3999] = 'b';
    ok(!ignore_match(&ig, str_n(b.p + 2000, 2000), NULL), "is matched without backtracking");
    buf_fini(&b);
    arena_fini(&a);
}

int main(void) {
    check_ignore_table();
    check_match_table();
    check_parse();
    check_reinclude();
    check_flags();
    check_all_but();
    check_limits();
    return tap_done();
}
