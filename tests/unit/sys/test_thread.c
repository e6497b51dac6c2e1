/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "sys/thread.h"
#include "tap.h"

static atomic_int done;

static void job(void *arg, unsigned worker) {
    (void)worker;
    atomic_fetch_add(&done, *(int *)arg);
}

int main(void) {
    int one = 1;
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
