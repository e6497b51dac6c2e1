/* SPDX-License-Identifier: Apache-2.0
 * Deadlines and the worker pool: see thread.h. */
#include "sys/thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"

enum { THREADS_MAX = 64 };

static unsigned forced_count;

void thread_set_count(unsigned n) {
    forced_count = n > THREADS_MAX ? THREADS_MAX : n;
}

unsigned thread_count(void) {
    if (forced_count)
        return forced_count;
    uint64_t n;
    if (str_to_u64(str_z(getenv("CROZE_THREADS")), 10, THREADS_MAX, &n) && n > 0)
        return (unsigned)n;
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof cpus, &cpus) < 0)
        return 1;
    int count = CPU_COUNT(&cpus);
    return count > THREADS_MAX ? THREADS_MAX : (unsigned)count;
}

/* --- Deadlines --- */

void thread_cond_init(pthread_cond_t *cond) {
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &clock);
    pthread_condattr_destroy(&clock);
}

struct timespec thread_deadline(uint64_t ns) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(ns / 1000000000);
    t.tv_nsec += (long)(ns % 1000000000);
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* --- The pool --- */

struct job {
    void (*fn)(void *arg, unsigned worker);
    void *arg;
};

struct worker {
    struct pool *pool;
    unsigned index;
    pthread_t thread;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    struct job *ring;
    size_t first, waiting, capacity;
    bool closing;
    struct worker *workers;
    unsigned started;
};

static void *work(void *arg) {
    struct worker *w = arg;
    struct pool *p = w->pool;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->waiting == 0 && !p->closing)
            pthread_cond_wait(&p->not_empty, &p->lock);
        if (p->waiting == 0)
            break;
        struct job j = p->ring[p->first];
        p->first = (p->first + 1) % p->capacity;
        p->waiting--;
        pthread_cond_signal(&p->not_full);
        pthread_mutex_unlock(&p->lock);
        j.fn(j.arg, w->index);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct pool *pool_new(unsigned threads, size_t queued) {
    struct pool *p = mem_zalloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->not_empty, NULL);
    pthread_cond_init(&p->not_full, NULL);
    p->capacity = queued ? queued : 1;
    p->ring = mem_zalloc(p->capacity, sizeof *p->ring);
    p->workers = mem_zalloc(threads ? threads : 1, sizeof *p->workers);
    for (unsigned i = 0; i < (threads ? threads : 1); i++) {
        p->workers[i] = (struct worker){p, i, 0};
        if (pthread_create(&p->workers[i].thread, NULL, work, &p->workers[i]) != 0)
            break; /* fewer threads do the same work; with none, pool_run does it itself */
        p->started++;
    }
    return p;
}

void pool_run(struct pool *p, void (*job)(void *, unsigned), void *arg) {
    if (p->started == 0) {
        job(arg, 0);
        return;
    }
    pthread_mutex_lock(&p->lock);
    while (p->waiting == p->capacity)
        pthread_cond_wait(&p->not_full, &p->lock);
    p->ring[(p->first + p->waiting) % p->capacity] = (struct job){job, arg};
    p->waiting++;
    pthread_cond_signal(&p->not_empty);
    pthread_mutex_unlock(&p->lock);
}

void pool_free(struct pool *p) {
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->not_empty);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->started; i++)
        pthread_join(p->workers[i].thread, NULL);
    pthread_cond_destroy(&p->not_full);
    pthread_cond_destroy(&p->not_empty);
    pthread_mutex_destroy(&p->lock);
    free(p->workers);
    free(p->ring);
    free(p);
}
