/* SPDX-License-Identifier: Apache-2.0
 * The process that kills a sandbox when croze is killed: see guard.h. Between clone3 and _exit it makes system calls only. */
#include "sandbox/guard.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdnoreturn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/files.h"

enum { LIFELINE_FD, TARGET_FD, FIRST_OTHER_FD };

pid_t clone_quietly(uint64_t flags, int *pidfd) {
    struct clone_args args = {.flags = flags | (pidfd ? CLONE_PIDFD : 0), .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = SIGCHLD};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0)
        return 0;
    int errnum = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = errnum;
    return (pid_t)pid;
}

/* Everything but the two descriptors is closed: locks, other guards' lifelines, and our own one's other end. */
static noreturn void watch(int lifeline, int target) {
    char byte;
    int moved = fcntl(target, F_DUPFD, FIRST_OTHER_FD); /* neither dup2 may close what the other needs */
    setsid();
    if (moved < 0 || dup2(lifeline, LIFELINE_FD) < 0 || dup2(moved, TARGET_FD) < 0)
        _exit(1);
    syscall(SYS_close_range, FIRST_OTHER_FD, ~0U, 0);
    while (read(LIFELINE_FD, &byte, 1) < 0 && errno == EINTR)
        continue;
    _exit(syscall(SYS_pidfd_send_signal, TARGET_FD, SIGKILL, NULL, 0) < 0);
}

bool guard_start(struct guard *g, int pidfd, struct err *e) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe");
    _cleanup_fd_ int lifeline = ends[1];
    _cleanup_fd_ int watched = ends[0];
    g->pid = clone_quietly(0, NULL);
    if (g->pid == 0)
        watch(watched, pidfd);
    if (g->pid < 0)
        return err_sys(e, errno, "start a process that guards a sandbox");
    g->lifeline = take_fd(&lifeline);
    return true;
}

/* By then the sandbox has ended and was waited for, so the guard's signal reaches nobody. */
void guard_stop(struct guard *g) {
    fd_closep(&g->lifeline);
    while (g->pid > 0 && waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    g->pid = -1;
}
