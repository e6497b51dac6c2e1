/* SPDX-License-Identifier: Apache-2.0
 * What the far side has already (graph.h). A registry has no manifest without what it names, so one manifest answers for many blobs:
 * the one that the tag has now, which mostly is the release before this one, and those of the graph that are there. Places on this
 * machine are looked into blob by blob, which costs nothing, and promise nothing of the kind. */
#include <errno.h>

#include "base/limits.h"
#include "registry/graph.h"
#include "registry/parallel.h"

enum { OLD_IMAGES_MAX = 8 }; /* of an index that the tag has now: more requests than they save */

static void know(struct graph *g, const struct digest *d) {
    struct digest *copy = arena_new(&g->arena, struct digest);
    *copy = *d;
    map_put(&g->known, digest_key(copy), g);
}

static void know_document(struct graph *g, const struct document *d) {
    for (size_t i = 0; i < d->n_blobs; i++)
        know(g, &d->blobs[i].digest);
}

/* It is there, and so is all below it. What is below was added behind it, but for what several name: so marks go down until none is new. */
static void mark_there(struct graph *g, struct node *n) {
    VEC(struct node *) todo = {0};
    vec_push(&todo, n);
    while (todo.n > 0) {
        struct node *at = todo.p[--todo.n];
        if (at->there)
            continue;
        at->there = true;
        know_document(g, &at->document);
        for (size_t i = 0; i < at->document.n_children; i++) {
            struct node *child = graph_find(g, &at->document.children[i].descriptor.digest);
            if (child)
                vec_push(&todo, child);
        }
    }
    vec_fini(&todo);
}

/* Nor does what cannot be read say anything about our blobs; it is no reason not to put something else in its place. */
static bool says_nothing(struct err *e) {
    if (e->sys == EBADMSG)
        e->sys = ENOENT;
    return place_is_absent(e);
}

/* An image that the tag's index has now, and that is none of ours. */
static bool know_old_image(struct graph *g, const struct child *c, struct err *e) {
    struct arena a = ARENA_INIT;
    struct manifest_blob m;
    struct document d;
    char text[DIGEST_TEXT + 1];
    bool there = g->to->ops->manifest(g->to, str_z(digest_text(&c->descriptor.digest, text)), LIMIT_MANIFEST_BYTES, &a, &m, e);
    if (there && document_read(m.bytes, &a, &d, e))
        know_document(g, &d);
    else if (there)
        err_clear(e); /* whatever it is, it says nothing about our blobs */
    arena_fini(&a);
    return there || says_nothing(e);
}

static bool know_old_index(struct graph *g, const struct document *d, struct err *e) {
    size_t asked = 0;
    for (size_t i = 0; i < d->n_children; i++) {
        const struct child *c = &d->children[i];
        struct node *ours = graph_find(g, &c->descriptor.digest);
        if (ours)
            mark_there(g, ours);
        else if (c->os.n && !str_eq(c->os, S("unknown")) && asked++ < OLD_IMAGES_MAX && !know_old_image(g, c, e))
            return false;
    }
    return true;
}

static bool know_what_is_there(struct graph *g, const struct manifest_blob *m, struct arena *a, struct err *e) {
    struct document d;
    struct node *ours = graph_find(g, &m->digest);
    g->tag_is_there = ours && ours == g->root;
    if (ours) {
        mark_there(g, ours);
        return true;
    }
    if (!document_read(m->bytes, a, &d, e)) {
        err_clear(e);
        return true;
    }
    know_document(g, &d);
    return know_old_index(g, &d, e);
}

/* The manifest that the tag has now. */
static bool know_old(struct graph *g, struct str tag, struct err *e) {
    struct arena a = ARENA_INIT;
    struct manifest_blob m;
    bool good = g->to->ops->manifest(g->to, tag, LIMIT_MANIFEST_BYTES, &a, &m, e) ? know_what_is_there(g, &m, &a, e) : says_nothing(e);
    arena_fini(&a);
    return good;
}

struct probing {
    struct graph *graph;
    struct node **nodes;
    bool *there;
};

bool graph_is_listed(struct graph *g, const struct node *n, bool *listed, struct err *e) {
    struct arena a = ARENA_INIT;
    struct descriptor *all;
    size_t count;
    bool good = g->to->ops->referrers(g->to, &n->document.subject.digest, &a, &all, &count, e);
    *listed = false;
    for (size_t k = 0; good && k < count; k++)
        *listed = *listed || digest_eq(&all[k].digest, &n->m.digest);
    arena_fini(&a);
    return good;
}

/* What is about another manifest counts as there when people find it, too: whoever put it may have been killed before it was listed. */
static bool probe(void *ctx, size_t i, struct err *e) {
    const struct probing *q = ctx;
    struct digest d;
    char text[DIGEST_TEXT + 1];
    struct place *to = q->graph->to;
    q->there[i] = to->ops->resolve(to, str_z(digest_text(&q->nodes[i]->m.digest, text)), &d, e);
    if (!q->there[i])
        return place_is_absent(e);
    return !q->nodes[i]->about || !q->nodes[i]->document.has_subject || graph_is_listed(q->graph, q->nodes[i], &q->there[i], e);
}

/* The root, and what is about it: each may be there under another name. What the root names is there with it, or not worth a request. */
static bool probe_nodes(struct graph *g, struct err *e) {
    struct probing q = {.graph = g};
    size_t n = 0;
    q.nodes = arena_array(&g->arena, struct node *, g->nodes.n);
    q.there = arena_array(&g->arena, bool, g->nodes.n);
    for (size_t i = 0; i < g->nodes.n; i++) {
        struct node *at = g->nodes.p[i];
        if (!at->there && (at == g->root || at->about))
            q.nodes[n++] = at;
    }
    if (!in_parallel(n, probe, &q, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (q.there[i])
            mark_there(g, q.nodes[i]);
    return true;
}

/* The digest in HEAD's answer cannot be checked: one that differs is asked for once more. */
bool graph_look(struct graph *g, struct str reference, const struct node *n, enum bears *out, struct err *e) {
    struct digest d;
    bool there = g->to->ops->resolve(g->to, reference, &d, e);
    if (there && !digest_eq(&d, &n->m.digest) && g->to->asks)
        there = g->to->ops->resolve(g->to, reference, &d, e);
    *out = there ? digest_eq(&d, &n->m.digest) ? BEARS_IT : BEARS_OTHER : e->sys == EBADMSG ? BEARS_OTHER : BEARS_NOTHING;
    return there || says_nothing(e);
}

static bool look_at_tag(struct graph *g, struct str tag, struct err *e) {
    enum bears there;
    if (!graph_look(g, tag, g->root, &there, e))
        return false;
    g->tag_is_there = there == BEARS_IT;
    return true;
}

/* --- cosign's tags --- */

bool graph_may_tag(struct graph *g, struct str tag, enum bears there, struct err *e) {
    return there != BEARS_OTHER || tag_collects(tag) || g->options->replace_evidence ||
           err_set(e, ERR_FAILED, "%.*s: %.*s names another document there than at the source; --replace-evidence lets the source's take "
                   "its place, --no-evidence leaves both where they are", STR_ARG(g->to->shown), STR_ARG(tag));
}

static bool check_tags(void *ctx, size_t i, struct err *e) {
    struct graph *g = ctx;
    const struct node *n = g->nodes.p[i];
    for (const struct node_tag *t = n->tags; t; t = t->next) {
        enum bears there = BEARS_NOTHING;
        if (!tag_collects(t->name) && (!graph_look(g, t->name, n, &there, e) || !graph_may_tag(g, t->name, there, e)))
            return false;
    }
    return true;
}

bool graph_find_known(struct graph *g, struct str to_reference, struct err *e) {
    bool by_tag = to_reference.n && !str_starts(to_reference, S("sha256:"));
    if (!g->to->ops->manifest || !g->to->ops->resolve)
        return true;
    if (!in_parallel(g->nodes.n, check_tags, g, e)) /* before anything is brought */
        return false;
    if (!g->to->asks)
        return !by_tag || look_at_tag(g, to_reference, e);
    return (!by_tag || know_old(g, to_reference, e)) && probe_nodes(g, e);
}
