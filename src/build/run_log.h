/* SPDX-License-Identifier: Apache-2.0
 *
 * The output of a RUN: a pipe whose other end a thread reads into the progress display until the process, and all that inherited the pipe,
 * have closed it. One pipe for both streams keeps the order in which they were written; only a display that tells the streams apart gets
 * one for each. */
#ifndef CROZE_BUILD_RUN_LOG_H
#define CROZE_BUILD_RUN_LOG_H

#include <pthread.h>

#include "base/err.h"
#include "report/progress.h"

struct run_log {
    int out, error;         /* for the process's 1 and 2; perhaps the same */
    int read_fds[2];        /* the second is -1 if there is but one pipe */
    pthread_t reader;
    struct progress_step *step;
};

MUST_CHECK bool run_log_open(struct run_log *l, struct progress *p, struct progress_step *step, struct err *e);
/* Closes our writing ends and waits until all output is shown. */
void run_log_close(struct run_log *l);

#endif
