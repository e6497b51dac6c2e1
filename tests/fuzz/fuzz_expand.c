/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a word with variables: the first line is the value of $a and $b, the rest is expanded in every mode. */
#include <assert.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/mem.h"
#include "dockerfile/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool get(void *ctx, struct str name, struct str *value) {
    *value = *(struct str *)ctx;
    return name.n == 1 && (name.p[0] == 'a' || name.p[0] == 'b');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct str value, text, out, *words, names[4];
    struct df_unset unset = {.names = names, .capacity = 4};
    struct df_vars vars = {get, &value};
    str_cut(str_n((const char *)data, size), '\n', &value, &text);
    bool one = df_expand(&a, text, '\\', vars, &unset, &out, &e);
    assert(one ? out.n <= LIMIT_EXPANDED_WORD_BYTES : e.kind == ERR_USAGE);
    assert(unset.n <= 4);
    err_clear(&e);
    size_t n = 0;
    bool many = df_expand_words(&a, text, '\\', vars, NULL, &words, &n, &e);
    assert(one == many); /* the words are those of the one text */
    for (size_t i = 0; many && i < n; i++)
        assert(words[i].n > 0 && words[i].n <= out.n);
    err_clear(&e);
    if (!df_expand(&a, text, '`', vars, NULL, &out, &e))
        err_clear(&e);
    size_t fault = text.n;
    if (!df_expand_text(&a, text, vars, NULL, &out, &fault, &e))
        assert(fault < text.n);
    err_clear(&e);
    arena_fini(&a);
    return 0;
}
