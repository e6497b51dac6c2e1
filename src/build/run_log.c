/* SPDX-License-Identifier: Apache-2.0
 * The pipe and thread between a RUN's output and the display: see run_log.h. */
#include "build/run_log.h"

#include <errno.h>
#include <unistd.h>

#include "sys/files.h"

static void *read_output(void *arg) {
    struct run_log *l = arg;
    char piece[8192];
    for (;;) {
        ssize_t n = read(l->read_fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return NULL;
        progress_log(l->step, str_n(piece, (size_t)n));
    }
}

bool run_log_open(struct run_log *l, struct progress_step *step, struct err *e) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe");
    *l = (struct run_log){.write_fd = ends[1], .read_fd = ends[0], .step = step};
    int r = pthread_create(&l->reader, NULL, read_output, l);
    if (r == 0)
        return true;
    fd_closep(&l->write_fd);
    fd_closep(&l->read_fd);
    return err_sys(e, r, "start a thread");
}

void run_log_close(struct run_log *l) {
    fd_closep(&l->write_fd);
    pthread_join(l->reader, NULL);
    fd_closep(&l->read_fd);
}
