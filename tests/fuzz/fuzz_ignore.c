/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as an ignore file: the first two lines are a path and a name in it, the rest is the file. What a walk may skip must be
 * excluded whole; and a pattern without "**" means the same in both path languages. */
#include <assert.h>
#include <stdint.h>

#include "base/mem.h"
#include "dockerfile/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A second opinion on patterns without [ and \: straight recursion, for short texts. */
static bool naive(struct str p, struct str s) {
    if (p.n == 0)
        return s.n == 0;
    if (p.p[0] == '*')
        return naive(str_from(p, 1), s) || (s.n && s.p[0] != '/' && naive(p, str_from(s, 1)));
    return s.n && (p.p[0] == '?' ? s.p[0] != '/' : p.p[0] == s.p[0]) && naive(str_from(p, 1), str_from(s, 1));
}

static void compare(struct str pattern, struct str name) {
    struct err e = ERR_INIT;
    bool matched;
    bool plain = str_index(pattern, '[') < 0 && str_index(pattern, '\\') < 0;
    bool ascii = true;
    for (size_t i = 0; i < name.n; i++)
        ascii = ascii && (unsigned char)name.p[i] < 0x80;
    bool good = pattern_match(pattern, name, &matched, &e);
    assert(good || !plain);
    if (plain && ascii && pattern.n < 12 && name.n < 12)
        assert(matched == naive(pattern, name));
    err_clear(&e);
}

/* As ignore_match wants its paths: no "/" at either end, none beside another. */
static bool is_clean(struct str path) {
    return path.n > 0 && path.p[0] != '/' && path.p[path.n - 1] != '/' && str_find(path, S("//")) < 0;
}

/* --parents and --exclude: what a walk does not enter has nothing in it that would be taken. */
static void check_flags(struct arena *a, struct str pattern, struct str path, struct str below) {
    struct err e = ERR_INIT;
    struct ignore ig;
    bool clean = is_clean(path) && is_clean(below);
    if (ignore_all_but(a, pattern, &ig, &e) && clean && ignore_match(&ig, path, NULL) && !ignore_may_reinclude_below(&ig, path))
        assert(ignore_match(&ig, below, NULL));
    err_clear(&e);
    if (ignore_of(a, &pattern, 1, &ig, &e))
        assert(ig.n <= 1 && (!clean || !ignore_match(&ig, path, NULL) || ignore_match(&ig, below, NULL)));
    err_clear(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct ignore ig;
    struct str path, name, text;
    str_cut(str_n((const char *)data, size), '\n', &path, &text);
    str_cut(text, '\n', &name, &text);
    if (ignore_parse(&a, text, S("i"), &ig, &e)) {
        ptrdiff_t which;
        bool excluded = ignore_match(&ig, path, &which);
        assert(which < (ptrdiff_t)ig.n && (!excluded || !ig.patterns[which].negated));
        struct str below = arena_join3(&a, path, S("/"), name);
        if (excluded && is_clean(below) && !ignore_may_reinclude_below(&ig, path))
            assert(ignore_match(&ig, below, NULL));
        for (size_t i = 0; i < ig.n && i < 4; i++)
            compare(ig.patterns[i].text, path);
    }
    check_flags(&a, text, path, arena_join3(&a, path, S("/"), name));
    err_clear(&e);
    arena_fini(&a);
    return 0;
}
