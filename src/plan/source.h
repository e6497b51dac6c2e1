/* SPDX-License-Identifier: Apache-2.0
 *
 * Where COPY --from and a mount's from= read: a stage of this file or an image. And the mount flag itself, since its from= is needed before
 * anything is expanded. */
#ifndef CROZE_PLAN_SOURCE_H
#define CROZE_PLAN_SOURCE_H

#include "plan/plan.h"
#include "plan/site.h"

/* The name as written in `what` ("COPY --from", "from of --mount"), seen from stage `stage`. "" is the build context. */
MUST_CHECK bool source_resolve(const struct plan *p, size_t stage, const struct site *at, struct df_pos pos, const char *what,
                               struct str name, struct source_ref *out, struct err *e);

/* The fields of "--mount=type=bind,from=x,...": CSV as Go reads it (a field may stand in double quotes). The texts lie in the arena. */
MUST_CHECK bool mount_fields(struct arena *a, const struct site *at, const struct df_flag *mount, struct str_list *out, struct err *e);
/* The values of from= and type= in it, unexpanded, or "". */
MUST_CHECK bool mount_peek(struct arena *a, const struct site *at, const struct df_flag *mount, struct str *from, struct str *type,
                           struct err *e);
/* Only bind is carried out. */
MUST_CHECK bool mount_type_check(const struct site *at, const struct df_flag *mount, struct str type, struct err *e);

#endif
