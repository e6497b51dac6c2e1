/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs: taken apart by libcurl's URL API, and shown without their secrets. Results lie in the caller's arena. */
#ifndef CROZE_NET_URL_H
#define CROZE_NET_URL_H

#include "base/arena.h"
#include "base/err.h"

enum url_scheme { URL_HTTP = 1, URL_HTTPS = 2, URL_FILE = 4, URL_SSH = 8, URL_GIT = 16 };

struct url {
    enum url_scheme scheme;
    struct str text;            /* without user, password and fragment; NUL-terminated */
    struct str user, password;  /* decoded; "" if not given */
    struct str origin;          /* scheme, host and port: what credentials are for */
    struct str host;            /* alone, of IPv6 in brackets */
    struct str path;            /* decoded; no NUL in it */
    struct str query, fragment; /* as given */
};
/* `schemes` are allowed. The error says what is wrong, and not the URL: the caller wraps it. */
MUST_CHECK bool url_parse(struct arena *a, struct str text, unsigned schemes, struct url *out, struct err *e);
/* Where a reference in an answer of `base` leads (RFC 3986 5): the whole URL. */
MUST_CHECK bool url_resolve(struct arena *a, struct str base, struct str reference, struct str *out, struct err *e);

/* Without its %xx; what then holds control characters is an error. */
MUST_CHECK bool url_decode(struct arena *a, struct str text, struct str *out, struct err *e);
/* With %xx for all but letters, digits and "-._~": fit for a query. */
struct str url_encode(struct arena *a, struct str text);

/* A text as it may be shown to anyone: passwords, tokens and signatures masked. Any bytes are taken. */
struct str url_shown(struct arena *a, struct str url);
/* What the lock calls a URL: the same without user and password. */
struct str url_name(struct arena *a, struct str url);
/* Whether the text begins as http:// or https:// does. A repository may too: ask git_kind first. */
bool url_is_url(struct str text);
/* localhost, 127.0.0.0/8, ::1, with or without brackets: what is sent there does not leave the machine. */
bool url_is_loopback(struct str host);

#endif
