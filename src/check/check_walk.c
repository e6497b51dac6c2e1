/* SPDX-License-Identifier: Apache-2.0
 * The engine's second half: plans a file and takes its stages through their scopes, lets the rules over steps look, and gathers what plan/
 * has to say itself. */
#include <assert.h>

#include "base/limits.h"
#include "check/text_edits.h"
#include "check/text_rules.h"
#include "plan/vars.h"

const struct df_instruction *check_place(const struct check *c) {
    return c->now->trigger ? c->now->stage->from : c->now->i;
}

/* --- Variables that an unknown base might set -------------------------------------------------------------------------------------------
 */

/* "$name" or "${name" */
static bool uses(struct str text, struct str name) {
    for (ptrdiff_t at; (at = str_index(text, '$')) >= 0;) {
        text = str_from(text, (size_t)at + 1);
        if (str_starts(str_from(text, str_starts(text, S("{"))), name))
            return true;
    }
    return false;
}

/* What is only made longer (ENV JAVA_OPTS="-Xmx1g $JAVA_OPTS") is for the base to define. */
static bool defines(const struct df_instruction *i, struct str name) {
    for (size_t k = 0; (i->op == DF_ARG || i->op == DF_ENV) && k < i->n_pairs; k++)
        if (str_eq(i->pairs[k].key, name) && !uses(i->pairs[k].value, name))
            return true;
    return false;
}

/* Two neighbours swapped, or one letter of a long name. */
static bool is_slip(struct str a, struct str b) {
    enum { LONG_NAME = 8 };
    size_t k = 0;
    while (k < a.n && k < b.n && a.p[k] == b.p[k])
        k++;
    if (a.n == b.n && k + 1 < a.n && a.p[k] == b.p[k + 1] && a.p[k + 1] == b.p[k])
        return str_eq(str_from(a, k + 2), str_from(b, k + 2));
    struct str a_tail = str_from(a, k + (a.n >= b.n)), b_tail = str_from(b, k + (b.n >= a.n));
    return a.n >= LONG_NAME && b.n >= LONG_NAME && str_eq(a_tail, b_tail);
}

/* Without the base's configuration only the file itself can show that a variable is missing: it is a slip of the pen, or it is defined too
 * late, or as an ARG before the first FROM, which does not reach into a stage. */
static bool surely_undefined(const struct check *c, const struct df_warning *w) {
    const struct plan_stage *s = c->now->stage;
    if (c->now->base_known || is_slip(w->subject, w->meant))
        return true;
    for (size_t k = 0; k < s->n_body; k++)
        if (defines(&s->body[k], w->subject))
            return true;
    for (size_t k = 0; k < c->file->n_instructions && c->file->instructions[k].op == DF_ARG; k++)
        if (defines(&c->file->instructions[k], w->subject))
            return true;
    return false;
}

/* --- Steps ------------------------------------------------------------------------------------------------------------------------------
 */

/* "80/TCP" as "80/tcp". */
static void with_small_protocol(struct check *c, const struct df_instruction *i, struct df_pos pos) {
    const struct lint_step *s = check_step(c, i);
    for (size_t k = 0; s && k < i->n_args; k++)
        if (i->arg_pos[k].line == pos.line && i->arg_pos[k].column == pos.column && str_index(i->args[k], '$') < 0)
            fix_replace(c, s, i->args[k], check_lower(&c->scratch, i->args[k]));
}

static void see_step(void *ctx, const struct walk_step *now) {
    struct check *c = ctx;
    c->now = now;
    const struct df_instruction *where = check_place(c);
    for (size_t k = 0; k < now->n_warnings; k++) {
        const struct df_warning *w = &now->warnings[k];
        const struct rule *r = rule_find(str_z(w->rule));
        assert(r && r->reads == READS_NOTHING);
        if (!check_speaks(c, r) || (w->subject.n && !surely_undefined(c, w)))
            continue;
        if (strcmp(r->id, "ExposeProtoCasing") == 0 && !now->trigger)
            with_small_protocol(c, now->i, w->pos);
        check_add(c, r, where, now->i, now->trigger ? where->pos : w->pos, arena_str(c->arena, w->message));
    }
    if (now->step)
        check_run_rules(c, READS_STEP, now->i);
    c->now = NULL;
}

/* As BuildKit: system and architecture are compared, variants are not. */
static void see_base(void *ctx, const struct plan_stage *s, struct str platform) {
    struct check *c = ctx;
    struct str is, wanted = s->platform.n ? s->platform : c->plan->options.platform, os[2], arch[2], rest;
    struct err no_platform = ERR_INIT;
    bool is_one = platform_normalize(&c->scratch, platform, S("linux/amd64"), &is, &no_platform);
    err_clear(&no_platform);
    is = is_one ? is : platform;
    (void)str_cut(is, '/', &os[0], &arch[0]);
    (void)str_cut(wanted, '/', &os[1], &arch[1]);
    for (size_t i = 0; i < 2; i++)
        (void)str_cut(arch[i], '/', &arch[i], &rest);
    if (!str_eq(os[0], os[1]) || !str_eq(arch[0], arch[1]))
        check_report(c, rule_find(S("InvalidBaseImagePlatform")), s->from, s->from, s->from->pos,
                     "Base image %s was pulled with platform %s, expected %s for current build", SHOWN(s->base_ref), check_quoted(c, is),
                     check_quoted(c, wanted));
}

/* --- Planning ------------------------------------------------------------------------------------------------------------------------ */

/* Plans without build arguments too: what FROM is by its defaults alone. */
static bool plan(struct check *c, struct plan *p, struct plan *bare, struct err *e) {
    struct plan_options defaults = c->options->plan;
    struct err ignored = ERR_INIT;
    bool good = plan_make(c->arena, c->file, &c->options->plan, p, e);
    *bare = *p;
    defaults.build_args = (struct pair_list){0};
    if (c->options->plan.build_args.n)
        (void)!plan_make(c->arena, c->file, &defaults, bare, &ignored);
    err_clear(&ignored);
    c->plan = p;
    c->bare = bare;
    for (size_t k = 0; k < p->n_stages; k++)
        check_run_rules(c, READS_FROM, p->stages[k].from);
    return good;
}

bool check_walk(struct check *c, struct check_result *r) {
    struct plan *p = arena_new(c->arena, struct plan),
                *bare = arena_new(c->arena, struct plan); /* rules of READS_FILE look at them later */
    if (!plan(c, p, bare, &r->error))
        return false;
    struct walk walk = {
        .options = c->options, .plan = p, .see = see_step, .see_base = see_base, .ctx = c, .goes_on = !check_compat_is(c, COMPAT_BUILDKIT)};
    c->notes = arena_array(c->arena, struct stage_notes, p->n_stages);
    bool good = walk_stages(&walk, &r->error);
    if (walk.doubt.kind != ERR_NONE)
        r->doubt = arena_str(c->arena, str_z(walk.doubt.msg));
    err_clear(&walk.doubt);
    arena_fini(&walk.arena);
    return good;
}

/* What is planned begins with ARG and FROM. */
static bool begins_well(const struct dockerfile *f) {
    size_t k = 0;
    while (k < f->n_instructions && f->instructions[k].op == DF_ARG)
        k++;
    return k < f->n_instructions && f->instructions[k].op == DF_FROM;
}

void check_walk_what_is_left(struct check *c) {
    struct check_result ignored = {0};
    if (begins_well(c->file))
        (void)!check_walk(c, &ignored);
    err_clear(&ignored.error);
}
