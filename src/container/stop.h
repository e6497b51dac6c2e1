/* SPDX-License-Identifier: Apache-2.0
 *
 * When a container that was asked to stop is killed: takes the signals that came and the time, says how long to wait. The first process of
 * a container has no default actions: what it does not handle it ignores, TERM and INT too. */
#ifndef CROZE_CONTAINER_STOP_H
#define CROZE_CONTAINER_STOP_H

#include <stdbool.h>
#include <stdint.h>

enum { STOP_DEFAULT_S = 10, STOP_TWICE_S = 5 };

struct stop {
    int timeout_s;          /* from the first TERM or INT on; negative: it is waited for however long it takes */
    bool asked, kill;
    uint64_t asked_ns, interrupted_ns;
};

/* A signal has come. A second INT within STOP_TWICE_S means: at once. */
void stop_signal(struct stop *s, int signal, uint64_t now_ns);
/* Milliseconds until it is to be killed; 0: now; -1: it is not. */
int stop_wait_ms(const struct stop *s, uint64_t now_ns);

#endif
