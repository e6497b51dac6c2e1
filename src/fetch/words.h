/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to fetch/: what people read of answers and failures of HTTP, and which failures may pass. */
#ifndef CROZE_FETCH_WORDS_H
#define CROZE_FETCH_WORDS_H

#include "fetch/libcurl.h"

/* What to do about a status, as an addition to a message; "" if there is nothing to say. */
const char *words_status_advice(long status);
bool words_curl_is_transient(CURLcode r);
/* Appends the next step to the message; returns false. */
bool words_curl_advice(CURLcode r, struct err *e);

#endif
