/* SPDX-License-Identifier: Apache-2.0
 * Flags of an instruction: see flags.h. */
#include "plan/flags.h"

bool flags_check(const struct site *at, struct err *e) {
    const struct df_flag *device = at->i->op == DF_RUN ? flag_find(at->i, "device") : NULL;
    return !device || site_err(at, device->pos, e, "RUN --device is not supported by this version of croze");
}

const struct df_flag *flag_find(const struct df_instruction *i, const char *name) {
    for (size_t k = 0; k < i->n_flags; k++)
        if (str_eqz(i->flags[k].name, name))
            return &i->flags[k];
    return NULL;
}

bool flag_is_on(const struct df_instruction *i, const char *name) {
    const struct df_flag *flag = flag_find(i, name);
    return flag && !(flag->has_value && str_eq_nocase(flag->value, S("false")));
}

struct df_pos flag_value_pos(const struct df_flag *f) {
    return (struct df_pos){f->pos.line, f->pos.column + (unsigned)(f->has_value ? 2 + f->name.n + 1 : 0)};
}

bool has_variable(struct str text) {
    return str_index(text, '$') >= 0;
}
