/* SPDX-License-Identifier: Apache-2.0
 * The OCI runtime: which one, how it is called, and our part while it runs. It gets a pid namespace of its own, in which it is the first
 * process: should we be killed, the kernel kills it (PDEATHSIG) and with it the whole namespace, container included. */
#include <errno.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/log.h"
#include "container/oci.h"
#include "container/stop.h"
#include "sys/files.h"
#include "sys/proc.h"

extern char **environ;

static bool unified_cgroups(void) {
    struct statfs fs;
    return statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* The program of this name on the PATH; a name with a slash is a path. NULL: none. */
static const char *find_program(struct arena *a, const char *name) {
    struct str rest = str_z(getenv("PATH")), dir;
    if (strchr(name, '/'))
        return access(name, X_OK) == 0 ? name : NULL;
    while (str_next(&rest, ':', &dir)) {
        const char *path = arena_join3(a, dir, S("/"), str_z(name)).p;
        if (dir.n && access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

/* crun where it works at once; with version 1 or hybrid cgroups runc does, and crun only over a detour. */
bool runtime_choose(struct container *c, struct err *e) {
    const char *const order[2] = {unified_cgroups() ? "crun" : "runc", unified_cgroups() ? "runc" : "crun"};
    const char *asked = c->spec->runtime;
    if (asked) {
        c->runtime = find_program(&c->arena, asked);
        if (!c->runtime)
            return err_set(e, ERR_FAILED, "OCI runtime %s is not installed", asked);
    }
    for (size_t i = 0; i < 2 && !c->runtime; i++)
        c->runtime = find_program(&c->arena, order[i]);
    if (!c->runtime)
        return err_set(e, ERR_FAILED, "no OCI runtime is installed: install the package crun or runc");
    c->crun = str_find(path_base(str_z(c->runtime)), S("crun")) >= 0;
    c->runc = str_find(path_base(str_z(c->runtime)), S("runc")) >= 0;
    return true;
}

static const char *const *runtime_argv(struct container *c) {
    const char **argv = arena_array(&c->arena, const char *, 16);
    size_t n = 0;
    argv[n++] = c->runtime;
    argv[n++] = "--root";
    argv[n++] = c->state_dir;
    argv[n++] = "--log";
    argv[n++] = c->log_path;
    argv[n++] = "--log-format";
    argv[n++] = "json";
    if (c->crun)
        argv[n++] = "--cgroup-manager=disabled";
    argv[n++] = "run";
    argv[n++] = "--bundle";
    argv[n++] = c->spec->work;
    argv[n++] = c->id;
    return argv;
}

/* What the child was doing when it failed; an index into `steps`. */
enum { STEP_MOUNTS, STEP_PROC, STEP_CGROUP, STEP_STDIN, STEP_EXEC };
static const char *const steps[] = {
    "make mounts private", "mount /proc", "mount a private cgroup2 (crun needs one where cgroups are not unified)", "open /dev/null",
    "execute it",
};
struct failure {
    int step, errnum;
};

/* Between clone3 and execve: system calls only, for there may be threads. Returns the step that failed. */
static int child_steps(const struct container *c, const char *const *argv, bool cgroup) {
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return STEP_MOUNTS;
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return STEP_PROC;
    if (cgroup && mount("cgroup2", "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return STEP_CGROUP;
    if (!c->spec->interactive && !c->terminal) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (null < 0 || dup2(null, 0) < 0)
            return STEP_STDIN;
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(argv[0], (char *const *)argv, environ);
    return STEP_EXEC;
}

static pid_t start(struct container *c, int *pidfd, struct err *e) {
    const char *const *argv = runtime_argv(c);
    bool cgroup = c->crun && !unified_cgroups();
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe"), -1;
    struct clone_args args = {
        .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_PIDFD | (cgroup ? CLONE_NEWCGROUP : 0),
        .pidfd = (uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
    };
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        struct failure f = {child_steps(c, argv, cgroup), errno};
        _exit(write(ends[1], &f, sizeof f) == sizeof f ? 1 : 2);
    }
    int errnum = errno;
    close(ends[1]);
    struct failure f;
    if (pid < 0)
        err_sys(e, errnum, "start %s", c->runtime);
    else if (read(ends[0], &f, sizeof f) == sizeof f)
        err_sys(e, f.errnum, "start %s: %s", c->runtime, steps[f.step]);
    close(ends[0]);
    return (pid_t)pid;
}

/* A signal of the terminal (from the kernel) went to the whole foreground group, the runtime included; one of kill(1) came to us alone. */
static void forward(int signals, int pidfd, struct stop *stop) {
    struct signalfd_siginfo s;
    if (read(signals, &s, sizeof s) != sizeof s)
        return;
    stop_signal(stop, (int)s.ssi_signo, log_now_ns());
    if (s.ssi_code <= 0)
        syscall(SYS_pidfd_send_signal, pidfd, s.ssi_signo, NULL, 0);
}

static void end_by_force(int pidfd, const struct stop *stop) {
    if (stop->kill)
        log_warn("the container is killed");
    else
        log_warn("the container did not stop within %d seconds and is killed (--stop-timeout gives it longer)", stop->timeout_s);
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

/* *killed: it would not stop. */
static bool forward_until_end(int signals, int pidfd, struct stop *stop, bool *killed, struct err *e) {
    struct pollfd fds[2] = {{signals, POLLIN, 0}, {pidfd, POLLIN, 0}};
    *killed = false;
    while (!fds[1].revents) {
        int wait_ms = *killed ? -1 : stop_wait_ms(stop, log_now_ns());
        if (wait_ms == 0) {
            *killed = true;
            end_by_force(pidfd, stop);
            continue;
        }
        if (poll(fds, 2, wait_ms) < 0 && errno != EINTR)
            return err_sys(e, errno, "wait for the container");
        if (fds[0].revents)
            forward(signals, pidfd, stop);
    }
    return true;
}

/* docker's convention; like docker we know only the runtime's words. */
static int exit_code_of(struct str message) {
    static const char *const missing[] = {"executable file not found", "executable file `", "o such file or directory"};
    static const char *const denied[] = {"ermission denied", "xec format error", "s a directory"};
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++)
        if (str_find(message, str_z(denied[i])) >= 0)
            return 126;
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if (str_find(message, str_z(missing[i])) >= 0)
            return 127;
    return 125;
}

/* The last error of the runtime's log, if it says that it failed itself: true if there is none. */
static bool check_log(struct container *c, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    struct err ignored = ERR_INIT;
    struct str rest, line, message = STR_NULL;
    if (!file_read(c->log_path, &text, &ignored))
        err_clear(&ignored);
    rest = buf_str(&text);
    while (str_next(&rest, '\n', &line)) {
        _cleanup_(json_doc_freep) yyjson_doc *d = line.n ? json_parse(line, LIMIT_JSON_BYTES, "the runtime's log", &ignored) : NULL;
        err_clear(&ignored);
        if (d && str_eqz(json_get_str(yyjson_doc_get_root(d), "level"), "error"))
            message = arena_str(&c->arena, str_trim(json_get_str(yyjson_doc_get_root(d), "msg")));
    }
    buf_fini(&text);
    if (message.n == 0)
        return true;
    if (c->runc) /* which has written it to standard error, whatever one does */
        err_set(e, ERR_FAILED, "start %s: %s failed, as it says above", SHOWN(c->argv.p[0]), c->runtime);
    else
        err_set(e, ERR_FAILED, "start %s: %s: %.*s", SHOWN(c->argv.p[0]), c->runtime, STR_ARG(message));
    e->exit_code = exit_code_of(message);
    return false;
}

static bool run_with(struct container *c, int signals, int *code, struct err *e) {
    _cleanup_fd_ int pidfd = -1;
    pid_t pid = start(c, &pidfd, e);
    if (pid < 0)
        return false;
    struct stop stop = {.timeout_s = c->spec->stop_timeout_s};
    bool killed = false;
    bool ok = e->kind == ERR_NONE && forward_until_end(signals, pidfd, &stop, &killed, e);
    if (!ok)
        syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    struct err late = ERR_INIT;
    bool waited = proc_wait(pid, code, ok ? e : &late);
    err_clear(&late);
    return ok && waited && (*code == 0 || killed || check_log(c, e));
}

void runtime_signals(sigset_t *set) {
    static const int forwarded[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};
    sigemptyset(set);
    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
        sigaddset(set, forwarded[i]);
}

bool runtime_run(struct container *c, int *code, struct err *e) {
    sigset_t set;
    runtime_signals(&set);
    _cleanup_fd_ int signals = signalfd(-1, &set, SFD_CLOEXEC);
    return signals < 0 ? err_sys(e, errno, "make a signalfd") : run_with(c, signals, code, e);
}
