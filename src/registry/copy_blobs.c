/* SPDX-License-Identifier: Apache-2.0
 * Brings the blobs of a copy, several at once (graph.h). Where a blob came from is remembered in the store: a later push to the same
 * registry mounts it instead of sending it. */
#include <pthread.h>

#include "base/limits.h"
#include "base/log.h"
#include "registry/graph.h"
#include "registry/parallel.h"

struct bringing {
    struct graph *graph;
    pthread_mutex_t lock; /* guards the counts */
};

static void count(struct bringing *b, const struct descriptor *d) {
    pthread_mutex_lock(&b->lock);
    b->graph->n_brought++;
    b->graph->bytes_brought += d->bytes;
    pthread_mutex_unlock(&b->lock);
}

/* Where a blob is, for a later mount: a hint, whose loss costs a request. Only one of the two can be the store, and only the other be asked
 * for it later. */
static void remember(const struct graph *g, const struct descriptor *d) {
    struct store *s = g->from->store ? g->from->store : g->to->store;
    const struct repository *r = g->from->repository ? g->from->repository : g->to->repository;
    struct err lost = ERR_INIT;
    struct arena a = ARENA_INIT;
    if (s && r && !store_origin_add(s, &d->digest, repository_text(&a, r), &lost))
        log_debug("%s", lost.msg);
    err_clear(&lost);
    arena_fini(&a);
}

static bool put_shown(const struct graph *g, const struct descriptor *d, struct err *e) {
    char text[DIGEST_TEXT + 1], size[32];
    struct arena a = ARENA_INIT;
    struct progress_step *p = NULL;
    if (g->options->progress)
        p = progress_start(g->options->progress, arena_printf(&a, "blob %.19s", digest_text(&d->digest, text)));
    bool good = g->to->ops->put_blob(g->to, d, g->from, p, e);
    if (p)
        progress_end(p, good ? PROGRESS_DONE : PROGRESS_FAILED, good ? str_z(human_size(d->bytes, size)) : STR_NULL);
    arena_fini(&a);
    return good;
}

static bool bring(void *ctx, size_t i, struct err *e) {
    struct bringing *b = ctx;
    const struct graph *g = b->graph;
    const struct descriptor *d = &g->blobs.p[i];
    bool has = false, mounts = g->to->ops->mounts && g->to->ops->mounts(g->to, d, g->from);
    if (!mounts && !g->to->ops->has_blob(g->to, d, &has, e))
        return false;
    if (has)
        return true;
    if (!put_shown(g, d, e))
        return false;
    count(b, d);
    remember(g, d);
    return true;
}

bool copy_blobs(struct graph *g, struct err *e) {
    struct bringing b = {.graph = g, .lock = PTHREAD_MUTEX_INITIALIZER};
    bool good = in_parallel(g->blobs.n, bring, &b, e);
    pthread_mutex_destroy(&b.lock);
    return good;
}
