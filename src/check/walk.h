/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes the stages of a plan through their scopes, instruction by instruction, as a build would, and does nothing else: rules and the
 * outline look on. Bases that are images are asked for; without an answer a stage begins with an empty configuration. Private to check/. */
#ifndef CROZE_CHECK_WALK_H
#define CROZE_CHECK_WALK_H

#include "check/check.h"

/* What the onlooker sees behind each instruction. */
struct walk_step {
    const struct plan_stage *stage;
    const struct scope *scope;             /* behind the instruction */
    const struct df_instruction *i;
    bool trigger;                          /* of the base: the stage's FROM stands for it */
    bool base_known;                       /* of the stage, down to its image */
    const struct step *step;               /* NULL: it cannot be carried out */
    const struct df_warning *warnings;     /* that plan/ had about it */
    size_t n_warnings;
};

struct walk {
    const struct check_options *options;
    struct plan *plan;
    void (*see)(void *ctx, const struct walk_step *step);
    void (*see_base)(void *ctx, const struct plan_stage *s, struct str platform); /* of a base that is known and says it; may be NULL */
    void *ctx;
    bool goes_on;                          /* behind an instruction that cannot be carried out, as if it were not there */
    struct err first;                      /* of those; walk_stages takes it */
    size_t n_errors;
    struct arena arena;                    /* of the scopes; the caller releases it */
    struct scope *scopes;                  /* one a stage */
    struct walk_stage *stages;
    uint64_t work;                         /* left of LIMIT_FILE_WORK, which all stages share */
    struct err doubt;                      /* see below; the caller clears it */
};

/* False: an instruction cannot be carried out; the error is the first one's. If a variable that the unknown base of its stage might set
 * could have a part in that, it is no error: it goes to w->doubt (the first one), and what follows in the stage, and stages that stand on
 * it, are left out. */
MUST_CHECK bool walk_stages(struct walk *w, struct err *e);

#endif
