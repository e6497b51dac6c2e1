/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: lists that come in pages (distribution-spec 1.1, "Listing Tags", "Listing Referrers"; docker's catalog). Of all
 * pages one is held at a time; what of it is kept, and how much, is its reader's business. */
#ifndef CROZE_REGISTRY_PAGES_H
#define CROZE_REGISTRY_PAGES_H

#include "base/json.h"
#include "registry/client.h"

struct pages {
    struct registry_request first; /* the first page; Link headers lead on */
    const int *expect;             /* other statuses of the first page that are no error: then there is no list */
    unsigned most;
    bool alone;                    /* nobody reads another list meanwhile: a large page need not be asked for twice to be held alone */
    const char *what;              /* "the list of tags" */
    bool (*take)(void *ctx, struct str body, struct err *e);
    void *ctx;
    const size_t *kept;            /* how many entries the reader has kept: pages that bring none, one behind the other, are not followed */
};
/* *status: of the last page that was asked for. */
MUST_CHECK bool pages_read(struct registries *r, const struct pages *l, long *status, struct err *e);
/* The array `key` of a page, which is an object; null is an empty one (docker's registry), and nothing else is. The caller frees *doc. */
MUST_CHECK bool list_read(struct str body, const char *key, const char *what, yyjson_doc **doc, yyjson_val **list, struct err *e);

#endif
