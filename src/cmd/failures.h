/* SPDX-License-Identifier: Apache-2.0
 *
 * Things that are done one by one, of which one that fails is in the way of no other: each failure is told as it comes, and the command
 * ends with one error for all. That is ERR_UNCHECKED only if each of them was: exit code 3 says that nothing is known to be wrong. And it
 * is ERR_FINDINGS only if each of them was: 10 says that nothing but the gate was in the way. */
#ifndef CROZE_CMD_FAILURES_H
#define CROZE_CMD_FAILURES_H

#include <stddef.h>

#include "base/err.h"

struct failures {
    size_t n;
    enum err_kind kind; /* of all of them; ERR_FAILED where they differ */
};
/* Tells and clears it. */
void failures_tell(struct failures *f, struct err *one);
/* True if nothing failed; else "2 of 3 images were not pulled", behind an error that is there already. */
MUST_CHECK bool failures_end(const struct failures *f, size_t of, const char *what, struct err *e);

#endif
