/* SPDX-License-Identifier: Apache-2.0
 * The answer of the same matcher that COPY asks, in words: see explain_ignore.h. */
#include "build/explain_ignore.h"

static bool exists(const struct build *b, struct arena *a, struct str path) {
    _cleanup_fd_ int fd = file_openat_nolinks(b->context.fd, arena_strz(a, path.n ? path : S(".")), O_PATH | O_NOFOLLOW, 0);
    return fd >= 0;
}

static void add_verdict(struct buf *out, const struct ignore *ig, struct str path, bool excluded, ptrdiff_t which) {
    buf_add_shown(out, path.n ? path : S("."));
    buf_printf(out, excluded ? ": excluded" : ": included");
    if (which >= 0) {
        const struct ignore_pattern *p = &ig->patterns[which];
        buf_printf(out, " by ");
        buf_add_shown(out, ig->name);
        buf_printf(out, ":%u \"%s", p->line, p->negated ? "!" : "");
        buf_add_shown(out, p->text);
        buf_add_char(out, '"');
    } else if (ig->name.n) {
        buf_printf(out, ", no line of ");
        buf_add_shown(out, ig->name);
        buf_printf(out, " matches");
    } else {
        buf_printf(out, ", there is no ignore file");
    }
}

/* What is excluded and has something below it that is not. */
static void add_rest(struct buf *out, const struct ignore *ig, struct str path, bool excluded) {
    if (excluded && ignore_may_reinclude_below(ig, path))
        buf_printf(out, " (what lies below may be included again)");
}

static void explain(struct build *b, struct arena *a, struct str given) {
    const struct ignore *ig = &b->context.ignore;
    struct buf *out = b->options->explain->out;
    struct str path = path_clean(a, given, true); /* what ".." would lead out of stays inside, as an operand of COPY */
    ptrdiff_t which = -1, above = -1;
    for (size_t i = 0; i < path.n; i++) {
        struct str parent = str_first(path, i);
        if (path.p[i] != '/')
            continue;
        bool excluded = ignore_match(ig, parent, &which);
        if (which != above) {
            add_verdict(out, ig, parent, excluded, which);
            add_rest(out, ig, parent, excluded);
            buf_add_char(out, '\n');
        }
        above = which;
    }
    bool excluded = ignore_match(ig, path, &which);
    add_verdict(out, ig, path, excluded, which);
    if (!exists(b, a, path))
        buf_printf(out, " (and it is not there)");
    else
        add_rest(out, ig, path, excluded);
    buf_add_char(out, '\n');
}

void explain_ignore(struct build *b) {
    const struct build_explain *x = b->options->explain;
    for (size_t i = 0; i < x->n; i++) {
        struct arena a = ARENA_INIT;
        explain(b, &a, x->paths[i]);
        arena_fini(&a);
    }
}
