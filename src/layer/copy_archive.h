/* SPDX-License-Identifier: Apache-2.0
 *
 * ADD of a local archive: its entries as a source of COPY. */
#ifndef CROZE_LAYER_COPY_ARCHIVE_H
#define CROZE_LAYER_COPY_ARCHIVE_H

#include "layer/copy_source.h"

/* The source that the file `path` below dir_fd is if it is a tar archive, plain or compressed by gzip, bzip2, xz or zstd; *out = NULL if
 * it is something else. `dest` is where it will be unpacked: names are resolved through the symlinks that are there, and
 * through those of `earlier`, the archive that is unpacked before it (or NULL; it must live as long). */
MUST_CHECK bool archive_open(const struct copy_spec *c, int dir_fd, struct str path, struct str dest, const struct source *earlier,
                             struct source **out, struct err *e);

#endif
