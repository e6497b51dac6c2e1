/* SPDX-License-Identifier: Apache-2.0
 * Which tags may have been meant, when one is not there: those that begin most like it (graph.h). */
#include "base/vec.h"
#include "registry/graph.h"

enum { NEAREST_MAX = 5 };

static size_t in_common(struct str a, struct str b) {
    size_t n = 0;
    while (n < a.n && n < b.n && a.p[n] == b.p[n])
        n++;
    return n;
}

/* The tag that is not yet taken and has the most in common; of equals the last, which is mostly the newest. */
static struct str *next_nearest(struct str *tags, size_t n, struct str wanted) {
    struct str *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (tags[i].n && !str_starts(tags[i], S("sha256-")) && (!best || in_common(tags[i], wanted) >= in_common(*best, wanted)))
            best = &tags[i];
    return best;
}

void say_nearest_tags(struct place *from, struct str wanted, struct err *e) {
    struct arena a = ARENA_INIT;
    struct err no_list = ERR_INIT;
    struct str *tags, text = STR_NULL;
    size_t n, shown = 0;
    if (from->ops->tags(from, &a, &tags, &n, &no_list))
        for (struct str *t; shown < NEAREST_MAX && (t = next_nearest(tags, n, wanted)); shown++) {
            text = arena_join3(&a, text, text.n ? S(", ") : STR_NULL, *t);
            *t = STR_NULL;
        }
    if (shown)
        err_append(e, "; there %s %.*s%s", shown == 1 ? "is" : "are", STR_ARG(text), shown < n && shown == NEAREST_MAX ? ", ..." : "");
    err_clear(&no_list);
    arena_fini(&a);
}
