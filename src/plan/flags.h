/* SPDX-License-Identifier: Apache-2.0
 *
 * Flags of an instruction. The parser has seen to it that they are known, have a value where they need one and are not repeated (but for
 * --mount and its like); this tells which of them croze carries out. */
#ifndef CROZE_PLAN_FLAGS_H
#define CROZE_PLAN_FLAGS_H

#include "plan/site.h"

/* The first flag that is not carried out is an error that names it. */
MUST_CHECK bool flags_check(const struct site *at, struct err *e);
/* The flag of that name, or NULL. */
const struct df_flag *flag_find(const struct df_instruction *i, const char *name);
/* The error for what BuildKit does and croze does not yet: "COPY --link is not supported by this version of croze". */
bool not_supported(const struct site *at, struct df_pos pos, struct err *e, const char *what);

#endif
