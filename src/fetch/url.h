/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to fetch/: URLs taken apart by libcurl's URL API. */
#ifndef CROZE_FETCH_URL_H
#define CROZE_FETCH_URL_H

#include "fetch/fetch.h"

enum url_scheme { URL_HTTP = 1, URL_HTTPS = 2, URL_FILE = 4, URL_SSH = 8, URL_GIT = 16 };

struct url {
    enum url_scheme scheme;
    struct str text;            /* without user, password and fragment; NUL-terminated */
    struct str user, password;  /* decoded; "" if not given */
    struct str origin;          /* scheme, host and port: what credentials are for */
    struct str path;            /* decoded; no NUL in it */
    struct str query, fragment; /* as given */
};
/* `schemes` are allowed. The error says what is wrong, and not the URL: the caller wraps it. */
MUST_CHECK bool url_parse(struct arena *a, struct str text, unsigned schemes, struct url *out, struct err *e);

/* Without its %xx; what then holds control characters is an error. */
MUST_CHECK bool url_decode(struct arena *a, struct str text, struct str *out, struct err *e);

/* Where a URL is really fetched from. *map is the rule that sends it there, or NULL. */
MUST_CHECK bool url_map_find(const struct fetcher *f, struct str url, const struct url_map **map, struct str *rest);
/* "https://host/a" or "https://host/a (from http://mirror/a)", masked. */
struct str url_both(struct arena *a, struct str url, struct str from);

/* The name that ADD gives to what lies at a decoded path. */
struct str url_file_name(struct arena *a, struct str path);

#endif
