/* SPDX-License-Identifier: Apache-2.0
 * Words and their variables: see expanded.h. */
#include "check/expanded.h"

#include "plan/vars.h"

static bool get(void *ctx, struct str name, struct str *value) {
    struct expanded *x = ctx;
    vars_charge(x->work, x->args->n);
    if (!pair_list_get(x->args, name, value))
        return false;
    for (size_t k = 0; k < x->n_found; k++)
        if (str_eq(x->found[k], name))
            return true;
    if (x->n_found < EXPANDED_NAMES_MAX)
        x->found[x->n_found++] = name;
    return true;
}

bool expanded_make(struct arena *a, char escape, struct str word, const struct pair_list *args, uint64_t *work, struct expanded *x) {
    struct err e = ERR_INIT;
    *x = (struct expanded){.args = args, .work = work};
    struct df_unset unset = {x->unset, 0, EXPANDED_NAMES_MAX};
    bool good = df_expand(a, word, escape, (struct df_vars){get, x, work}, &unset, &x->text, &e);
    x->n_unset = unset.n;
    err_clear(&e);
    return good;
}

const struct df_flag *platform_flag(const struct df_instruction *from) {
    for (size_t k = 0; k < from->n_flags; k++)
        if (str_eqz(from->flags[k].name, "platform") && from->flags[k].value.n)
            return &from->flags[k];
    return NULL;
}

struct str check_lower(struct arena *a, struct str s) {
    char *p = arena_strz(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    return str_n(p, s.n);
}
