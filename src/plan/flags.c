/* SPDX-License-Identifier: Apache-2.0
 * The table of flags: see flags.h. */
#include "plan/flags.h"

#include <assert.h>

#include "dockerfile/dockerfile.h"

enum flag_type { FLAG_BOOL, FLAG_TEXT, FLAG_TEXTS /* may be repeated */ };
enum flag_state {
    CARRIED_OUT,
    OFF_CARRIED_OUT, /* --link=false says the default */
    NOT_CARRIED_OUT,
};

struct flag_spec {
    const char *name;
    enum flag_type type;
    enum flag_state state;
};

enum { FLAGS_MAX = 10 };

static const struct flag_spec flags_of[][FLAGS_MAX] = {
    [DF_FROM] = {{"platform", FLAG_TEXT, CARRIED_OUT}},
    [DF_COPY] = {{"from", FLAG_TEXT, CARRIED_OUT},
                 {"chown", FLAG_TEXT, CARRIED_OUT},
                 {"chmod", FLAG_TEXT, CARRIED_OUT},
                 {"link", FLAG_BOOL, OFF_CARRIED_OUT},
                 {"parents", FLAG_BOOL, OFF_CARRIED_OUT},
                 {"exclude", FLAG_TEXTS, NOT_CARRIED_OUT}},
    [DF_ADD] = {{"chown", FLAG_TEXT, CARRIED_OUT},
                {"chmod", FLAG_TEXT, CARRIED_OUT},
                {"link", FLAG_BOOL, OFF_CARRIED_OUT},
                {"keep-git-dir", FLAG_BOOL, OFF_CARRIED_OUT},
                {"checksum", FLAG_TEXT, NOT_CARRIED_OUT},
                {"unpack", FLAG_BOOL, NOT_CARRIED_OUT},
                {"exclude", FLAG_TEXTS, NOT_CARRIED_OUT}},
    [DF_RUN] = {{"mount", FLAG_TEXTS, CARRIED_OUT},
                {"network", FLAG_TEXT, CARRIED_OUT},
                {"security", FLAG_TEXT, NOT_CARRIED_OUT},
                {"device", FLAG_TEXTS, NOT_CARRIED_OUT}},
    [DF_HEALTHCHECK] = {{"interval", FLAG_TEXT, CARRIED_OUT},
                        {"timeout", FLAG_TEXT, CARRIED_OUT},
                        {"start-period", FLAG_TEXT, CARRIED_OUT},
                        {"start-interval", FLAG_TEXT, CARRIED_OUT},
                        {"retries", FLAG_TEXT, CARRIED_OUT}},
    [DF_WORKDIR] = {{0}}, /* the last of enum df_op: gives every other instruction its empty row */
};

bool not_supported(const struct site *at, struct df_pos pos, struct err *e, const char *what) {
    return site_err(at, pos, e, "%s is not supported by this version of croze", what);
}

static const struct flag_spec *spec_of(enum df_op op, struct str name) {
    for (const struct flag_spec *s = flags_of[op]; s < flags_of[op] + FLAGS_MAX && s->name; s++)
        if (str_eqz(name, s->name))
            return s;
    return NULL;
}

static bool unknown_flag(const struct site *at, const struct df_flag *f, struct err *e) {
    const char *names[FLAGS_MAX + 1] = {NULL};
    for (size_t k = 0; k < FLAGS_MAX; k++)
        names[k] = flags_of[at->i->op][k].name;
    const char *meant = nearest_option(f->name, names);
    if (meant)
        return site_err(at, f->pos, e, "unknown flag: --%.*s (did you mean --%s?)", STR_ARG(f->name), meant);
    return site_err(at, f->pos, e, "unknown flag: --%.*s; %s %s", STR_ARG(f->name), df_op_name(at->i->op),
                    names[0] ? "has no such flag" : "has no flags");
}

static bool is_off(const struct df_flag *f) {
    return f->has_value && str_eq_nocase(f->value, S("false"));
}

static bool check_value(const struct site *at, const struct df_flag *f, enum flag_type type, struct err *e) {
    bool is_bool = type == FLAG_BOOL;
    if (is_bool ? f->has_value && f->value.n == 0 : !f->has_value)
        return site_err(at, f->pos, e, "missing a value on flag: --%.*s", STR_ARG(f->name));
    if (is_bool && f->has_value && !is_off(f) && !str_eq_nocase(f->value, S("true")))
        return site_err(at, f->pos, e, "--%.*s is \"true\" or \"false\", not \"%.*s\"", STR_ARG(f->name), STR_ARG(f->value));
    return true;
}

static bool check_flag(const struct site *at, const struct df_flag *f, bool carried_out, struct err *e) {
    const struct flag_spec *s = spec_of(at->i->op, f->name);
    if (!s)
        return unknown_flag(at, f, e);
    for (const struct df_flag *before = at->i->flags; s->type != FLAG_TEXTS && before < f; before++)
        if (str_eq(before->name, f->name))
            return site_err(at, f->pos, e, "--%.*s is given twice", STR_ARG(f->name));
    if (!check_value(at, f, s->type, e))
        return false;
    if (!carried_out || s->state == CARRIED_OUT || (s->state == OFF_CARRIED_OUT && is_off(f)))
        return true;
    char what[64];
    snprintf(what, sizeof what, "%s --%s", df_op_name(at->i->op), s->name);
    return not_supported(at, f->pos, e, what);
}

bool flags_check(const struct site *at, bool carried_out, struct err *e) {
    assert((size_t)at->i->op < sizeof flags_of / sizeof flags_of[0]);
    for (size_t k = 0; k < at->i->n_flags; k++)
        if (!check_flag(at, &at->i->flags[k], carried_out, e))
            return false;
    return true;
}

const struct df_flag *flag_find(const struct df_instruction *i, const char *name) {
    for (size_t k = 0; k < i->n_flags; k++)
        if (str_eqz(i->flags[k].name, name))
            return &i->flags[k];
    return NULL;
}

struct str flag_value(const struct df_instruction *i, const char *name) {
    const struct df_flag *f = flag_find(i, name);
    return f ? f->value : STR_NULL;
}
