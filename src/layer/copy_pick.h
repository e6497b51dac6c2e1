/* SPDX-License-Identifier: Apache-2.0
 *
 * What of a directory is copied where not all of it is: --exclude leaves out what its patterns match, --parents takes only what the
 * operand's pattern matches. Paths are those below the directory. */
#ifndef CROZE_LAYER_COPY_PICK_H
#define CROZE_LAYER_COPY_PICK_H

#include "dockerfile/dockerfile.h"

struct pick {
    const struct ignore *only;    /* ignore_all_but; NULL: all */
    const struct ignore *exclude; /* NULL: nothing */
    struct str root;              /* the directory, as its source calls it */
};

enum picked {
    PICKED,
    PICKED_BELOW, /* not itself, but perhaps something in it: such a directory is made when that is written */
    NOT_PICKED,
};
/* `path` is the source's and lies below pick->root. */
enum picked pick_path(const struct pick *pick, struct str path);

#endif
