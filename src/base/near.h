/* SPDX-License-Identifier: Apache-2.0
 *
 * Who was meant by a misspelt name: the candidate with the fewest edits (Levenshtein), below three; of equals the first.
 *
 *     struct near n = {word};
 *     for (...)
 *         near_try(&n, candidate);
 *     if (n.name.n) "did you mean n.name?" */
#ifndef CROZE_BASE_NEAR_H
#define CROZE_BASE_NEAR_H

#include "base/str.h"

struct near {
    struct str word;  /* as it was typed */
    bool fold_case;   /* case does not count (ASCII) */
    struct str name;  /* the best so far, or empty */
    size_t distance;  /* of `name` */
};

void near_try(struct near *n, struct str candidate);

#endif
