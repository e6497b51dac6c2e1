/* SPDX-License-Identifier: Apache-2.0
 *
 * The output of a RUN: a pipe whose other end a thread reads into the progress display until the process, and all that inherited the pipe,
 * have closed it. */
#ifndef CROZE_BUILD_RUN_LOG_H
#define CROZE_BUILD_RUN_LOG_H

#include <pthread.h>

#include "base/err.h"
#include "report/progress.h"

struct run_log {
    int write_fd;           /* for the process's 1 and 2 */
    int read_fd;
    pthread_t reader;
    struct progress_step *step;
};

MUST_CHECK bool run_log_open(struct run_log *l, struct progress_step *step, struct err *e);
/* Closes our writing end and waits until all output is shown. */
void run_log_close(struct run_log *l);

#endif
