/* SPDX-License-Identifier: Apache-2.0
 *
 * Building twice (--verify): does what is built depend on anything but its inputs? */
#ifndef CROZE_BUILD_VERIFY_H
#define CROZE_BUILD_VERIFY_H

#include "build/build.h"

/* Builds once apart from everything that is known already and under other conditions (time, threads, umask, environment); that result gets
 * no name. Then builds as build_run does, and before anything becomes of that, the two are compared: a difference is an error that names
 * the first layer that differs, its instruction, and in it the first entries, each with what differs. Without an epoch the context's is
 * taken (EPOCH_LAST_RESORT). */
MUST_CHECK bool build_verify(struct store *s, const struct build_options *o, struct progress *p, struct build_result *r, struct err *e);

/* Compares the image that was built apart with the one that was built now. Sets the error, in words, and returns false if they differ. */
MUST_CHECK bool verify_same(struct store *s, const struct digest *apart, const struct image *now, struct err *e);
/* What differs between layer `which` of two stacks, a line an entry (verify_layer.c). */
MUST_CHECK bool verify_explain_layer(struct store *s, const struct image *apart, const struct image *now, size_t which, struct buf *out,
                                     struct err *e);

#endif
