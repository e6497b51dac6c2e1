/* SPDX-License-Identifier: Apache-2.0
 *
 * `croze build --explain-ignore`: takes paths of the build context; says of each which line of which ignore file decides whether it is
 * there, and of the directories above it those where another line does. Nothing is built. */
#ifndef CROZE_BUILD_EXPLAIN_IGNORE_H
#define CROZE_BUILD_EXPLAIN_IGNORE_H

#include "build/stage.h"

/* The context is open and its ignore file read. Appends to b->options->explain->out. */
void explain_ignore(struct build *b);

#endif
