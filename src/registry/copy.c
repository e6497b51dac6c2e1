/* SPDX-License-Identifier: Apache-2.0
 * A copy from one place to another (copy.h): the graph is read, what is missing is brought, and named when all of it is there. */
#include "registry/copy.h"

#include "registry/graph.h"

/* An index into a place that holds one image: the one for this machine. */
static struct copy_options settle(const struct copy_options *o, const struct place *to) {
    struct copy_options settled = *o;
    if (to->one_image && !o->platform.n)
        settled.platform = S("linux/" CROZE_ARCH);
    if (to->one_image)
        settled.evidence = settled.keep_index = false;
    return settled;
}

static uint64_t count_about(const struct graph *g) {
    uint64_t n = 0;
    for (size_t i = 0; i < g->nodes.n; i++)
        n += g->nodes.p[i]->about;
    return n;
}

static void fill_result(const struct graph *g, struct arena *a, struct copy_result *out) {
    const struct manifest_blob *m = &g->root->m;
    out->root = (struct manifest_blob){m->digest, arena_str(a, m->media_type), arena_str(a, m->bytes)};
    out->blobs = g->n_brought;
    out->blob_bytes = g->bytes_brought;
    out->manifests = g->n_put;
    out->evidence = count_about(g);
    out->changed = g->n_brought > 0 || g->n_put > 0;
}

/* A destination that names a digest is for that image and no other: nothing is sent of another one. */
static bool is_meant(const struct graph *g, struct err *e) {
    struct str want = g->to->must_be;
    char text[DIGEST_TEXT + 1];
    return !want.n || str_eqz(want, digest_text(&g->root->m.digest, text)) ||
           err_set(e, ERR_FAILED, "the destination is to be %s, and what would come there is %s", SHOWN(want), text);
}

static bool copy_graph(struct graph *g, struct str reference, struct str to_reference, struct err *e) {
    struct place *to = g->to;
    return graph_read(g, reference, e) && is_meant(g, e) && graph_find_known(g, to_reference, e) && graph_list_blobs(g, e) &&
           copy_blobs(g, e) && copy_puts(g, to_reference, e) && (!to->ops->finish || to->ops->finish(to, e)) &&
           (!g->options->check || to->one_image || copy_check(g, to_reference, e));
}

bool copy_image(struct place *from, struct str reference, struct place *to, struct str to_reference, const struct copy_options *o,
                struct arena *a, struct copy_result *out, struct err *e) {
    struct copy_options settled = settle(o, to);
    struct graph g = {.from = from, .to = to, .options = &settled};
    graph_init(&g);
    *out = (struct copy_result){0};
    bool good = copy_graph(&g, reference, to_reference, e);
    if (good)
        fill_result(&g, a, out);
    graph_fini(&g);
    return good;
}
