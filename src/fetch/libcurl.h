/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to fetch/: libcurl, loaded when it is first needed. It brings thirty libraries with it, which would cost every start of croze
 * about 5 ms; most builds fetch nothing. Only this header includes curl's. */
#ifndef CROZE_FETCH_LIBCURL_H
#define CROZE_FETCH_LIBCURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

#include "base/err.h"

/* Functions of libcurl under their own names, less the "curl_". */
struct libcurl {
    __typeof__(curl_global_init) *global_init;
    __typeof__(curl_easy_init) *easy_init;
    __typeof__(curl_easy_cleanup) *easy_cleanup;
    __typeof__(curl_easy_reset) *easy_reset;
    __typeof__(curl_easy_setopt) *easy_setopt;
    __typeof__(curl_easy_getinfo) *easy_getinfo;
    __typeof__(curl_easy_perform) *easy_perform;
    __typeof__(curl_easy_strerror) *easy_strerror;
    __typeof__(curl_easy_unescape) *easy_unescape;
    __typeof__(curl_slist_append) *slist_append;
    __typeof__(curl_slist_free_all) *slist_free_all;
    __typeof__(curl_getdate) *getdate;
    __typeof__(curl_free) *free;
    __typeof__(curl_url) *url;
    __typeof__(curl_url_cleanup) *url_cleanup;
    __typeof__(curl_url_get) *url_get;
    __typeof__(curl_url_set) *url_set;
    __typeof__(curl_url_strerror) *url_strerror;
};

/* Thread-safe. NULL with an error that says what to install. */
MUST_CHECK const struct libcurl *libcurl_load(struct err *e);

#endif
