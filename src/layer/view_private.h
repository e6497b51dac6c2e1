/* SPDX-License-Identifier: Apache-2.0
 * Where a view finds things: for view.c and resolve.c. */
#ifndef CROZE_LAYER_VIEW_PRIVATE_H
#define CROZE_LAYER_VIEW_PRIVATE_H

#include "layer/view.h"

struct view_place {
    size_t layer, index;   /* the entry `index` of layer `layer`'s toc */
    bool implied;          /* a directory that only the names below it tell of: no index */
};
/* What lies at `path` in the layers below number `below` (v->n: in all of them). Nothing is followed. */
bool view_place(const struct view *v, size_t below, struct str path, struct view_place *p);
/* From the place of a hard link to that of its file; other places stay. False for directories, and where the link leads nowhere. */
bool view_inode(const struct view *v, struct view_place *p);

#endif
