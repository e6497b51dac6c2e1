/* SPDX-License-Identifier: Apache-2.0
 *
 * croze check of Dockerfiles: the base images that croze's store has. It is opened when a file first asks for one, and never made. */
#ifndef CROZE_CMD_CHECK_BASES_H
#define CROZE_CMD_CHECK_BASES_H

#include "check/check.h"
#include "cmd/cmd.h"

/* Lets the checks ask; the context must outlive the options. */
void check_bases_offer(struct context *c, struct check_options *o);
void check_bases_close(struct context *c);

#endif
