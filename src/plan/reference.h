/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a text is an image reference in the grammar of distribution/reference, [HOST[:PORT]/]PATH[:TAG][@DIGEST], and whether two are
 * one. */
#ifndef CROZE_PLAN_REFERENCE_H
#define CROZE_PLAN_REFERENCE_H

#include "base/str.h"

/* NULL: it is one. Else a static text that says what is wrong: "the tag is empty". */
const char *reference_fault(struct str ref);
/* Whether both name the same image: "alpine" is "docker.io/library/alpine:latest". */
bool reference_equal(struct str a, struct str b);

#endif
