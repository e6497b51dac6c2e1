/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to fetch/: what to do about a URL that does not come. */
#ifndef CROZE_FETCH_WORDS_H
#define CROZE_FETCH_WORDS_H

#include "net/http.h"

/* About a status, as an addition to a message; "" if there is nothing to say. */
const char *words_status_advice(long status);
/* Appends the next step to the message; returns false. */
bool words_net_advice(enum net_failure failure, struct err *e);

#endif
