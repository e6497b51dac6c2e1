/* SPDX-License-Identifier: Apache-2.0
 *
 * croze copy --mirror: many images (copy_mirror.c). */
#ifndef CROZE_CMD_COPY_MIRROR_H
#define CROZE_CMD_COPY_MIRROR_H

#include "registry/copy.h"
#include "registry/mirror.h"

/* Copies all of them; one that fails is told, and in the way of no other. */
MUST_CHECK bool copy_mirror(struct registries *r, const struct mirror_job *job, const struct copy_options *o, bool quiet, struct err *e);

#endif
