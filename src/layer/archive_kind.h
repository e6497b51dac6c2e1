/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a file is an archive that ADD unpacks: told by its content, never by its name. */
#ifndef CROZE_LAYER_ARCHIVE_KIND_H
#define CROZE_LAYER_ARCHIVE_KIND_H

#include "base/err.h"

/* A tar archive, plain or inside gzip, bzip2, xz or zstd, whose first header is sound. Reads the beginning of the file from the
 * descriptor's position on. Bytes that are no archive are not an error. */
MUST_CHECK bool archive_is_tar(int fd, bool *yes, struct err *e);

#endif
