/* SPDX-License-Identifier: Apache-2.0
 * What is about the manifests of a copy (graph.h): referrers, which the place knows, and the tags that cosign makes of a digest. Few
 * manifests are asked for one by one, which is always right; for many the place's one listing of tags says which there are. */
#include <errno.h>

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
    struct map tags;         /* the listing, if it was asked for */
    bool listed;
    struct found {           /* one a node */
        struct arena arena;
        struct descriptor *referrers;
        size_t n_referrers;
        struct manifest_blob tagged[N_SUFFIXES]; /* bytes.n 0: none */
    } *found;
};

/* --- Asking --- */

static bool ask_tag(const struct asking *q, struct found *f, const struct digest *d, size_t suffix, struct err *e) {
    char tag[REFERENCE_TAG_BYTES];
    struct place *from = q->graph->from;
    reference_tag(d, cosign_suffixes[suffix], tag);
    if (q->listed && !map_get(&q->tags, str_z(tag)))
        return true;
    struct err absent = ERR_INIT;
    bool there = from->ops->manifest(from, str_z(tag), &f->arena, &f->tagged[suffix], &absent);
    if (!there)
        f->tagged[suffix].bytes.n = 0;
    if (!there && absent.sys != ENOENT) {
        err_move(e, &absent);
        return false; /* a place that cannot say must not look like one that has none */
    }
    err_clear(&absent);
    return true;
}

static bool ask_node(void *ctx, size_t i, struct err *e) {
    const struct asking *q = ctx;
    const struct node *n = q->graph->nodes.p[q->from + i];
    struct found *f = &q->found[i];
    struct place *from = q->graph->from;
    if (!from->ops->referrers(from, &n->m.digest, &f->arena, &f->referrers, &f->n_referrers, e))
        return false;
    for (size_t k = 0; k < N_SUFFIXES; k++)
        if (!ask_tag(q, f, &n->m.digest, k, e))
            return false;
    return true;
}

/* A place that cannot list is asked tag by tag. */
static void list_tags(struct asking *q) {
    struct str *tags;
    size_t n;
    struct err no_list = ERR_INIT;
    struct place *from = q->graph->from;
    q->listed = from->ops->tags(from, &q->graph->arena, &tags, &n, &no_list);
    if (!q->listed)
        log_debug("%s; tags are asked for one by one", no_list.msg);
    for (size_t i = 0; q->listed && i < n; i++)
        map_put(&q->tags, tags[i], q);
    err_clear(&no_list);
}

/* --- Adding --- */

static bool add_found(struct graph *g, const struct node *of, const struct found *f, struct err *e) {
    for (size_t i = 0; i < f->n_referrers; i++) {
        struct node *n = graph_add(g, &f->referrers[i], of->depth + 1, e);
        if (!n)
            return false;
        n->about = n->about || !n->read;
    }
    for (size_t k = 0; k < N_SUFFIXES; k++) {
        const struct manifest_blob *m = &f->tagged[k];
        char tag[REFERENCE_TAG_BYTES];
        if (!m->bytes.n)
            continue;
        bool is_new = !graph_find(g, &m->digest);
        struct node *n = graph_add_read(g, m, of->depth + 1, e);
        if (!n)
            return false;
        n->about = n->about || is_new;
        struct node_tag *t = arena_new(&n->arena, struct node_tag);
        *t = (struct node_tag){arena_str(&n->arena, str_z(reference_tag(&of->m.digest, cosign_suffixes[k], tag))), n->tags};
        n->tags = t;
    }
    return true;
}

bool graph_find_about(struct graph *g, size_t from, size_t end, struct err *e) {
    size_t n = end - from;
    struct asking q = {.graph = g, .from = from};
    q.found = mem_zalloc(n + 1, sizeof *q.found);
    if (n > ASK_MANIFESTS_MAX && g->from->asks)
        list_tags(&q);
    bool good = in_parallel(n, ask_node, &q, e);
    for (size_t i = 0; good && i < n; i++)
        good = add_found(g, g->nodes.p[from + i], &q.found[i], e);
    for (size_t i = 0; i < n; i++)
        arena_fini(&q.found[i].arena);
    free(q.found);
    map_fini(&q.tags);
    return good || err_wrap(e, "what is about it");
}
