/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to fetch/: one download by HTTP into a draft, tried once: a chain of requests until something is no redirect. The caller keeps
 * the state between tries, so that what broke off can go on where it ended. */
#ifndef CROZE_FETCH_HTTP_H
#define CROZE_FETCH_HTTP_H

#include "fetch/url_map.h"

struct http_get {
    /* --- what is asked --- */
    struct arena *arena;
    const struct url *url;
    struct str etag, last_modified; /* of what is held; "" if nothing is */
    uint64_t max_bytes;
    struct progress_step *progress;
    /* --- what has come; the draft is the caller's, open and at `done` bytes --- */
    struct file_draft *draft;
    struct sha256 hash;
    uint64_t done;
    struct str part_etag;           /* strong, of what `done` bytes are the beginning of; "": it cannot be gone on with */
    /* --- the last answer --- */
    bool same;                      /* what is held is still so */
    bool transient;                 /* of a failure: another try may do */
    unsigned wait_s;                /* that the server asked for before the next try */
    struct str got_etag, got_last_modified;
    struct str effective_url;
};
/* True: the draft holds all (or `same`). The error says what failed and which host said so, and not the URL. */
MUST_CHECK bool http_get(struct http_get *g, struct err *e);

#endif
