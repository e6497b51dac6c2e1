/* SPDX-License-Identifier: Apache-2.0
 * See arrivals.h. */
#include "registry/arrivals.h"

void arrivals_init(struct arrivals *a) {
    *a = (struct arrivals){0};
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->ended, NULL);
}

void arrivals_fini(struct arrivals *a) {
    vec_fini(&a->coming);
    pthread_cond_destroy(&a->ended);
    pthread_mutex_destroy(&a->lock);
}

/* Under the lock: where it is in the list; the list's length: nowhere. */
static size_t find(const struct arrivals *a, const struct digest *d) {
    size_t i = 0;
    while (i < a->coming.n && !digest_eq(&a->coming.p[i], d))
        i++;
    return i;
}

bool arrivals_begin(struct arrivals *a, const struct digest *d) {
    bool first = true;
    pthread_mutex_lock(&a->lock);
    for (; find(a, d) < a->coming.n; first = false)
        pthread_cond_wait(&a->ended, &a->lock);
    vec_push(&a->coming, *d);
    pthread_mutex_unlock(&a->lock);
    return first;
}

void arrivals_end(struct arrivals *a, const struct digest *d) {
    pthread_mutex_lock(&a->lock);
    a->coming.p[find(a, d)] = a->coming.p[a->coming.n - 1];
    a->coming.n--;
    pthread_cond_broadcast(&a->ended);
    pthread_mutex_unlock(&a->lock);
}
