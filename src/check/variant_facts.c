/* SPDX-License-Identifier: Apache-2.0
 * What a container of a Dockerfile's last stage starts with, and the instruction that says so: see variants.h. */
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "check/variants.h"
#include "check/walk.h"

struct reader {
    struct arena *arena;
    const struct plan *plan;
    VEC(struct variant_fact) facts;
    struct map known; /* kind and key -> its number among the facts, from 1 */
    bool *in_chain;   /* by stage: the last one, and those that it stands on */
    size_t work;      /* left */
    bool reached;     /* a step of the last stage, or there is none */
};

static bool spend(struct reader *r, size_t n) {
    bool enough = n <= r->work;
    r->work = enough ? r->work - n : 0;
    return enough;
}

/* What comes later replaces what was said before. */
static void put(struct reader *r, enum variant_kind kind, struct str key, struct str value, struct df_pos pos) {
    struct str name = arena_printf(r->arena, "%d %.*s", (int)kind, STR_ARG(key));
    struct variant_fact f = {kind, arena_str(r->arena, key), arena_str(r->arena, value), pos};
    size_t number = (size_t)(uintptr_t)map_get(&r->known, name);
    if (number) {
        r->facts.p[number - 1] = f;
        return;
    }
    vec_push(&r->facts, f);
    (void)map_put(&r->known, name, (void *)(uintptr_t)r->facts.n);
}

static struct str joined(struct reader *r, const struct str_list *l) {
    _cleanup_(buf_fini) struct buf b = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    for (size_t k = 0; k < l->n; k++) {
        buf_add_str(&b, k ? S(" ") : STR_NULL);
        buf_add_str(&b, l->p[k]);
    }
    return arena_str(r->arena, buf_str(&b));
}

/* A port's word may leave its protocol out. */
static bool is_said_by(struct str key, struct str word) {
    return str_starts(key, word) && (key.n == word.n || key.p[word.n] == '/');
}

/* Of a list those that are new, each where its word stands, if it stands there as it is. */
static void put_new(struct reader *r, enum variant_kind kind, const struct str_list *l, const struct walk_step *now, struct df_pos pos) {
    size_t first = r->facts.n, words = now->trigger || !now->i->arg_pos ? 0 : now->i->n_args;
    for (size_t k = 0; k < l->n && spend(r, 1); k++) {
        struct str name = arena_printf(r->arena, "%d %.*s", (int)kind, STR_ARG(l->p[k]));
        if (!map_get(&r->known, name))
            put(r, kind, l->p[k], STR_NULL, pos);
    }
    for (size_t k = first; k < r->facts.n && spend(r, words); k++)
        for (size_t w = 0; w < words; w++)
            if (is_said_by(r->facts.p[k].key, now->i->args[w]))
                r->facts.p[k].pos = now->i->arg_pos[w];
}

static void put_pairs(struct reader *r, enum variant_kind kind, const struct pair_list *values, const struct walk_step *now,
                      struct df_pos pos) {
    for (size_t k = 0; k < now->i->n_pairs; k++) {
        const struct df_pair *pair = &now->i->pairs[k];
        struct str value = STR_NULL;
        bool there = pair_list_get(values, pair->key, &value) || kind == VARIANT_ARG;
        if (there)
            put(r, kind, pair->key, kind == VARIANT_LABEL ? STR_NULL : value, now->trigger ? pos : pair->pos);
    }
}

static void see_instruction(struct reader *r, const struct walk_step *now, struct df_pos pos) {
    const struct container_config *c = &now->scope->config;
    switch (now->i->op) {
    case DF_EXPOSE:
        put_new(r, VARIANT_EXPOSE, &c->exposed_ports, now, pos);
        break;
    case DF_VOLUME:
        put_new(r, VARIANT_VOLUME, &c->volumes, now, pos);
        break;
    case DF_ENV:
        put_pairs(r, VARIANT_ENV, &c->env, now, pos);
        break;
    case DF_ARG:
        put_pairs(r, VARIANT_ARG, &now->scope->args, now, pos);
        break;
    case DF_LABEL:
        put_pairs(r, VARIANT_LABEL, &c->labels, now, pos);
        break;
    case DF_ENTRYPOINT:
        put(r, VARIANT_ENTRYPOINT, STR_NULL, joined(r, &c->entrypoint), pos);
        break;
    case DF_CMD:
        put(r, VARIANT_CMD, STR_NULL, joined(r, &c->cmd), pos);
        break;
    case DF_USER:
        put(r, VARIANT_USER, STR_NULL, c->user, pos);
        break;
    case DF_WORKDIR:
        put(r, VARIANT_WORKDIR, STR_NULL, c->workdir, pos);
        break;
    case DF_STOPSIGNAL:
        put(r, VARIANT_STOPSIGNAL, STR_NULL, c->stop_signal, pos);
        break;
    case DF_HEALTHCHECK:
        put(r, VARIANT_HEALTHCHECK, STR_NULL, joined(r, &c->health.test), pos);
        break;
    default:
        break;
    }
}

static void see(void *ctx, const struct walk_step *now) {
    struct reader *r = ctx;
    size_t last = r->plan->n_stages - 1;
    const struct plan_stage *s = now->stage;
    if (!now->step || !r->in_chain[s->index])
        return;
    see_instruction(r, now, now->trigger ? s->from->pos : now->i->pos);
    r->reached |= s->index == last && s->n_body && now->i == &s->body[s->n_body - 1];
}

/* The stages that the last one stands on. */
static void mark_chain(struct reader *r, const struct plan *p) {
    const struct plan_stage *s = &p->stages[p->n_stages - 1];
    r->plan = p;
    r->in_chain = arena_array(r->arena, bool, p->n_stages);
    r->reached = s->n_body == 0;
    r->in_chain[s->index] = true;
    while (s->base_kind == BASE_STAGE) {
        s = &p->stages[s->base_stage];
        r->in_chain[s->index] = true;
    }
}

static void walk(struct reader *r, const struct plan_options *o, struct plan *p, struct variant_facts *out) {
    struct err e = ERR_INIT;
    struct check_options options = {.plan = *o};
    struct walk w = {.options = &options, .plan = p, .see = see, .ctx = r};
    mark_chain(r, p);
    out->from = p->stages[p->n_stages - 1].from->pos;
    out->whole = walk_stages(&w, &e) && r->reached && r->work > 0;
    err_clear(&w.doubt);
    err_clear(&e);
    arena_fini(&w.arena);
}

void variant_facts_read(struct arena *a, const struct variant_file *file, const struct plan_options *o, struct variant_facts *out) {
    struct reader r = {.arena = a, .work = LIMIT_VARIANT_WORK};
    struct dockerfile *df = arena_new(a, struct dockerfile);
    struct plan *p = arena_new(a, struct plan);
    struct err e = ERR_INIT;
    *out = (struct variant_facts){0};
    if (dockerfile_parse(a, file->text, file->name, df, &e) && plan_make(a, df, o, p, &e) && p->n_stages)
        walk(&r, o, p, out);
    err_clear(&e);
    out->p = arena_array(a, struct variant_fact, r.facts.n);
    out->n = r.facts.n;
    if (r.facts.n)
        memcpy(out->p, r.facts.p, r.facts.n * sizeof *r.facts.p);
    vec_fini(&r.facts);
    map_fini(&r.known);
}
