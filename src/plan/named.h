/* SPDX-License-Identifier: Apache-2.0
 *
 * Named contexts (--build-context): what stands in for the stage or the image of a name. As in BuildKit a context comes before both; a
 * stage of its name is replaced whole. */
#ifndef CROZE_PLAN_NAMED_H
#define CROZE_PLAN_NAMED_H

#include "plan/plan.h"
#include "plan/site.h"

/* Names and values that can be judged before anything uses them. */
MUST_CHECK bool named_check(const struct plan *p, struct err *e);
/* The context of that name, the last of several; false: there is none. */
bool named_find(const struct plan *p, struct str name, size_t *which);
/* What the context stands for, seen from stage `from`: SOURCE_NAMED, SOURCE_IMAGE or SOURCE_STAGE (which stands above). The error has no
 * place yet. */
MUST_CHECK bool named_resolve(const struct plan *p, size_t from, size_t which, struct source_ref *out, struct err *e);

#endif
