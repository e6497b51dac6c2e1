/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: the files that a build begins with. */
#ifndef CROZE_BUILD_INPUTS_H
#define CROZE_BUILD_INPUTS_H

#include "build/stage.h"

/* The build context (b->options->context). */
MUST_CHECK bool context_open_main(struct build *b, struct err *e);
/* Where croze.lock lies unless the options say: beside the Dockerfile, in a directory of the host. */
void lockfile_find_place(struct build *b);
/* The Dockerfile's bytes, what messages call it, and with it the context's ignore file. */
MUST_CHECK bool dockerfile_read(struct build *b, struct str *text, struct str *name, struct err *e);
/* Only the ignore file, of the Dockerfile that would be read; there need be none. */
MUST_CHECK bool main_ignore_read(struct build *b, struct err *e);
/* A named context that is a directory, opened when it is first asked for; NULL: error. Thread-safe. */
struct context *context_named(struct build *b, size_t named, struct err *e);

#endif
