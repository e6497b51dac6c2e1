/* SPDX-License-Identifier: Apache-2.0
 *
 * Which flags each instruction knows (Dockerfile frontend 1.26), which of them croze carries out, and the check of an instruction against that table. */
#ifndef CROZE_PLAN_FLAGS_H
#define CROZE_PLAN_FLAGS_H

#include "plan/site.h"

/* Unknown, repeated, valueless flags are errors. With `carried_out` those that croze knows but does not carry out are errors too: dead stages are
 * checked without it. */
MUST_CHECK bool flags_check(const struct site *at, bool carried_out, struct err *e);
/* The only flag of that name of a checked instruction, or NULL. */
const struct df_flag *flag_find(const struct df_instruction *i, const char *name);
/* Its value, or "". */
struct str flag_value(const struct df_instruction *i, const char *name);
/* The error for what BuildKit does and croze does not yet: "COPY --link is not supported by this version of croze". */
bool not_supported(const struct site *at, struct df_pos pos, struct err *e, const char *what);

#endif
