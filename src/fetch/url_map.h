/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to fetch/: where --url-map sends URLs, and what ADD calls files. */
#ifndef CROZE_FETCH_URL_MAP_H
#define CROZE_FETCH_URL_MAP_H

#include "fetch/fetch.h"

/* Where a URL is really fetched from. *map is the rule that sends it there, or NULL. */
MUST_CHECK bool url_map_find(const struct fetcher *f, struct str url, const struct url_map **map, struct str *rest);
/* "https://host/a" or "https://host/a (from http://mirror/a)", masked. */
struct str url_both(struct arena *a, struct str url, struct str from);

/* The name that ADD gives to what lies at a decoded path. */
struct str url_file_name(struct arena *a, struct str path);

#endif
