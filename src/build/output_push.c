/* SPDX-License-Identifier: Apache-2.0
 * Images that an output sends to their registries (outputs.h): --push, type=registry, push=true. They go out of the store as they are,
  * before they get their names in it, so that a push that fails leaves none. */
#include <string.h>

#include "build/outputs.h"
#include "build/pulling.h"
#include "registry/copy.h"

static bool push_name(struct build *b, struct str text, const struct digest *manifest, struct err *e) {
    char digest[DIGEST_TEXT + 1];
    struct image_name name;
    struct repository repository;
    struct copy_result r;
    struct copy_options o = {.progress = b->progress};
    struct registries *registries = build_registries(b, e);
    if (!registries || !image_name_parse(&b->arena, text, &name, e))
        return false;
    repository_of(&b->arena, &name, &repository);
    _cleanup_(place_closep) struct place *from = place_store(b->store);
    _cleanup_(place_closep) struct place *to = place_repository(registries, b->store, &repository, PLACE_WRITE);
    struct progress_step *p = progress_start(b->progress, arena_printf(&b->arena, "[output] push %.*s", STR_ARG(text)));
    bool good = copy_image(from, str_z(digest_text(manifest, digest)), to, name.tag, &o, &b->arena, &r, e);
    progress_end(p, good ? PROGRESS_DONE : PROGRESS_FAILED, STR_NULL);
    if (good)
        progress_note(b->progress, "%.*s: digest: %s size: %zu", STR_ARG(name.tag), digest, r.root.bytes.n);
    return good || err_wrap(e, "push %.*s", STR_ARG(text));
}

bool output_push(struct build *b, const struct str *names, size_t n, const struct digest *manifest, struct err *e) {
    for (size_t i = 0; i < n; i++)
        if (!push_name(b, names[i], manifest, e))
            return false;
    return true;
}
