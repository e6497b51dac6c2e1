/* SPDX-License-Identifier: Apache-2.0
 *
 * Variables whose values are known before anything runs: COPY --from and a mount's from= may hold them, since the graph of stages is made
 * of these. They are the ARGs before the first FROM and the stage's own above the instruction (and those of the stages that it stands on),
 * with build arguments or with defaults made of such. What ENV sets is none: a base image could have set it as well. */
#ifndef CROZE_PLAN_CONSTANTS_H
#define CROZE_PLAN_CONSTANTS_H

#include "plan/plan.h"
#include "plan/site.h"

/* What is known at one place in a stage; {0} at the beginning of one that stands on no other. Each name is in at most one list. */
struct constants {
    struct pair_list known;   /* ARGs and their values */
    struct str_list unset;    /* ARGs without one */
    struct str_list varying;  /* set by ENV, or by an ARG that depends on one or cannot be expanded */
    struct str broken;        /* the error of the first ARG that cannot be expanded, or "" */
};
/* What is known at the end of each stage, worked out when it is first asked for; {0} at first. All that is known lies in its arena. */
struct constant_ends {
    struct arena arena;
    struct constants *of;
};
void constant_ends_fini(struct constant_ends *ends);

/* Whether a list of instructions has a variable in a source's name, or ONBUILD triggers that do: only then is the rest worth its time. */
bool constants_wanted(const struct df_instruction *list, size_t n);
/* What is known behind the FROM of a stage. */
MUST_CHECK bool constants_begin(struct constant_ends *ends, const struct plan *p, size_t stage, struct constants *out, struct err *e);
/* Takes in one instruction. */
MUST_CHECK bool constants_follow(struct constant_ends *ends, const struct plan *p, struct constants *c, const struct site *at,
                                 struct err *e);
/* The name of a source in `what` ("COPY --from"). A variable that is not known is an error that says what to do. */
MUST_CHECK bool constants_expand(struct constant_ends *ends, const struct plan *p, const struct constants *c, const struct site *at,
                                 struct df_pos pos, const char *what, struct str text, struct str *out, struct err *e);

#endif
