/* SPDX-License-Identifier: Apache-2.0
 *
 * Times: seconds since 1970, UTC, and their RFC 3339 text as the OCI configuration writes it. */
#ifndef CROZE_SYS_CLOCK_H
#define CROZE_SYS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/str.h"

struct timespec clock_now(void);           /* CLOCK_REALTIME */
struct timespec clock_now_coarse(void);    /* the clock that file systems stamp with (CLOCK_REALTIME_COARSE) */

enum { CLOCK_TEXT = 40 };
/* "2026-11-24T01:02:03Z", or with nine digits of nanoseconds if ns is not 0. */
const char *clock_rfc3339(struct timespec t, char out[CLOCK_TEXT]);
bool clock_parse_rfc3339(struct str s, struct timespec *out);
/* SOURCE_DATE_EPOCH: seconds, decimal, up to the year 9999. */
bool clock_parse_epoch(struct str s, int64_t *out);
/* "3 minutes ago", as docker words it. */
const char *clock_ago(int64_t seconds, char out[CLOCK_TEXT]);

static inline int clock_cmp(struct timespec a, struct timespec b) {
    if (a.tv_sec != b.tv_sec)
        return a.tv_sec < b.tv_sec ? -1 : 1;
    return (a.tv_nsec > b.tv_nsec) - (a.tv_nsec < b.tv_nsec);
}

#endif
