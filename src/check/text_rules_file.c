/* SPDX-License-Identifier: Apache-2.0
 * Rules that need nothing but the instructions as they were written: casing, names of stages, comments that describe. */
#include "base/map.h"
#include "check/rules_buildkit.h"
#include "check/text_edits.h"
#include "check/text_rules.h"
#include "dockerfile/dockerfile.h"

static bool is_lower(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 'A' && s.p[i] <= 'Z')
            return false;
    return true;
}

static bool is_upper(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 'a' && s.p[i] <= 'z')
            return false;
    return true;
}

static bool names_stage(const struct df_instruction *i) {
    return i->op == DF_FROM && i->n_args == 3;
}

/* The same in the other case. */
static void mend(struct check *c, const struct df_instruction *i, struct str part, bool lower) {
    char *text = arena_strz(&c->scratch, part);
    for (size_t k = 0; k < part.n; k++)
        if (lower ? text[k] >= 'A' && text[k] <= 'Z' : text[k] >= 'a' && text[k] <= 'z')
            text[k] ^= 'a' ^ 'A';
    if (check_step(c, i))
        fix_replace(c, check_step(c, i), part, str_n(text, part.n));
}

void rule_stage_name_casing(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if (!names_stage(i) || is_lower(i->args[2]))
        return;
    mend(c, i, i->args[2], true);
    check_report(c, r, i, i, i->pos, "Stage name '%.*s' should be lowercase", STR_ARG(i->args[2]));
}

/* "From" is ConsistentInstructionCasing's business. */
void rule_from_as_casing(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if (!names_stage(i) || (is_lower(i->keyword) ? is_lower(i->args[1]) : !is_upper(i->keyword) || is_upper(i->args[1])))
        return;
    mend(c, i, i->args[1], is_lower(i->keyword));
    check_report(c, r, i, i, i->pos, "'%.*s' and '%.*s' keywords' casing do not match", STR_ARG(i->args[1]), STR_ARG(i->keyword));
}

static bool names_authors(const struct dockerfile *f) {
    for (size_t k = 0; k < f->n_instructions; k++)
        for (size_t j = 0; f->instructions[k].op == DF_LABEL && j < f->instructions[k].n_pairs; j++)
            if (str_eqz(lint_unquoted(f->instructions[k].pairs[j].key), "org.opencontainers.image.authors"))
                return true;
    return false;
}

/* The text of MAINTAINER as a label, which is not there yet; quotes and variables in it would need a judgement. */
static void mend_maintainer(struct check *c, const struct df_instruction *i) {
    const struct lint_step *s = check_step(c, i);
    struct str text = i->n_args ? i->args[0] : STR_NULL;
    bool quoted = text.n > 2 && lint_unquoted(text).n == text.n - 2;
    if (!s || text.n == 0 || names_authors(c->file) ||
        strcspn(arena_strz(&c->scratch, lint_unquoted(text)), "\"\\$'") < lint_unquoted(text).n)
        return;
    fix_replace(c, s, i->keyword, is_lower(i->keyword) ? S("label") : S("LABEL"));
    fix_before(c, s, text, quoted ? S("org.opencontainers.image.authors=") : S("org.opencontainers.image.authors=\""));
    if (!quoted)
        fix_behind(c, s, text, S("\""));
}

void rule_maintainer_deprecated(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if (i->op != DF_MAINTAINER)
        return;
    mend_maintainer(c, i);
    check_report(c, r, i, i, i->pos, "Maintainer instruction is deprecated in favor of using label");
}

/* --- Descriptions ----------------------------------------------------------------------------------------------------------------- */

/* The last comment above an instruction; false: there is none. What directs the checks describes nothing. */
static bool last_comment(struct str comments, struct str *last) {
    struct str comment, value;
    bool any = false;
    while (comment_next(&comments, &comment))
        if (!comment_check(comment, &value)) {
            *last = comment;
            any = true;
        }
    return any;
}

static bool defines(struct check *c, const struct df_instruction *i, struct str name) {
    if (i->op == DF_FROM)
        return str_eq(check_lower(&c->scratch, i->args[2]), name);
    for (size_t k = 0; k < i->n_pairs; k++)
        if (str_eq(i->pairs[k].key, name))
            return true;
    return false;
}

void rule_definition_description(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct str comment, word, rest;
    if (!(names_stage(i) || i->op == DF_ARG) || !last_comment(i->comments, &comment))
        return;
    (void)str_cut(comment, ' ', &word, &rest);
    if (defines(c, i, word))
        return;
    struct str example = i->op == DF_FROM ? check_lower(&c->scratch, i->args[2]) : i->n_pairs > 1 ? S("<arg_key>") : i->pairs[0].key;
    check_report(c, r, i, i, i->pos, "Comment for %s should follow the format: `# %.*s <description>`", df_op_name(i->op),
                 STR_ARG(example));
}

/* --- The file as a whole ------------------------------------------------------------------------------------------------------------ */

/* The first FROM: what stands before it are ARGs, whose casing BuildKit does not look at. */
static size_t first_from(const struct dockerfile *f) {
    size_t k = 0;
    while (k < f->n_instructions && f->instructions[k].op != DF_FROM)
        k++;
    return k;
}

/* What the most keywords are; "From" counts for neither. */
void rule_instruction_casing(struct check *c, const struct rule *r, const struct df_instruction *none) {
    const struct dockerfile *f = c->file;
    size_t lower = 0, upper = 0;
    (void)none;
    for (size_t k = first_from(f); k < f->n_instructions; k++) {
        lower += is_lower(f->instructions[k].keyword);
        upper += is_upper(f->instructions[k].keyword);
    }
    for (size_t k = first_from(f); k < f->n_instructions; k++) {
        const struct df_instruction *i = &f->instructions[k];
        if (lower > upper ? is_lower(i->keyword) : is_upper(i->keyword))
            continue;
        mend(c, i, i->keyword, lower > upper);
        check_report(c, r, i, i, i->pos, "Command '%.*s' should match the case of the command majority (%s)", STR_ARG(i->keyword),
                     lower > upper ? "lowercase" : "uppercase");
    }
}

void rule_duplicate_stage_name(struct check *c, const struct rule *r, const struct df_instruction *none) {
    _cleanup_(map_fini) struct map seen = MAP_INIT;
    (void)none;
    for (size_t k = 0; k < c->file->n_instructions; k++) {
        const struct df_instruction *i = &c->file->instructions[k];
        if (!names_stage(i))
            continue;
        struct str name = check_lower(&c->scratch, i->args[2]);
        if (map_put(&seen, name, &c->file->instructions[k]))
            check_report(c, r, i, i, i->pos, "Duplicate stage name %s, stage names should be unique", check_quoted(c, name));
    }
}

void rule_reserved_stage_name(struct check *c, const struct rule *r, const struct df_instruction *none) {
    (void)none;
    for (size_t k = 0; k < c->file->n_instructions; k++) {
        const struct df_instruction *i = &c->file->instructions[k];
        struct str name = names_stage(i) ? check_lower(&c->scratch, i->args[2]) : STR_NULL;
        if (str_eqz(name, "scratch") || str_eqz(name, "context"))
            check_report(c, r, i, i, i->pos, "Stage name should not use the same name as reserved stage %s", check_quoted(c, name));
    }
}
