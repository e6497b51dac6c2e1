/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a message points: a place in the Dockerfile, or, for an ONBUILD trigger that a base brought (its text lies in no file), the FROM of
 * the stage and the place in the trigger. All errors of this room pass here, so that they open alike: "Dockerfile:7:6: ...". */
#ifndef CROZE_PLAN_SITE_H
#define CROZE_PLAN_SITE_H

#include "base/arena.h"
#include "base/err.h"
#include "dockerfile/ast.h"

struct plan_stage;
struct site {
    struct str file;
    const struct df_instruction *i;
    const struct plan_stage *stage; /* if `i` is a trigger of its base; else NULL */
};

/* Sets an ERR_USAGE; returns false. */
bool site_err(const struct site *at, struct df_pos pos, struct err *e, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* 'FROM parent:1: ONBUILD trigger 2 "RUN make"': what such a trigger is called. */
struct str trigger_name(struct arena *a, const struct plan_stage *stage, size_t number, struct str text);
/* Puts the place, and a context, in front of an error that has none. */
bool site_wrap(const struct site *at, struct df_pos pos, struct err *e, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The option that `text` was probably meant to be (an edit distance below 3), or NULL. `options` ends with NULL. */
const char *nearest_option(struct str text, const char *const *options);

#endif
