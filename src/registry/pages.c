/* SPDX-License-Identifier: Apache-2.0
 * See pages.h. Pages are hostile: they may have no end, lead back to themselves, or elsewhere. */
#include "registry/pages.h"

#include "registry/link.h"

/* `next` lies in the arena. */
static bool read_page(struct registries *r, const struct pages *l, struct str page, struct arena *a, struct str *next, long *status,
                      struct err *e) {
    struct held_answer h = {0};
    struct registry_request q = l->first;
    q.path = page;
    *next = STR_NULL;
    bool good = l->alone ? registry_ask(r, &q, l->expect, &h.arena, &h.is, e) : registry_ask_held(r, &q, l->expect, &h, e);
    bool is_list = good && h.is.status < 300;
    *status = h.is.status;
    if (is_list)
        good = l->take(l->ctx, h.is.body, e) && link_follow(a, &h.is, next, e);
    held_answer_fini(&h);
    return good;
}

bool pages_read(struct registries *r, const struct pages *l, long *status, struct err *e) {
    struct arena places[2] = {ARENA_INIT, ARENA_INIT}; /* in turn: of the page that is read, and of the next one */
    struct str page = l->first.path, next;
    bool good = true;
    for (unsigned n = 0; good && page.n; n++, page = next) {
        arena_fini(&places[n % 2]);
        good = read_page(r, l, page, &places[n % 2], &next, status, e);
        if (good && (n >= l->most || (next.n && str_eq(next, page))))
            good = err_set(e, ERR_FAILED, "%s has no end: its pages lead back to themselves, or are more than %u", l->what, l->most);
    }
    arena_fini(&places[0]);
    arena_fini(&places[1]);
    return good;
}
