/* SPDX-License-Identifier: Apache-2.0
 *
 * Variables as df_expand sees them, and the arguments that exist without an ARG: the platform's, the stage's, the epoch, the proxies'. */
#ifndef CROZE_PLAN_VARS_H
#define CROZE_PLAN_VARS_H

#include "plan/plan.h"
#include "plan/site.h"

/* Two lists, the first winning. Remembers the names that gave nothing: errors about an empty result name them. */
enum { VARS_EMPTY_MAX = 8 };
struct vars {
    const struct pair_list *first, *second; /* second may be NULL */
    struct str empty[VARS_EMPTY_MAX];
    size_t n_empty;
    uint64_t *work;                         /* df_vars.work; may be NULL */
};
struct df_vars vars_getter(struct vars *v);
/* Lists are searched from their heads: what that costs is taken off *work, as far as there is anything left. */
void vars_charge(uint64_t *work, size_t entries);
/* The same for names that are compared by their distance (base/near.h), which takes longer. */
enum { VARS_NEAR_COST = 32 };

/* TARGETPLATFORM and its kin, BUILDPLATFORM's, TARGETSTAGE, SOURCE_DATE_EPOCH into `globals`. */
void predefined_args(struct arena *a, const struct plan *p, struct pair_list *globals);
/* May be given as a build argument without an ARG: the above, the proxies, the BUILDKIT_* that croze knows. */
bool is_predefined(struct str name);
/* The proxy variables that the build arguments ask for, both cases of each name. */
void proxy_env(struct arena *a, const struct pair_list *build_args, struct pair_list *out);

/* "amd64", "linux/x86_64", "linux/arm64/v8" in their short form "linux/amd64", "linux/arm64"; an error names what is malformed. `host`
 * supplies what is left out. */
MUST_CHECK bool platform_normalize(struct arena *a, struct str text, struct str host, struct str *out, struct err *e);

/* The path `path` seen from `dir` (absolute), without ".", "..", "//" and trailing slash; ".." stops at the root. */
struct str path_resolve(struct arena *a, struct str dir, struct str path);

#endif
