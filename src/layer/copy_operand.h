/* SPDX-License-Identifier: Apache-2.0
 *
 * The operands of a COPY: cleaned, wildcards resolved, symlinks followed inside the source. */
#ifndef CROZE_LAYER_COPY_OPERAND_H
#define CROZE_LAYER_COPY_OPERAND_H

#include "base/vec.h"
#include "layer/copy_source.h"

/* One thing that an operand names. */
struct match {
    const struct copy_part *part;
    struct source_dir place;   /* a directory; or, by place.only, one name in it */
    bool is_dir;
    struct entry entry;        /* of what is there; its texts are in the arena */
};
typedef VEC(struct match) match_list;

/* Appends what the part's operands name, in their order. A literal operand that is not there is an error with sys = ENOENT. */
MUST_CHECK bool operands_find(const struct copy_spec *c, const struct copy_part *p, struct source *s, struct arena *a, match_list *out,
                              struct err *e);

#endif
