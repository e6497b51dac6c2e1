/* SPDX-License-Identifier: Apache-2.0
 * Rules about instructions inside a stage, expanded: c->now has the step and the scope behind it. */
#include "check/secret_names.h"
#include "check/rules_buildkit.h"
#include "check/text_edits.h"
#include "check/text_rules.h"
#include "dockerfile/dockerfile.h"
#include "plan/vars.h"

/* A word of the instruction as its stage expands it; the step went through, so it can be. */
static struct str expanded(struct check *c, struct str word) {
    const struct scope *s = c->now->scope;
    struct vars vars = {.first = &s->args, .second = &s->config.env, .work = &c->work};
    struct err e = ERR_INIT;
    struct str out = word;
    if (!df_expand(&c->scratch, word, c->file->escape, vars_getter(&vars), NULL, &out, &e))
        out = word;
    err_clear(&e);
    return out;
}

static void report(struct check *c, const struct rule *r, struct df_pos pos, struct str message) {
    const struct df_instruction *where = check_place(c);
    check_report(c, r, where, c->now->i, c->now->trigger ? where->pos : pos, "%.*s", STR_ARG(message));
}

/* --- CMD and ENTRYPOINT ------------------------------------------------------------------------------------------------------------- */

/* Who says SHELL knows that a shell is started. */
void rule_json_args(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if ((i->op != DF_CMD && i->op != DF_ENTRYPOINT) || i->json || i->n_args == 0 || c->now->scope->config.shell.n)
        return;
    fix_exec_form(c, check_step(c, i), i);
    report(c, r, i->pos,
           arena_printf(&c->scratch, "JSON arguments recommended for %.*s to prevent unintended behavior related to OS signals",
                        STR_ARG(i->keyword)));
}

/* The earlier one is spoken of: it is the one that does nothing. */
void rule_multiple_instructions(struct check *c, const struct rule *r, const struct df_instruction *i) {
    static const enum df_op ops[ONCE_OPS] = {[ONCE_CMD] = DF_CMD, [ONCE_ENTRYPOINT] = DF_ENTRYPOINT, [ONCE_HEALTHCHECK] = DF_HEALTHCHECK};
    static const char *const ids[ONCE_OPS] = {
        [ONCE_CMD] = "DL4003 DS-0016", [ONCE_ENTRYPOINT] = "DL4004 DS-0007", [ONCE_HEALTHCHECK] = "DL3012 DS-0023"};
    struct stage_notes *notes = &c->notes[c->now->stage->index];
    for (size_t k = 0; k < ONCE_OPS; k++) {
        if (ops[k] != i->op)
            continue;
        const struct df_instruction *before = notes->last[k];
        c->ids = before ? ids[k] : NULL;
        if (before && check_step(c, before) && !notes->triggered[k] && !c->now->trigger)
            fix_remove(c, check_step(c, before));
        if (before)
            check_report(c, r, before, i, before->pos,
                         "Multiple %.*s instructions should not be used in the same stage because only the last one will be used",
                         STR_ARG(i->keyword));
        notes->last[k] = check_place(c);
        notes->triggered[k] = c->now->trigger;
    }
}

/* --- Paths ------------------------------------------------------------------------------------------------------------------------- */

static bool workdir_set(const struct check *c, const struct plan_stage *s) {
    while (!c->notes[s->index].workdir_set && s->base_kind == BASE_STAGE)
        s = &c->plan->stages[s->base_stage];
    return c->notes[s->index].workdir_set;
}

/* The first WORKDIR decides: one that is set right sets right those behind it, in derived stages too. */
void rule_workdir_relative(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct plan_stage *stage = c->now->stage;
    if (i->op != DF_WORKDIR)
        return;
    struct str path = expanded(c, i->args[0]);
    if (!workdir_set(c, stage) && !(path.n && path.p[0] == '/'))
        report(
            c, r, i->pos,
            arena_printf(&c->scratch, "Relative workdir %s can have unexpected results if the base image changes", check_quoted(c, path)));
    c->notes[stage->index].workdir_set = true;
}

/* The context itself is never excluded; a pattern that takes all of it leaves nothing to copy, though. */
static bool takes_everything(const struct ignore *ig) {
    for (size_t k = 0; k < ig->n; k++)
        if (str_eqz(ig->patterns[k].text, "*") || str_eqz(ig->patterns[k].text, "**") || str_eqz(ig->patterns[k].text, "**/*"))
            return true;
    return false;
}

/* With a "!" in the ignore file a directory may be excluded and things in it not: then nobody can tell without looking. */
void rule_copy_ignored_file(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct ignore *ig = c->options->ignore;
    const struct step_copy *copy = &c->now->step->copy;
    if (c->now->step->kind != STEP_COPY || copy->source.kind != SOURCE_CONTEXT || !ig || ig->n == 0 || ig->any_negated)
        return;
    for (size_t k = 0; k < copy->n_operands; k++) {
        if (copy->operands[k].kind != OPERAND_PATH)
            continue;
        struct str path = str_from(path_resolve(&c->scratch, S("/"), copy->operands[k].text), 1);
        if (path.n ? ignore_match(ig, path, NULL) : takes_everything(ig))
            report(c, r, copy->operands[k].pos,
                   arena_printf(&c->scratch, "Attempting to %s file %s that is excluded by .dockerignore", i->op == DF_ADD ? "Add" : "Copy",
                                check_quoted(c, path.n ? path : S("."))));
    }
}

/* --- Variables and labels ---------------------------------------------------------------------------------------------------------- */

/* "key value" as "key=value", in quotes if blanks are in it. */
static void mend_pair(struct check *c, const struct df_instruction *i) {
    const struct lint_step *s = check_step(c, i);
    struct str key = i->pairs[0].key, value = i->pairs[0].value;
    bool blanks = strcspn(arena_strz(&c->scratch, value), " \t") < value.n;
    if (!s || (blanks && strcspn(arena_strz(&c->scratch, value), "\"'\\") < value.n))
        return;
    fix_replace(c, s, str_n(key.p + key.n, (size_t)(value.p - key.p) - key.n), blanks ? S("=\"") : S("="));
    if (blanks)
        fix_behind(c, s, value, S("\""));
}

void rule_legacy_pairs(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if (!i->legacy_pair)
        return;
    mend_pair(c, i);
    report(c, r, i->pos,
           arena_printf(&c->scratch, "\"%.*s key=value\" should be used instead of legacy \"%.*s key value\" format", STR_ARG(i->keyword),
                        STR_ARG(i->keyword)));
}

/* BuildKit goes by the name alone. Here a public key, where something lies, that no password is asked for, and nothing are no secrets. */
static bool is_no_secret(struct check *c, const struct df_instruction *i, const struct df_pair *pair, struct str key) {
    if (check_compat_is(c, COMPAT_BUILDKIT))
        return false;
    bool empty = i->op == DF_ENV && expanded(c, pair->value).n == 0;
    return empty || word_ends_in_nocase("GPG_KEY GPG_KEYS _PATH _DIR ALLOW_EMPTY_PASSWORD ALLOW_EMPTY_ROOT_PASSWORD", key);
}

void rule_secrets_in_variables(struct check *c, const struct rule *r, const struct df_instruction *i) {
    for (size_t k = 0; (i->op == DF_ARG || i->op == DF_ENV) && k < i->n_pairs; k++) {
        struct str key = i->op == DF_ENV ? expanded(c, i->pairs[k].key) : i->pairs[k].key;
        if (is_secret_for_buildkit(key) && !is_no_secret(c, i, &i->pairs[k], key))
            report(c, r, i->pairs[k].pos,
                   arena_printf(&c->scratch, "Do not use ARG or ENV instructions for sensitive data (%s %s)", df_op_name(i->op),
                                check_quoted(c, key)));
    }
}
