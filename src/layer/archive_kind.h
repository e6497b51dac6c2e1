/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a file is an archive that ADD unpacks: told by its content, never by its name. */
#ifndef CROZE_LAYER_ARCHIVE_KIND_H
#define CROZE_LAYER_ARCHIVE_KIND_H

#include "base/err.h"

struct archive_kind {
    bool is_tar;               /* plain, or inside gzip or zstd: its first header is sound */
    const char *unsupported;   /* the name of a compression that croze does not read, else NULL */
};
/* Reads the beginning of the file from the descriptor's position on. Bytes that are no archive are not an error. */
MUST_CHECK bool archive_kind(int fd, struct archive_kind *out, struct err *e);

#endif
