/* SPDX-License-Identifier: Apache-2.0
 * Settings from the environment: see settings.h. */
#include "net/settings.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/str.h"

enum { TRIES = 3, TRIES_MAX = 20, TIMEOUT_S = 60, TIMEOUT_MAX_S = 86400 };

/* A command asks at every request, and tells once what is wrong. */
static bool is_news(const char *name) {
    enum { NAMES_MAX = 8 };
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static const char *told[NAMES_MAX];
    size_t i = 0;
    pthread_mutex_lock(&lock);
    while (i < NAMES_MAX && told[i] && strcmp(told[i], name) != 0)
        i++;
    bool news = i < NAMES_MAX && !told[i];
    if (news)
        told[i] = name;
    pthread_mutex_unlock(&lock);
    return news;
}

uint64_t net_setting(const char *name, uint64_t fallback, uint64_t max) {
    uint64_t v;
    const char *text = getenv(name);
    if (!text || !*text)
        return fallback;
    if (str_to_u64(str_z(text), 10, max, &v) && v > 0)
        return v;
    if (is_news(name))
        log_warn("%s=%s is not a number from 1 to %llu; it is taken as %llu", name, text, (unsigned long long)max,
                 (unsigned long long)fallback);
    return fallback;
}

long net_timeout_s(void) {
    return (long)net_setting("CROZE_FETCH_TIMEOUT", TIMEOUT_S, TIMEOUT_MAX_S);
}

unsigned net_tries(void) {
    return (unsigned)net_setting("CROZE_FETCH_TRIES", TRIES, TRIES_MAX);
}

void net_wait_ms(uint64_t ms) {
    struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) < 0)
        continue;
}
