/* SPDX-License-Identifier: Apache-2.0
 * See pulling.h. Stages ask for their bases in threads of their own: those of independent stages come side by side, a few at once. */
#include "build/pulling.h"

#include <errno.h>

#include "base/limits.h"

/* What one name means in this build; made by the first who asks for it. */
struct pulled_image {
    struct str ref;
    bool coming;                /* somebody looks for it: the rest is not there yet */
    struct store_ref found;
    struct err failure;
};

void pulled_images_free(struct build *b) {
    for (size_t i = 0; i < b->pulled.n; i++)
        err_clear(&b->pulled.p[i]->failure);
    vec_fini(&b->pulled);
    registries_free(b->registries);
    arena_fini(&b->pull_arena);
}

/* --- The client --- */

static const struct registry_options *options_of(const struct build *b) {
    static const struct registry_options none = {.tls_verify = -1};
    return b->options->registry ? b->options->registry : &none;
}

struct registries *build_registries(struct build *b, struct err *e) {
    pthread_mutex_lock(&b->pulling);
    if (!b->registries)
        b->registries = registries_new(options_of(b), e);
    struct registries *r = b->registries;
    pthread_mutex_unlock(&b->pulling);
    return r;
}

/* --- One image --- */

struct asking {
    struct build *build;
    bool counted;               /* among those that are pulled now */
};

/* A registry is to be asked: now is the time to wait for a place, and not before, since most images are here. */
static struct registries *begin_pull(void *ctx, struct err *e) {
    struct asking *k = ctx;
    struct build *b = k->build;
    pthread_mutex_lock(&b->pulling);
    while (b->pulls == LIMIT_PULLS_AT_ONCE)
        pthread_cond_wait(&b->pulled_one, &b->pulling);
    b->pulls++;
    pthread_mutex_unlock(&b->pulling);
    k->counted = true;
    return build_registries(b, e);
}

/* What a RUN needs is unpacked while it arrives. */
static enum pull_depth depth_of(struct build *b) {
    bool runs = false;
    pthread_mutex_lock(&b->lock);
    for (size_t s = 0; s < b->plan.n_stages; s++)
        for (size_t i = 0; b->plan.stages[s].needed && i < b->plan.stages[s].n_body; i++)
            runs = runs || b->plan.stages[s].body[i].op == DF_RUN;
    pthread_mutex_unlock(&b->lock);
    return runs ? PULL_TREES : PULL_CONTENTS;
}

static void look_for(struct build *b, struct pulled_image *p) {
    struct arena a = ARENA_INIT;
    struct asking k = {b, false};
    struct store_ref found = {0};
    struct pull_wanted w = {begin_pull, &k, b->options->pull, {.depth = depth_of(b), .progress = b->progress}};
    bool good = image_find_or_pull(b->store, p->ref, &w, &a, &found, &p->failure);
    if (p->failure.kind == ERR_UNCHECKED) /* nothing was to be checked: the build failed */
        p->failure.kind = ERR_FAILED;
    pthread_mutex_lock(&b->pulling);
    if (good) {
        p->found = found;
        p->found.name = arena_str(&b->pull_arena, found.name);
        p->found.media_type = arena_str(&b->pull_arena, found.media_type);
    }
    b->pulls -= k.counted;
    p->coming = false;
    pthread_cond_broadcast(&b->pulled_one);
    pthread_mutex_unlock(&b->pulling);
    arena_fini(&a);
}

/* Who asks first looks for it, who comes later waits for that. */
static struct pulled_image *image_of(struct build *b, struct str ref) {
    struct pulled_image *p = NULL;
    pthread_mutex_lock(&b->pulling);
    for (size_t i = 0; !p && i < b->pulled.n; i++)
        if (str_eq(b->pulled.p[i]->ref, ref))
            p = b->pulled.p[i];
    bool first = !p;
    if (first) {
        p = arena_new(&b->pull_arena, struct pulled_image);
        p->ref = arena_str(&b->pull_arena, ref);
        p->coming = true;
        vec_push(&b->pulled, p);
    }
    while (!first && p->coming)
        pthread_cond_wait(&b->pulled_one, &b->pulling);
    pthread_mutex_unlock(&b->pulling);
    if (first)
        look_for(b, p);
    return p;
}

bool build_find_image(struct build *b, struct arena *a, struct str ref, struct store_ref *found, struct err *e) {
    const struct pulled_image *p = image_of(b, ref);
    if (p->failure.kind == ERR_NONE) {
        *found = p->found;
        found->name = arena_str(a, p->found.name);
        found->media_type = arena_str(a, p->found.media_type);
        return true;
    }
    err_set(e, p->failure.kind, "%s", p->failure.msg);
    e->sys = p->failure.sys;
    if (e->sys == ENOENT && b->options->pull == PULL_NEVER)
        err_append(e, "; --pull=never: put it into the store with `croze pull`, `croze import` or `croze load`");
    return false;
}
