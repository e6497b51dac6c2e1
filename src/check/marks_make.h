/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the file of marks (marks.c) and who makes them (marks_make.c). Private to them, their tests and the fuzzer. */
#ifndef CROZE_CHECK_MARKS_MAKE_H
#define CROZE_CHECK_MARKS_MAKE_H

#include "check/marks.h"

enum { MARKING_RULES_MAX = 32 };
/* The rules that have a `mark`, in the order of their tables. */
size_t marking_rules(const struct rule **out);
/* What one takes in the file. */
size_t mark_bytes(const struct rule *r, struct str path, struct str text);
void marks_write(const struct marks *m, struct buf *out);
MUST_CHECK bool marks_publish(struct store *s, const struct digest *diff_id, const struct marks *m, struct err *e);

#endif
