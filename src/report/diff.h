/* SPDX-License-Identifier: Apache-2.0
 *
 * What changed in a text, as `diff -u` shows it: lines, with three around each change. Not always the shortest way to say it, but a right
 * one, which patch(1) takes; but control characters are replaced, for it is shown on terminals. */
#ifndef CROZE_REPORT_DIFF_H
#define CROZE_REPORT_DIFF_H

#include "base/buf.h"

/* Nothing if the texts are equal. `name` stands in the head for both. */
void diff_unified(struct str before, struct str after, struct str name, struct buf *out);

#endif
