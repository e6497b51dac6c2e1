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
    err_clear(&e);
    arena_fini(&a);
    return 0;
}
