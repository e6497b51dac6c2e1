/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: the target stage is done; here it becomes what the options' outputs ask for. */
#ifndef CROZE_BUILD_OUTPUTS_H
#define CROZE_BUILD_OUTPUTS_H

#include "build/stage.h"

/* Names that cannot be given, and annotations where they have no place, are told before anything is built. */
MUST_CHECK bool outputs_check(struct build *b, struct err *e);
/* Makes the images, writes the files and directories, and gives the names last: a failure leaves no name. */
MUST_CHECK bool outputs_write(struct build *b, struct build_result *r, struct err *e);

/* --- Images (output_image.c) --- */

/* The target as an image: configuration, times, layers as the steps made them. Its texts lie in the stage's arena. */
struct target_image {
    struct image image;
    size_t n_base, n_base_history; /* of its layers and history the first so many are the base image's */
};
MUST_CHECK bool target_image_make(struct build *b, struct target_image *t, struct err *e);
/* Makes its layers one, as the options say (squash.c): before the times are set. */
MUST_CHECK bool target_squash(struct build *b, struct target_image *t, struct err *e);
/* Writes it with the output's encoder, annotations and media types; *out has its digests, and lives in the build's arena. o NULL: with the
 * build's own. */
MUST_CHECK bool target_image_write(struct build *b, const struct target_image *t, const struct build_output *o, struct image *out,
                                   struct err *e);

/* --- Registries (output_push.c) --- */
MUST_CHECK bool output_push(struct build *b, const struct str *names, size_t n, const struct digest *manifest, struct err *e);

/* --- The root file system --- */
struct view;
/* As a tar stream (output_tar.c). Deterministic. */
MUST_CHECK bool output_tar_write(struct build *b, const struct view *root, int fd, struct err *e);
/* Into the directory `dest`, which is made if it is missing (output_local.c). */
MUST_CHECK bool output_local_write(struct build *b, const struct view *root, const char *dest, struct err *e);

#endif
