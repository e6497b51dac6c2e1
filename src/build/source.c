/* SPDX-License-Identifier: Apache-2.0
 * Roots that a build reads from: its base images, its own stages, other images of the store. */
#include <errno.h>

#include "build/stage.h"

bool base_image(struct build *b, struct str ref, struct image *out, struct err *e) {
    struct arena a = ARENA_INIT;
    struct store_ref found;
    bool good = image_find(b->store, ref, &a, &found, e);
    if (!good && e->sys == ENOENT)
        err_append(e, "; put it into the store with `croze import` or `croze load`");
    /* leased before it is read: gc keeps all that a leased manifest reaches, even if its name is taken off meanwhile */
    good = good && store_lease(b->store, &found.manifest, e) && image_read(b->store, &found.manifest, b->plan.options.platform, out, e);
    arena_fini(&a);
    return good;
}

bool stage_view(struct stage *s, struct view *v, struct err *e) {
    return view_open(v, s->build->store, s->image.layers, s->image.n_layers, e);
}

bool open_source_root(struct build *b, const struct source_ref *from, struct view *v, struct err *e) {
    if (from->kind == SOURCE_STAGE) {
        if (!build_wait_stage(b, from->stage))
            return err_set(e, ERR_FAILED, "stage %zu, which this step reads from, failed", from->stage);
        return stage_view(&b->stages[from->stage], v, e);
    }
    struct image im;
    if (!base_image(b, from->image, &im, e))
        return err_wrap(e, "from %.*s", STR_ARG(from->image));
    bool good = view_open(v, b->store, im.layers, im.n_layers, e);
    image_fini(&im);
    return good;
}
