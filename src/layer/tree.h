/* SPDX-License-Identifier: Apache-2.0
 *
 * A tree in the making: a directory in work/ that gets its name under trees/ when it is complete. For tree.c and ingest.c. */
#ifndef CROZE_LAYER_TREE_H
#define CROZE_LAYER_TREE_H

#include "store/store.h"

struct tree_draft {
    struct store *store;
    char *work;    /* path; NULL: there is none */
    int fd;
};
#define TREE_DRAFT_INIT {NULL, NULL, -1}

MUST_CHECK bool tree_draft_open(struct store *s, struct tree_draft *d, struct err *e);
void tree_draft_discard(struct tree_draft *d); /* also as cleanup attribute; after tree_publish too */
/* Leases the name, then publishes the tree on disk, whole. One that is there already is the same, and stays. */
MUST_CHECK bool tree_publish(struct store *s, const struct tree_draft *d, const struct digest *name, struct err *e);
/* Leases the name, then looks. */
MUST_CHECK bool tree_exists(struct store *s, const struct digest *name, bool *exists, struct err *e);

#endif
