/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads: waiting with a deadline, and a pool of workers over a bounded queue. Work is any function; order of completion is not the
 * order of submission: who needs order keeps it (layer/ does, by sequence numbers). */
#ifndef CROZE_SYS_THREAD_H
#define CROZE_SYS_THREAD_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* How many threads to use: --jobs / CROZE_THREADS if set (1..64), else the processors this process may run on. */
unsigned thread_count(void);
void thread_set_count(unsigned n); /* 0: back to automatic */

struct pool;
/* `threads` workers, at most `queued` waiting jobs. */
struct pool *pool_new(unsigned threads, size_t queued);
/* Hands a job to the pool; blocks while the queue is full. */
void pool_run(struct pool *p, void (*job)(void *arg, unsigned worker), void *arg);
/* Waits for all jobs, ends the threads, frees the pool. NULL is fine. */
void pool_free(struct pool *p);

/* A condition that is waited for with deadlines of thread_deadline: `ns` from now by CLOCK_MONOTONIC, so that setting the clock neither
 * draws a wait out nor cuts it short. */
void thread_cond_init(pthread_cond_t *cond);
struct timespec thread_deadline(uint64_t ns);

#endif
