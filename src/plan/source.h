/* SPDX-License-Identifier: Apache-2.0
 *
 * Where COPY --from and a mount's from= read: a named context, a stage of this file or an image. */
#ifndef CROZE_PLAN_SOURCE_H
#define CROZE_PLAN_SOURCE_H

#include "plan/plan.h"
#include "plan/site.h"

/* The name, expanded, of `what` ("COPY --from", "RUN --mount from"), seen from stage `stage`. "" is the build context. */
MUST_CHECK bool source_resolve(const struct plan *p, size_t stage, const struct site *at, struct df_pos pos, const char *what,
                               struct str name, struct source_ref *out, struct err *e);

#endif
