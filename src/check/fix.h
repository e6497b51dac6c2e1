/* SPDX-License-Identifier: Apache-2.0
 *
 * Carries out what findings say that mends them (finding.h's edits). Pure: texts in, a text out. */
#ifndef CROZE_CHECK_FIX_H
#define CROZE_CHECK_FIX_H

#include "base/arena.h"
#include "check/finding.h"

/* The text with the edits of these findings, in the arena. A finding is mended whole or not at all: one whose edits overlap those of an
 * earlier one has to be found again in what comes out. Returns how many were mended; 0: *out is the text. */
size_t fix_apply(struct arena *a, struct str text, const struct finding *findings, size_t n, struct str *out);

#endif
