/* SPDX-License-Identifier: Apache-2.0
 * push: pull.h. */
#include "base/limits.h"
#include "base/vec.h"
#include "image/image.h"
#include "registry/document.h"
#include "registry/pull.h"

#define THIS_PLATFORM S("linux/" CROZE_ARCH)

/* Whether the store has every image of an index. */
static bool has_all(struct store *s, const struct document *d) {
    for (size_t i = 0; i < d->n_children; i++)
        if (!store_has_blob(s, &d->children[i].descriptor.digest, NULL))
            return false;
    return true;
}

static bool is_part(struct store *s, const struct store_ref *ref, bool *part, struct err *e) {
    struct arena a = ARENA_INIT;
    struct document d;
    struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
    bool good =
        store_lease(s, &ref->manifest, e) && store_get_blob(s, &ref->manifest, &text, e) && document_read(buf_str(&text), &a, &d, e);
    *part = good && d.is_index && !has_all(s, &d);
    buf_fini(&text);
    arena_fini(&a);
    return good;
}

/* --- The gate --- */

/* Manifests and indexes that are still to pass: what is sent, and what that names. */
struct waiting {
    struct digest manifest;
    struct str name;
};
struct gating {
    struct store *store;
    const struct image_gate *gate;
    struct arena arena;
    VEC(struct waiting) waiting;
};

static struct str child_name(struct arena *a, struct str name, const struct child *c) {
    struct str variant = c->variant.n ? arena_join3(a, S("/"), c->variant, STR_NULL) : STR_NULL;
    return arena_printf(a, "%.*s (%.*s/%.*s%.*s)", STR_ARG(name), STR_ARG(c->os), STR_ARG(c->architecture), STR_ARG(variant));
}

static bool passes_image(struct gating *g, const struct waiting *w, struct err *e) {
    struct image im;
    if (!image_read(g->store, &w->manifest, THIS_PLATFORM, &im, e))
        return false;
    bool good = g->gate->passes(g->gate->ctx, g->store, &im, w->name, STR_NULL, e);
    image_fini(&im);
    return good;
}

/* What an index names besides images, signatures and provenance, has nothing that rules over images could look at. */
static bool passes_next(struct gating *g, size_t k, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
    struct waiting w = g->waiting.p[k];
    struct document d;
    if (!store_get_blob(g->store, &w.manifest, &text, e) || !document_read(buf_str(&text), &g->arena, &d, e))
        return false;
    if (!d.is_index)
        return (k > 0 && image_is_artifact(g->store, &w.manifest)) || passes_image(g, &w, e);
    if (g->waiting.n + d.n_children > LIMIT_COPY_MANIFESTS)
        return err_set(e, ERR_FAILED, "%.*s names more than %d manifests", STR_ARG(w.name), LIMIT_COPY_MANIFESTS);
    for (size_t i = 0; i < d.n_children; i++)
        vec_push(&g->waiting, ((struct waiting){d.children[i].descriptor.digest, child_name(&g->arena, w.name, &d.children[i])}));
    return true;
}

/* Whatever would be sent passes: of an index all of its images, or this machine's if that goes alone. */
static bool passes(struct store *s, const struct store_ref *ref, bool alone, struct str name, const struct image_gate *gate,
                   struct err *e) {
    struct gating g = {.store = s, .gate = gate};
    struct waiting first = {ref->manifest, name};
    bool good = true;
    if (!gate || alone)
        return !gate || passes_image(&g, &first, e);
    vec_push(&g.waiting, first);
    for (size_t k = 0; good && k < g.waiting.n; k++)
        good = passes_next(&g, k, e);
    vec_fini(&g.waiting);
    arena_fini(&g.arena);
    return good;
}

bool push_choose(struct store *s, struct str image, const struct push_options *o, struct arena *a, struct push_choice *out,
                 struct err *e) {
    *out = (struct push_choice){.name = image};
    return image_find(s, image, a, &out->ref, e) && (is_part(s, &out->ref, &out->alone, e) || err_wrap(e, "push %s", SHOWN(image))) &&
           passes(s, &out->ref, out->alone, image, o->gate, e);
}

/* --- Push --- */

static bool is_there(struct place *to, struct str tag, const struct digest *d, bool *there, struct err *e) {
    struct digest now;
    bool has = to->ops->resolve(to, tag, &now, e);
    *there = has && digest_eq(&now, d);
    return has || place_is_absent(e);
}

static bool push(struct store *s, const struct store_ref *ref, struct place *to, struct str tag, const struct push_options *o,
                 struct arena *a, struct copy_result *out, bool *alone, struct err *e) {
    char digest[DIGEST_TEXT + 1];
    struct copy_options copy = {.progress = o->progress};
    bool there = false;
    _cleanup_(place_closep) struct place *from = place_store(s);
    /* an index that is there must not give way to a part of itself */
    if (*alone && !is_there(to, tag, &ref->manifest, &there, e))
        return false;
    if (there) {
        *alone = false;
        *out = (struct copy_result){0};
        return from->ops->manifest(from, str_z(digest_text(&ref->manifest, digest)), LIMIT_MANIFEST_BYTES, a, &out->root, e);
    }
    if (*alone)
        copy.platform = THIS_PLATFORM;
    return copy_image(from, str_z(digest_text(&ref->manifest, digest)), to, tag, &copy, a, out, e);
}

bool push_image_to(struct store *s, const struct push_choice *c, struct place *to, const struct push_options *o, struct arena *a,
                   struct copy_result *out, bool *alone, struct err *e) {
    *alone = c->alone;
    return push(s, &c->ref, to, to->reference, o, a, out, alone, e) ||
           err_wrap(e, "push %s to %.*s", SHOWN(c->name), STR_ARG(to->shown));
}

bool push_image(struct registries *r, struct store *s, const struct image_name *name, const struct push_options *o, struct arena *a,
                struct copy_result *out, bool *alone, struct err *e) {
    struct push_choice c;
    struct repository repository;
    struct str text = image_name_text(a, name);
    if (name->digest.n)
        return err_set(e, ERR_USAGE, "an image is pushed under a tag; name it without the digest");
    if (!push_choose(s, text, o, a, &c, e))
        return false;
    *alone = c.alone;
    repository_of(a, name, &repository);
    _cleanup_(place_closep) struct place *to = place_repository(r, s, &repository, PLACE_WRITE);
    return push(s, &c.ref, to, name->tag, o, a, out, alone, e) || err_wrap(e, "push %.*s", STR_ARG(text));
}
