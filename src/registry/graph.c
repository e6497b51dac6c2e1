/* SPDX-License-Identifier: Apache-2.0
 * The manifests of a copy, read level by level, those of a level at once (graph.h). Documents are hostile: their number, depth and
 * the memory that they take are bounded, and each is read once however often it is named. */
#include "registry/graph.h"

#include <errno.h>
#include <malloc.h>

#include "base/limits.h"
#include "base/log.h"
#include "registry/parallel.h"
#include "registry/place_kinds.h"

void graph_init(struct graph *g) {
    pthread_mutex_init(&g->lock, NULL);
    pthread_mutex_init(&g->large, NULL);
}

void graph_fini(struct graph *g) {
    vec_fini(&g->nodes);
    vec_fini(&g->blobs);
    map_fini(&g->by_digest);
    map_fini(&g->known);
    arena_fini(&g->arena);
    pthread_mutex_destroy(&g->lock);
    pthread_mutex_destroy(&g->large);
}

struct node *graph_find(const struct graph *g, const struct digest *d) {
    struct node *n = map_get(&g->by_digest, digest_key(d));
    return n && !n->gone ? n : NULL;
}

static bool has_room(const struct graph *g, size_t bytes, struct err *e) {
    return (bytes <= LIMIT_COPY_BYTES && g->arena.total_bytes <= LIMIT_COPY_BYTES - bytes) ||
           err_set(e, ERR_FAILED, "its manifests, with all that is about them, take more than %zu MiB", LIMIT_COPY_BYTES >> 20);
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
    if (!has_room(g, sizeof *n + d->media_type.n + d->artifact_type.n, e))
        return NULL;
    n = arena_new(&g->arena, struct node);
    n->descriptor = *d;
    n->descriptor.media_type = arena_str(&g->arena, d->media_type);
    n->descriptor.artifact_type = arena_str(&g->arena, d->artifact_type);
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

/* Copies it into the graph, and reads what it names. */
static bool node_fill(struct graph *g, struct node *n, const struct manifest_blob *m, struct err *e) {
    char text[DIGEST_TEXT + 1];
    if (!has_room(g, m->bytes.n + m->media_type.n, e))
        return false;
    n->m = (struct manifest_blob){m->digest, arena_str(&g->arena, m->media_type), arena_str(&g->arena, m->bytes)};
    n->read = true;
    return document_read(n->m.bytes, &g->arena, &n->document, e) || err_wrap(e, "manifest %s", digest_text(&n->m.digest, text));
}

struct node *graph_add_read(struct graph *g, const struct manifest_blob *m, unsigned depth, struct err *e) {
    struct descriptor d = {.digest = m->digest, .bytes = m->bytes.n, .media_type = m->media_type};
    struct node *n = graph_add(g, &d, depth, e);
    if (!n || n->read)
        return n;
    return node_fill(g, n, m, e) ? n : NULL;
}

/* glibc keeps what a thread has freed for that thread: with six of them, six times what one large manifest took. */
void graph_give_back(struct graph *g, struct fetched *f) {
    arena_fini(&f->arena);
    if (!f->turn)
        return;
    malloc_trim(0);
    pthread_mutex_unlock(&g->large);
    f->turn = false;
}

/* What is not known to be large is taken for small, as nearly all are; what is not then is asked for again. */
bool graph_fetch(struct graph *g, struct str reference, uint64_t bytes, struct fetched *out, struct err *e) {
    size_t most = bytes ? (size_t)bytes : LIMIT_MANIFEST_SMALL_BYTES;
    *out = (struct fetched){.turn = bytes > LIMIT_MANIFEST_SMALL_BYTES};
    if (out->turn)
        pthread_mutex_lock(&g->large);
    if (g->from->ops->manifest(g->from, reference, most, &out->arena, &out->m, e))
        return true;
    if (e->sys != EFBIG || bytes)
        return false;
    err_clear(e);
    arena_fini(&out->arena);
    pthread_mutex_lock(&g->large);
    out->turn = true;
    return g->from->ops->manifest(g->from, reference, LIMIT_MANIFEST_BYTES, &out->arena, &out->m, e);
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

static bool too_large(const struct node *n, struct err *e) {
    char text[DIGEST_TEXT + 1];
    err_clear(e);
    return err_set(e, ERR_FAILED, "manifest %s has more bytes than the %llu that its descriptor says",
                   digest_text(&n->descriptor.digest, text), (unsigned long long)n->descriptor.bytes);
}

static bool read_node(void *ctx, size_t i, struct err *e) {
    const struct level *l = ctx;
    struct graph *g = l->graph;
    struct node *n = g->nodes.p[l->from + i]; /* no node is added meanwhile */
    struct fetched f;
    char text[DIGEST_TEXT + 1];
    if (n->read)
        return true;
    bool good = graph_fetch(g, str_z(digest_text(&n->descriptor.digest, text)), n->descriptor.bytes, &f, e);
    if (good) {
        pthread_mutex_lock(&g->lock);
        good = node_fill(g, n, &f.m, e) && check_descriptor(n, e);
        pthread_mutex_unlock(&g->lock);
    } else {
        good = e->sys == EFBIG ? too_large(n, e) : pass_over(g, n, e);
    }
    graph_give_back(g, &f);
    return good;
}

static void drop_gone(struct graph *g, size_t from) {
    size_t kept = from;
    for (size_t i = from; i < g->nodes.n; i++)
        if (!g->nodes.p[i]->gone)
            g->nodes.p[kept++] = g->nodes.p[i];
    g->nodes.n = kept;
}

static bool add_children(struct graph *g, struct node *n, struct err *e) {
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
    struct fetched f;
    bool there = graph_fetch(g, reference, 0, &f, e);
    if (!there && e->sys == ENOENT && reference.n && !str_starts(reference, S("sha256:")))
        say_nearest_tags(g->from, reference, e);
    g->root = there ? graph_add_read(g, &f.m, 0, e) : NULL;
    if (g->root) {
        g->root->named = true;
        g->root->descriptor.artifact_type = g->root->document.artifact_type;
    }
    graph_give_back(g, &f);
    return g->root != NULL;
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
                           STR_ARG(g->options->platform), STR_ARG(document_platforms(&index->document, &g->arena)));
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
    g->nodes.p[0] = g->root; /* the way there is not copied */
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
