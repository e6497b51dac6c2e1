/* SPDX-License-Identifier: Apache-2.0
 * See stop.h. */
#include "container/stop.h"

#include <limits.h>
#include <signal.h>

static const uint64_t second_ns = 1000000000;

void stop_signal(struct stop *s, int signal, uint64_t now_ns) {
    if (signal != SIGTERM && signal != SIGINT)
        return;
    if (signal == SIGINT) {
        s->kill = s->kill || (s->interrupted_ns && now_ns - s->interrupted_ns <= STOP_TWICE_S * second_ns);
        s->interrupted_ns = now_ns;
    }
    if (!s->asked)
        s->asked_ns = now_ns;
    s->asked = true;
}

int stop_wait_ms(const struct stop *s, uint64_t now_ns) {
    if (s->kill)
        return 0;
    if (!s->asked || s->timeout_s < 0)
        return -1;
    uint64_t end_ns = s->asked_ns + (uint64_t)s->timeout_s * second_ns;
    uint64_t left_ms = end_ns <= now_ns ? 0 : (end_ns - now_ns + 999999) / 1000000;
    return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}
