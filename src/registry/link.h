/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: where a list goes on (RFC 8288; distribution-spec, "Listing Tags" and "Listing Referrers"). */
#ifndef CROZE_REGISTRY_LINK_H
#define CROZE_REGISTRY_LINK_H

#include "base/json.h"
#include "base/map.h"
#include "registry/client.h"

/* The target, as it stands there, of the first link of a Link header whose relation is "next"; "" if there is none. Any bytes are taken. */
struct str link_next(struct str header);
/* The URL of the page behind `page`, or "" at the end. It is where the page itself came from, by scheme, host and port: nobody else is
 * asked, whatever a header says. */
MUST_CHECK bool link_follow(struct arena *a, const struct registry_answer *page, struct str *next, struct err *e);

/* A list's way through its pages, which lead in a circle, or on without end, if the server likes. */
struct list_pages {
    const char *what;            /* "the list of tags" */
    struct map seen;
    unsigned n, idle;            /* pages; of them the last ones that brought nothing new */
    bool news;                   /* in this page */
};
void list_pages_fini(struct list_pages *p);
/* Whether an entry is new. `key` must outlive the pages. */
bool list_is_new(struct list_pages *p, struct str key);
/* At a page's end, with where the list goes on, or "": false if it makes no sense to follow it. */
MUST_CHECK bool list_goes_on(struct list_pages *p, struct str next, struct err *e);
/* The array `key` of a page, which is an object; null is an empty one (docker's registry), and nothing else is. The caller frees *doc. */
MUST_CHECK bool list_read(struct str body, const char *key, const char *what, yyjson_doc **doc, yyjson_val **list, struct err *e);

#endif
