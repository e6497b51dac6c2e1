/* SPDX-License-Identifier: Apache-2.0
 * croze check: whose rules speak, which do not, how bad they are; from the command line and from hadolint's file. */
#ifndef CROZE_CMD_CHECK_POLICY_H
#define CROZE_CMD_CHECK_POLICY_H

#include "check/output.h"
#include "check/policy.h"
#include "cmd/opt.h"

extern const struct opt check_policy_rows[]; /* as OPT_TABLE(check_policy_rows, "Rules") */

/* The file's words, then the command line's. */
MUST_CHECK bool check_policy_read(struct arena *a, struct check_policy *p, struct err *e);
/* Adds exceptions that have expired. */
void check_policy_report(const struct check_policy *p, struct output *out);

#endif
