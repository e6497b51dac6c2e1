/* SPDX-License-Identifier: Apache-2.0
 * The read-ahead threads (ahead.h): one makes buffers, the caller takes them, and if they are to be hashed a third looks at each. A buffer
 * is handed over when it is full or the input has ended, so the lock is taken a few times a megabyte; it is filled again when all have let
 * go of it. */
#include "layer/ahead.h"

#include <pthread.h>
#include <signal.h>

#include "base/mem.h"
#include "sys/thread.h"

enum { RING_BUFFERS = 8, RING_BYTES = 256 << 10 };

struct piece {
    char *bytes;
    size_t n;
};

enum taker { CALLER, HASHER, TAKERS };

struct ahead {
    decoder_read pull;
    void *ctx;
    bool hashed;
    struct sha256 hash;
    pthread_t maker, hasher;
    bool threaded, hashing;    /* false: one processor, or no thread to be had: it is done by the caller */
    pthread_mutex_t lock;
    pthread_cond_t filled, drained;
    struct piece ring[RING_BUFFERS];
    size_t made;               /* buffers, counted from the beginning */
    size_t taken[TAKERS];      /* which of them each taker has let go of */
    bool lent[TAKERS];         /* the buffer behind those is the taker's until it asks for the next */
    bool ended, stop;
    struct err failure;        /* the maker's, given out behind what came before it */
};

/* --- Making --- */

static bool is_full(const struct ahead *a) {
    size_t held = a->made - a->taken[CALLER], behind = a->hashing ? a->made - a->taken[HASHER] : 0;
    return (held > behind ? held : behind) == RING_BUFFERS;
}

static bool is_stopped(struct ahead *a) {
    pthread_mutex_lock(&a->lock);
    bool stop = a->stop;
    pthread_mutex_unlock(&a->lock);
    return stop;
}

/* Fills one buffer. False: the input has ended or failed, or is not wanted any more. */
static bool fill(struct ahead *a, struct piece *p) {
    p->n = 0;
    while (p->n < RING_BYTES && !is_stopped(a)) {
        ptrdiff_t n = a->pull(a->ctx, p->bytes + p->n, RING_BYTES - p->n, &a->failure);
        if (n <= 0)
            return false;
        p->n += (size_t)n;
    }
    return p->n == RING_BYTES;
}

static void *make(void *arg) {
    struct ahead *a = arg;
    for (bool more = true; more;) {
        pthread_mutex_lock(&a->lock);
        while (is_full(a) && !a->stop)
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
        pthread_cond_broadcast(&a->filled);
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

/* --- Taking --- */

/* The next buffer, after the last one is let go of. NULL: there is none any more. */
static const struct piece *take(struct ahead *a, enum taker who) {
    pthread_mutex_lock(&a->lock);
    if (a->lent[who]) {
        a->taken[who]++;
        pthread_cond_signal(&a->drained);
    }
    while (a->made == a->taken[who] && !a->ended && !a->stop)
        pthread_cond_wait(&a->filled, &a->lock);
    a->lent[who] = a->made != a->taken[who] && !a->stop;
    const struct piece *p = a->lent[who] ? &a->ring[a->taken[who] % RING_BUFFERS] : NULL;
    pthread_mutex_unlock(&a->lock);
    return p;
}

static void *hash(void *arg) {
    struct ahead *a = arg;
    for (const struct piece *p; (p = take(a, HASHER));)
        sha256_update(&a->hash, p->bytes, p->n);
    return NULL;
}

/* Without a thread: one buffer, filled here. */
static ptrdiff_t next_alone(struct ahead *a, const void **piece, struct err *e) {
    *piece = a->ring[0].bytes;
    return a->pull(a->ctx, a->ring[0].bytes, RING_BYTES, e);
}

static ptrdiff_t next_made(struct ahead *a, const void **piece, struct err *e) {
    const struct piece *p = take(a, CALLER);
    if (p) {
        *piece = p->bytes;
        return (ptrdiff_t)p->n;
    }
    if (a->failure.kind == ERR_NONE)
        return 0;
    err_move(e, &a->failure);
    return -1;
}

ptrdiff_t ahead_next(struct ahead *a, const void **piece, struct err *e) {
    ptrdiff_t n = a->threaded ? next_made(a, piece, e) : next_alone(a, piece, e);
    if (n > 0 && a->hashed && !a->hashing)
        sha256_update(&a->hash, *piece, (size_t)n);
    return n;
}

static void join_hasher(struct ahead *a) {
    if (a->hashing)
        pthread_join(a->hasher, NULL);
    a->hashing = false;
}

const struct sha256 *ahead_hash(struct ahead *a) {
    join_hasher(a);
    return &a->hash;
}

/* --- Beginning and end --- */

struct ahead *ahead_new(decoder_read pull, void *ctx, bool hashed) {
    struct ahead *a = mem_zalloc(1, sizeof *a);
    a->pull = pull;
    a->ctx = ctx;
    a->hashed = hashed;
    sha256_init(&a->hash);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->filled, NULL);
    pthread_cond_init(&a->drained, NULL);
    for (size_t i = 0; i < RING_BUFFERS; i++)
        a->ring[i].bytes = mem_alloc(RING_BYTES);
    sigset_t all, before; /* signals are the main thread's business */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&a->lock); /* the threads begin when it is known how many they are */
    a->threaded = thread_count() > 1 && pthread_create(&a->maker, NULL, make, a) == 0;
    a->hashing = a->threaded && hashed && pthread_create(&a->hasher, NULL, hash, a) == 0;
    pthread_mutex_unlock(&a->lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return a;
}

static void stop(struct ahead *a) {
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    pthread_cond_signal(&a->drained);
    pthread_cond_broadcast(&a->filled);
    pthread_mutex_unlock(&a->lock);
    if (a->threaded)
        pthread_join(a->maker, NULL);
    join_hasher(a);
}

void ahead_free(struct ahead *a) {
    if (!a)
        return;
    stop(a);
    for (size_t i = 0; i < RING_BUFFERS; i++)
        free(a->ring[i].bytes);
    pthread_cond_destroy(&a->drained);
    pthread_cond_destroy(&a->filled);
    pthread_mutex_destroy(&a->lock);
    err_clear(&a->failure);
    free(a);
}
