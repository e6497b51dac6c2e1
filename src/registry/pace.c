/* SPDX-License-Identifier: Apache-2.0
 * How fast a host is asked: a bucket of requests, which a 429 empties for everyone, and how long to wait between tries. See private.h. */
#include <sys/random.h>

#include "base/log.h"
#include "net/settings.h"
#include "registry/private.h"

enum { FIRST_WAIT_MS = 500, WAIT_MAX_MS = 30000, BURST_S = 2, TOLD_FROM_MS = 2000 };

#define NS_IN_S UINT64_C(1000000000)

/* The bucket as one number: when it would be full again if nothing more were taken. It holds BURST_S seconds' worth. */
static uint64_t take_one(struct registries *r, struct host *h, uint64_t now) {
    uint64_t burst = BURST_S * NS_IN_S;
    uint64_t full = h->full_at_ns > now ? h->full_at_ns : now;
    h->full_at_ns = full + NS_IN_S / r->rate;
    return (h->full_at_ns > now + burst ? h->full_at_ns - now - burst : 0) / 1000000;
}

void pace_tell(const struct host *h, const char *what, uint64_t ms, struct progress_step *said) {
    if (ms < TOLD_FROM_MS)
        return;
    struct arena a = ARENA_INIT;
    struct str line = arena_printf(&a, "%.*s %s: waiting %llu seconds", STR_ARG(h->name), what, (unsigned long long)(ms + 999) / 1000);
    if (said)
        progress_log(said, arena_join3(&a, line, S("\n"), STR_NULL));
    else
        log_warn("%s", line.p);
    arena_fini(&a);
}

void pace_wait(struct registries *r, struct host *h, struct progress_step *said) {
    pthread_mutex_lock(&r->lock);
    uint64_t ms = take_one(r, h, log_now_ns());
    bool tell = ms >= TOLD_FROM_MS && !h->told_wait;
    h->told_wait = ms >= TOLD_FROM_MS;
    pthread_mutex_unlock(&r->lock);
    if (ms == 0)
        return;
    if (tell)
        pace_tell(h, "holds us back", ms, said);
    net_wait_ms(ms);
}

void pace_close(struct registries *r, struct host *h, uint64_t seconds) {
    pthread_mutex_lock(&r->lock);
    uint64_t empty = log_now_ns() + (seconds + BURST_S) * NS_IN_S;
    if (h->full_at_ns < empty) /* when it opens nothing is in it: from then on requests come one by one */
        h->full_at_ns = empty;
    pthread_mutex_unlock(&r->lock);
}

uint64_t pace_backoff_ms(unsigned n) {
    uint64_t ms = FIRST_WAIT_MS, spread = 0;
    for (unsigned i = 1; i < n && ms < WAIT_MAX_MS; i++)
        ms *= 2;
    ms = ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
    if (getrandom(&spread, sizeof spread, 0) != sizeof spread)
        spread = 0;
    return ms * 3 / 4 + spread % (ms / 2 + 1); /* many that failed together do not come back together */
}
