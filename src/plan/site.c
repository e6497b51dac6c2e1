/* SPDX-License-Identifier: Apache-2.0
 * Places in messages, and "did you mean": see site.h. */
#include "plan/site.h"

#include "base/mem.h"
#include "base/near.h"

static bool place(const struct site *at, struct df_pos pos, struct err *e) {
    if (!at->from)
        return err_wrap(e, "%.*s:%u:%u", STR_ARG(at->file), pos.line, pos.column);
    struct df_pos from = at->from->pos;
    return err_wrap(e, "%.*s:%u:%u: ONBUILD trigger of the base, \"%.*s\"", STR_ARG(at->file), from.line, from.column,
                    STR_ARG(at->i->original));
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
