/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpacks one layer into an empty directory, as an overlay lower directory. */
#ifndef CROZE_LAYER_UNPACK_H
#define CROZE_LAYER_UNPACK_H

#include "layer/view.h"

struct unpack;
/* `root` stays the caller's. `lower` are the layers below, for a layer that leans on them; copied, and its tocs must stay open. */
MUST_CHECK struct unpack *unpack_new(const struct view *lower, int root, struct err *e);
void unpack_free(struct unpack *u);
/* The next entry in archive order (an entry_sink's add). */
MUST_CHECK bool unpack_entry(void *unpack, const struct entry *en, const struct content *c, struct err *e);
/* How many directories were made that no entry had listed at that time. */
size_t unpack_implied(const struct unpack *u);
/* Behind the last one: whiteouts, opaque marks and the attributes of directories, as the toc of v->layers[which] has them. */
MUST_CHECK bool unpack_finish(struct unpack *u, const struct view *v, size_t which, struct err *e);

/* All of that for a layer that is stored. Contents are verified as layer_read does: after a failure the directory is worth nothing. */
MUST_CHECK bool unpack_layer(const struct view *v, size_t which, int root, struct err *e);

#endif
