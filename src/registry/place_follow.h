/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: a layer is inflated while its bytes still arrive in a draft. */
#ifndef CROZE_REGISTRY_PLACE_FOLLOW_H
#define CROZE_REGISTRY_PLACE_FOLLOW_H

#include "layer/ingest.h"
#include "registry/place_kinds.h"

struct follower;
/* `fd`: of the draft, which stays open until the follower is freed. */
struct follower *follower_start(struct store *s, enum ingest_what what, int fd, const struct descriptor *d);
/* So many more bytes are in the draft. Does not wait. */
void follower_grew(struct follower *f, size_t n);
/* The draft begins anew. */
void follower_restarted(struct follower *f);
/* All is in the draft: waits for the follower's end. False: the layer is not sound. */
MUST_CHECK bool follower_end(struct follower *f, const struct descriptor *d, struct err *e);
/* When the blob has its name. */
MUST_CHECK bool follower_commit(struct follower *f, struct digest *diff_id, struct err *e);
void follower_free(struct follower *f); /* NULL is fine */
static inline void follower_freep(struct follower **f) {
    follower_free(*f);
    *f = NULL;
}

#endif
