/* SPDX-License-Identifier: Apache-2.0
 *
 * Tar headers in croze's normal form (POSIX.1-2017, pax "ustar interchange format"; layer.h "Normal form"): equal entries give equal bytes,
 * in every release, since the diffID hangs on them. Plain ustar; a pax extended header in front only for what ustar cannot say. */
#ifndef CROZE_LAYER_TAR_H
#define CROZE_LAYER_TAR_H

#include "base/buf.h"
#include "base/limits.h"
#include "layer/entry.h"

enum {
    TAR_BLOCK = 512,
    TAR_END_BYTES = 2 * TAR_BLOCK, /* zero bytes that close the archive */
    TAR_HEADERS_MAX = LIMIT_PAX_BYTES + 3 * TAR_BLOCK, /* all headers of one entry */
};

/* Appends all header blocks of one entry. Directories get their trailing "/", the root becomes "./", whiteouts become dir/.wh.name. An
 * entry that no image layer can hold (a file whose own name begins with ".wh.", an xattr name with "=") is an error that names it. */
MUST_CHECK bool tar_header(const struct entry *en, struct buf *out, struct err *e);

/* Zero bytes behind a file of this size. */
static inline size_t tar_padding(uint64_t size) {
    return (size_t)(-size % TAR_BLOCK);
}

/* Whether a path is clean: relative, at most LIMIT_PATH_BYTES long, without empty, "." or ".." components and without NUL. "" is clean. */
bool path_is_clean(struct str path);

#endif
