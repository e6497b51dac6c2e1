/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a text is an image reference in the grammar of distribution/reference: [HOST[:PORT]/]PATH[:TAG][@DIGEST]. */
#ifndef CROZE_PLAN_REFERENCE_H
#define CROZE_PLAN_REFERENCE_H

#include "base/str.h"

/* NULL: it is one. Else a static text that says what is wrong: "the tag is empty". */
const char *reference_fault(struct str ref);

#endif
