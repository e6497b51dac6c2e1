/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: a repository of a registry as a place.
 *
 *   place_repository.c   manifests, blobs and tags out of it
 *   place_upload.c       blobs into it: mounts, uploads
 *   place_referrers.c    manifests into it, and what is about one: the API, the fallback tag */
#ifndef CROZE_REGISTRY_REPOSITORY_H
#define CROZE_REGISTRY_REPOSITORY_H

#include <pthread.h>
#include <stdatomic.h>

#include "registry/place_kinds.h"

struct place_repository {
    struct place place;
    struct registries *registries;
    struct store *store;
    struct repository repository;
    pthread_mutex_t fallback;    /* one of us changes a fallback tag at a time */
    atomic_bool no_referrers;    /* the registry has not that part of the API */
};
static inline struct place_repository *repository_place(struct place *p) {
    return (struct place_repository *)p;
}

/* A request to it for `path`, to be completed. */
struct registry_request repository_request(struct place_repository *p, const char *method, struct str path, const char *actions);
/* Where the Link header of a page leads: a path for the next request, or "" at the end. */
struct str repository_next_page(struct arena *a, const struct place_repository *p, struct str page, struct str link);

bool repository_has_blob(struct place *p, const struct descriptor *d, bool *has, struct err *e);
bool repository_put_blob(struct place *p, const struct descriptor *d, struct place *from, struct progress_step *progress, struct err *e);
bool repository_put_manifest(struct place *p, struct str reference, const struct manifest_blob *m, struct err *e);
bool repository_referrers(struct place *p, const struct digest *subject, struct arena *a, struct descriptor **out, size_t *n,
                          struct err *e);

#endif
