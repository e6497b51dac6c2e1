/* SPDX-License-Identifier: Apache-2.0
 * Looking images up in the store: see check_bases.h. */
#include "cmd/check_bases.h"

#include "image/image.h"
#include "sandbox/sandbox.h"

static enum { UNTRIED, OPEN, NONE } state;

/* A store that is not there, or cannot be read, knows no image. */
static bool opened(struct context *c) {
    struct err e = ERR_INIT;
    if (state == UNTRIED)
        state = store_exists(c->root) && store_open_to_read(&c->store, c->root, sandbox_flavour(), &e) ? OPEN : NONE;
    err_clear(&e);
    return state == OPEN;
}

/* An image that is not in the store, or not whole, is not known; what is wrong with it a build will say. */
static bool look_up(void *ctx, struct arena *a, const struct plan_stage *stage, struct container_config *out, struct str *platform) {
    struct context *c = ctx;
    _cleanup_(arena_fini) struct arena names = ARENA_INIT;
    struct store_ref found;
    struct image image;
    struct err e = ERR_INIT;
    bool known = stage->base_kind == BASE_IMAGE && opened(c) && image_find(&c->store, stage->base_ref, &names, &found, &e) &&
                 image_read(&c->store, &found.manifest, S("linux/" CROZE_ARCH), &image, &e);
    if (known) {
        container_config_copy(a, out, &image.config);
        if (image.architecture.n)
            *platform = image_platform(a, &image);
        image_fini(&image);
    }
    err_clear(&e);
    return known;
}

/* An image that was built here has a digest that no registry knows. */
static bool pin(void *ctx, struct arena *a, struct str image, struct str *digest) {
    struct context *c = ctx;
    struct store_ref found;
    struct str *origins;
    struct err e = ERR_INIT;
    char text[DIGEST_TEXT + 1];
    size_t n = 0;
    bool known = opened(c) && image_find(&c->store, image, a, &found, &e) && store_origins(&c->store, &found.manifest, a, &origins, &n);
    if (known)
        *digest = arena_str(a, str_z(digest_text(&found.manifest, text)));
    err_clear(&e);
    return known;
}

void check_bases_offer(struct context *c, struct check_options *o) {
    o->base = look_up;
    o->pin = pin;
    o->base_ctx = c;
}

void check_bases_close(struct context *c) {
    if (state == OPEN)
        store_close(&c->store);
    state = UNTRIED;
}
