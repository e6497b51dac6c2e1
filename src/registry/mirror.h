/* SPDX-License-Identifier: Apache-2.0
 *
 * Which images a mirror job is about: repositories of a registry and their tags by patterns (* and ? within a path component, ** across
 * them, [a-z]). Listings are all that is asked here: the registry's catalog where the repository has a wildcard, and one of tags a
 * repository, when its turn comes: of all tags only one repository's are held. */
#ifndef CROZE_REGISTRY_MIRROR_H
#define CROZE_REGISTRY_MIRROR_H

#include "registry/place.h"

struct mirror_job {
    struct str source;       /* [docker://]HOST/REPOSITORY-PATTERN[:TAG-PATTERN] */
    struct str destination;  /* [docker://]HOST[/PREFIX] */
    bool only_new;           /* tags that the far side's list lacks */
};
struct mirror_image {
    struct repository from, to;
    struct str tag;
};
/* Calls `each` for all of them, whose texts last as long as the call. Tags that hold what is about images are left out: copy_image brings
 * that along. An error is one of listing: before the first image, or of one repository, behind the others; that nothing matches is one
 * too: the patterns are wrong, or a listing is. */
MUST_CHECK bool mirror_each(struct registries *r, const struct mirror_job *job, void (*each)(void *ctx, const struct mirror_image *one),
                            void *ctx, struct err *e);

#endif
