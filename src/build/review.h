/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: the checks (check/) that come before the first step. Images of the store answer for bases; what is not there yet is
 * not known. */
#ifndef CROZE_BUILD_REVIEW_H
#define CROZE_BUILD_REVIEW_H

#include "build/stage.h"

/* What check/ is to be told of this build. */
struct check_options review_options(struct build *b, const struct plan_options *plan);
/* Parses the Dockerfile into b->file and runs the checks on what the target needs. False: it cannot be built, or it says of itself
 * ("# check=error=true") that it must not be. */
MUST_CHECK bool review(struct build *b, struct str text, struct str name, const struct plan_options *plan, struct err *e);
/* What was found, for the end of the build, good or bad. */
void review_print(struct build *b);

#endif
