/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/str.h"

#include "tap.h"

static void cuts(void) {
    struct str head, tail, rest = S("a//b"), piece;
    ok(str_cut(S("k=v=w"), '=', &head, &tail) && str_eq(head, S("k")) && str_eq(tail, S("v=w")), "cut at the first");
    ok(!str_cut(S("k"), '=', &head, &tail) && str_eq(head, S("k")) && tail.n == 0, "cut without the character");
    int n = 0;
    while (str_next(&rest, '/', &piece))
        n++;
    ok(n == 3, "\"a//b\" has three pieces");
}

static void numbers(void) {
    uint64_t u;
    int64_t i;
    ok(str_to_u64(S("18446744073709551615"), 10, UINT64_MAX, &u) && u == UINT64_MAX, "the largest number");
    ok(!str_to_u64(S("18446744073709551616"), 10, UINT64_MAX, &u), "one more overflows");
    ok(!str_to_u64(S(""), 10, 9, &u) && !str_to_u64(S("+1"), 10, 9, &u) && !str_to_u64(S(" 1"), 10, 9, &u),
       "no sign, no blanks, not empty");
    ok(str_to_u64(S("777"), 8, 4095, &u) && u == 511 && !str_to_u64(S("8"), 8, 9, &u), "octal");
    ok(str_to_i64(S("-5"), &i) && i == -5 && !str_to_i64(S("-"), &i), "signed");
}

static void order(void) {
    ok(path_cmp(S("a"), S("a/b")) < 0, "a directory before what lies in it");
    ok(path_cmp(S("a/b"), S("a-b")) < 0 && path_cmp(S("a/z"), S("a.txt")) < 0, "its content before names that continue it");
    ok(path_cmp(S("a/b/c"), S("a/b-c")) < 0 && path_cmp(S("b"), S("a/z")) > 0, "component by component");
    ok(path_cmp(S("x"), S("x")) == 0 && path_cmp(S(""), S("x")) < 0, "equal, and the root first");
    ok(path_cmp(S("a\x01"), S("a/b")) > 0, "even control characters come behind the slash");
}

static void cleaning(void) {
    static const struct {
        struct str path, rooted, loose;
    } cases[] = {
        {S(""), S(""), S("")},
        {S("."), S(""), S("")},
        {S("//"), S(""), S("")},
        {S("/a//./b/"), S("a/b"), S("a/b")},
        {S("./a//../b/"), S("b"), S("b")},
        {S("a/.."), S(""), S("")},
        {S("a/b/../../.."), S(""), S("..")},
        {S("../a/../../b"), S("b"), S("../../b")},
        {S("../a/../b/.."), S(""), S("..")},
        {S("..a/..."), S("..a/..."), S("..a/...")},
    };
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str got = path_clean(&a, cases[i].path, true);
        is_str(got, cases[i].rooted, "clean, from a root");
        ok(got.p[got.n] == '\0', "... with a NUL behind it");
        is_str(path_clean(&a, cases[i].path, false), cases[i].loose, "clean, from anywhere");
    }
    arena_fini(&a);
}

static void words(void) {
    bool b = false;
    ok(str_to_bool(S("TRUE"), &b) && b && str_to_bool(S("f"), &b) && !b && str_to_bool(S("1"), &b) && b, "true and false");
    ok(!str_to_bool(S("tRUE"), &b) && !str_to_bool(S(""), &b) && !str_to_bool(S("yes"), &b), "other words are neither");
    ok(str_is_ip(S("127.0.0.1")) && str_is_ip(S("::1")) && str_is_ip(S("fe80::ffff:1.2.3.4")), "addresses");
    ok(!str_is_ip(S("")) && !str_is_ip(S("[::1]")) && !str_is_ip(S("1.2.3")) && !str_is_ip(S("127.0.0.1\0")) && !str_is_ip(S("::1%lo")),
       "no addresses");
}

static void shown(void) {
    char long_text[STR_SHOWN + 2];
    memset(long_text, 'x', sizeof long_text);
    ok(strcmp(SHOWN(S("a\033b\n")), "a?b?") == 0, "what steers a terminal is not shown");
    ok(strcmp(SHOWN(STR_NULL), "") == 0, "nor is nothing");
    ok(strlen(SHOWN(str_n(long_text, STR_SHOWN))) == STR_SHOWN, "as much as fits is whole");
    const char *cut = SHOWN(str_n(long_text, STR_SHOWN + 1));
    ok(strlen(cut) == STR_SHOWN && strcmp(cut + STR_SHOWN - 4, "x...") == 0, "more is cut, and says so");
    memcpy(long_text + STR_SHOWN - 4, "\xc3\xa9", 2);
    cut = SHOWN(str_n(long_text, STR_SHOWN + 1));
    ok(strcmp(cut + STR_SHOWN - 5, "x...") == 0, "before a character that would be cut in two");
}

int main(void) {
    ok(str_eq(STR_NULL, S("")), "empty strings are equal, NULL or not");
    ok(str_cmp(S("a"), S("ab")) < 0 && str_cmp(S("b"), S("ab")) > 0, "compare");
    ok(str_starts(S("abc"), S("ab")) && !str_starts(S("a"), S("ab")) && str_ends(S("abc"), S("bc")), "starts and ends");
    ok(str_eq_nocase(S("RuN"), S("run")) && str_starts_nocase(S("FROM x"), S("from")), "ASCII case");
    is_str(str_trim(S(" \t x y \r\n")), S("x y"), "trim");
    ok(str_index(S("a:b:c"), ':') == 1 && str_rindex(S("a:b:c"), ':') == 3 && str_index(STR_NULL, 'x') == -1, "index");
    ok(str_find(S("hello"), S("ll")) == 2 && str_find(S("x"), S("xx")) == -1, "find");
    is_str(str_from(S("abc"), 9), S(""), "from past the end is empty");
    ok(str_from(STR_NULL, 0).n == 0 && path_base(STR_NULL).n == 0 && path_dir(STR_NULL).n == 0, "and so are the parts of nothing");
    is_str(path_dir(S("a/b/c")), S("a/b"), "dir");
    is_str(path_dir(S("a")), S(""), "dir of a name");
    is_str(path_base(S("a/b")), S("b"), "base");
    cuts();
    numbers();
    order();
    cleaning();
    words();
    shown();
    return tap_done();
}
