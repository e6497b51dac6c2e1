/* SPDX-License-Identifier: Apache-2.0
 * The pipes and the thread between a RUN's output and the display: see run_log.h. */
#include "build/run_log.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "sys/files.h"

enum { PIECE_BYTES = 8192 };

/* One piece of a stream; false at its end. */
static bool take_piece(struct run_log *l, int stream) {
    char piece[PIECE_BYTES];
    ssize_t n;
    do
        n = read(l->read_fds[stream - 1], piece, sizeof piece);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        progress_log_stream(l->step, stream, str_n(piece, (size_t)n));
    return n > 0;
}

static void *read_output(void *arg) {
    struct run_log *l = arg;
    struct pollfd fds[2] = {{.fd = l->read_fds[0], .events = POLLIN}, {.fd = l->read_fds[1], .events = POLLIN}};
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return NULL;
        for (int i = 0; i < 2; i++)
            if (fds[i].fd >= 0 && fds[i].revents && !take_piece(l, i + 1))
                fds[i].fd = -1;
    }
    return NULL;
}

static void close_all(struct run_log *l) {
    if (l->error == l->out)
        l->error = -1;
    fd_closep(&l->out);
    fd_closep(&l->error);
}

static bool open_pipe(int *read_fd, int *write_fd, struct err *e) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe");
    *read_fd = ends[0];
    *write_fd = ends[1];
    return true;
}

bool run_log_open(struct run_log *l, struct progress *p, struct progress_step *step, struct err *e) {
    *l = (struct run_log){.out = -1, .error = -1, .read_fds = {-1, -1}, .step = step};
    bool good = open_pipe(&l->read_fds[0], &l->out, e);
    if (good && progress_wants_streams(p))
        good = open_pipe(&l->read_fds[1], &l->error, e);
    else
        l->error = l->out;
    int r = good ? pthread_create(&l->reader, NULL, read_output, l) : 0;
    if (good && r == 0)
        return true;
    close_all(l);
    fd_closep(&l->read_fds[0]);
    fd_closep(&l->read_fds[1]);
    return good ? err_sys(e, r, "start a thread") : false;
}

void run_log_close(struct run_log *l) {
    close_all(l);
    pthread_join(l->reader, NULL);
    fd_closep(&l->read_fds[0]);
    fd_closep(&l->read_fds[1]);
}
