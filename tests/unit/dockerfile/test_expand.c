/* SPDX-License-Identifier: Apache-2.0
 * Expansion of words: tests/data/dockerfile/expand.tsv, the text of here-documents, and what must be refused: bombs, depth, size. */
#include "table.h"
#include "tap.h"

#include "base/limits.h"
#include "dockerfile/dockerfile.h"

/* The columns NAME=value of a row. */
static bool get_from_row(void *ctx, struct str name, struct str *value) {
    const struct row *r = ctx;
    for (size_t i = 3; i < r->n; i++) {
        struct str key;
        if (str_cut(r->column[i], '=', &key, value) && str_eq(key, name))
            return true;
    }
    *value = STR_NULL;
    return false;
}

static bool same_names(const struct df_unset *unset, struct str want) {
    struct buf got = BUF_INIT(1024);
    for (size_t i = 0; i < unset->n; i++)
        buf_printf(&got, "%s%.*s", i ? " " : "", STR_ARG(unset->names[i]));
    bool same = str_eq(unset->n ? buf_str(&got) : S("-"), want);
    buf_fini(&got);
    return same;
}

static void check_row(struct arena *a, struct row *r) {
    struct str names[8], got = STR_NULL;
    struct df_unset unset = {.names = names, .capacity = 8};
    struct err e = ERR_INIT;
    struct df_vars vars = {get_from_row, r};
    bool done = df_expand(a, r->column[0], '\\', vars, &unset, &got, &e);
    if (str_eq(r->column[1], S("!error")))
        ok(!done, "line %u: %.*s is refused", r->line, STR_ARG(r->column[0]));
    else
        ok(done && str_eq(got, r->column[1]) && same_names(&unset, r->column[2]), "line %u: %.*s -> \"%.*s\"%s", r->line,
           STR_ARG(r->column[0]), STR_ARG(got), e.msg ? e.msg : "");
    err_clear(&e);
}

static void check_table(void) {
    struct arena a = ARENA_INIT;
    struct str rest = table_open(&a, "expand.tsv");
    struct row r = {0};
    size_t rows = 0;
    for (; table_next(&rest, &r); rows++)
        check_row(&a, &r);
    ok(rows > 80, "the table has its rows (%zu)", rows);
    arena_fini(&a);
}

/* x: "1", big: half the limit, huge: all of it. */
static char big[LIMIT_EXPANDED_WORD_BYTES];
static bool get_fixed(void *ctx, struct str name, struct str *value) {
    (void)ctx;
    *value = str_eq(name, S("x")) ? S("1") : str_eq(name, S("big")) ? str_n(big, sizeof big / 2) : str_n(big, sizeof big);
    return str_eq(name, S("x")) || str_eq(name, S("big")) || str_eq(name, S("huge"));
}
static const struct df_vars fixed = {get_fixed, NULL};

/* `part` n times, between head and tail. */
static struct str repeat(struct arena *a, const char *head, const char *part, size_t n, const char *tail) {
    struct buf b = BUF_INIT(64 << 20);
    buf_add_str(&b, str_z(head));
    for (size_t i = 0; i < n; i++)
        buf_add_str(&b, str_z(part));
    buf_add_str(&b, str_z(tail));
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

static void check_limits(void) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct str got;
    memset(big, 'a', sizeof big);
    ok(df_expand(&a, S("$big$big"), '\\', fixed, NULL, &got, &e) && got.n == sizeof big, "a word of exactly the limit");
    ok(!df_expand(&a, S("$big$big$x"), '\\', fixed, NULL, &got, &e), "a byte more is refused");
    is_err(&e, "expands to more than 1048576 bytes", "and says so");
    ok(!df_expand(&a, repeat(&a, "", "${y:+${z:-$huge}}${x#*}", 1000, ""), '\\', fixed, NULL, &got, &e), "work for nothing is refused");
    is_err(&e, "its substitutions copy and match too much", "and says so");
    ok(!df_expand(&a, repeat(&a, "", "${huge//*/}", 10000, ""), '\\', fixed, NULL, &got, &e), "so is matching without end");
    is_err(&e, "its substitutions copy and match too much", "and says so");
    ok(!df_expand(&a, repeat(&a, "${huge#", "*a", 1000, "b}"), '\\', fixed, NULL, &got, &e), "a pattern of a thousand stars");
    is_err(&e, "its substitutions copy and match too much", "is refused before it is tried");
    uint64_t left = sizeof big + sizeof big / 4;
    struct df_vars together = {get_fixed, NULL, &left};
    ok(df_expand(&a, S("$big"), '\\', together, NULL, &got, &e) && df_expand(&a, S("${big#b}"), '\\', together, NULL, &got, &e),
       "the words of a file pay together");
    ok(left < sizeof big / 4 && !df_expand(&a, S("$big"), '\\', together, NULL, &got, &e), "until too little is left");
    is_err(&e, "the substitutions of the whole file copy and match too much", "which is said");
    ok(df_expand(&a, repeat(&a, "", "${a:-", LIMIT_EXPANSION_DEPTH - 1, "z}") , '\\', fixed, NULL, &got, &e) == false, "unclosed");
    is_err(&e, "missing '}'", "at the depth that is allowed");
    ok(!df_expand(&a, repeat(&a, "", "${a:-", 100000, ""), '\\', fixed, NULL, &got, &e), "nesting without end is refused");
    is_err(&e, "nested deeper than 64 levels", "and says so");
    ok(df_expand(&a, repeat(&a, "", "\\", 2000000, ""), '\\', fixed, NULL, &got, &e) && got.n == 1000000, "two million escapes");
    arena_fini(&a);
}

static void check_text(void) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct str got;
    size_t fault = 0;
    ok(df_expand_text(&a, S("\"$x\" '${x}' \\$x \\\\ it's\n"), fixed, NULL, &got, &fault, &e), "the text of a here-document");
    is_str(got, S("\"1\" '1' $x \\ it's\n"), "quotes are text");
    ok(!df_expand_text(&a, S("a $x ${x:-${y:-${z}"), fixed, NULL, &got, &fault, &e) && fault == 5, "the outermost piece that is wrong");
    err_clear(&e);
    ok(df_expand(&a, S("`$x `` a\\b"), '`', fixed, NULL, &got, &e), "the other escape character");
    is_str(got, S("$x ` a\\b"), "a backslash is a character then");
    ok(!df_expand(&a, S("${nope:?say $x first}"), '\\', fixed, NULL, &got, &e), "an unset variable that must be set");
    is_err(&e, "failed to process \"${nope:?say $x first}\": nope: say 1 first", "the message is the file's own");
    arena_fini(&a);
}

static void check_words(void) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct str *words;
    size_t n;
    ok(df_expand_words(&a, S("80${x:-2} ${y:-a b}\"c d\"e\xc2\xa0" "f ''"), '\\', fixed, NULL, &words, &n, &e) && n == 4, "words");
    is_str(words[0], S("801"), "what stands before ${} is kept");
    is_str(words[1], S("a"), "a value splits");
    is_str(words[2], S("bc de"), "quotes do not");
    is_str(words[3], S("f"), "a no-break space splits, empty quotes make no word");
    arena_fini(&a);
}

int main(void) {
    check_table();
    check_limits();
    check_text();
    check_words();
    return tap_done();
}
