/* SPDX-License-Identifier: Apache-2.0
 * Names of stages, images and named contexts in COPY --from and RUN --mount: see source.h. */
#include "plan/source.h"

#include "plan/flags.h"
#include "plan/named.h"
#include "plan/reference.h"
#include "plan/steps.h"
#include "plan/vars.h"

static bool is_digits(struct str s) {
    for (size_t k = 0; k < s.n; k++)
        if (s.p[k] < '0' || s.p[k] > '9')
            return false;
    return s.n > 0;
}

static bool by_index(const struct plan *p, size_t from, struct str name, size_t *stage, struct err *e) {
    uint64_t index;
    if (!str_to_u64(name, 10, SIZE_MAX, &index) || index >= p->n_stages)
        return err_set(e, ERR_USAGE, "there is no stage %s: the file has %zu", SHOWN(name), p->n_stages);
    if (index >= from)
        return err_set(e, ERR_USAGE, index == from ? "stage %s is this stage itself" : "stage %s comes after this one", SHOWN(name));
    *stage = (size_t)index;
    return true;
}

/* Stage names begin with a letter, so a number is always an index. Of equal names the nearest above counts. */
bool plan_find_stage(const struct plan *p, size_t from, struct str name, bool *found, size_t *stage, struct err *e) {
    *found = true;
    if (is_digits(name))
        return by_index(p, from, name, stage, e);
    for (size_t k = from; k-- > 0;)
        if (name.n && str_eq_nocase(p->stages[k].name, name)) {
            *stage = k;
            return true;
        }
    for (size_t k = from; k < p->n_stages; k++)
        if (name.n && str_eq_nocase(p->stages[k].name, name))
            return err_set(e, ERR_USAGE, k == from ? "\"%s\" is this stage itself" : "stage \"%s\" comes after this one",
                           SHOWN(name));
    *found = false;
    return true;
}

/* A named context comes first, for a stage's number too; then stages; then images. */
static bool resolve(const struct plan *p, size_t stage, struct str name, struct source_ref *out, struct err *e) {
    bool found = false;
    size_t which = 0;
    *out = (struct source_ref){.kind = SOURCE_CONTEXT};
    if (named_find(p, name, &which))
        return named_resolve(p, stage, which, out, e);
    if (!plan_find_stage(p, stage, name, &found, &out->stage, e))
        return false;
    if (found && named_find(p, p->stages[out->stage].name, &which))
        return named_resolve(p, stage, which, out, e);
    out->kind = found ? SOURCE_STAGE : SOURCE_IMAGE;
    out->image = found ? STR_NULL : name;
    const char *fault = found ? NULL : reference_fault(name);
    return !fault || err_set(e, ERR_USAGE, "that is neither a stage nor the name of an image: %s", fault);
}

bool source_resolve(const struct plan *p, size_t stage, const struct site *at, struct df_pos pos, const char *what, struct str name,
                    struct source_ref *out, struct err *e) {
    *out = (struct source_ref){.kind = SOURCE_CONTEXT};
    if (name.n == 0)
        return true;
    if (!resolve(p, stage, name, out, e))
        return site_wrap(at, pos, e, "%s=%s", what, SHOWN(name));
    if (out->kind == SOURCE_IMAGE && str_eqz(out->image, "scratch"))
        return site_err(at, pos, e, "%s=%s: there is nothing in scratch", what, SHOWN(name));
    return true;
}

/* --- With a step ----------------------------------------------------------------------------------------------------------------- */

/* The stage's variables, and the ARGs before the first FROM, as in FROM itself. */
static bool get(void *ctx, struct str name, struct str *value) {
    struct scope *s = ctx;
    vars_charge(&s->work, s->args.n + s->config.env.n + s->plan->global_args.n);
    return scope_lookup(s, name, value) || pair_list_get(&s->plan->global_args, name, value);
}

static bool is_needed(const struct plan_stage *s, size_t stage) {
    for (size_t k = 0; k < s->n_needs; k++)
        if (s->needs[k] == stage)
            return true;
    return false;
}

/* The plan has foreseen what the variables say, or refused them. What it could not know is what a base image adds: a variable of its own
 * in an ARG's default, or an ARG in its triggers for the stages that stand on this one. */
bool scope_source(struct scope *s, const struct df_instruction *i, struct df_pos pos, const char *what, struct str text,
                  struct source_ref *out, struct err *e) {
    struct site at = scope_site(s, i);
    struct str name = text;
    if (has_variable(text) && !df_expand(s->arena, text, s->plan->file->escape, (struct df_vars){get, s, &s->work}, NULL, &name, e))
        return site_wrap(&at, pos, e, "%s=%s", what, SHOWN(text));
    if (text.n && name.n == 0)
        return site_err(&at, pos, e, "%s=%s gives an empty name", what, SHOWN(text));
    if (!source_resolve(s->plan, s->stage->index, &at, pos, what, name, out, e))
        return false;
    return out->kind != SOURCE_STAGE || is_needed(s->stage, out->stage) ||
           site_err(&at, pos, e, "%s=%s: that the base image makes \"%s\" of it could not be foreseen; name the stage", what,
                    SHOWN(text), SHOWN(name));
}
