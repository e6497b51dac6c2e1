/* SPDX-License-Identifier: Apache-2.0
 * Puts the manifests of a copy (graph.h): what one names before it, those of one height at once, the name last. */
#include <errno.h>
#include <pthread.h>

#include "base/limits.h"
#include "base/log.h"
#include "registry/graph.h"
#include "registry/parallel.h"

/* --- Heights --- */

static unsigned above(const struct graph *g, const struct digest *d) {
    const struct node *n = graph_find(g, d);
    return n ? n->height + 1 : 0;
}

static unsigned height_now(const struct graph *g, const struct node *n) {
    unsigned height = n->document.has_subject ? above(g, &n->document.subject.digest) : 0;
    for (size_t i = 0; i < n->document.n_children; i++) {
        unsigned h = above(g, &n->document.children[i].descriptor.digest);
        height = h > height ? h : height;
    }
    return height;
}

/* Digests make no circles; as deep as the graph is, so often the rounds change something. Returns the highest. */
static bool set_heights(struct graph *g, unsigned *highest, struct err *e) {
    bool changed = true;
    *highest = 0;
    for (unsigned round = 0; changed; round++) {
        if (round > 2 * LIMIT_COPY_DEPTH)
            return err_set(e, ERR_FAILED, "manifests nested deeper than %d levels", LIMIT_COPY_DEPTH);
        changed = false;
        for (size_t i = g->nodes.n; i-- > 0;) {
            struct node *n = g->nodes.p[i];
            unsigned height = height_now(g, n);
            changed = changed || height != n->height;
            n->height = height;
            *highest = height > *highest ? height : *highest;
        }
    }
    return true;
}

/* --- Putting --- */

struct putting {
    struct graph *graph;
    struct node **nodes;
    pthread_mutex_t lock; /* guards the count */
};

static bool put(struct graph *g, struct str reference, const struct node *n, struct err *e) {
    char text[DIGEST_TEXT + 1];
    return g->to->ops->put_manifest(g->to, reference, &n->m, e) || err_wrap(e, "manifest %s", digest_text(&n->m.digest, text));
}

/* Under the tag lie signatures of others: ours are added to them. *news false: they are among them. */
static bool join(struct graph *g, const struct node *n, struct str tag, bool *news, struct err *e) {
    struct arena a = ARENA_INIT;
    struct manifest_blob old;
    struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
    bool good = g->to->ops->manifest(g->to, tag, LIMIT_MANIFEST_BYTES, &a, &old, e) &&
                signatures_add(old.bytes, n->m.bytes, &text, news, e);
    if (good && *news) {
        struct manifest_blob joined = {sha256_of(text.p, text.n), old.media_type, buf_str(&text)};
        good = g->to->ops->put_manifest(g->to, tag, &joined, e);
    }
    buf_fini(&text);
    arena_fini(&a);
    return good || err_wrap(e, "%.*s: tag %.*s", STR_ARG(g->to->shown), STR_ARG(tag));
}

static bool replace(struct graph *g, const struct node *n, struct str tag, struct err *e) {
    log_warn("%.*s: %.*s named something else there, and names what the source has now", STR_ARG(g->to->shown), STR_ARG(tag));
    return put(g, tag, n, e);
}

/* What is no list of signatures stays, unless it is to give way. */
static bool join_or_replace(struct graph *g, const struct node *n, struct str tag, bool *news, struct err *e) {
    if (join(g, n, tag, news, e))
        return true;
    if (e->sys != EBADMSG)
        return false;
    if (!g->options->replace_evidence)
        return err_append(e, "; --replace-evidence lets the source's take its place, --no-evidence leaves both where they are");
    err_clear(e);
    return replace(g, n, tag, e);
}

/* cosign's tag, which may stand already, or name something else. */
static bool put_tag(struct graph *g, const struct node *n, struct str tag, bool *news, struct err *e) {
    enum bears there;
    if (!graph_look(g, tag, n, &there, e) || !graph_may_tag(g, tag, there, e))
        return false;
    *news = there != BEARS_IT;
    if (there == BEARS_OTHER)
        return tag_collects(tag) ? join_or_replace(g, n, tag, news, e) : replace(g, n, tag, e);
    return !*news || put(g, tag, n, e);
}

/* By its digest too, if something leads to that: what is joined with others' signatures has another one. */
static bool put_tagged(struct graph *g, const struct node *n, bool *news, struct err *e) {
    *news = false;
    if (stands_by_digest(n) && !n->there && !put(g, STR_NULL, n, e))
        return false;
    for (const struct node_tag *t = n->tags; t; t = t->next) {
        bool changed;
        if (!put_tag(g, n, t->name, &changed, e))
            return false;
        *news = *news || changed;
    }
    return true;
}

/* A place on this machine is not asked before; a manifest that it has is put again (its entry in an index may be missing), and not
 * counted. Nothing else hangs on it, so one that cannot be read is news: what is put takes its place. */
static bool is_news(struct graph *g, const struct node *n) {
    char text[DIGEST_TEXT + 1];
    enum bears there = BEARS_NOTHING;
    struct err unread = ERR_INIT;
    bool has = !g->to->asks && g->to->ops->resolve && graph_look(g, str_z(digest_text(&n->m.digest, text)), n, &there, &unread) &&
               there == BEARS_IT;
    err_clear(&unread);
    return !has;
}

static bool put_one(void *ctx, size_t i, struct err *e) {
    struct putting *p = ctx;
    const struct node *n = p->nodes[i];
    bool news = n->tags || is_news(p->graph, n);
    if (!(n->tags ? put_tagged(p->graph, n, &news, e) : put(p->graph, STR_NULL, n, e)))
        return false;
    pthread_mutex_lock(&p->lock);
    p->graph->n_put += news;
    pthread_mutex_unlock(&p->lock);
    return true;
}

static bool put_height(struct putting *p, unsigned height, bool root_too, struct err *e) {
    struct graph *g = p->graph;
    size_t n = 0;
    for (size_t i = 0; i < g->nodes.n; i++) {
        struct node *at = g->nodes.p[i];
        if (at->height == height && (!at->there || at->tags) && (at != g->root || root_too))
            p->nodes[n++] = at;
    }
    return in_parallel(n, put_one, p, e);
}

/* The root by its digest first, if something is about it: that goes between. */
static bool put_all(struct putting *p, unsigned highest, bool by_name, struct err *e) {
    struct graph *g = p->graph;
    bool about = false;
    for (size_t i = 0; i < g->nodes.n; i++)
        about = about || g->nodes.p[i]->about;
    for (unsigned height = 0; height <= highest; height++)
        if (!put_height(p, height, about || !by_name, e))
            return false;
    return true;
}

bool copy_puts(struct graph *g, struct str to_reference, struct err *e) {
    unsigned highest;
    struct putting p = {.graph = g, .lock = PTHREAD_MUTEX_INITIALIZER};
    bool by_name = to_reference.n && !str_starts(to_reference, S("sha256:"));
    p.nodes = arena_array(&g->arena, struct node *, g->nodes.n);
    bool good = set_heights(g, &highest, e) && put_all(&p, highest, by_name, e);
    pthread_mutex_destroy(&p.lock);
    if (!good || !by_name || g->tag_is_there)
        return good;
    g->n_put++;
    return put(g, to_reference, g->root, e);
}
