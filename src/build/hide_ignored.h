/* SPDX-License-Identifier: Apache-2.0
 *
 * A directory of whiteouts: laid over the build context in an overlay it hides what the ignore file excludes. */
#ifndef CROZE_BUILD_HIDE_IGNORED_H
#define CROZE_BUILD_HIDE_IGNORED_H

#include "dockerfile/dockerfile.h"

/* Fills the empty directory `to` with a whiteout for every excluded path of the context, and the directories above them. */
MUST_CHECK bool hide_ignored(int context_fd, const struct ignore *ig, const char *to, struct err *e);

#endif
