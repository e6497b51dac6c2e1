/* SPDX-License-Identifier: Apache-2.0
 * What is about the manifests of a copy (graph.h): referrers, which the place knows, and the tags that cosign makes of a digest. Few
 * manifests are asked for one by one, which is always right; for many the place's one listing of tags says which there are. */
#include "base/limits.h"
#include "base/log.h"
#include "registry/graph.h"
#include "registry/parallel.h"

enum { ASK_MANIFESTS_MAX = 12 }; /* three tags each; then a listing costs less */

static const char *const cosign_suffixes[] = {".sig", ".att", ".sbom"};
enum { N_SUFFIXES = sizeof cosign_suffixes / sizeof *cosign_suffixes };

struct asking {
    struct graph *graph;
    size_t from;
    struct arena arena;      /* of the listing */
    struct str *tags;        /* sorted; if it was asked for */
    size_t n_tags;
    bool listed;
};

/* --- Asking --- */

static bool may_be_there(const struct asking *q, struct str tag) {
    return !q->listed || tags_have(q->tags, q->n_tags, tag);
}

static bool add_tagged(struct graph *g, const struct node *of, const struct manifest_blob *m, struct str tag, struct err *e) {
    bool is_new = !graph_find(g, &m->digest);
    struct node *n = graph_add_read(g, m, of->depth + 1, e);
    if (!n)
        return false;
    n->about = n->about || is_new;
    struct node_tag *t = arena_new(&g->arena, struct node_tag);
    *t = (struct node_tag){arena_str(&g->arena, tag), n->tags};
    n->tags = t;
    return true;
}

static bool ask_tag(const struct asking *q, const struct node *of, size_t suffix, struct err *e) {
    struct graph *g = q->graph;
    struct fetched f;
    char tag[REFERENCE_TAG_BYTES];
    reference_tag(&of->m.digest, cosign_suffixes[suffix], tag);
    if (!may_be_there(q, str_z(tag)))
        return true;
    bool there = graph_fetch(g, str_z(tag), 0, &f, e);
    bool good = there || place_is_absent(e); /* a place that cannot say must not look like one that has none */
    if (there) {
        pthread_mutex_lock(&g->lock);
        good = add_tagged(g, of, &f.m, str_z(tag), e);
        pthread_mutex_unlock(&g->lock);
    }
    graph_give_back(g, &f);
    return good;
}

static bool add_referrers(struct graph *g, const struct node *of, const struct descriptor *all, size_t n, struct err *e) {
    for (size_t i = 0; i < n; i++) {
        struct node *at = graph_add(g, &all[i], of->depth + 1, e);
        if (!at)
            return false;
        at->about = at->about || !at->read;
    }
    return true;
}

static bool ask_referrers(struct graph *g, const struct node *of, struct err *e) {
    struct arena a = ARENA_INIT;
    struct descriptor *all;
    size_t n;
    bool good = g->from->ops->referrers(g->from, &of->m.digest, &a, &all, &n, e);
    if (good) {
        pthread_mutex_lock(&g->lock);
        good = add_referrers(g, of, all, n, e);
        pthread_mutex_unlock(&g->lock);
    }
    arena_fini(&a);
    return good;
}

/* What comes is added at once: held for the whole level it could be anything. */
static bool ask_node(void *ctx, size_t i, struct err *e) {
    const struct asking *q = ctx;
    struct graph *g = q->graph;
    pthread_mutex_lock(&g->lock); /* the list grows */
    const struct node *n = g->nodes.p[q->from + i];
    pthread_mutex_unlock(&g->lock);
    if (!ask_referrers(g, n, e))
        return false;
    for (size_t k = 0; k < N_SUFFIXES; k++)
        if (!ask_tag(q, n, k, e))
            return false;
    return true;
}

/* A place that cannot list is asked tag by tag. */
static void list_tags(struct asking *q) {
    struct err no_list = ERR_INIT;
    struct place *from = q->graph->from;
    q->listed = from->ops->tags(from, &q->arena, &q->tags, &q->n_tags, &no_list);
    if (!q->listed)
        log_debug("%s; tags are asked for one by one", no_list.msg);
    else
        tags_sort(q->tags, q->n_tags);
    err_clear(&no_list);
}

bool graph_find_about(struct graph *g, size_t from, size_t end, struct err *e) {
    size_t n = end - from;
    struct asking q = {.graph = g, .from = from};
    if (n > ASK_MANIFESTS_MAX && g->from->asks)
        list_tags(&q);
    bool good = in_parallel(n, ask_node, &q, e);
    arena_fini(&q.arena);
    return good || err_wrap(e, "what is about it");
}
