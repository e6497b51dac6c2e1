/* SPDX-License-Identifier: Apache-2.0
 * Which stages the target needs: its base, what COPY --from and mounts read, and theirs in turn. References only go up the file, so one
 * pass from the target to the top sees every needed stage after all that need it. Dead stages keep their faults to themselves. */
#include <assert.h>

#include "base/mem.h"
#include "plan/constants.h"
#include "plan/flags.h"
#include "plan/mount_text.h"
#include "plan/named.h"
#include "plan/source.h"
#include "plan/stages.h"
#include "plan/steps.h"
#include "plan/vars.h"

static bool no_such_target(const struct plan *p, struct err *e) {
    const struct str target = p->options.target;
    _cleanup_(mem_freep) const char **names = mem_zalloc(p->n_stages + 1, sizeof *names);
    size_t n = 0;
    for (size_t k = 0; k < p->n_stages; k++)
        if (p->stages[k].name.n)
            names[n++] = p->stages[k].name.p; /* NUL-terminated by stage_name() */
    const char *meant = nearest_option(target, names);
    return err_set(e, ERR_USAGE, "%.*s: there is no stage \"%s\" to build as --target%s%s%s", STR_ARG(p->file->name), SHOWN(target),
                   meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
}

bool target_find(struct plan *p, struct err *e) {
    const struct str target = p->options.target;
    uint64_t index;
    p->target = p->n_stages - 1;
    if (target.n == 0)
        return true;
    for (size_t k = p->n_stages; k-- > 0;)
        if (str_eq_nocase(p->stages[k].name, target)) {
            p->target = k;
            return true;
        }
    if (!str_to_u64(target, 10, p->n_stages - 1, &index))
        return no_such_target(p, e);
    p->target = (size_t)index;
    return true;
}

/* The stages that one stage reads, each once. */
struct needs {
    struct arena *a;
    struct plan *p;
    size_t stage;
    size_t *found;
    size_t n, capacity;
    bool follows;               /* the stage has a variable where it names a source */
    struct constants constants; /* then: what is known of its variables where we are */
    struct constant_ends *ends;
};

static void need(struct needs *n, size_t stage) {
    assert(stage < n->stage);
    for (size_t k = 0; k < n->n; k++)
        if (n->found[k] == stage)
            return;
    if (n->n == n->capacity) {
        size_t *bigger = arena_array(n->a, size_t, n->capacity = n->capacity * 2 + 4);
        if (n->n)
            memcpy(bigger, n->found, n->n * sizeof *bigger);
        n->found = bigger;
    }
    n->found[n->n++] = stage;
    n->p->stages[stage].needed = true;
}

static bool need_source(struct needs *n, const struct site *at, struct df_pos pos, const char *what, struct str name, struct err *e) {
    struct source_ref from;
    if (has_variable(name) && !constants_expand(n->ends, n->p, &n->constants, at, pos, what, name, &name, e))
        return false;
    if (!source_resolve(n->p, n->stage, at, pos, what, name, &from, e))
        return false;
    if (from.kind == SOURCE_STAGE)
        need(n, from.stage);
    return true;
}

static bool need_mount(struct needs *n, const struct site *at, const struct df_flag *mount, struct err *e) {
    struct mount_text m;
    if (!mount_read(n->a, at, mount, NULL, &m, e))
        return false;
    bool reads = m.open & 1u << MOUNT_TYPE || m.kind == MOUNT_BIND || m.kind == MOUNT_CACHE;
    return !reads || need_source(n, at, mount->pos, "RUN --mount from", m.from, e);
}

static bool check_early(struct needs *n, const struct site *at, struct err *e) {
    switch (at->i->op) {
    case DF_COPY: case DF_ADD:
        return copy_check_early(n->a, at, e);
    case DF_RUN:
        return run_check_early(at, e);
    default:
        return true;
    }
}

/* What can be known before anything runs: flags, sources, the kinds of mounts and operands. */
static bool need_instruction(struct needs *n, const struct site *at, struct err *e) {
    const struct df_instruction *i = at->i;
    if (!flags_check(at, e) || !check_early(n, at, e))
        return false;
    for (size_t k = 0; k < i->n_flags; k++) {
        const struct df_flag *flag = &i->flags[k];
        if (i->op == DF_RUN && str_eqz(flag->name, "mount") && !need_mount(n, at, flag, e))
            return false;
        if (i->op == DF_COPY && str_eqz(flag->name, "from") && !need_source(n, at, flag->pos, "COPY --from", flag->value, e))
            return false;
    }
    return !n->follows || constants_follow(n->ends, n->p, &n->constants, at, e);
}

/* A base that is a stage may hold ONBUILD triggers, which run here. */
static bool need_triggers_of_base(struct needs *n, const struct plan_stage *base, struct err *e) {
    for (size_t k = 0; k < base->n_body; k++) {
        const struct df_instruction *i = &base->body[k];
        struct site at = {.file = n->p->file->name, .i = i->trigger};
        if (i->op == DF_ONBUILD && i->trigger && !need_instruction(n, &at, e))
            return err_append(e, "; the trigger runs for the FROM of line %u", n->p->stages[n->stage].from->pos.line);
    }
    return true;
}

static int by_number(const void *a, const void *b) {
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static void needs_store(struct needs *n) {
    struct plan_stage *s = &n->p->stages[n->stage];
    if (n->n)
        qsort(n->found, n->n, sizeof *n->found, by_number);
    s->needs = n->found;
    s->n_needs = n->n;
}

static bool need_list(struct needs *n, const struct df_instruction *list, size_t length, struct err *e) {
    for (size_t k = 0; k < length; k++) {
        struct site at = {.file = n->p->file->name, .i = &list[k], .stage = list[k].number ? &n->p->stages[n->stage] : NULL};
        if (!need_instruction(n, &at, e))
            return false;
    }
    return true;
}

/* `triggers` are those of a base image. */
static bool need_stage(struct arena *a, struct plan *p, size_t stage, const struct df_instruction *triggers, size_t n_triggers,
                       struct constant_ends *ends, struct err *e) {
    const struct plan_stage *s = &p->stages[stage];
    const struct plan_stage *base = s->base_kind == BASE_STAGE ? &p->stages[s->base_stage] : NULL;
    struct site from = {.file = p->file->name, .i = s->from};
    struct needs n = {.a = a, .p = p, .stage = stage, .ends = ends};
    if (s->platform.n && !str_eq(s->platform, p->options.platform))
        return site_err(&from, flag_find(s->from, "platform")->pos, e,
                        "FROM --platform=%s is not supported by this version of croze: it builds for %s", SHOWN(s->platform),
                        SHOWN(p->options.platform));
    struct source_ref named;
    if (s->base_kind == BASE_NAMED && !named_resolve(p, stage, s->base_named, &named, e))
        return site_wrap(&from, s->from->arg_pos[0], e, "FROM %s", SHOWN(s->base_ref));
    n.follows = constants_wanted(s->body, s->n_body) || constants_wanted(triggers, n_triggers) ||
                (base && constants_wanted(base->body, base->n_body));
    if (n.follows && !constants_begin(ends, p, stage, &n.constants, e))
        return false;
    if (base) {
        need(&n, s->base_stage);
        if (!need_triggers_of_base(&n, base, e))
            return false;
    }
    if (!need_list(&n, triggers, n_triggers, e) || !need_list(&n, s->body, s->n_body, e))
        return false;
    needs_store(&n);
    return true;
}

/* Follows what was marked as needed below stage `top` and was not looked at before. */
static bool close_below(struct arena *a, struct plan *p, size_t top, const bool *seen, struct constant_ends *ends, struct err *e) {
    for (size_t k = top; k-- > 0;)
        if (p->stages[k].needed && !(seen && seen[k]) && !need_stage(a, p, k, NULL, 0, ends, e))
            return false;
    return true;
}

bool needs_close(struct arena *a, struct plan *p, struct err *e) {
    _cleanup_(constant_ends_fini) struct constant_ends ends = {0};
    p->stages[p->target].needed = true;
    return close_below(a, p, p->target + 1, NULL, &ends, e);
}

bool plan_parse_triggers(struct arena *a, const struct plan *p, const struct plan_stage *s, const struct str_list *texts,
                         struct df_instruction **out, struct err *e) {
    struct df_pos from = s->from->arg_pos[0];
    *out = arena_array(a, struct df_instruction, texts->n);
    for (size_t k = 0; k < texts->n; k++) {
        if (!dockerfile_parse_one(a, texts->p[k], trigger_name(a, s, k + 1, texts->p[k]), '\\', &(*out)[k], e))
            return err_wrap(e, "%.*s:%u:%u", STR_ARG(p->file->name), from.line, from.column);
        (*out)[k].number = k + 1;
    }
    return true;
}

/* The triggers may set what the stage's own sources are named by, so that it is looked at again. */
bool plan_add_triggers(struct arena *a, struct plan *p, size_t stage, const struct df_instruction *triggers, size_t n, struct err *e) {
    _cleanup_(constant_ends_fini) struct constant_ends ends = {0};
    _cleanup_(mem_freep) bool *seen = mem_zalloc(p->n_stages, sizeof *seen);
    assert(p->stages[stage].needed);
    for (size_t k = 0; k < p->n_stages; k++)
        seen[k] = p->stages[k].needed;
    return need_stage(a, p, stage, triggers, n, &ends, e) && close_below(a, p, stage, seen, &ends, e);
}

/* --- Build arguments that nothing asked for -------------------------------------------------------------------------------------- */

static bool declares(const struct df_instruction *i, struct str name) {
    if (i->op == DF_ONBUILD && i->trigger)
        i = i->trigger;
    for (size_t k = 0; i->op == DF_ARG && k < i->n_pairs; k++)
        if (str_eq(i->pairs[k].key, name))
            return true;
    return false;
}

void unused_args_find(struct arena *a, struct plan *p) {
    for (size_t k = 0; k < p->options.build_args.n; k++) {
        struct str name = p->options.build_args.p[k].key;
        bool used = is_predefined(name);
        for (size_t i = 0; !used && i < p->file->n_instructions; i++)
            used = declares(&p->file->instructions[i], name);
        if (!used)
            str_list_add(a, &p->unused_args, name);
    }
}
