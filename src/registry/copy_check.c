/* SPDX-License-Identifier: Apache-2.0
 * Asks the far side for all of a copy at its end (graph.h): who says "done" has looked. What is not there is looked for again, some
 * times: a registry in which others put the same things at that moment may not see them for some milliseconds. */
#include "base/limits.h"
#include "net/settings.h"
#include "registry/graph.h"
#include "registry/parallel.h"

enum { LOOKS = 6 };

/* Whether it is there now; an error is one of asking. */
typedef bool (*look_fn)(struct graph *g, size_t i, bool *there, struct err *e);

static bool look_again(struct graph *g, size_t i, look_fn look, const char *what, const struct digest *d, struct err *e) {
    bool there = false;
    char text[DIGEST_TEXT + 1];
    for (unsigned n = 0; n < LOOKS && !there; n++) {
        if (n)
            net_wait_ms(g->to->asks ? 50u << n : 0);
        if (!look(g, i, &there, e))
            return false;
    }
    return there || err_set(e, ERR_FAILED, "%.*s: %s %s is not there after it was put: the copy is not complete",
                            STR_ARG(g->to->shown), what, digest_text(d, text));
}

/* A tag of cosign's that has another digest may have our signatures among others. */
static bool is_among(struct graph *g, const struct node *n, struct str tag, bool *there, struct err *e) {
    struct arena a = ARENA_INIT;
    struct manifest_blob m;
    struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
    bool more = true;
    bool good = g->to->ops->manifest(g->to, tag, LIMIT_MANIFEST_BYTES, &a, &m, e) &&
                signatures_add(m.bytes, n->m.bytes, &text, &more, e);
    *there = good && !more;
    buf_fini(&text);
    arena_fini(&a);
    return good;
}

static bool look_for(struct graph *g, const struct node *n, struct str reference, bool *there, struct err *e) {
    struct digest d;
    bool has = g->to->ops->resolve(g->to, reference, &d, e);
    *there = has && digest_eq(&d, &n->m.digest);
    if (has && !*there && tag_collects(reference))
        return is_among(g, n, reference, there, e);
    return has || place_is_absent(e);
}

/* Under its tags, or by its digest if something else leads to it. */
static bool look_for_node(struct graph *g, size_t i, bool *there, struct err *e) {
    const struct node *n = g->nodes.p[i];
    char text[DIGEST_TEXT + 1];
    *there = true;
    if ((!n->tags || stands_by_digest(n)) && !look_for(g, n, str_z(digest_text(&n->m.digest, text)), there, e))
        return false;
    for (const struct node_tag *t = n->tags; t && *there; t = t->next)
        if (!look_for(g, n, t->name, there, e))
            return false;
    return true;
}

static bool check_node(void *ctx, size_t i, struct err *e) {
    struct graph *g = ctx;
    return look_again(g, i, look_for_node, "manifest", &g->nodes.p[i]->m.digest, e);
}

static bool look_for_blob(struct graph *g, size_t i, bool *there, struct err *e) {
    return g->to->ops->has_blob(g->to, &g->blobs.p[i], there, e);
}

static bool check_blob(void *ctx, size_t i, struct err *e) {
    struct graph *g = ctx;
    return look_again(g, i, look_for_blob, "blob", &g->blobs.p[i].digest, e);
}

/* Signatures that nobody finds are lost: each must be among the referrers of what it is about. */
static bool look_for_referrer(struct graph *g, size_t i, bool *there, struct err *e) {
    return graph_is_listed(g, g->nodes.p[i], there, e);
}

static bool check_about(void *ctx, size_t i, struct err *e) {
    struct graph *g = ctx;
    const struct node *n = g->nodes.p[i];
    return !n->about || !n->document.has_subject || look_again(g, i, look_for_referrer, "referrer", &n->m.digest, e);
}

/* HEAD's answer cannot be checked, so one that says something else is not believed at once. */
static bool check_name(struct graph *g, struct str tag, struct err *e) {
    enum bears there = BEARS_NOTHING;
    for (unsigned n = 0; n < LOOKS && there != BEARS_IT; n++) {
        if (n)
            net_wait_ms(g->to->asks ? 50u << n : 0);
        if (!graph_look(g, tag, g->root, &there, e))
            return false;
    }
    if (there == BEARS_NOTHING)
        return err_set(e, ERR_FAILED, "%.*s: %.*s is not there after it was put", STR_ARG(g->to->shown), STR_ARG(tag));
    return there == BEARS_IT || err_set(e, ERR_FAILED, "%.*s: %.*s names something else already: somebody else moved it",
                                        STR_ARG(g->to->shown), STR_ARG(tag));
}

bool copy_check(struct graph *g, struct str to_reference, struct err *e) {
    if (!in_parallel(g->nodes.n, check_node, g, e) || !in_parallel(g->blobs.n, check_blob, g, e) ||
        !in_parallel(g->nodes.n, check_about, g, e))
        return false;
    return !to_reference.n || str_starts(to_reference, S("sha256:")) || check_name(g, to_reference, e);
}
