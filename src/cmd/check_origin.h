/* SPDX-License-Identifier: Apache-2.0
 * croze check --image --origin: its flags, and what it does. */
#ifndef CROZE_CMD_CHECK_ORIGIN_H
#define CROZE_CMD_CHECK_ORIGIN_H

#include "check/image_check.h"
#include "check/output.h"
#include "cmd/cmd.h"

extern const struct opt check_origin_rows[]; /* as OPT_TABLE(check_origin_rows, "Where files of images come from") */

bool check_origin_asked(void);
/* Whether the flags come with images. */
MUST_CHECK bool check_origin_fits(bool images, struct err *e);
/* In place of check_image(), with its options: adds findings to the output, and keeps the report for check_origin_end. */
MUST_CHECK bool check_origin_one(struct store *s, const struct image *im, struct str name, const struct image_check_options *with,
                                 struct output *out, struct err *e);
/* Prints the reports: tables behind findings as lines, objects behind those as JSON. The exit code: 0; ERR_FINDINGS: less of an image is
 * proven than --min-origin asks for; -1 with an error. */
int check_origin_end(const char *format, struct err *e);

#endif
