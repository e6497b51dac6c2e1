/* SPDX-License-Identifier: Apache-2.0
 *
 * A word expanded with the global ARGs, and which variables it uses. Private to check/. */
#ifndef CROZE_CHECK_EXPANDED_H
#define CROZE_CHECK_EXPANDED_H

#include "dockerfile/dockerfile.h"
#include "plan/config.h"

enum { EXPANDED_NAMES_MAX = 16 }; /* more are not remembered */

struct expanded {
    const struct pair_list *args;
    uint64_t *work;
    struct str text;
    struct str found[EXPANDED_NAMES_MAX], unset[EXPANDED_NAMES_MAX];
    size_t n_found, n_unset;
};

/* False: it cannot be expanded, which is an error that the plan has; or nothing is left of *work (LIMIT_FILE_WORK). */
bool expanded_make(struct arena *a, char escape, struct str word, const struct pair_list *args, uint64_t *work, struct expanded *x);
/* As stages are named: their names know no case. */
struct str check_lower(struct arena *a, struct str s);
/* FROM's --platform if it says something, else NULL. */
const struct df_flag *platform_flag(const struct df_instruction *from);

#endif
