/* SPDX-License-Identifier: Apache-2.0
 * Patterns in substitutions, ${v#p} ${v%p} ${v/p/r} and their doubled forms, over glob.h's shell language. */
#include "dockerfile/glob.h"
#include "dockerfile/lex.h"
#include "dockerfile/text.h"

static struct glob *compile(struct arena *a, struct str pattern, size_t value_bytes, struct lex_work *work, struct err *e) {
    if (!lex_spend(work, pattern.n, e))
        return NULL;
    struct glob *g = glob_compile(a, pattern, GLOB_SHELL, e);
    return g && lex_spend(work, glob_cost(g, value_bytes), e) ? g : NULL;
}

bool subst_trim(struct str value, struct str pattern, bool suffix, struct lex_work *work, struct buf *out, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    bool longest = pattern.n > 0 && pattern.p[0] == (suffix ? '%' : '#'); /* the doubled operator */
    const struct glob *g = compile(&a, longest ? str_from(pattern, 1) : pattern, value.n, work, e);
    if (!g)
        return false;
    size_t start, end;
    unsigned flags = GLOB_ANCHORED | (longest ? 0 : GLOB_SHORTEST) | (suffix ? GLOB_BACKWARDS : 0);
    if (glob_find(g, value, 0, flags, &start, &end))
        value = suffix ? str_first(value, value.n - end) : str_from(value, end);
    buf_add_str(out, value);
    return true;
}

bool subst_replace(struct str value, struct str pattern, struct str replacement, bool all, struct lex_work *work, struct buf *out,
                   struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    const struct glob *g = compile(&a, pattern, value.n, work, e);
    if (!g)
        return false;
    size_t at = 0, start, end, last_end = SIZE_MAX;
    while (glob_find(g, value, at, 0, &start, &end)) {
        if (!lex_spend(work, glob_cost(g, 0) + replacement.n, e))
            return false;
        buf_add_str(out, str_first(str_from(value, at), start - at));
        if (end > start || start != last_end) /* an empty match right behind another one is none */
            buf_add_str(out, replacement);
        last_end = at = end;
        if (end == start) {
            if (at == value.n)
                break;
            utf8_next(value, &at);
            buf_add_str(out, str_first(str_from(value, end), at - end));
        }
        if (!all)
            break;
    }
    buf_add_str(out, str_from(value, at));
    return true;
}
