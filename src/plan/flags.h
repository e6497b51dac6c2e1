/* SPDX-License-Identifier: Apache-2.0
 *
 * Flags of an instruction. The parser has seen to it that they are known, have a value where they need one and are not repeated (but for
 * --mount and its like). */
#ifndef CROZE_PLAN_FLAGS_H
#define CROZE_PLAN_FLAGS_H

#include "plan/site.h"

/* A flag that croze does not carry out is an error that names it. */
MUST_CHECK bool flags_check(const struct site *at, struct err *e);
/* The flag of that name, or NULL. */
const struct df_flag *flag_find(const struct df_instruction *i, const char *name);
/* "--link", "--link=true". */
bool flag_is_on(const struct df_instruction *i, const char *name);
/* Where the value stands: "--interval=30" points at "30". */
struct df_pos flag_value_pos(const struct df_flag *f);
/* Whether what a text says is known only when its variables are: such a one is judged with its step. */
bool has_variable(struct str text);

#endif
