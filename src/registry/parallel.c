/* SPDX-License-Identifier: Apache-2.0
 * See parallel.h. */
#include "registry/parallel.h"

#include <pthread.h>

#include "base/limits.h"

struct work {
    pthread_mutex_t lock; /* guards all below */
    size_t next, n;
    bool (*one)(void *ctx, size_t i, struct err *e);
    void *ctx;
    bool failed;
    struct err error;
};

static void note_failure(struct work *w, struct err *e) {
    pthread_mutex_lock(&w->lock);
    if (!w->failed)
        err_move(&w->error, e);
    w->failed = true;
    pthread_mutex_unlock(&w->lock);
    err_clear(e);
}

static void *work(void *arg) {
    struct work *w = arg;
    for (;;) {
        struct err e = ERR_INIT;
        pthread_mutex_lock(&w->lock);
        bool more = !w->failed && w->next < w->n;
        size_t i = more ? w->next++ : 0;
        pthread_mutex_unlock(&w->lock);
        if (!more)
            return NULL;
        if (!w->one(w->ctx, i, &e))
            note_failure(w, &e);
    }
}

bool in_parallel(size_t n, bool (*one)(void *ctx, size_t i, struct err *e), void *ctx, struct err *e) {
    struct work w = {.lock = PTHREAD_MUTEX_INITIALIZER, .n = n, .one = one, .ctx = ctx};
    pthread_t threads[LIMIT_COPY_AT_ONCE];
    size_t started = 0;
    while (started + 1 < LIMIT_COPY_AT_ONCE && started + 1 < n && pthread_create(&threads[started], NULL, work, &w) == 0)
        started++;
    work(&w); /* this thread is one of them, and all of them where no more can be had */
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&w.lock);
    if (w.failed)
        err_move(e, &w.error);
    return !w.failed;
}
