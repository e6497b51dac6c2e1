/* SPDX-License-Identifier: Apache-2.0
 *
 * --digestfile: what scripts read to know what was pushed or copied. */
#ifndef CROZE_CMD_DIGEST_FILE_H
#define CROZE_CMD_DIGEST_FILE_H

#include "base/digest.h"
#include "base/err.h"

/* Replaces the file by the digest's text, as one; `path` NULL: the flag was not given. */
MUST_CHECK bool digest_file_write(const char *path, const struct digest *d, struct err *e);

#endif
