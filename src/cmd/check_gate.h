/* SPDX-License-Identifier: Apache-2.0
 * --require-checks: an image passes only if croze check has nothing bad to say of it. */
#ifndef CROZE_CMD_CHECK_GATE_H
#define CROZE_CMD_CHECK_GATE_H

#include "cmd/opt.h"
#include "image/image.h"

extern const struct opt check_gate_rows[]; /* as OPT_TABLE(check_gate_rows, NULL) */

/* True at once where --require-checks was not given. Else findings go to standard error, and one that is as bad as the flag says is
 * ERR_FINDINGS. Exceptions (.croze-check.yaml) count. */
MUST_CHECK bool check_gate(struct store *s, const struct image_name *name, struct err *e);

#endif
