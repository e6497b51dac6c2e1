/* SPDX-License-Identifier: Apache-2.0
 * Roots that a build reads from: its base images, its own stages, other images of the store, named contexts. */
#include <errno.h>

#include "build/inputs.h"
#include "build/lockfile.h"
#include "build/pulling.h"
#include "build/stage.h"

/* The lock has an image by its whole name; by what was typed if that is no name but (the beginning of) a digest. */
static bool lock_image(struct build *b, struct arena *a, struct str ref, const struct store_ref *found, struct err *e) {
    struct image_name name;
    struct err no_name = ERR_INIT;
    struct str text = image_name_parse(a, ref, &name, &no_name) ? image_name_text(a, &name) : ref;
    if (!no_name.msg && name.digest.n)
        text = arena_join3(a, text, S("@"), name.digest);
    err_clear(&no_name);
    return lockfile_note(b->lockfile, &(struct locked){.kind = LOCKED_IMAGE, .name = text, .digest = found->manifest}, e);
}

bool base_image(struct build *b, struct str ref, struct image *out, struct err *e) {
    struct arena a = ARENA_INIT;
    struct store_ref found;
    bool good = build_find_image(b, &a, ref, &found, e);
    good = good && lock_image(b, &a, ref, &found, e);
    /* leased before it is read: gc keeps all that a leased manifest reaches, even if its name is taken off meanwhile */
    good = good && store_lease(b->store, &found.manifest, e) && image_read(b->store, &found.manifest, b->plan.options.platform, out, e);
    arena_fini(&a);
    return good;
}

/* A stage that runs something wants the trees of its layers: better now, while a new base is read anyway. */
static bool runs_something(const struct plan_stage *p) {
    for (size_t i = 0; i < p->n_body; i++)
        if (p->body[i].op == DF_RUN)
            return true;
    return false;
}

bool stage_view(struct stage *s, struct view *v, struct err *e) {
    return (runs_something(s->plan) ? view_open_with_trees : view_open)(v, s->build->store, s->image.layers, s->image.n_layers, e);
}

static bool image_view(struct build *b, const struct image *im, struct view *v, struct err *e) {
    return view_open(v, b->store, im->layers, im->n_layers, e);
}

/* PATH[:TAG][@sha256:...]; a path may hold colons. */
static bool layout_image(struct build *b, const struct named_context *n, struct image *out, struct err *e) {
    struct arena a = ARENA_INIT;
    struct str path = n->value, tag = STR_NULL;
    struct digest digest, manifest;
    ptrdiff_t at = str_find(path, S("@sha256:")), slash = str_rindex(path, '/');
    bool good = at < 0 || digest_parse(str_from(path, (size_t)at + 1), &digest, e);
    if (at >= 0)
        path = str_first(path, (size_t)at);
    ptrdiff_t colon = str_rindex(path, ':');
    if (colon > slash && access(arena_strz(&a, path), F_OK) < 0) {
        tag = str_from(path, (size_t)colon + 1);
        path = str_first(path, (size_t)colon);
    }
    good = good && layout_load(b->store, arena_strz(&a, path), tag, at >= 0 ? &digest : NULL, b->plan.options.platform, &manifest, e) &&
           image_read(b->store, &manifest, b->plan.options.platform, out, e);
    arena_fini(&a);
    return good || err_wrap(e, "--build-context %.*s", STR_ARG(n->name));
}

bool named_image(struct build *b, size_t named, struct image *out, struct err *e) {
    return layout_image(b, &b->options->named[named], out, e);
}

/* The view of an image that `im` holds, which is let go of. */
static bool take_image(struct build *b, struct image *im, struct view *v, struct err *e) {
    bool good = image_view(b, im, v, e);
    image_fini(im);
    return good;
}

bool read_root_open(struct build *b, const struct source_ref *from, struct read_root *out, struct err *e) {
    struct image im;
    *out = (struct read_root){0};
    switch (from->kind) {
    case SOURCE_CONTEXT:
        out->context = &b->context;
        return true;
    case SOURCE_STAGE:
        if (!build_wait_stage(b, from->stage))
            return err_set(e, ERR_FAILED, "stage %zu, which this step reads from, failed", from->stage);
        return stage_view(&b->stages[from->stage], &out->view, e);
    case SOURCE_IMAGE:
        return base_image(b, from->image, &im, e) ? take_image(b, &im, &out->view, e) : err_wrap(e, "from %.*s", STR_ARG(from->image));
    case SOURCE_NAMED:
        if (b->options->named[from->named].kind == NAMED_OCI_LAYOUT)
            return named_image(b, from->named, &im, e) && take_image(b, &im, &out->view, e);
        out->context = context_named(b, from->named, e);
        return out->context != NULL;
    }
    return false;
}

void read_root_close(struct read_root *r) {
    if (!r->context)
        view_close(&r->view);
}

struct copy_source copy_source_of(const struct read_root *r) {
    const struct context *c = r->context;
    if (!c)
        return (struct copy_source){.context_fd = -1, .view = &r->view};
    return (struct copy_source){.context_fd = c->fd, .ignore = c->ignore.n ? &c->ignore : NULL, .stats = c->stats};
}
