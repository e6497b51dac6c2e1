/* SPDX-License-Identifier: Apache-2.0
 * Images of croze's store among those of a host: what check_image() finds in their layers is more than any engine tells. */
#include "base/limits.h"
#include "check/host_rules.h"
#include "check/image_check.h"
#include "sys/clock.h"

static void keep_findings(struct host_check *c, struct host_image *i, const struct image_check_result *r) {
    i->findings = arena_array(c->arena, struct finding, r->n_findings);
    i->n_findings = r->n_findings;
    for (size_t k = 0; k < r->n_findings; k++) {
        i->findings[k] = r->findings[k];
        i->findings[k].step = arena_str(c->arena, r->findings[k].step); /* it may lie in the image, which ends */
    }
}

/* The image as the store has it, in the words of the engine. */
static void take_image(struct host_check *c, struct host_image *i, const struct image *im) {
    struct arena *a = c->arena;
    char text[CLOCK_TEXT];
    i->user = arena_str(a, im->config.user);
    i->has_health = im->config.has_health && im->config.health.test.n;
    i->created = im->has_created ? arena_str(a, str_z(clock_rfc3339(im->created, text))) : STR_NULL;
    i->env = arena_array(a, struct str, im->config.env.n);
    for (size_t k = 0; k < im->config.env.n; k++)
        i->env[i->n_env++] = arena_join3(a, im->config.env.p[k].key, S("="), im->config.env.p[k].value);
    i->steps = arena_array(a, struct str, im->n_history);
    for (size_t k = 0; k < im->n_history; k++)
        i->steps[i->n_steps++] = arena_str(a, im->history[k].created_by);
}

static void look_into(struct host_check *c, struct host_image *i, const struct digest *manifest, bool is_new) {
    const struct check_policy all = {0};
    struct image_check_options o = {.policy = &all, .name = i->name, .no_contents = c->options->no_contents};
    struct image_check_result r = {0};
    struct image im;
    struct err e = ERR_INIT;
    if (image_read(c->options->store, manifest, S("linux/" CROZE_ARCH), &im, &e)) {
        i->is_checked = check_image(c->arena, c->options->store, &im, &o, &r, &e) && r.n_dropped == 0; /* else not all was seen */
        keep_findings(c, i, &r);
        if (is_new)
            take_image(c, i, &im);
        image_fini(&im);
    }
    if (!i->is_checked && is_new)
        i->unread = arena_str(c->arena, str_z(e.msg));
    err_clear(&e);
}

static bool has_its_layers(const struct image *im, const struct host_image *i) {
    char text[DIGEST_TEXT + 1];
    bool same = im->n_layers && im->n_layers == i->n_layers;
    for (size_t k = 0; same && k < im->n_layers; k++)
        same = str_eqz(i->layers[k], digest_text(&im->layers[k].diff_id, text));
    return same;
}

/* docker's containerd store calls an image by its manifest, which is another one in every store; its layers are the same. */
static bool find_by_name(struct host_check *c, const struct host_image *i, struct digest *manifest) {
    struct store_ref ref;
    struct image im;
    struct err e = ERR_INIT;
    bool same = false;
    if (image_find(c->options->store, i->name, c->arena, &ref, &e) &&
        image_read(c->options->store, &ref.manifest, S("linux/" CROZE_ARCH), &im, &e)) {
        same = has_its_layers(&im, i);
        *manifest = ref.manifest;
        image_fini(&im);
    }
    err_clear(&e);
    return same;
}

/* The store need not have it. */
static void look_up(struct host_check *c, struct host_image *i) {
    struct store_ref ref;
    struct digest manifest;
    struct err e = ERR_INIT;
    if (image_find(c->options->store, i->id, c->arena, &ref, &e))
        look_into(c, i, &ref.manifest, false);
    else if (find_by_name(c, i, &manifest))
        look_into(c, i, &manifest, false);
    err_clear(&e);
}

static void list_all(struct host_check *c) {
    struct store_refs refs;
    struct err e = ERR_INIT;
    if (!store_refs_read(c->options->store, c->arena, &refs, &e) || refs.n > LIMIT_HOST_IMAGES) {
        c->no_images = e.msg ? arena_str(c->arena, str_z(e.msg)) : S("the store has too many images");
        err_clear(&e);
        return;
    }
    c->no_images = STR_NULL;
    c->images = arena_array(c->arena, struct host_image, refs.n);
    for (size_t k = 0; k < refs.n; k++) {
        char text[DIGEST_TEXT + 1];
        if (image_is_artifact(c->options->store, &refs.p[k].manifest))
            continue;
        struct host_image *i = &c->images[c->n_images++];
        i->id = arena_str(c->arena, str_z(digest_text(&refs.p[k].manifest, text)));
        i->name = refs.p[k].name.n ? refs.p[k].name : str_first(i->id, strlen("sha256:") + 12);
        look_into(c, i, &refs.p[k].manifest, true);
    }
}

void host_store_images(struct host_check *c) {
    if (c->source->no_engine.n && !c->source->engine_denied) {
        list_all(c);
        return;
    }
    for (size_t k = 0; k < c->n_images; k++)
        if (c->images[k].unread.n == 0)
            look_up(c, &c->images[k]);
}
