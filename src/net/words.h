/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands in answers of HTTP servers, and what people read of it. */
#ifndef CROZE_NET_WORDS_H
#define CROZE_NET_WORDS_H

#include "base/arena.h"

/* "404 Not Found" */
const char *http_status_words(long status, char out[64]);
/* Whether the same request may do later: 408, 429, 5xx but for 501 and 505. */
bool http_status_is_transient(long status);
/* Seconds since 1970 of an HTTP date (RFC 9110 5.6.7); false for anything else, and outside of what layers can hold. */
bool http_date(struct str text, int64_t *out);
/* First byte of "bytes 100-199/200" (RFC 9110 14.4). */
bool http_content_range(struct str text, uint64_t *first);
/* Retry-After (RFC 9110 10.2.3), seconds or a date: how long from `now_s` on. What is past gives 0; a number of more than
 * 32 bits that many seconds. */
bool http_retry_after(struct str text, int64_t now_s, uint64_t *seconds);
/* Whether it may be a user name there: a colon would end it. */
bool http_user_is_good(struct str user);
/* The value of an Authorization header (RFC 7617). */
struct str http_basic(struct arena *a, struct str user, struct str password);

#endif
