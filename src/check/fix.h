/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits of findings, carried out. */
#ifndef CROZE_CHECK_FIX_H
#define CROZE_CHECK_FIX_H

#include "check/check.h"

/* Writes r->text with the edits of the findings to `out`. Where two findings want the same bytes, the earlier one has its way; the other
 * may find its own when the text is checked again. Returns how many findings were mended. */
size_t check_fix(const struct check_result *r, struct buf *out);
/* Checks a text and mends it until no finding has edits any more, or, after some rounds, what is left keeps coming back. *r is what there
 * is to say about the mended text, which is r->text. A text with an error is left as it is. Returns how many findings were mended. */
size_t check_fix_all(struct arena *a, struct str text, struct str name, const struct check_options *o, struct check_result *r);

#endif
