/* SPDX-License-Identifier: Apache-2.0
 *
 * croze check --variants: Dockerfiles of one product, compared. */
#ifndef CROZE_CMD_CHECK_VARIANTS_H
#define CROZE_CMD_CHECK_VARIANTS_H

#include "check/check.h"
#include "cmd/opt.h"

extern const struct opt check_variants_rows[];

/* Whether it goes together with what else is asked for. */
MUST_CHECK bool check_variants_fits(bool others, bool fix, struct err *e);
/* Reads and compares the files, if that is asked for; what cannot be read is left to whoever checks it. */
MUST_CHECK bool check_variants_read(struct arena *a, char **files, size_t n, const struct plan_options *o, struct err *e);
/* What the others show of the how manieth file. */
void check_variants_add(size_t file, struct check_options *o);

#endif
