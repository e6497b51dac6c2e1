/* SPDX-License-Identifier: Apache-2.0
 * The shell after a failed RUN: see error_shell.h. At a terminal it gets one of its own (a pty): what runs in the sandbox never holds the
 * user's, into which it could push input. A thread carries bytes between the two. */
#include "build/error_shell.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "build/run_log.h"
#include "sys/files.h"

enum { WINDOW_CHECK_MS = 250, PIECE_BYTES = 4096 };

struct terminal {
    int master, slave;
    struct termios before;    /* the user's */
    pthread_t carrier;
};

/* --- a terminal --- */

static void copy_window(int from, int to, struct winsize *last) {
    struct winsize now;
    if (ioctl(from, TIOCGWINSZ, &now) == 0 && memcmp(&now, last, sizeof now) != 0) {
        *last = now;
        ioctl(to, TIOCSWINSZ, &now);
    }
}

/* False at the end of `from`. */
static bool carry_piece(int from, int to) {
    char piece[PIECE_BYTES];
    struct err ignored = ERR_INIT;
    ssize_t n = read(from, piece, sizeof piece);
    if (n < 0 && errno == EINTR)
        return true;
    bool going = n > 0 && file_write_all(to, piece, (size_t)n, "the terminal", &ignored);
    err_clear(&ignored);
    return going;
}

/* Until nobody holds the pty's other end. */
static void *carry(void *arg) {
    const struct terminal *t = arg;
    struct winsize window = {0};
    struct pollfd ends[2] = {{.fd = t->master, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    for (;;) {
        copy_window(STDIN_FILENO, t->master, &window);
        if (poll(ends, 2, WINDOW_CHECK_MS) < 0 && errno != EINTR)
            return NULL;
        if (ends[0].revents && !carry_piece(t->master, STDERR_FILENO))
            return NULL;
        if (ends[1].revents && !carry_piece(STDIN_FILENO, t->master))
            ends[1].fd = -1;
    }
}

static bool open_pty(struct terminal *t, struct err *e) {
    char name[64];
    t->slave = -1;
    t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (t->master >= 0 && grantpt(t->master) == 0 && unlockpt(t->master) == 0 && ptsname_r(t->master, name, sizeof name) == 0)
        t->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return t->slave >= 0 || err_sys(e, errno, "open a terminal for a shell");
}

static bool terminal_open(struct terminal *t, struct err *e) {
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, &t->before) < 0)
        return err_sys(e, errno, "ask for the terminal's settings");
    if (!open_pty(t, e))
        return false;
    tcsetattr(t->slave, TCSANOW, &t->before);
    int r = pthread_create(&t->carrier, NULL, carry, t);
    if (r != 0)
        return err_sys(e, r, "start a thread");
    raw = t->before;
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    return true;
}

static bool at_terminal(struct run_job *j, struct err *e) {
    struct terminal t = {.master = -1, .slave = -1};
    bool open = terminal_open(&t, e), good = false;
    if (open) {
        struct shell_io io = {t.slave, t.slave, t.slave, true};
        good = failed_run_shell(j, &io, e);
        fd_closep(&t.slave); /* the carrier takes what is left and ends */
        pthread_join(t.carrier, NULL);
        tcsetattr(STDIN_FILENO, TCSADRAIN, &t.before);
    }
    fd_closep(&t.slave);
    fd_closep(&t.master);
    return good;
}

/* --- no terminal --- */

static bool from_pipe(struct build *b, struct run_job *j, struct err *e) {
    struct run_log log;
    struct progress_step *p = progress_start(b->progress, S("[on-error] commands from standard input"));
    bool good = run_log_open(&log, b->progress, p, e);
    if (good) {
        struct shell_io io = {STDIN_FILENO, log.out, log.error, false};
        good = failed_run_shell(j, &io, e);
        run_log_close(&log);
    }
    progress_end(p, good ? PROGRESS_DONE : PROGRESS_FAILED, STR_NULL);
    return good;
}

bool error_shell_check(const struct build_options *o, struct err *e) {
    bool taken = strcmp(o->context, "-") == 0 || (o->dockerfile && strcmp(o->dockerfile, "-") == 0);
    return !(taken && o->run.shell_on_error) ||
           err_set(e, ERR_USAGE, "--on-error=sh: standard input gives the context or the Dockerfile, and is not there for a shell");
}

void error_shell(struct build *b) {
    struct err e = ERR_INIT;
    if (!b->failed_run)
        return;
    bool terminal = isatty(STDIN_FILENO);
    progress_note(b->progress, "A shell in the root of the RUN that failed%s; nothing that it changes comes into a layer",
                  terminal ? " (`exit` ends it)" : "");
    if (!(terminal ? at_terminal(b->failed_run, &e) : from_pipe(b, b->failed_run, &e)))
        progress_note(b->progress, "warning: --on-error=sh: %s", e.msg);
    err_clear(&e);
}
