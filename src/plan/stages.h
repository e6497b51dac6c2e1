/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two halves of plan_make() share: stages.c reads the stages, depend.c finds out which of them are needed. */
#ifndef CROZE_PLAN_STAGES_H
#define CROZE_PLAN_STAGES_H

#include "base/limits.h"
#include "plan/plan.h"

/* The stage that --target names; p->target. */
MUST_CHECK bool target_find(struct plan *p, struct err *e);
/* Marks the target and all that it reads as needed, and fills their `needs`. */
MUST_CHECK bool needs_close(struct arena *a, struct plan *p, struct err *e);
/* p->unused_args. */
void unused_args_find(struct arena *a, struct plan *p);

#endif
