/* SPDX-License-Identifier: Apache-2.0
 * See copy_mirror.h. */
#include "cmd/copy_mirror.h"

#include <stdio.h>

#include "cmd/failures.h"

struct mirroring {
    struct registries *registries;
    const struct copy_options *options;
    bool quiet;
    size_t all;
    struct failures failures;
};

static bool copy_one(struct mirroring *m, const struct mirror_image *one, struct err *e) {
    struct arena a = ARENA_INIT;
    struct copy_result result;
    char digest[DIGEST_TEXT + 1];
    _cleanup_(place_closep) struct place *from = place_repository(m->registries, NULL, &one->from, PLACE_READ);
    _cleanup_(place_closep) struct place *to = place_repository(m->registries, NULL, &one->to, PLACE_WRITE);
    bool good = copy_image(from, one->tag, to, one->tag, m->options, &a, &result, e) ||
                err_wrap(e, "copy %.*s:%.*s", STR_ARG(from->shown), STR_ARG(one->tag));
    if (good && !m->quiet)
        printf("%.*s:%.*s: %s %s\n", STR_ARG(str_from(to->shown, S("docker://").n)), STR_ARG(one->tag),
               digest_text(&result.root.digest, digest), result.changed ? "copied" : "is there");
    fflush(stdout);
    arena_fini(&a);
    return good;
}

static void each(void *ctx, const struct mirror_image *one) {
    struct mirroring *m = ctx;
    struct err e = ERR_INIT;
    m->all++;
    if (!copy_one(m, one, &e))
        failures_tell(&m->failures, &e);
}

bool copy_mirror(struct registries *r, const struct mirror_job *job, const struct copy_options *o, bool quiet, struct err *e) {
    struct mirroring m = {.registries = r, .options = o, .quiet = quiet};
    bool listed = mirror_each(r, job, each, &m, e);
    return failures_end(&m.failures, m.all, "copied", e) && listed;
}
