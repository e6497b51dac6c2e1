/* SPDX-License-Identifier: Apache-2.0
 * croze check --fix: its flags, and what it does. */
#ifndef CROZE_CMD_CHECK_FIX_H
#define CROZE_CMD_CHECK_FIX_H

#include "check/check.h"
#include "cmd/opt.h"

extern const struct opt check_fix_rows[]; /* as OPT_TABLE(check_fix_rows, "Fixes") */

bool check_fix_asked(void);
/* Whether the flags go together; `images`: the operands are no files. */
MUST_CHECK bool check_fix_fits(bool images, struct err *e);
/* Mends what was checked, and checks it again, until nothing is left that can be mended: *r is of what came out. It is written to `path`,
 * or for "-" to standard output; the file stays as it is if nothing was mended. With --dry-run the changes are shown instead. */
MUST_CHECK bool check_fix(const char *path, struct arena *a, const struct check_options *o, struct check_result *r, struct err *e);
/* Standard output is the mended file, or its changes: findings are to be printed elsewhere. */
bool check_fix_prints(char **files, size_t n);

#endif
