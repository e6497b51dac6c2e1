/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: a repository of a registry as a place.
 *
 *   place_repository.c   manifests, blobs and tags out of it
 *   place_upload.c       blobs into it: mounts, uploads
 *   place_referrers.c    manifests into it, and what is about one
 *   place_fallback.c     the index of what is about one, where the registry has none
 *   needed.c             which tags need a manifest that is to be deleted */
#ifndef CROZE_REGISTRY_REPOSITORY_H
#define CROZE_REGISTRY_REPOSITORY_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/vec.h"
#include "registry/place_kinds.h"

struct fallback_entry {
    struct digest subject;
    struct manifest_blob referrer;
    bool gone;                   /* it must not be there */
};
struct place_repository {
    struct place place;
    struct registries *registries;
    struct store *store; /* or NULL */
    struct repository repository;
    bool from_origin;            /* it is written to: no mirror knows what is there now */
    pthread_mutex_t fallback;    /* one of us changes a fallback tag at a time; guards the two below, and the place's arena then */
    VEC(struct fallback_entry) entries; /* that fallback tags must have, or not, at the end */
    uint64_t slowest_ns;         /* of reading and writing one */
    atomic_bool no_referrers;    /* the registry has not that part of the API */
};
static inline struct place_repository *repository_place(struct place *p) {
    return (struct place_repository *)p;
}

/* A request to it for `path`, to be completed. */
struct registry_request repository_request(struct place_repository *p, const char *method, struct str path, const char *actions);
/* What lies under a tag or digest, whatever it is: its digest was checked, its media type is what the registry says. */
MUST_CHECK bool repository_raw(struct place_repository *p, struct str reference, size_t most, struct arena *a, struct manifest_blob *out,
                               struct err *e);

bool repository_has_blob(struct place *p, const struct descriptor *d, bool *has, struct err *e);
bool repository_mounts(struct place *p, const struct descriptor *d, const struct place *from);
bool repository_put_blob(struct place *p, const struct descriptor *d, struct place *from, struct progress_step *progress, struct err *e);
/* A small blob from memory, unless it is there. */
MUST_CHECK bool repository_put_text(struct place_repository *p, struct str bytes, struct digest *out, struct err *e);
bool repository_put_manifest(struct place *p, struct str reference, const struct manifest_blob *m, struct err *e);
bool repository_referrers(struct place *p, const struct digest *subject, struct arena *a, struct descriptor **out, size_t *n,
                          struct err *e);

/* Under a tag or digest, as it is. */
bool repository_put_bytes(struct place_repository *p, struct str reference, const struct manifest_blob *m, struct arena *a,
                          struct registry_answer *answer, struct err *e);

/* --- needed.c --- */
/* "1.0, latest": the tags, but for `except`, that need a manifest, by themselves or by an index; "": none. */
MUST_CHECK bool needed_by(struct place_repository *p, const struct digest *d, struct str except, struct arena *a, struct str *out,
                          struct err *e);

/* --- place_fallback.c --- */
MUST_CHECK bool fallback_add(struct place_repository *p, const struct digest *subject, const struct manifest_blob *referrer, struct err *e);
/* Takes the entry out; *dropped: it was there. */
MUST_CHECK bool fallback_drop(struct place_repository *p, const struct digest *subject, const struct manifest_blob *referrer,
                              bool *dropped, struct err *e);
/* When all is put: waits and looks until every entry stays. */
bool fallback_settle(struct place *p, struct err *e);
void fallback_fini(struct place_repository *p);

#endif
