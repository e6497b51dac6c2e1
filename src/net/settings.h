/* SPDX-License-Identifier: Apache-2.0
 *
 * What users may set for all networking. A value that is no such number is warned of, once,
 * and not used. Thread-safe. */
#ifndef CROZE_NET_SETTINGS_H
#define CROZE_NET_SETTINGS_H

#include <stdint.h>

/* CROZE_FETCH_TIMEOUT: seconds that a try may stand still (default 60). */
long net_timeout_s(void);
/* CROZE_FETCH_TRIES: how often a thing is tried in all (default 3). */
unsigned net_tries(void);
/* An environment variable, whose name lasts, that holds a number from 1 to max. */
uint64_t net_setting(const char *name, uint64_t fallback, uint64_t max);
/* Sleeps, however often it is woken. */
void net_wait_ms(uint64_t ms);

#endif
