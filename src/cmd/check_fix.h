/* SPDX-License-Identifier: Apache-2.0
 * croze check --fix: its flags, and what it does. */
#ifndef CROZE_CMD_CHECK_FIX_H
#define CROZE_CMD_CHECK_FIX_H

#include "check/check.h"
#include "cmd/opt.h"

extern const struct opt check_fix_rows[]; /* as OPT_TABLE(check_fix_rows, "Fixes") */

bool check_fix_asked(void);
/* Mends *text and checks it again, until nothing is left that can be mended: *text and *r are then those of what came out. It is written to
 * `path`, or with --dry-run and for "-" to standard output; the file stays as it is if nothing was mended. */
MUST_CHECK bool check_fix(const char *path, struct arena *a, struct str *text, const struct check_options *o, struct check_result *r,
                          struct err *e);
/* Standard output is the mended file: findings are to be printed elsewhere. */
bool check_fix_prints(char **files, size_t n);

#endif
