/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a shell's text: what is given lies in it, in order, and is the same a second time. */
#include <assert.h>
#include <stdint.h>

#include "base/limits.h"
#include "check/shell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void lies_in(struct str text, struct str part) {
    assert(part.n == 0 || (part.p >= text.p && part.p + part.n <= text.p + text.n));
}

static void words(struct str text, const struct shell_word *w, size_t n) {
    for (size_t k = 0; k < n; k++) {
        lies_in(text, w[k].raw);
        assert(w[k].raw.n > 0 && w[k].text.n <= w[k].raw.n);
        assert(w[k].quoted || w[k].text.n == w[k].raw.n || str_find(w[k].raw, S("\\\n")) >= 0);
    }
}

static void command(struct str text, const struct shell_command *c) {
    lies_in(text, c->text);
    words(text, c->words, c->n_words);
    words(text, c->assigns, c->n_assigns);
    for (size_t k = 0; k < c->n_redirects; k++) {
        words(text, &c->redirects[k].target, 1);
        if (c->redirects[k].body)
            lies_in(text, *c->redirects[k].body);
    }
    assert(c->n_words + c->n_assigns + c->n_redirects > 0);
    assert(c->depth <= LIMIT_SHELL_DEPTH && c->nested <= LIMIT_SHELL_NESTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena a = ARENA_INIT;
    struct str text = str_n((const char *)data, n);
    struct shell s, again;
    uint64_t work = LIMIT_FILE_WORK, same = LIMIT_FILE_WORK;
    shell_split(&a, text, &work, &s);
    shell_split(&a, text, &same, &again);
    assert(s.n == again.n && s.broken == again.broken && work == same);
    for (size_t k = 0; k < s.n; k++) {
        command(text, &s.commands[k]);
        assert(k == 0 || s.commands[k - 1].text.p <= s.commands[k].text.p);
    }
    assert(!s.broken || s.broken_at <= n);
    arena_fini(&a);
    return 0;
}
