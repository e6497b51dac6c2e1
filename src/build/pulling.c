/* SPDX-License-Identifier: Apache-2.0
 * See pulling.h. */
#include "build/pulling.h"

#include <errno.h>

static const struct registry_options *options_of(const struct build *b) {
    static const struct registry_options none = {.tls_verify = -1};
    return b->options->registry ? b->options->registry : &none;
}

struct registries *build_registries(struct build *b, struct err *e) {
    if (!b->registries)
        b->registries = registries_new(options_of(b), e);
    return b->registries;
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

static bool find(struct build *b, struct arena *a, struct str ref, struct store_ref *found, struct err *e) {
    struct pull_wanted w = {&b->registries, options_of(b), b->options->pull,
                            {.depth = depth_of(b), .progress = b->progress}};
    if (str_list_has(&b->pulled, ref))
        w.when = PULL_MISSING;
    if (!image_find_or_pull(b->store, ref, &w, a, found, e))
        return false;
    str_list_add(&b->pull_arena, &b->pulled, arena_str(&b->pull_arena, ref));
    return true;
}

bool build_find_image(struct build *b, struct arena *a, struct str ref, struct store_ref *found, struct err *e) {
    pthread_mutex_lock(&b->pulling);
    bool good = find(b, a, ref, found, e);
    pthread_mutex_unlock(&b->pulling);
    if (!good && e->sys == ENOENT && b->options->pull == PULL_NEVER)
        err_append(e, "; --pull=never: put it into the store with `croze pull`, `croze import` or `croze load`");
    return good;
}
