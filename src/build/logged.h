/* SPDX-License-Identifier: Apache-2.0
 *
 * The log that every build leaves in the store (store/log.h): takes the events of its progress, from the first step to the end. */
#ifndef CROZE_BUILD_LOGGED_H
#define CROZE_BUILD_LOGGED_H

#include "build/build.h"

struct build;
struct logged;
/* What the context is called in what the build leaves behind: the directory's path; without passwords, if it came from elsewhere. */
struct str logged_context(const struct build *b, struct arena *a);

struct logged *logged_begin(struct build *b);
/* `e`: why the build failed; the message then ends in the path of the log. `image`: the configuration of what was built, or NULL. */
void logged_end(struct logged *l, const struct digest *image, struct err *e);

#endif
