/* SPDX-License-Identifier: Apache-2.0
 * Named contexts: see named.h. */
#include "plan/named.h"

#include "plan/reference.h"

static bool one_check(const struct named_context *c, struct err *e) {
    const char *fault = reference_fault(c->name);
    if (fault)
        return err_set(e, ERR_USAGE, "--build-context %s: that is no name of a stage or an image: %s", SHOWN(c->name), fault);
    if (str_eqz(c->name, "scratch") || str_eqz(c->name, "context"))
        return err_set(e, ERR_USAGE, "--build-context %s: nothing can stand in for \"%s\"", SHOWN(c->name), SHOWN(c->name));
    fault = c->kind == NAMED_IMAGE ? reference_fault(c->value) : NULL;
    return !fault || err_set(e, ERR_USAGE, "--build-context %s: \"%s\" is not the name of an image: %s", SHOWN(c->name),
                             SHOWN(c->value), fault);
}

bool named_check(const struct plan *p, struct err *e) {
    for (size_t k = 0; k < p->options.n_named; k++)
        if (!one_check(&p->options.named[k], e))
            return false;
    return true;
}

bool named_find(const struct plan *p, struct str name, size_t *which) {
    if (name.n == 0 || str_eq_nocase(name, S("scratch")))
        return false;
    for (size_t k = p->options.n_named; k-- > 0;)
        if (str_eq_nocase(p->options.named[k].name, name) || reference_equal(p->options.named[k].name, name)) {
            *which = k;
            return true;
        }
    return false;
}

static bool follow_stage(const struct plan *p, size_t from, const struct named_context *c, size_t *stage, struct err *e) {
    bool found;
    if (!plan_find_stage(p, from, c->value, &found, stage, e))
        return false;
    return found || err_set(e, ERR_USAGE, "there is no stage \"%s\"", SHOWN(c->value));
}

/* A context may stand for a stage that another context replaces, and so on; more steps than there are contexts are a circle. */
bool named_resolve(const struct plan *p, size_t from, size_t which, struct source_ref *out, struct err *e) {
    const struct named_context *first = &p->options.named[which];
    for (size_t steps = 0; steps < p->options.n_named; steps++) {
        const struct named_context *c = &p->options.named[which];
        *out = (struct source_ref){.kind = c->kind == NAMED_IMAGE ? SOURCE_IMAGE : SOURCE_NAMED};
        out->image = c->kind == NAMED_IMAGE ? c->value : STR_NULL;
        out->named = c->kind == NAMED_IMAGE ? 0 : which;
        if (c->kind != NAMED_STAGE)
            return true;
        *out = (struct source_ref){.kind = SOURCE_STAGE};
        if (!follow_stage(p, from, c, &out->stage, e))
            return err_wrap(e, "--build-context %s=target:%s", SHOWN(c->name), SHOWN(c->value));
        if (!named_find(p, p->stages[out->stage].name, &which))
            return true;
    }
    return err_set(e, ERR_USAGE, "--build-context %s leads in a circle", SHOWN(first->name));
}
