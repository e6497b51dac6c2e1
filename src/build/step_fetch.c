/* SPDX-License-Identifier: Apache-2.0
 * ADD of what has to be fetched. */
#include "build/stage.h"
#include "layer/copy.h"

bool step_fetch_operand(struct stage *s, const struct step *step, const struct copy_operand *o, struct copy_part *out, struct err *e) {
    (void)s, (void)step, (void)out;
    return err_set(e, ERR_USAGE, "ADD of a %s is not supported by this version (%.*s)", o->kind == OPERAND_GIT ? "repository" : "URL",
                   STR_ARG(o->text));
}
