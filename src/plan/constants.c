/* SPDX-License-Identifier: Apache-2.0
 * Variables that are known before anything runs: see constants.h. */
#include "plan/constants.h"

#include "base/limits.h"
#include "base/mem.h"
#include "plan/flags.h"
#include "plan/vars.h"

/* --- Looking up ------------------------------------------------------------------------------------------------------------------ */

struct lookup {
    const struct plan *p;
    const struct constants *c;
    struct str fault;         /* the first name that is not known */
    bool varies;              /* it is set, but by ENV; else nobody declares it */
};

static bool get(void *ctx, struct str name, struct str *value) {
    struct lookup *l = ctx;
    vars_charge(l->p->work, l->c->known.n + l->c->varying.n + l->c->unset.n + l->p->global_args.n);
    if (pair_list_get(&l->c->known, name, value))
        return true;
    bool varies = str_list_has(&l->c->varying, name);
    if (!varies && pair_list_get(&l->p->global_args, name, value))
        return true;
    if (!l->fault.p && (varies || !str_list_has(&l->c->unset, name))) {
        l->fault = name;
        l->varies = varies;
    }
    return false;
}

/* A variable is not known. An ARG above that cannot be expanded is what has to be mended first. */
static bool unknown(const struct lookup *l, const struct site *at, struct df_pos pos, const char *what, struct str text, struct err *e) {
    if (l->varies && l->c->broken.n)
        return err_set(e, ERR_USAGE, "%.*s", STR_ARG(l->c->broken));
    if (l->varies)
        return site_err(at, pos, e,
                        "%s=%s: %s comes from ENV and is not known before the build runs: use an ARG that does not depend on ENV", what,
                        SHOWN(text), SHOWN(l->fault));
    return site_err(at, pos, e, "%s=%s: no ARG declares %s, and ENV is not known before the build runs: declare ARG %s above it", what,
                    SHOWN(text), SHOWN(l->fault), SHOWN(l->fault));
}

bool constants_expand(struct constant_ends *ends, const struct plan *p, const struct constants *c, const struct site *at,
                      struct df_pos pos, const char *what, struct str text, struct str *out, struct err *e) {
    struct lookup l = {.p = p, .c = c};
    struct err failed = ERR_INIT;
    bool good = df_expand(&ends->arena, text, p->file->escape, (struct df_vars){get, &l, p->work}, NULL, out, &failed);
    if (l.fault.p) {
        err_clear(&failed);
        return unknown(&l, at, pos, what, text, e);
    }
    if (!good) {
        err_move(e, &failed);
        return site_wrap(at, pos, e, "%s=%s", what, SHOWN(text));
    }
    return out->n > 0 || site_err(at, pos, e, "%s=%s gives an empty name", what, SHOWN(text));
}

/* --- Following a stage ----------------------------------------------------------------------------------------------------------- */

static void forget(struct str_list *l, struct str name) {
    for (size_t k = 0; k < l->n; k++)
        if (str_eq(l->p[k], name)) {
            l->p[k] = l->p[--l->n];
            return;
        }
}

/* The step would refuse more variables than these. */
static bool is_full(const struct constants *c) {
    return c->known.n + c->unset.n + c->varying.n >= (size_t)2 * LIMIT_CONFIG_ENTRIES;
}

static void set_known(struct arena *a, struct constants *c, struct str name, struct str value) {
    forget(&c->unset, name);
    forget(&c->varying, name);
    if (!is_full(c))
        pair_list_set(a, &c->known, name, value);
}

static void set_varying(struct arena *a, struct constants *c, struct str name) {
    pair_list_remove(&c->known, name);
    forget(&c->unset, name);
    if (!is_full(c) && !str_list_has(&c->varying, name))
        str_list_add(a, &c->varying, name);
}

/* ARG without a value leaves one that was there. */
static void set_unset(struct arena *a, struct constants *c, struct str name) {
    struct str ignored;
    if (!is_full(c) && !pair_list_get(&c->known, name, &ignored) && !str_list_has(&c->varying, name) && !str_list_has(&c->unset, name))
        str_list_add(a, &c->unset, name);
}

/* False: it needs what is not known, or cannot be expanded whatever that is: its step will say so, if it comes to that. */
static bool expand(struct arena *a, const struct plan *p, struct constants *c, const struct site *at, struct df_pos pos, struct str text,
                   struct str *out) {
    struct lookup l = {.p = p, .c = c};
    struct err failed = ERR_INIT;
    bool good = df_expand(a, text, p->file->escape, (struct df_vars){get, &l, p->work}, NULL, out, &failed);
    if (!good && !l.fault.p && c->broken.n == 0) {
        (void)site_wrap(at, pos, &failed, "%s", df_op_name(at->i->op));
        c->broken = arena_str(a, str_z(failed.msg));
    }
    err_clear(&failed);
    return good && !l.fault.p;
}

static void follow_arg(struct arena *a, const struct plan *p, struct constants *c, const struct site *at, const struct df_pair *pair) {
    struct str value;
    if (pair_list_get(&p->options.build_args, pair->key, &value) ||
        (!pair->has_value && pair_list_get(&p->global_args, pair->key, &value)))
        set_known(a, c, pair->key, value);
    else if (!pair->has_value)
        set_unset(a, c, pair->key);
    else if (expand(a, p, c, at, pair->pos, pair->value, &value))
        set_known(a, c, pair->key, value);
    else
        set_varying(a, c, pair->key);
}

static bool within_limit(const struct arena *a, const struct site *at, struct df_pos pos, struct err *e) {
    return a->total_bytes <= LIMIT_BUILD_BYTES ||
           site_err(at, pos, e, "the ARGs of all stages take more than %zu MiB when expanded", LIMIT_BUILD_BYTES >> 20);
}

bool constants_follow(struct constant_ends *ends, const struct plan *p, struct constants *c, const struct site *at, struct err *e) {
    const struct df_instruction *i = at->i;
    for (size_t k = 0; k < i->n_pairs; k++) {
        const struct df_pair *pair = &i->pairs[k];
        struct str key;
        if (i->op == DF_ARG)
            follow_arg(&ends->arena, p, c, at, pair);
        else if (i->op == DF_ENV && expand(&ends->arena, p, c, at, pair->pos, pair->key, &key))
            set_varying(&ends->arena, c, key);
        vars_charge(p->work, c->known.n + c->unset.n + c->varying.n + p->global_args.n);
        if (*p->work == 0)
            return site_err(at, pair->pos, e, "the file sets so many variables so often that it would take too long");
    }
    return within_limit(&ends->arena, at, i->pos, e);
}

/* --- From stage to stage --------------------------------------------------------------------------------------------------------- */

bool constants_wanted(const struct df_instruction *list, size_t n) {
    for (size_t k = 0; k < n; k++) {
        const struct df_instruction *i = list[k].op == DF_ONBUILD && list[k].trigger ? list[k].trigger : &list[k];
        for (size_t f = 0; f < i->n_flags; f++)
            if ((str_eqz(i->flags[f].name, "from") || str_eqz(i->flags[f].name, "mount")) && has_variable(i->flags[f].value))
                return true;
    }
    return false;
}

void constant_ends_fini(struct constant_ends *ends) {
    arena_fini(&ends->arena);
    ends->of = NULL;
}

/* A list of its own over the same texts. */
static void share(struct arena *a, struct str_list *to, const struct str_list *from) {
    *to = (struct str_list){.p = arena_array(a, struct str, from->n), .n = from->n, .capacity = from->n};
    if (from->n)
        memcpy(to->p, from->p, from->n * sizeof *to->p);
}

/* What a stage takes over from the one that it stands on. */
static void inherit(struct arena *a, const struct constants *ends, const struct plan_stage *s, struct constants *out) {
    *out = (struct constants){0};
    if (s->base_kind != BASE_STAGE)
        return;
    const struct constants *base = &ends[s->base_stage];
    out->broken = base->broken;
    out->known = (struct pair_list){arena_array(a, struct str_pair, base->known.n), base->known.n, base->known.n};
    if (base->known.n)
        memcpy(out->known.p, base->known.p, base->known.n * sizeof *out->known.p);
    share(a, &out->unset, &base->unset);
    share(a, &out->varying, &base->varying);
}

static bool follow_stage(struct constant_ends *ends, const struct plan *p, const struct plan_stage *s, struct constants *c, struct err *e) {
    const struct plan_stage *base = s->base_kind == BASE_STAGE ? &p->stages[s->base_stage] : NULL;
    for (size_t k = 0; base && k < base->n_body; k++) {
        struct site at = {.file = p->file->name, .i = base->body[k].trigger};
        if (base->body[k].op == DF_ONBUILD && at.i && !constants_follow(ends, p, c, &at, e))
            return false;
    }
    for (size_t k = 0; k < s->n_body; k++) {
        struct site at = {.file = p->file->name, .i = &s->body[k]};
        if (!constants_follow(ends, p, c, &at, e))
            return false;
    }
    return true;
}

/* Stages stand on earlier ones, so that one pass down the file finds each base ready. */
static bool work_out(struct constant_ends *ends, const struct plan *p, struct err *e) {
    ends->of = arena_array(&ends->arena, struct constants, p->n_stages);
    for (size_t k = 0; k < p->n_stages; k++) {
        const struct plan_stage *s = &p->stages[k];
        struct site at = {.file = p->file->name, .i = s->from};
        inherit(&ends->arena, ends->of, s, &ends->of[k]);
        if (!within_limit(&ends->arena, &at, s->from->pos, e) || !follow_stage(ends, p, s, &ends->of[k], e))
            return false;
    }
    return true;
}

bool constants_begin(struct constant_ends *ends, const struct plan *p, size_t stage, struct constants *out, struct err *e) {
    if (!ends->of && !work_out(ends, p, e))
        return false;
    inherit(&ends->arena, ends->of, &p->stages[stage], out);
    return true;
}
