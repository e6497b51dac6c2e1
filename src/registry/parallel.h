/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: the same thing done for many, some at once. */
#ifndef CROZE_REGISTRY_PARALLEL_H
#define CROZE_REGISTRY_PARALLEL_H

#include <stddef.h>

#include "base/err.h"

/* Calls one(ctx, i) for each i below n, LIMIT_COPY_AT_ONCE of them at a time, each in a thread of its own. After the first failure, whose
 * error is given, no more are begun. */
MUST_CHECK bool in_parallel(size_t n, bool (*one)(void *ctx, size_t i, struct err *e), void *ctx, struct err *e);

#endif
