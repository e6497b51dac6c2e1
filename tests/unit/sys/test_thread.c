/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdatomic.h>

#include "sys/thread.h"
#include "tap.h"

static atomic_int done;

static void job(void *arg, unsigned worker) {
    (void)worker;
    atomic_fetch_add(&done, *(int *)arg);
}

/* --- deadlines --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static bool said;

static void *say(void *arg) {
    pthread_mutex_lock(&lock);
    said = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return arg;
}

static void test_deadline(void) {
    enum { HOUR_S = 3600 };
    pthread_t thread;
    struct timespec after, past = thread_deadline(0), later = thread_deadline(HOUR_S * (uint64_t)1000000000 + 999999999);
    int waited = 0;
    thread_cond_init(&changed);
    pthread_mutex_lock(&lock);
    ok(pthread_cond_timedwait(&changed, &lock, &past) == ETIMEDOUT, "a deadline that is over ends the wait");
    bool started = pthread_create(&thread, NULL, say, NULL) == 0;
    while (started && !said && waited == 0) /* by the wall clock this deadline would have been over for years */
        waited = pthread_cond_timedwait(&changed, &lock, &later);
    pthread_mutex_unlock(&lock);
    clock_gettime(CLOCK_MONOTONIC, &after);
    ok(started && said && waited == 0, "one in an hour, by the monotonic clock, does not");
    ok(later.tv_sec >= past.tv_sec + HOUR_S && later.tv_sec <= after.tv_sec + HOUR_S + 1 && later.tv_nsec < 1000000000,
       "seconds and nanoseconds");
    if (started)
        pthread_join(thread, NULL);
    pthread_cond_destroy(&changed);
}

int main(void) {
    int one = 1;
    test_deadline();
    struct pool *p = pool_new(4, 2);
    for (int i = 0; i < 1000; i++)
        pool_run(p, job, &one);
    pool_free(p);
    ok(done == 1000, "every job ran once, through a queue shorter than the jobs");
    pool_free(NULL);
    thread_set_count(3);
    ok(thread_count() == 3, "a forced count");
    thread_set_count(0);
    ok(thread_count() >= 1, "the automatic one");
    return tap_done();
}
