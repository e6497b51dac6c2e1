/* SPDX-License-Identifier: Apache-2.0
 * Rules about FROM and its --platform, whose words are expanded with the global ARGs. */
#include "base/near.h"
#include "check/rules_buildkit.h"
#include "check/text_edits.h"
#include "check/text_rules.h"
#include "plan/reference.h"
#include "plan/vars.h"

static bool expand(struct check *c, struct str word, const struct pair_list *args, struct expanded *x) {
    return expanded_make(&c->scratch, c->file->escape, word, args, &c->work, x);
}

/* --- Undeclared arguments ----------------------------------------------------------------------------------------------------------- */

/* Goes through the ARGs before the first FROM: whether one bears the name, and which is nearest to it. */
static bool declared(struct check *c, struct near *n) {
    const struct dockerfile *f = c->file;
    for (size_t k = 0; k < f->n_instructions && f->instructions[k].op == DF_ARG; k++) {
        vars_charge(&c->work, VARS_NEAR_COST * f->instructions[k].n_pairs);
        for (size_t j = 0; j < f->instructions[k].n_pairs; j++) {
            struct str key = f->instructions[k].pairs[j].key;
            if (str_eq(key, n->word))
                return true;
            near_try(n, key);
        }
    }
    return false;
}

static void report_undeclared(struct check *c, const struct rule *r, const struct df_instruction *i, struct str word, struct df_pos pos) {
    struct expanded x;
    if (!expand(c, word, &c->plan->global_args, &x))
        return;
    for (size_t k = 0; k < x.n_unset && c->work > 0; k++) {
        struct near n = {x.unset[k]};
        if (declared(c, &n))
            continue;
        for (size_t j = 0; j < c->plan->global_args.n; j++)
            near_try(&n, c->plan->global_args.p[j].key);
        const char *before = n.name.n ? " (did you mean " : "", *behind = n.name.n ? "?)" : "";
        check_report(c, r, i, i, pos, "FROM argument '%.*s' is not declared%s%.*s%s", STR_ARG(x.unset[k]), before, STR_ARG(n.name), behind);
    }
}

void rule_undefined_arg_in_from(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct df_flag *platform = platform_flag(i);
    report_undeclared(c, r, i, i->args[0], i->pos);
    if (platform)
        report_undeclared(c, r, i, platform->value, platform->pos);
}

/* --- Names that only a build argument makes whole --------------------------------------------------------------------------------- */

/* A wrong name without variables is wrong with any argument: the plan says so. BuildKit speaks of `FROM Base` here too, where Base is a
 * stage. */
void rule_invalid_default_arg_in_from(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct expanded x;
    if (!expand(c, i->args[0], &c->bare->global_args, &x) || x.n_found + x.n_unset == 0)
        return;
    if (x.text.n == 0 || reference_fault(x.text))
        check_report(c, r, i, i, i->pos, "Default value for ARG %.*s results in empty or invalid base image name", STR_ARG(i->args[0]));
}

/* --- Platforms --------------------------------------------------------------------------------------------------------------------- */

static void mend_platform(struct check *c, const struct df_instruction *i, const struct df_flag *flag) {
    const struct lint_step *s = check_step(c, i);
    if (s)
        fix_without_flag(c, s, flag);
}

/* As BuildKit infers it: one variable, which is TARGETPLATFORM, and nothing around its value. */
void rule_redundant_target_platform(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct df_flag *flag = platform_flag(i);
    struct expanded x;
    struct str target = STR_NULL;
    if (!flag || !expand(c, flag->value, &c->plan->global_args, &x) || x.n_unset || x.n_found != 1 ||
        !str_eqz(x.found[0], "TARGETPLATFORM"))
        return;
    (void)pair_list_get(&c->plan->global_args, S("TARGETPLATFORM"), &target);
    if (!str_eq(x.text, target))
        return;
    mend_platform(c, i, flag);
    check_report(c, r, i, i, flag->pos, "Setting platform to predefined %.*s in FROM is redundant as this is the default behavior",
                 STR_ARG(flag->value));
}

/* A stage that bears its platform in its name is meant so. */
void rule_from_platform_const(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct df_flag *flag = platform_flag(i);
    struct expanded x;
    struct str platform, os, arch, variant;
    struct err e = ERR_INIT;
    if (!flag || !expand(c, flag->value, &c->plan->global_args, &x) || x.n_found + x.n_unset)
        return;
    bool is_one = platform_normalize(&c->scratch, x.text, S("linux/amd64"), &platform, &e);
    err_clear(&e);
    if (!is_one)
        return;
    (void)str_cut(platform, '/', &os, &arch);
    (void)str_cut(arch, '/', &arch, &variant);
    struct str name = i->n_args == 3 ? check_lower(&c->scratch, i->args[2]) : STR_NULL;
    if (str_find(name, os) >= 0 || str_find(name, arch) >= 0)
        return;
    check_report(c, r, i, i, flag->pos, "FROM --platform flag should not use constant value %s", check_quoted(c, x.text));
}
