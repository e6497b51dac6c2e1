/* SPDX-License-Identifier: Apache-2.0
 * croze check --image: its flags, and what it does. */
#ifndef CROZE_CMD_CHECK_IMAGE_H
#define CROZE_CMD_CHECK_IMAGE_H

#include "check/check.h"
#include "check/output.h"
#include "cmd/cmd.h"

extern const struct opt check_image_rows[]; /* as OPT_TABLE(check_image_rows, "Images") */

bool check_image_asked(void);
/* Whether flags of images come with images. */
MUST_CHECK bool check_image_fits(bool host, struct err *e);
bool check_image_reads_files(void); /* not with --no-content */
/* Adds what is found in each; failures to *e, which does not keep the others from being looked at. */
void check_images(struct context *c, char **images, size_t n, const struct check_policy *policy, struct output *out, struct err *e);

#endif
