/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits of findings, carried out. */
#ifndef CROZE_CHECK_FIX_H
#define CROZE_CHECK_FIX_H

#include "check/check.h"

/* Writes r->text with the edits of the findings to `out`. Where two findings want the same bytes, the earlier one has its way; the other
 * may find its own when the text is checked again. Returns how many findings were mended. */
size_t check_fix(const struct check_result *r, struct buf *out);

#endif
