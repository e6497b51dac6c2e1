/* SPDX-License-Identifier: Apache-2.0
 * Stage after stage: see walk.h. */
#include "check/walk.h"

#include "base/limits.h"

struct walk_stage {
    bool done;
    bool known;    /* the image at the bottom */
    bool doubtful; /* unknown, and a variable was used that it might set */
    bool broken;   /* it was left, see walk.h */
};

static void start(struct walk *w, size_t k) {
    const struct plan_stage *s = &w->plan->stages[k];
    struct container_config config = {0}, *base = NULL;
    const struct scope *below = NULL;
    struct str platform = STR_NULL;
    w->stages[k].known = true;
    if (s->base_kind == BASE_STAGE) {
        below = &w->scopes[s->base_stage];
        w->stages[k] = w->stages[s->base_stage];
    } else if (s->base_kind != BASE_SCRATCH) {
        w->stages[k].known = w->options->base && w->options->base(w->options->base_ctx, &w->arena, s, &config, &platform);
        base = w->stages[k].known ? &config : NULL;
        if (base && platform.n && w->see_base)
            w->see_base(w->ctx, s, platform);
    }
    w->stages[k].done = true;
    scope_init(&w->scopes[k], &w->arena, w->plan, s, base, below);
    w->scopes[k].work = w->work;
}

static bool uses_unset(const struct scope *s, size_t from) {
    for (size_t k = from; k < s->n_warnings; k++)
        if (strcmp(s->warnings[k].rule, "UndefinedVar") == 0)
            return true;
    return s->n_warnings == LIMIT_SCOPE_WARNINGS;
}

static bool instruction(struct walk *w, size_t k, const struct df_instruction *i, bool trigger, struct err *e) {
    struct scope *s = &w->scopes[k];
    struct step step;
    size_t warned = s->n_warnings;
    bool good = scope_step(s, i, &step, e);
    w->work = s->work;
    struct walk_step seen = {
        .stage = &w->plan->stages[k],
        .scope = s,
        .i = i,
        .trigger = trigger,
        .base_known = w->stages[k].known,
        .step = good ? &step : NULL,
        .warnings = s->warnings ? s->warnings + warned : NULL,
        .n_warnings = s->n_warnings - warned,
    };
    w->see(w->ctx, &seen);
    w->stages[k].doubtful |= !w->stages[k].known && uses_unset(s, warned);
    return good;
}

/* Whether the next one is looked at all the same. An error of a stage that is doubtful ends it. */
static bool passes(struct walk *w, size_t k, struct err *e) {
    enum { ERRORS_MAX = 100 };
    if (!w->goes_on || w->stages[k].doubtful || ++w->n_errors > ERRORS_MAX)
        return false;
    if (w->first.kind == ERR_NONE)
        err_move(&w->first, e);
    err_clear(e);
    return true;
}

static bool triggers(struct walk *w, size_t k, struct err *e) {
    struct str_list list = w->scopes[k].config.onbuild;
    const struct plan_stage *s = &w->plan->stages[k];
    struct df_instruction *parsed;
    w->scopes[k].config.onbuild = (struct str_list){0};
    if (!plan_parse_triggers(&w->arena, w->plan, s, &list, &parsed, e))
        return false;
    bool reads_more = s->needed && s->base_kind == BASE_IMAGE && list.n; /* those of a stage were seen by the plan */
    if (reads_more && !plan_add_triggers(&w->arena, w->plan, k, parsed, list.n, e))
        return false;
    for (size_t t = 0; t < list.n; t++)
        if (!instruction(w, k, &parsed[t], true, e) && !passes(w, k, e))
            return false;
    return true;
}

static bool stage(struct walk *w, size_t k, struct err *e) {
    const struct plan_stage *s = &w->plan->stages[k];
    start(w, k);
    if (w->stages[k].broken)
        return true;
    if (!triggers(w, k, e))
        return false;
    for (size_t i = 0; i < s->n_body; i++)
        if (!instruction(w, k, &s->body[i], false, e) && !passes(w, k, e))
            return false;
    return w->arena.total_bytes <= LIMIT_BUILD_BYTES ||
           err_set(e, ERR_FAILED, "%.*s:%u:%u: the configurations of all stages take more than the limit of %zu MiB together",
                   STR_ARG(w->plan->file->name), s->from->pos.line, s->from->pos.column, LIMIT_BUILD_BYTES >> 20);
}

/* The first stage that is wanted and was not seen. A trigger of an image may make an earlier one needed. */
static size_t next(const struct walk *w) {
    size_t k = 0;
    while (k < w->plan->n_stages && (w->stages[k].done || !(w->options->all_stages || w->plan->stages[k].needed)))
        k++;
    return k;
}

static bool all_stages(struct walk *w, struct err *e) {
    size_t n = w->plan->n_stages;
    w->work = LIMIT_FILE_WORK;
    w->scopes = arena_array(&w->arena, struct scope, n);
    w->stages = arena_array(&w->arena, struct walk_stage, n);
    for (size_t k = next(w); k < n; k = next(w)) {
        struct err found = ERR_INIT;
        if (stage(w, k, &found))
            continue;
        if (!w->stages[k].doubtful) {
            err_move(e, &found);
            return false;
        }
        w->stages[k].broken = true;
        if (w->doubt.kind == ERR_NONE)
            err_move(&w->doubt, &found);
        err_clear(&found);
    }
    return true;
}

bool walk_stages(struct walk *w, struct err *e) {
    bool good = all_stages(w, e);
    if (w->first.kind == ERR_NONE)
        return good;
    err_clear(e);
    err_move(e, &w->first);
    return false;
}
