/* SPDX-License-Identifier: Apache-2.0
 * What an instruction must have besides its syntax: flags it knows, as many arguments as it takes, legal stage names. The messages are
 * BuildKit's, since these are what people search for. Values that may hold variables are plan/'s to judge. */
#include "dockerfile/parse.h"

#include "dockerfile/ops.h"
#include "dockerfile/text.h"

/* --- Flags ----------------------------------------------------------------------------------------------------------------------- */

static const struct flag_rule *find_flag(enum df_op op, struct str name) {
    const struct flag_rule *rule = op_rules[op].flags;
    while (rule->name && !str_eqz(name, rule->name))
        rule++;
    return rule->name ? rule : NULL;
}

static bool check_bool(struct parse *p, const struct df_flag *f, struct err *e) {
    if (!f->has_value || str_eq_nocase(f->value, S("true")) || str_eq_nocase(f->value, S("false")))
        return true;
    if (f->value.n == 0)
        return fail_at(p->name, f->pos, e, "missing a value on flag: --%s", SHOWN(f->name));
    return fail_at(p->name, f->pos, e, "expecting boolean value for flag --%s, not: %s", SHOWN(f->name), SHOWN(f->value));
}

/* *seen: a bit for each flag of the row that was there before. */
static bool check_flag(struct parse *p, enum df_op op, const struct df_flag *f, unsigned *seen, struct err *e) {
    const struct flag_rule *rule = find_flag(op, f->name);
    if (!rule)
        return fail_at(p->name, f->pos, e, "unknown flag: --%s%s", SHOWN(f->name), flag_suggestion(p->arena, op, f->name));
    unsigned bit = 1u << (rule - op_rules[op].flags);
    if ((*seen & bit) && rule->kind != FLAG_LIST)
        return fail_at(p->name, f->pos, e, "duplicate flag specified: --%s", rule->name);
    *seen |= bit;
    if (rule->kind == FLAG_BOOL)
        return check_bool(p, f, e);
    return f->has_value || fail_at(p->name, f->pos, e, "missing a value on flag: --%s", rule->name);
}

/* BuildKit never looks at the flags of these, so a file that has some builds. */
static bool flags_are_ignored(const struct df_instruction *in) {
    return in->op == DF_ARG || in->op == DF_STOPSIGNAL ||
           (in->op == DF_HEALTHCHECK && in->n_args > 0 && str_eq_nocase(in->args[0], S("NONE")));
}

static bool check_flags(struct parse *p, struct df_instruction *in, struct err *e) {
    if (in->n_flags && flags_are_ignored(in)) {
        warn_at(p, in->flags[0].pos, "IgnoredFlag", "%s takes no flags; --%s has no effect", df_op_name(in->op),
                SHOWN(in->flags[0].name));
        return true;
    }
    unsigned seen = 0;
    for (size_t i = 0; i < in->n_flags; i++)
        if (!check_flag(p, in->op, &in->flags[i], &seen, e))
            return false;
    return true;
}

/* --- Arguments ------------------------------------------------------------------------------------------------------------------- */

static bool at_least_one(struct parse *p, const struct df_instruction *in, size_t n, struct err *e) {
    return n > 0 || fail_at(p->name, in->pos, e, "%s requires at least one argument", df_op_name(in->op));
}

static bool exactly_one(struct parse *p, const struct df_instruction *in, struct err *e) {
    return in->n_args == 1 || fail_at(p->name, in->pos, e, "%s requires exactly one argument", df_op_name(in->op));
}

/* ^[a-z][a-z0-9-_.]*$ whatever the case */
static bool is_stage_name(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool other = (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        if (!letter && (i == 0 || !other))
            return false;
    }
    return s.n > 0;
}

static bool check_from(struct parse *p, const struct df_instruction *in, struct err *e) {
    if (in->n_args != 1 && (in->n_args != 3 || !str_eq_nocase(in->args[1], S("AS"))))
        return fail_at(p->name, in->pos, e, "FROM requires either one or three arguments");
    if (in->n_args == 3 && !is_stage_name(in->args[2]))
        return fail_at(p->name, in->arg_pos[2], e,
                       "invalid name for build stage: \"%s\", name can't start with a number or contain symbols",
                       SHOWN(in->args[2]));
    return true;
}

/* Sources and a destination; here-documents are sources that leave the list of arguments. */
static bool check_copy(struct parse *p, struct df_instruction *in, struct err *e) {
    const char *name = df_op_name(in->op);
    if (in->n_args < 2)
        return fail_at(p->name, in->pos, e,
                       "%s requires at least two arguments, but only one was provided. Destination could not be determined", name);
    struct df_heredoc h;
    if (!in->json && heredoc_parse(p->arena, in->args[in->n_args - 1], &h))
        return fail_at(p->name, in->arg_pos[in->n_args - 1], e, "%s cannot accept a heredoc as a destination", name);
    size_t kept = 0;
    for (size_t i = 0; i < in->n_args; i++) {
        if (!in->json && str_find(in->args[i], S("<<")) >= 0 && heredoc_parse(p->arena, in->args[i], &h))
            continue;
        in->arg_pos[kept] = in->arg_pos[i];
        in->args[kept++] = in->args[i];
    }
    in->n_args = kept;
    return true;
}

static bool check_health(struct parse *p, struct df_instruction *in, struct err *e) {
    if (!at_least_one(p, in, in->n_args, e))
        return false;
    if (str_eq_nocase(in->args[0], S("NONE"))) {
        in->args[0] = S("NONE");
        return in->n_args == 1 || fail_at(p->name, in->arg_pos[1], e, "HEALTHCHECK NONE takes no arguments");
    }
    if (!str_eq_nocase(in->args[0], S("CMD")))
        return fail_at(p->name, in->arg_pos[0], e, "Unknown type \"%s\" in HEALTHCHECK (try CMD)", SHOWN(in->args[0]));
    in->args[0] = S("CMD");
    return in->n_args > 1 || fail_at(p->name, in->pos, e, "Missing command after HEALTHCHECK CMD");
}

static bool check_volume(struct parse *p, struct df_instruction *in, struct err *e) {
    for (size_t i = 0; i < in->n_args; i++) {
        in->args[i] = blank_trim(in->args[i]);
        if (in->args[i].n == 0)
            return fail_at(p->name, in->arg_pos[i], e, "VOLUME specified can not be an empty string");
    }
    return at_least_one(p, in, in->n_args, e);
}

static bool check_shell(struct parse *p, const struct df_instruction *in, struct err *e) {
    if (!in->json && in->n_args > 0)
        return fail_at(p->name, in->arg_pos[0], e, "SHELL requires the arguments to be in JSON form");
    return at_least_one(p, in, in->n_args, e);
}

static bool check_pairs(struct parse *p, const struct df_instruction *in, struct err *e) {
    for (size_t i = 0; i < in->n_pairs; i++)
        if (in->pairs[i].key.n == 0)
            return fail_at(p->name, in->pairs[i].pos, e, "%s names can not be blank", df_op_name(in->op));
    return at_least_one(p, in, in->n_pairs, e);
}

/* JSON can say \u0000; no system call can take it. */
static bool check_nul(struct parse *p, const struct df_instruction *in, struct err *e) {
    for (size_t i = 0; in->json && i < in->n_args; i++)
        if (str_index(in->args[i], '\0') >= 0)
            return fail_at(p->name, in->arg_pos[i], e, "%s: argument %zu holds a NUL character", df_op_name(in->op), i + 1);
    return true;
}

static bool check_arguments(struct parse *p, struct df_instruction *in, struct err *e) {
    switch (in->op) {
    case DF_ADD: case DF_COPY:
        return check_copy(p, in, e);
    case DF_ARG: case DF_ENV: case DF_LABEL:
        return check_pairs(p, in, e);
    case DF_CMD: case DF_ENTRYPOINT:
        return true; /* nothing, or []: takes back what the base image says */
    case DF_EXPOSE: case DF_RUN:
        return at_least_one(p, in, in->n_args, e);
    case DF_FROM:
        return check_from(p, in, e);
    case DF_HEALTHCHECK:
        return check_health(p, in, e);
    case DF_ONBUILD:
        return at_least_one(p, in, in->trigger != NULL, e);
    case DF_SHELL:
        return check_shell(p, in, e);
    case DF_VOLUME:
        return check_volume(p, in, e);
    case DF_MAINTAINER: case DF_STOPSIGNAL: case DF_USER: case DF_WORKDIR:
        return exactly_one(p, in, e);
    }
    return true;
}

bool instruction_check(struct parse *p, struct df_instruction *in, struct err *e) {
    return check_flags(p, in, e) && check_arguments(p, in, e) && check_nul(p, in, e);
}
