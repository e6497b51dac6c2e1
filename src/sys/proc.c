/* SPDX-License-Identifier: Apache-2.0
 * Starting and waiting for programs: see proc.h. posix_spawn, so a large process starts a small one without copying its tables. */
#include "sys/proc.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "sys/files.h"

extern char **environ;

static void wire(posix_spawn_file_actions_t *actions, int fd, int as, int fallback_flags) {
    if (fd >= 0)
        posix_spawn_file_actions_adddup2(actions, fd, as);
    else if (fallback_flags >= 0)
        posix_spawn_file_actions_addopen(actions, as, "/dev/null", fallback_flags, 0);
}

static bool is_on_path(const char *name, int mode) {
    struct str rest = str_z(getenv("PATH")), dir;
    while (str_next(&rest, ':', &dir)) {
        _cleanup_(mem_freep) char *path = mem_printf("%.*s/%s", STR_ARG(dir), name);
        if (dir.n && faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0)
            return true;
    }
    return false;
}

bool proc_exists(const char *name) {
    return is_on_path(name, X_OK);
}

pid_t proc_start(const struct proc_spec *spec, struct err *e) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, defaults;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    wire(&actions, spec->in, 0, O_RDONLY);
    wire(&actions, spec->out, 1, -1);
    wire(&actions, spec->error, 2, -1);
    if (spec->dir)
        posix_spawn_file_actions_addchdir_np(&actions, spec->dir);
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE); /* we ignore it; children expect the default */
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t pid = -1;
    char **env = spec->env ? (char **)spec->env : environ;
    int r = posix_spawnp(&pid, spec->argv[0], &actions, &attr, (char **)spec->argv, env);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    if (r == 0)
        return pid;
    /* one directory of PATH that may not be looked into makes EACCES of what is nowhere */
    if (r == EACCES && !strchr(spec->argv[0], '/') && !is_on_path(spec->argv[0], F_OK))
        r = ENOENT;
    if (r == ENOENT)
        err_set(e, ERR_FAILED, "%s is not installed", spec->argv[0]);
    else
        err_sys(e, r, "start %s", spec->argv[0]);
    e->sys = r;
    return -1;
}

bool proc_wait(pid_t pid, int *code, struct err *e) {
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_sys(e, errno, "wait for process %d", (int)pid);
    *code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return true;
}

bool proc_output(const char *const *argv, struct buf *out, int *code, struct err *e) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe");
    _cleanup_fd_ int from = ends[0];
    _cleanup_fd_ int to = ends[1];
    struct proc_spec spec = {.argv = argv, .in = -1, .out = to, .error = -1};
    pid_t pid = proc_start(&spec, e);
    if (pid < 0)
        return false;
    fd_closep(&to);
    bool ok = file_read_fd(from, argv[0], out, e);
    fd_closep(&from); /* past the limit: the writer gets SIGPIPE and ends */
    struct err late = ERR_INIT;
    if (!proc_wait(pid, code, &late)) {
        if (ok)
            err_move(e, &late);
        err_clear(&late);
        return false;
    }
    return ok;
}

/* Takes what is there to be read; *fd is closed at its end. */
static bool drain(int *fd, struct buf *to, struct err *e) {
    char piece[16384];
    ssize_t n = read(*fd, piece, sizeof piece);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
        return err_sys(e, errno, "read from a program");
    if (n > 0)
        buf_add(to, piece, (size_t)n);
    if (n == 0)
        fd_closep(fd);
    return true;
}

static bool listen_to(int out_fd, int said_fd, struct buf *out, struct buf *said, int stall_s, struct err *e) {
    enum { OVER_MAX = 1 << 20 }; /* pieces of at most 16 KiB: no progress of years has so many */
    size_t over = 0;
    while ((out_fd >= 0 || said_fd >= 0) && buf_ok(out)) { /* who prints more than is wanted may print for ever */
        struct pollfd polled[] = {{out_fd, POLLIN, 0}, {said_fd, POLLIN, 0}};
        int ready = poll(polled, 2, stall_s ? stall_s * 1000 : -1);
        bool good = ready > 0 || (ready < 0 && errno == EINTR);
        if (ready == 0)
            err_set(e, ERR_FAILED, "nothing came for %d seconds", stall_s);
        else if (!good)
            err_sys(e, errno, "wait for a program");
        if (ready > 0 && polled[0].revents)
            good = drain(&out_fd, out, e);
        if (good && ready > 0 && polled[1].revents)
            good = drain(&said_fd, said, e);
        if (good && !buf_ok(said) && ++over > OVER_MAX)
            good = err_set(e, ERR_FAILED, "what it says has no end");
        if (good)
            continue;
        fd_closep(&out_fd);
        fd_closep(&said_fd);
        return false;
    }
    fd_closep(&out_fd);
    fd_closep(&said_fd);
    return true;
}

/* It has closed its streams, or is to end: some seconds to do so in order, then the hard way. */
static bool end(pid_t pid, bool now, int *code, struct err *e) {
    enum { GRACE_MS = 5000, STEP_MS = 20 };
    if (now)
        kill(pid, SIGTERM);
    for (int waited = 0; now && waited < GRACE_MS; waited += STEP_MS) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid)
            return proc_wait(pid, code, e);
        poll(NULL, 0, STEP_MS);
    }
    if (now)
        kill(pid, SIGKILL);
    return proc_wait(pid, code, e);
}

bool proc_listen(const struct proc_spec *spec, struct buf *out, struct buf *said, int stall_s, int *code, struct err *e) {
    int outs[2], saids[2];
    if (pipe2(outs, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe");
    if (pipe2(saids, O_CLOEXEC) < 0) {
        close(outs[0]);
        close(outs[1]);
        return err_sys(e, errno, "make a pipe");
    }
    struct proc_spec wired = *spec;
    wired.out = outs[1];
    wired.error = saids[1];
    pid_t pid = proc_start(&wired, e);
    close(outs[1]);
    close(saids[1]);
    if (pid < 0) {
        close(outs[0]);
        close(saids[0]);
        return false;
    }
    bool good = listen_to(outs[0], saids[0], out, said, stall_s, e);
    struct err late = ERR_INIT;
    if (!end(pid, !good || !buf_ok(out), code, &late) && good) {
        err_move(e, &late);
        good = false;
    }
    err_clear(&late);
    return good;
}
