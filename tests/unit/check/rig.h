/* SPDX-License-Identifier: Apache-2.0
 *
 * A Dockerfile checked, with what it was checked by and what came of it. */
#ifndef CROZE_TESTS_CHECK_RIG_H
#define CROZE_TESTS_CHECK_RIG_H

#include "check/check.h"
#include "tap.h"

struct rig {
    struct arena arena;
    struct check_options options;
    struct check_result r;
};

static void rig_init(struct rig *g, enum check_compat compat) {
    *g = (struct rig){.options = {.policy.compat = compat, .plan.platform = S("linux/amd64"), .all_stages = true}};
}

static void rig_fini(struct rig *g) {
    err_clear(&g->r.error);
    arena_fini(&g->arena);
}

static void rig_check(struct rig *g, struct str text) {
    err_clear(&g->r.error);
    check_dockerfile(&g->arena, text, S("Dockerfile"), &g->options, &g->r);
}

#endif
