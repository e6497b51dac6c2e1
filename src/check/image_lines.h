/* SPDX-License-Identifier: Apache-2.0
 *
 * Which lines of a Dockerfile made which lines of an image's history, for an image that was built some time ago, by croze or by BuildKit:
 * the instructions of the target, the stages that it stands on before it, are the last lines of the history, one for one; where the first
 * of these stages is FROM scratch, all of it. */
#ifndef CROZE_CHECK_IMAGE_LINES_H
#define CROZE_CHECK_IMAGE_LINES_H

#include "check/check.h"
#include "image/image.h"

/* Sets line and line_end of the history's lines. An error: the file cannot be read, or its instructions are not the history's last. */
MUST_CHECK bool image_lines_find(struct str text, struct str name, const struct check_options *o, struct image *im, struct err *e);

#endif
