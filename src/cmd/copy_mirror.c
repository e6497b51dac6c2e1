/* SPDX-License-Identifier: Apache-2.0
 * See copy_mirror.h. */
#include "cmd/copy_mirror.h"

#include <stdio.h>

#include "base/log.h"

static bool copy_one(struct registries *r, struct store *s, const struct mirror_image *one, const struct copy_options *o, bool quiet,
                     struct err *e) {
    struct arena a = ARENA_INIT;
    struct copy_result result;
    char digest[DIGEST_TEXT + 1];
    _cleanup_(place_closep) struct place *from = place_repository(r, s, &one->from, PLACE_READ);
    _cleanup_(place_closep) struct place *to = place_repository(r, s, &one->to, PLACE_WRITE);
    bool good = copy_image(from, one->tag, to, one->tag, o, &a, &result, e) ||
                err_wrap(e, "copy %.*s:%.*s", STR_ARG(from->shown), STR_ARG(one->tag));
    if (good && !quiet)
        printf("%.*s:%.*s: %s %s\n", STR_ARG(str_from(to->shown, S("docker://").n)), STR_ARG(one->tag),
               digest_text(&result.root.digest, digest), result.changed ? "copied" : "is there");
    fflush(stdout);
    arena_fini(&a);
    return good;
}

bool copy_mirror(struct registries *r, struct store *s, const struct mirror_job *job, const struct copy_options *o, bool quiet,
                 struct err *e) {
    struct arena a = ARENA_INIT;
    struct mirror_image *images;
    size_t n, failed = 0;
    bool good = mirror_list(r, s, job, &a, &images, &n, e);
    for (size_t i = 0; good && i < n; i++) {
        struct err one = ERR_INIT;
        if (!copy_one(r, s, &images[i], o, quiet, &one)) {
            log_warn("%s", one.msg);
            failed++;
        }
        err_clear(&one);
    }
    arena_fini(&a);
    return good && (failed == 0 || err_set(e, ERR_FAILED, "%zu of %zu images were not copied", failed, n));
}
