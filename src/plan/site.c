/* SPDX-License-Identifier: Apache-2.0
 * Places in messages, and "did you mean": see site.h. */
#include "plan/site.h"

#include "base/mem.h"
#include "base/near.h"
#include "plan/plan.h"

struct str trigger_name(struct arena *a, const struct plan_stage *stage, size_t number, struct str text) {
    return arena_printf(a, "FROM %s: ONBUILD trigger %zu \"%s\"", SHOWN(stage->base_ref), number, SHOWN(text));
}

static bool place(const struct site *at, struct df_pos pos, struct err *e) {
    if (!at->stage)
        return err_wrap(e, "%.*s:%u:%u", STR_ARG(at->file), pos.line, pos.column);
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct df_pos from = at->stage->from->arg_pos[0];
    struct str trigger = trigger_name(&a, at->stage, at->i->number, at->i->original);
    return err_wrap(e, "%.*s:%u:%u: %.*s:%u:%u", STR_ARG(at->file), from.line, from.column, STR_ARG(trigger), pos.line, pos.column);
}

bool site_err(const struct site *at, struct df_pos pos, struct err *e, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    (void)err_set(e, ERR_USAGE, "%s", text);
    return place(at, pos, e);
}

bool site_wrap(const struct site *at, struct df_pos pos, struct err *e, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    (void)err_wrap(e, "%s", text);
    return place(at, pos, e);
}

const char *nearest_option(struct str text, const char *const *options) {
    struct near n = {text};
    for (; *options; options++)
        near_try(&n, str_z(*options));
    return n.name.p;
}
