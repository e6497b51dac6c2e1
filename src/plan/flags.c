/* SPDX-License-Identifier: Apache-2.0
 * Which flags are not carried out yet: see flags.h. */
#include "plan/flags.h"

#include "dockerfile/dockerfile.h"

/* All other flags that the parser lets through are carried out. */
static const struct {
    enum df_op op;
    const char *name;
    bool off_is_default; /* --link=false asks for what happens anyway */
} missing[] = {
    {DF_COPY, "link", true},
    {DF_COPY, "parents", true},
    {DF_COPY, "exclude", false},
    {DF_ADD, "link", true},
    {DF_ADD, "keep-git-dir", true},
    {DF_ADD, "checksum", false},
    {DF_ADD, "unpack", false},
    {DF_ADD, "exclude", false},
    {DF_RUN, "security", false},
    {DF_RUN, "device", false},
};

bool not_supported(const struct site *at, struct df_pos pos, struct err *e, const char *what) {
    return site_err(at, pos, e, "%s is not supported by this version of croze", what);
}

static bool flag_check(const struct site *at, const struct df_flag *f, struct err *e) {
    for (size_t k = 0; k < sizeof missing / sizeof missing[0]; k++) {
        if (missing[k].op != at->i->op || !str_eqz(f->name, missing[k].name))
            continue;
        if (missing[k].off_is_default && str_eq_nocase(f->value, S("false")))
            return true;
        char what[64];
        snprintf(what, sizeof what, "%s --%s", df_op_name(at->i->op), missing[k].name);
        return not_supported(at, f->pos, e, what);
    }
    return true;
}

bool flags_check(const struct site *at, struct err *e) {
    for (size_t k = 0; k < at->i->n_flags; k++)
        if (!flag_check(at, &at->i->flags[k], e))
            return false;
    return true;
}

const struct df_flag *flag_find(const struct df_instruction *i, const char *name) {
    for (size_t k = 0; k < i->n_flags; k++)
        if (str_eqz(i->flags[k].name, name))
            return &i->flags[k];
    return NULL;
}
