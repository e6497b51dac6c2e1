/* SPDX-License-Identifier: Apache-2.0
 * The manifests of a copy, read level by level, those of a level at once (graph.h). Documents are hostile: their number, bytes and
  * depth are bounded, and each is read once however often it is named. */
#include "registry/graph.h"

#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "registry/parallel.h"
#include "registry/place_kinds.h"


void graph_fini(struct graph *g) {
    for (size_t i = 0; i < g->nodes.n; i++)
        arena_fini(&g->nodes.p[i]->arena);
    vec_fini(&g->nodes);
    vec_fini(&g->blobs);
    map_fini(&g->by_digest);
    map_fini(&g->known);
    arena_fini(&g->arena);
}

struct node *graph_find(const struct graph *g, const struct digest *d) {
    struct node *n = map_get(&g->by_digest, digest_key(d));
    return n && !n->gone ? n : NULL;
}

struct node *graph_add(struct graph *g, const struct descriptor *d, unsigned depth, struct err *e) {
    struct node *n = graph_find(g, &d->digest);
    if (n)
        return n;
    if (depth > LIMIT_COPY_DEPTH || g->nodes.n >= LIMIT_COPY_MANIFESTS) {
        err_set(e, ERR_FAILED, depth > LIMIT_COPY_DEPTH ? "manifests nested deeper than %d levels" : "more than %d manifests",
                depth > LIMIT_COPY_DEPTH ? LIMIT_COPY_DEPTH : LIMIT_COPY_MANIFESTS);
        return NULL;
    }
    n = arena_new(&g->arena, struct node);
    n->descriptor = *d;
    n->descriptor.media_type = arena_str(&n->arena, d->media_type);
    n->descriptor.artifact_type = arena_str(&n->arena, d->artifact_type);
    n->depth = depth;
    vec_push(&g->nodes, n);
    map_put(&g->by_digest, digest_key(&n->descriptor.digest), n);
    return n;
}

/* --- Reading --- */

/* What an index says of a child must be so. */
static bool check_descriptor(const struct node *n, struct err *e) {
    struct str type;
    char text[DIGEST_TEXT + 1];
    if (n->descriptor.bytes != n->m.bytes.n)
        return err_set(e, ERR_FAILED, "manifest %s has %zu bytes, its descriptor says %llu", digest_text(&n->m.digest, text), n->m.bytes.n,
                       (unsigned long long)n->descriptor.bytes);
    return document_type(&n->document, n->descriptor.media_type, &type, e) || err_wrap(e, "manifest %s", digest_text(&n->m.digest, text));
}

static bool node_parse(struct node *n, struct err *e) {
    char text[DIGEST_TEXT + 1];
    n->read = true;
    return document_read(n->m.bytes, &n->arena, &n->document, e) || err_wrap(e, "manifest %s", digest_text(&n->m.digest, text));
}

struct node *graph_add_read(struct graph *g, const struct manifest_blob *m, unsigned depth, struct err *e) {
    struct descriptor d = {.digest = m->digest, .bytes = m->bytes.n, .media_type = m->media_type};
    struct node *n = graph_add(g, &d, depth, e);
    if (!n || n->read)
        return n;
    n->m = (struct manifest_blob){m->digest, arena_str(&n->arena, m->media_type), arena_str(&n->arena, m->bytes)};
    return node_parse(n, e) ? n : NULL;
}

struct level {
    struct graph *graph;
    size_t from;
};

/* A list of what is about a manifest may lag behind a deletion. */
static bool pass_over(const struct graph *g, struct node *n, struct err *e) {
    char text[DIGEST_TEXT + 1];
    if (n->named || e->sys != ENOENT)
        return false;
    log_warn("%.*s: %s is listed as being about another manifest, and is not there; it is passed over", STR_ARG(g->from->shown),
             digest_text(&n->descriptor.digest, text));
    err_clear(e);
    n->gone = true;
    return true;
}

static bool read_node(void *ctx, size_t i, struct err *e) {
    const struct level *l = ctx;
    struct node *n = l->graph->nodes.p[l->from + i];
    char text[DIGEST_TEXT + 1];
    if (n->read)
        return true;
    if (!l->graph->from->ops->manifest(l->graph->from, str_z(digest_text(&n->descriptor.digest, text)), &n->arena, &n->m, e))
        return pass_over(l->graph, n, e);
    return node_parse(n, e) && check_descriptor(n, e);
}

static void drop_gone(struct graph *g, size_t from) {
    size_t kept = from;
    for (size_t i = from; i < g->nodes.n; i++) {
        if (g->nodes.p[i]->gone)
            arena_fini(&g->nodes.p[i]->arena);
        else
            g->nodes.p[kept++] = g->nodes.p[i];
    }
    g->nodes.n = kept;
}

static bool add_children(struct graph *g, struct node *n, struct err *e) {
    g->bytes += n->m.bytes.n;
    if (g->bytes > LIMIT_COPY_MANIFESTS_BYTES)
        return err_set(e, ERR_FAILED, "manifests of more than %zu bytes together", LIMIT_COPY_MANIFESTS_BYTES);
    if (g->options->platform.n && !n->about)
        return true; /* the one that is wanted was chosen already */
    for (size_t i = 0; i < n->document.n_children; i++) {
        struct node *child = graph_add(g, &n->document.children[i].descriptor, n->depth + 1, e);
        if (!child)
            return false;
        child->named = true;
        child->about = child->about || (n->about && !child->read);
    }
    return true;
}

static bool read_levels(struct graph *g, struct err *e) {
    for (size_t from = 0; from < g->nodes.n;) {
        struct level l = {g, from};
        if (!in_parallel(g->nodes.n - from, read_node, &l, e))
            return false;
        drop_gone(g, from);
        size_t end = g->nodes.n;
        for (size_t i = from; i < end; i++)
            if (!add_children(g, g->nodes.p[i], e))
                return false;
        if (g->options->evidence && !graph_find_about(g, from, end, e))
            return false;
        from = end;
    }
    return true;
}

/* --- The root --- */

static bool read_root(struct graph *g, struct str reference, struct err *e) {
    struct node *n = arena_new(&g->arena, struct node);
    vec_push(&g->nodes, n);
    n->named = true;
    g->root = n;
    if (!g->from->ops->manifest(g->from, reference, &n->arena, &n->m, e)) {
        if (e->sys == ENOENT && reference.n && !str_starts(reference, S("sha256:")))
            say_nearest_tags(g->from, reference, e);
        return false;
    }
    if (!node_parse(n, e))
        return false;
    n->descriptor = (struct descriptor){n->m.digest, n->m.bytes.n, n->m.media_type, n->document.artifact_type};
    map_put(&g->by_digest, digest_key(&n->descriptor.digest), n);
    return true;
}

static bool is_accepted(struct graph *g, struct err *e) {
    const struct document *d = &g->root->document;
    return !g->options->accepts || !d->is_image || g->options->accepts(g->options->ctx, &d->blobs[0], e);
}

/* From an index to the image of the platform; an index in an index once more. */
static bool choose(struct graph *g, struct err *e) {
    for (unsigned depth = 1; g->root->document.is_index; depth++) {
        struct node *index = g->root;
        const struct child *c = document_choose(&index->document, g->options->platform);
        if (depth > LIMIT_INDEX_DEPTH)
            return err_set(e, ERR_FAILED, "%.*s: indexes in an index are nested deeper than %d levels", STR_ARG(g->from->shown),
                           LIMIT_INDEX_DEPTH);
        if (!c)
            return err_set(e, ERR_FAILED, "%.*s: there is no image for %.*s; there are: %.*s", STR_ARG(g->from->shown),
                           STR_ARG(g->options->platform), STR_ARG(document_platforms(&index->document, &index->arena)));
        struct node *n = graph_add(g, &c->descriptor, depth, e);
        struct level l = {g, 0};
        if (n)
            n->named = true;
        if (!n || !in_parallel(g->nodes.n, read_node, &l, e))
            return false;
        g->root = n;
    }
    if (!is_accepted(g, e))
        return false;
    if (g->options->keep_index) {
        g->root = g->nodes.p[0];
        return true;
    }
    for (size_t i = 0; i < g->nodes.n; i++) /* the way there is not copied */
        if (g->nodes.p[i] != g->root)
            arena_fini(&g->nodes.p[i]->arena);
    g->nodes.p[0] = g->root;
    g->nodes.n = 1;
    map_fini(&g->by_digest);
    map_put(&g->by_digest, digest_key(&g->root->descriptor.digest), g->root);
    return true;
}

bool graph_read(struct graph *g, struct str reference, struct err *e) {
    return read_root(g, reference, e) && (!g->options->platform.n || choose(g, e)) && read_levels(g, e);
}

/* --- Blobs --- */

static bool list_node(struct graph *g, const struct node *n, struct map *seen, struct err *e) {
    for (size_t i = 0; i < n->document.n_blobs; i++) {
        const struct descriptor *d = &n->document.blobs[i], *before = map_get(seen, digest_key(&d->digest));
        char text[DIGEST_TEXT + 1];
        if (before && before->bytes != d->bytes)
            return err_set(e, ERR_FAILED, "blob %s is said to have %llu bytes, and %llu", digest_text(&d->digest, text),
                           (unsigned long long)before->bytes, (unsigned long long)d->bytes);
        if (before || map_get(&g->known, digest_key(&d->digest)))
            continue;
        map_put(seen, digest_key(&d->digest), (void *)d);
        vec_push(&g->blobs, *d);
    }
    return true;
}

bool graph_list_blobs(struct graph *g, struct err *e) {
    struct map seen = MAP_INIT;
    bool good = true;
    for (size_t i = 0; good && i < g->nodes.n; i++)
        if (!g->nodes.p[i]->there)
            good = list_node(g, g->nodes.p[i], &seen, e);
    map_fini(&seen);
    return good;
}
