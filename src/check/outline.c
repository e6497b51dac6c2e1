/* SPDX-License-Identifier: Apache-2.0
 * Gathers the outline: the stages that the target needs are taken through their scopes, and each ARG and mount that passes is noted. Which
 * ARGs count as used is BuildKit's rule: those that a FROM uses, what their defaults use, and all that a stage declares. */
#include "check/outline.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/vec.h"
#include "check/config.h"
#include "check/expanded.h"
#include "check/walk.h"

typedef VEC(struct outline_item) items;

struct gather {
    struct arena *arena;
    uint64_t work;                /* left of LIMIT_FILE_WORK */
    const struct dockerfile *file;
    const struct plan *plan;
    items globals;                /* ARGs before the first FROM; the last of a name counts */
    struct str_list used;         /* of those, by name: they were followed */
    items args, secrets, ssh, caches;
};

/* "# NAME what it is": what stands behind the name in the first comment that begins with it. */
static struct str description(struct str comments, struct str name) {
    struct str comment;
    while (name.n && comment_next(&comments, &comment))
        if (str_starts(comment, name) && comment.n > name.n && comment.p[name.n] == ' ')
            return str_from(comment, name.n + 1);
    return STR_NULL;
}

static struct outline_item *find(const items *list, struct str name) {
    for (size_t k = list->n; k > 0; k--)
        if (str_eq(list->p[k - 1].name, name))
            return &list->p[k - 1];
    return NULL;
}

static struct outline_item item(const struct df_instruction *i, struct str name) {
    return (struct outline_item){.name = name, .line = i->pos.line, .line_end = i->line_end};
}

/* --- ARGs -------------------------------------------------------------------------------------------------------------------------- */

static void global_args(struct gather *g) {
    for (size_t k = 0; k < g->file->n_instructions && g->file->instructions[k].op == DF_ARG; k++) {
        const struct df_instruction *i = &g->file->instructions[k];
        for (size_t j = 0; j < i->n_pairs; j++) {
            struct outline_item arg = item(i, i->pairs[j].key);
            arg.description = description(i->comments, arg.name);
            (void)pair_list_get(&g->plan->global_args, arg.name, &arg.value);
            vec_push(&g->globals, arg);
        }
    }
}

static void put(items *list, struct outline_item new, bool replace) {
    struct outline_item *there = find(list, new.name);
    if (!there)
        vec_push(list, new);
    else if (replace)
        *there = new;
}

static void use_word(struct gather *g, struct str word, unsigned depth);

/* A global ARG, and what its defaults use. */
static void use_global(struct gather *g, struct str name, bool replace, unsigned depth) {
    const struct outline_item *global = find(&g->globals, name);
    struct str given;
    if (!global)
        return;
    put(&g->args, *global, replace);
    if (str_list_has(&g->used, name) || depth == LIMIT_EXPANSION_DEPTH)
        return;
    str_list_add(g->arena, &g->used, name);
    if (pair_list_get(&g->plan->options.build_args, name, &given))
        return;
    for (size_t k = 0; k < g->file->n_instructions && g->file->instructions[k].op == DF_ARG; k++)
        for (size_t j = 0; j < g->file->instructions[k].n_pairs; j++)
            if (str_eq(g->file->instructions[k].pairs[j].key, name))
                use_word(g, g->file->instructions[k].pairs[j].value, depth + 1);
}

static void use_word(struct gather *g, struct str word, unsigned depth) {
    struct expanded x;
    if (!expanded_make(g->arena, g->file->escape, word, &g->plan->global_args, &g->work, &x))
        return;
    for (size_t k = 0; k < x.n_found; k++)
        use_global(g, x.found[k], false, depth);
}

/* An ARG without a default or a build argument is the global one of its name, if there is one. A later stage's counts: it stands on the
 * earlier ones, or reads them. */
static void see_arg(struct gather *g, const struct walk_step *now) {
    for (size_t k = 0; k < now->i->n_pairs; k++) {
        const struct df_pair *pair = &now->i->pairs[k];
        struct outline_item arg = item(now->trigger ? now->stage->from : now->i, arena_str(g->arena, pair->key));
        struct str given;
        bool own = pair->has_value || pair_list_get(&g->plan->options.build_args, pair->key, &given);
        if (!own && pair_list_get(&g->plan->global_args, pair->key, &given)) {
            use_global(g, pair->key, true, 0);
            continue;
        }
        arg.description = arena_str(g->arena, description(now->i->comments, arg.name));
        if (pair_list_get(&now->scope->args, arg.name, &arg.value))
            arg.value = arena_str(g->arena, arg.value);
        put(&g->args, arg, true);
    }
}

/* --- Mounts ------------------------------------------------------------------------------------------------------------------------ */

static void see_mount(struct gather *g, items *list, const struct walk_step *now, const struct step_mount *m) {
    struct outline_item *there = find(list, m->id), mount = item(now->trigger ? now->stage->from : now->i, arena_str(g->arena, m->id));
    mount.required = m->required;
    if (there)
        there->required |= m->required;
    else
        vec_push(list, mount);
}

static void see_mounts(struct gather *g, const struct walk_step *now) {
    for (size_t k = 0; k < now->step->run.n_mounts; k++) {
        const struct step_mount *m = &now->step->run.mounts[k];
        if (m->kind == MOUNT_SECRET)
            see_mount(g, &g->secrets, now, m);
        else if (m->kind == MOUNT_SSH)
            see_mount(g, &g->ssh, now, m);
        else if (m->kind == MOUNT_CACHE)
            see_mount(g, &g->caches, now, m);
    }
}

static void see(void *ctx, const struct walk_step *now) {
    struct gather *g = ctx;
    if (now->step && now->i->op == DF_ARG)
        see_arg(g, now);
    else if (now->step && now->step->kind == STEP_RUN)
        see_mounts(g, now);
}

/* --- The whole --------------------------------------------------------------------------------------------------------------------- */

static int by_line(const void *a, const void *b) {
    const struct outline_item *x = a, *y = b;
    return x->line != y->line ? (x->line < y->line ? -1 : 1) : str_cmp(x->name, y->name);
}

static void take(struct gather *g, items *from, struct outline_list *to) {
    *to = (struct outline_list){arena_array(g->arena, struct outline_item, from->n), from->n};
    if (from->n) {
        memcpy(to->p, from->p, from->n * sizeof *to->p);
        qsort(to->p, to->n, sizeof *to->p, by_line);
    }
    vec_fini(from);
}

static void finish(struct gather *g, struct outline *out) {
    const struct plan_stage *target = &g->plan->stages[g->plan->target];
    for (size_t k = 0; k < g->plan->n_stages; k++) {
        const struct df_flag *platform = platform_flag(g->plan->stages[k].from);
        if (!g->plan->stages[k].needed)
            continue;
        use_word(g, g->plan->stages[k].from->args[0], 0);
        if (platform)
            use_word(g, platform->value, 0);
    }
    out->name = target->name;
    out->description = description(target->from->comments, target->name);
    take(g, &g->args, &out->args);
    take(g, &g->secrets, &out->secrets);
    take(g, &g->ssh, &out->ssh);
    take(g, &g->caches, &out->caches);
}

bool outline_make(struct arena *a, struct str text, struct str name, const struct check_options *o, struct outline *out, struct err *e) {
    struct dockerfile file;
    struct plan plan;
    *out = (struct outline){.text = text};
    if (!dockerfile_parse(a, text, name, &file, e) || !plan_make(a, &file, &o->plan, &plan, e))
        return false;
    struct gather g = {.arena = a, .work = LIMIT_FILE_WORK, .file = &file, .plan = &plan};
    struct check_options only_needed = *o;
    only_needed.all_stages = false;
    struct walk walk = {.options = &only_needed, .plan = &plan, .see = see, .ctx = &g};
    global_args(&g);
    bool good = walk_stages(&walk, e);
    if (good && walk.doubt.kind != ERR_NONE) {
        good = false;
        err_move(e, &walk.doubt);
        err_append(e, "; its base image is not known: put it into the store");
    }
    err_clear(&walk.doubt);
    finish(&g, out);
    vec_fini(&g.globals);
    arena_fini(&walk.arena);
    return good;
}

/* --- Targets ----------------------------------------------------------------------------------------------------------------------- */

bool targets_make(struct arena *a, struct str text, struct str name, struct targets *out, struct err *e) {
    struct dockerfile file;
    *out = (struct targets){.text = text};
    if (!dockerfile_parse(a, text, name, &file, e))
        return false;
    out->p = arena_array(a, struct target, file.n_instructions);
    for (size_t k = 0; k < file.n_instructions; k++) {
        const struct df_instruction *i = &file.instructions[k];
        if (i->op != DF_FROM)
            continue;
        const struct df_flag *platform = platform_flag(i);
        struct target *t = &out->p[out->n++];
        *t = (struct target){.base = i->args[0], .line = i->pos.line, .line_end = i->line_end};
        t->name = i->n_args == 3 ? check_lower(a, i->args[2]) : STR_NULL;
        t->description = description(i->comments, t->name);
        t->platform = platform ? platform->value : STR_NULL;
    }
    return true;
}
