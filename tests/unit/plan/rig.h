/* SPDX-License-Identifier: Apache-2.0
 *
 * From a Dockerfile's text to a plan and its steps, for the tests of plan/: rig_run() gives the first error, or a dump that tables can
 * hold. A base image is whatever rig.base says; stages stand on each other as build/ has it, ONBUILD triggers included. */
#ifndef CROZE_TESTS_PLAN_RIG_H
#define CROZE_TESTS_PLAN_RIG_H

#include "base/buf.h"
#include "base/mem.h"
#include "plan/plan.h"
#include "tap.h"

struct rig {
    struct arena arena;
    struct dockerfile file;
    struct plan_options options;
    struct container_config base; /* of every image that a FROM names */
    struct plan plan;
    struct scope *scopes;
    struct step *steps; /* of the target, in order */
    size_t n_steps;
    struct err err;
};

__attribute__((unused)) static void rig_init(struct rig *r) {
    *r = (struct rig){.options.platform = S("linux/amd64")};
    r->base.workdir = S("/");
}

__attribute__((unused)) static void rig_fini(struct rig *r) {
    arena_fini(&r->arena);
    err_clear(&r->err);
}

/* "A=1;B=2" as --build-arg. */
__attribute__((unused)) static void rig_args(struct rig *r, const char *text) {
    struct str rest = text ? str_z(text) : STR_NULL, piece, key, value;
    while (str_next(&rest, ';', &piece)) {
        str_cut(piece, '=', &key, &value);
        pair_list_set(&r->arena, &r->options.build_args, key, value);
    }
}

/* "a=dir:x;b=image:y;c=oci:z;d=stage:s" as --build-context. */
__attribute__((unused)) static void rig_named(struct rig *r, const char *text) {
    static const char *const kinds[] = {[NAMED_DIR] = "dir", [NAMED_IMAGE] = "image", [NAMED_OCI_LAYOUT] = "oci", [NAMED_STAGE] = "stage"};
    struct str rest = text ? str_z(text) : STR_NULL, piece, kind;
    struct named_context *all = arena_array(&r->arena, struct named_context, rest.n + 1);
    while (str_next(&rest, ';', &piece)) {
        struct named_context *c = &all[r->options.n_named++];
        str_cut(piece, '=', &c->name, &kind);
        str_cut(kind, ':', &kind, &c->value);
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            if (str_eqz(kind, kinds[k]))
                c->kind = (enum named_kind)k;
    }
    r->options.named = all;
}

__attribute__((unused)) static bool rig_plan(struct rig *r, const char *text) {
    return dockerfile_parse(&r->arena, arena_str(&r->arena, str_z(text)), S("Dockerfile"), &r->file, &r->err) &&
           plan_make(&r->arena, &r->file, &r->options, &r->plan, &r->err);
}

static bool rig_step(struct rig *r, size_t stage, const struct df_instruction *i) {
    struct step step;
    if (!scope_step(&r->scopes[stage], i, &step, &r->err))
        return false;
    if (stage == r->plan.target)
        r->steps[r->n_steps++] = step;
    return true;
}

static bool rig_triggers(struct rig *r, size_t stage) {
    struct str_list triggers = r->scopes[stage].config.onbuild;
    r->scopes[stage].config.onbuild = (struct str_list){0};
    struct df_instruction *parsed;
    if (!plan_parse_triggers(&r->arena, &r->plan, &r->plan.stages[stage], &triggers, &parsed, &r->err))
        return false;
    if (!plan_add_triggers(&r->arena, &r->plan, stage, parsed, triggers.n, &r->err))
        return false;
    for (size_t k = 0; k < triggers.n; k++)
        if (!rig_step(r, stage, &parsed[k]))
            return false;
    return true;
}

static bool rig_stage(struct rig *r, size_t stage) {
    const struct plan_stage *s = &r->plan.stages[stage];
    const struct scope *below = s->base_kind == BASE_STAGE ? &r->scopes[s->base_stage] : NULL;
    scope_init(&r->scopes[stage], &r->arena, &r->plan, s, s->base_kind == BASE_IMAGE ? &r->base : NULL, below);
    if (!rig_triggers(r, stage))
        return false;
    for (size_t k = 0; k < s->n_body; k++)
        if (!rig_step(r, stage, &s->body[k]))
            return false;
    return true;
}

enum { RIG_TRIGGERS_MAX = 100 };

/* Plans and takes every needed stage through its scope. */
__attribute__((unused)) static bool rig_run(struct rig *r, const char *text) {
    if (!rig_plan(r, text))
        return false;
    r->scopes = arena_array(&r->arena, struct scope, r->plan.n_stages);
    r->steps = arena_array(&r->arena, struct step, r->file.n_instructions + RIG_TRIGGERS_MAX);
    for (size_t k = 0; k <= r->plan.target; k++)
        if (r->plan.stages[k].needed && !rig_stage(r, k))
            return false;
    return true;
}

__attribute__((unused)) static struct scope *rig_scope(struct rig *r) {
    return &r->scopes[r->plan.target];
}
__attribute__((unused)) static struct step *rig_last(struct rig *r) {
    return &r->steps[r->n_steps - 1];
}

/* --- Dumps ----------------------------------------------------------------------------------------------------------------------- */

/* "name <- base (needs 0 1)", dead stages in brackets, joined by "; ". */
__attribute__((unused)) static struct str rig_dump_stages(struct rig *r) {
    struct buf b = BUF_INIT(1 << 20);
    for (size_t k = 0; k < r->plan.n_stages; k++) {
        const struct plan_stage *s = &r->plan.stages[k];
        buf_printf(&b, "%s%s%.*s<-", k ? "; " : "", s->needed ? "" : "[", STR_ARG(s->name));
        if (s->base_kind == BASE_STAGE)
            buf_printf(&b, "stage %zu", s->base_stage);
        else if (s->base_kind == BASE_NAMED)
            buf_printf(&b, "named %zu", s->base_named);
        else
            buf_add_str(&b, s->base_kind == BASE_SCRATCH ? S("scratch") : s->base_ref);
        for (size_t n = 0; n < s->n_needs; n++)
            buf_printf(&b, "%s%zu", n ? "," : " needs ", s->needs[n]);
        buf_add_str(&b, s->needed ? STR_NULL : S("]"));
    }
    struct str text = arena_str(&r->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

/* The history of the target's own instructions, one line each. */
__attribute__((unused)) static struct str rig_dump_history(struct rig *r) {
    struct buf b = BUF_INIT(1 << 20);
    for (size_t k = 0; k < r->n_steps; k++) {
        if (r->steps[k].created_by.n == 0)
            continue;
        buf_add_str(&b, b.n ? S("\n") : STR_NULL);
        buf_add_str(&b, r->steps[k].created_by);
    }
    struct str text = arena_str(&r->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

__attribute__((unused)) static struct str rig_join(struct rig *r, const struct str_list *l) {
    struct buf b = BUF_INIT(1 << 20);
    for (size_t k = 0; k < l->n; k++) {
        buf_add_str(&b, k ? S("|") : STR_NULL);
        buf_add_str(&b, l->p[k]);
    }
    struct str text = arena_str(&r->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

__attribute__((unused)) static struct str rig_pairs(struct rig *r, const struct pair_list *l) {
    struct buf b = BUF_INIT(1 << 20);
    for (size_t k = 0; k < l->n; k++)
        buf_printf(&b, "%s%.*s=%.*s", k ? " " : "", STR_ARG(l->p[k].key), STR_ARG(l->p[k].value));
    struct str text = arena_str(&r->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

/* A Dockerfile as the name of a test: TAP is line by line. */
__attribute__((unused)) static const char *rig_name(struct rig *r, const char *text) {
    char *name = arena_strz(&r->arena, str_z(text));
    for (char *c = name; *c; c++)
        *c = *c == '\n' ? ';' : *c == '#' ? '.' : *c; /* "# SKIP" would be a directive */
    return name;
}

/* Fails by name if there was an error. */
#define rig_ok(r, what) no_err(&(r)->err, rig_name((r), (what)))

#endif
