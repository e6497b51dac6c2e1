/* SPDX-License-Identifier: Apache-2.0
 * See pages.h. Pages are hostile: they may have no end, lead back to themselves, or elsewhere. */
#include "registry/pages.h"

#include "base/limits.h"
#include "base/map.h"
#include "registry/link.h"

/* Where a list has been: its pages may lead in a circle, or on without end and without news. */
struct way {
    struct map seen; /* URLs of pages */
    struct arena arena;
    size_t kept;        /* entries, at the last page that brought some */
    struct digest page; /* of the last one */
    unsigned n, idle;
    bool same; /* the page is the one before it once more */
};

/* `next` lies in the arena. That there is no list is said of its first page; a later one that is missing is a part of it. */
static bool read_page(struct registries *r, const struct pages *l, struct str page, struct arena *a, struct way *w, struct str *next,
                      long *status, struct err *e) {
    struct held_answer h = {0};
    struct registry_request q = l->first;
    const int *expect = w->n == 0 ? l->expect : NULL;
    q.path = page;
    *next = STR_NULL;
    bool good = l->alone ? registry_ask(r, &q, expect, &h.arena, &h.is, e) : registry_ask_held(r, &q, expect, &h, e);
    bool is_list = good && h.is.status < 300;
    *status = h.is.status;
    struct digest page_digest = sha256_of(h.is.body.p, h.is.body.n);
    w->same = is_list && digest_eq(&page_digest, &w->page);
    w->page = page_digest;
    if (is_list)
        good = l->take(l->ctx, h.is.body, e) && link_follow(a, &h.is, next, e);
    held_answer_fini(&h);
    return good;
}

enum { IDLE_PAGES = 5 };

static bool goes_on(struct way *w, const struct pages *l, struct str next, struct err *e) {
    if (!next.n)
        return true;
    w->idle = *l->kept > w->kept && !w->same ? 0 : w->idle + 1;
    w->kept = *l->kept;
    if (w->idle > IDLE_PAGES)
        return err_set(e, ERR_FAILED, "%s has no end: the last %u pages bring nothing new", l->what, w->idle);
    struct str key = arena_str(&w->arena, next);
    if (map_put(&w->seen, key, w) || ++w->n > l->most)
        return err_set(e, ERR_FAILED, "%s has no end: its pages lead back to themselves, or are more than %u", l->what, l->most);
    return w->arena.total_bytes <= LIMIT_TAGS_BYTES || err_set(e, ERR_FAILED, "%s: the names of its pages take too much room", l->what);
}

bool pages_read(struct registries *r, const struct pages *l, long *status, struct err *e) {
    struct arena places[2] = {ARENA_INIT, ARENA_INIT}; /* in turn: of the page that is read, and of the next one */
    struct way way = {.arena = ARENA_INIT};
    struct str page = l->first.path, next;
    bool good = true;
    for (unsigned n = 0; good && page.n; n++, page = next) {
        arena_fini(&places[n % 2]);
        good = read_page(r, l, page, &places[n % 2], &way, &next, status, e) && goes_on(&way, l, next, e);
    }
    arena_fini(&places[0]);
    arena_fini(&places[1]);
    arena_fini(&way.arena);
    map_fini(&way.seen);
    return good;
}

bool list_read(struct str body, const char *key, const char *what, yyjson_doc **doc, yyjson_val **list, struct err *e) {
    *doc = json_parse_few(body, LIMIT_JSON_BYTES, LIMIT_TAGS, what, e);
    if (!*doc)
        return false;
    *list = yyjson_obj_get(yyjson_doc_get_root(*doc), key);
    return yyjson_is_arr(*list) || yyjson_is_null(*list) || err_set(e, ERR_FAILED, "what came is no %s: it has no list \"%s\"", what, key);
}
