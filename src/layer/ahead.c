/* SPDX-License-Identifier: Apache-2.0
 * The read-ahead thread (ahead.h): one producer, one consumer, a ring of buffers between them. A buffer is handed over when it is full
 * or the input has ended, so the lock is taken a few times a megabyte. */
#include "layer/ahead.h"

#include <pthread.h>
#include <signal.h>

#include "base/mem.h"
#include "sys/thread.h"

enum { RING_BUFFERS = 4, RING_BYTES = 256 << 10 };

struct piece {
    char *bytes;
    size_t n;
};

struct ahead {
    decoder_read pull;
    void *ctx;
    pthread_t thread;
    bool threaded;             /* false: one processor, or no thread to be had: pull directly */
    pthread_mutex_t lock;
    pthread_cond_t filled, drained;
    struct piece ring[RING_BUFFERS];
    size_t made, taken;        /* buffers, counted from the beginning */
    bool lent;                 /* the buffer `taken` is the consumer's until its next call */
    bool ended, stop;
    struct err failure;        /* the producer's, given out behind what came before it */
};

/* Fills one buffer. False: the input has ended or failed. */
static bool fill(struct ahead *a, struct piece *p) {
    p->n = 0;
    while (p->n < RING_BYTES) {
        ptrdiff_t n = a->pull(a->ctx, p->bytes + p->n, RING_BYTES - p->n, &a->failure);
        if (n <= 0)
            return false;
        p->n += (size_t)n;
    }
    return true;
}

static void *produce(void *arg) {
    struct ahead *a = arg;
    for (bool more = true; more;) {
        pthread_mutex_lock(&a->lock);
        while (a->made - a->taken == RING_BUFFERS && !a->stop)
            pthread_cond_wait(&a->drained, &a->lock);
        bool stop = a->stop;
        pthread_mutex_unlock(&a->lock);
        if (stop)
            break;
        struct piece *p = &a->ring[a->made % RING_BUFFERS];
        more = fill(a, p);
        pthread_mutex_lock(&a->lock);
        if (p->n > 0)
            a->made++;
        a->ended = !more;
        pthread_cond_signal(&a->filled);
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

struct ahead *ahead_new(decoder_read pull, void *ctx) {
    struct ahead *a = mem_zalloc(1, sizeof *a);
    a->pull = pull;
    a->ctx = ctx;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->filled, NULL);
    pthread_cond_init(&a->drained, NULL);
    for (size_t i = 0; i < RING_BUFFERS; i++)
        a->ring[i].bytes = mem_alloc(RING_BYTES);
    sigset_t all, before; /* signals are the main thread's business */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    a->threaded = thread_count() > 1 && pthread_create(&a->thread, NULL, produce, a) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return a;
}

/* Without a thread: one buffer, filled here. */
static ptrdiff_t next_alone(struct ahead *a, const void **piece, struct err *e) {
    *piece = a->ring[0].bytes;
    return a->pull(a->ctx, a->ring[0].bytes, RING_BYTES, e);
}

ptrdiff_t ahead_next(struct ahead *a, const void **piece, struct err *e) {
    if (!a->threaded)
        return next_alone(a, piece, e);
    pthread_mutex_lock(&a->lock);
    if (a->lent) {
        a->lent = false;
        a->taken++;
        pthread_cond_signal(&a->drained);
    }
    while (a->made == a->taken && !a->ended)
        pthread_cond_wait(&a->filled, &a->lock);
    a->lent = a->made != a->taken;
    pthread_mutex_unlock(&a->lock);
    if (a->lent) {
        const struct piece *p = &a->ring[a->taken % RING_BUFFERS];
        *piece = p->bytes;
        return (ptrdiff_t)p->n;
    }
    if (a->failure.kind == ERR_NONE)
        return 0;
    err_move(e, &a->failure);
    return -1;
}

void ahead_free(struct ahead *a) {
    if (!a)
        return;
    if (a->threaded) {
        pthread_mutex_lock(&a->lock);
        a->stop = true;
        pthread_cond_signal(&a->drained);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
    }
    for (size_t i = 0; i < RING_BUFFERS; i++)
        free(a->ring[i].bytes);
    pthread_cond_destroy(&a->drained);
    pthread_cond_destroy(&a->filled);
    pthread_mutex_destroy(&a->lock);
    err_clear(&a->failure);
    free(a);
}
