/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to fetch/: --url-map to file://: a copy of a local file, asked for and answered like a download. */
#ifndef CROZE_FETCH_LOCAL_H
#define CROZE_FETCH_LOCAL_H

#include "fetch/http.h"

/* What lies behind `map` (to file://): a directory, below which the rest of the URL is looked for and which it cannot leave, or one file.
 * The ETag is made of the file's inode, size and times, so an unchanged file is not copied again. */
MUST_CHECK bool local_get(const struct url_map *map, struct str rest, struct http_get *g, struct err *e);
/* The file or directory that map and rest name, for reading. */
MUST_CHECK int local_open(struct arena *a, const struct url_map *map, struct str rest, int flags, struct err *e);

#endif
