/* SPDX-License-Identifier: Apache-2.0
 * croze check --host: its flags, and what it does. */
#ifndef CROZE_CMD_CHECK_HOST_H
#define CROZE_CMD_CHECK_HOST_H

#include "check/check.h"
#include "cmd/cmd.h"

extern const struct opt check_host_rows[]; /* as OPT_TABLE(check_host_rows, "Hosts") */

bool check_host_asked(void);
/* Prints the verdicts, or in a `format` of findings what failed. The exit code, or -1. */
int check_host(struct context *c, size_t n_operands, const struct check_policy *policy, const char *format, struct err *e);

#endif
