/* SPDX-License-Identifier: Apache-2.0
 *
 * Carries out what findings say that mends them (finding.h's edits). Pure: texts in, a text out. */
#ifndef CROZE_CHECK_FIX_H
#define CROZE_CHECK_FIX_H

#include "check/check.h"

/* The text with the edits of these findings, in the arena. A finding is mended whole or not at all: one whose edits overlap those of an
 * earlier one has to be found again in what comes out. Returns how many were mended; 0: *out is the text. */
size_t fix_apply(struct arena *a, struct str text, const struct finding *findings, size_t n, struct str *out);
/* Mends r->text, which was checked with these options, and checks what comes out, until nothing is left that can be mended: *r is of the
 * last text then. A text with an error stays as it is; a finding whose mending makes a good file a bad one is left. False: nothing was
 * mended. */
bool fix_all(struct arena *a, const struct check_options *o, struct check_result *r);

#endif
