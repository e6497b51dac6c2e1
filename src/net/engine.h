/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to net/: a request on its way. Its owner waits; the network's thread alone touches it meanwhile. */
#ifndef CROZE_NET_ENGINE_H
#define CROZE_NET_ENGINE_H

#include <pthread.h>

#include "base/buf.h"
#include "net/http.h"
#include "net/libcurl.h"

struct transfer {
    const struct net_request *ask;
    struct net_answer *answer;
    struct arena *arena;
    struct err *e;
    CURL *easy;
    struct curl_slist *headers;
    struct net_header **last_header;    /* where the next one is linked */
    size_t header_bytes;
    bool flooded;                       /* too many headers */
    bool began, again;
    enum net_take what;                 /* becomes of the body */
    uint64_t dropped;                   /* of a body of which enough is kept */
    struct buf kept;
    uint64_t sent;
    char detail[CURL_ERROR_SIZE];
    bool done;
    pthread_cond_t is_done;
    struct transfer *next;              /* waiting to be begun */
};

/* request.c. Sets up t->easy. */
MUST_CHECK bool transfer_begin(struct transfer *t, const struct libcurl *lib, CURLSH *shared, struct err *e);
/* trust.c. Whose certificates are taken, and which are ours; `tls` NULL: the system's. */
void trust_set(CURL *c, const struct libcurl *lib, const struct net_tls *tls);
/* Whether it is to be done again: what came on a kept connection was the rest of an answer that was longer than it said. */
bool transfer_again(struct transfer *t, const struct libcurl *lib, CURLcode r);
/* Makes the answer of what has come. */
void transfer_end(struct transfer *t, const struct libcurl *lib, CURLcode r);

#endif
