/* SPDX-License-Identifier: Apache-2.0
 *
 * Names as archives give them: made clean and relative, or refused; and what the reserved ".wh." names mean (image-spec layer.md,
 * "Whiteouts"). */
#ifndef CROZE_LAYER_NAMES_H
#define CROZE_LAYER_NAMES_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the clean form of `raw` to `out` (empty, with room for LIMIT_PATH_BYTES): "/a//./b/" gives "a/b", "./" gives "". What no file
 * system or no image may hold ("..", a name that is too long or too deep) is an error that names it. */
MUST_CHECK bool name_clean(struct str raw, struct buf *out, struct err *e);

enum name_kind {
    NAME_PLAIN,
    NAME_WHITEOUT,  /* `name` becomes the one that is hidden */
    NAME_OPAQUE,    /* `name` becomes the directory's */
    NAME_AUFS,      /* bookkeeping of the aufs driver of old docker versions: to be left out */
};
/* Classifies a clean name. A ".wh." name that hides nothing, or has something below it, is an error. */
MUST_CHECK bool name_classify(struct buf *name, enum name_kind *kind, struct err *e);

/* Whether `path` lies somewhere below the directory `dir` ("" is above everything else). */
bool path_below(struct str path, struct str dir);

#endif
