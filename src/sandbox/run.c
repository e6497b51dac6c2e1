/* SPDX-License-Identifier: Apache-2.0
 * Running a process in a sandbox, the parent's side: prepares everything in advance (child.h), clones, reads the child's report, waits. */
#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/mem.h"
#include "sandbox/child.h"
#include "sandbox/guard.h"
#include "sandbox/policy.h"
#include "sys/files.h"

/* What a shell would use without PATH, and docker does. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define SHM_BYTES ((uint64_t)64 << 20)

static struct str path_variable(const char *const *env) {
    for (; *env; env++)
        if (str_starts(str_z(*env), S("PATH=")))
            return str_from(str_z(*env), strlen("PATH="));
    return S(DEFAULT_PATH);
}

/* The places where the program may be, in the order of PATH; a name with a slash is one place. */
static const char *const *program_places(const struct sandbox_spec *s, struct arena *a) {
    struct str path = path_variable(s->env), dir, program = str_z(s->argv[0]);
    size_t most = 2;
    for (size_t i = 0; i < path.n; i++)
        most += path.p[i] == ':';
    const char **places = arena_array(a, const char *, most + 1);
    size_t n = 0;
    if (program.n == 0 || str_index(program, '/') >= 0) {
        places[0] = s->argv[0];
        return places;
    }
    while (str_next(&path, ':', &dir))
        places[n++] = dir.n ? arena_join3(a, dir, S("/"), program).p : s->argv[0];
    return places;
}

static bool check_spec(const struct sandbox_spec *s, struct err *e) {
    if (!s->argv || !s->argv[0])
        return err_set(e, ERR_FAILED, "run: no program is named");
    if (s->cwd[0] != '/')
        return err_set(e, ERR_FAILED, "run: working directory %s is not absolute", s->cwd);
    for (size_t i = 0; i < s->n_mounts; i++)
        if (s->mounts[i].target[0] != '/')
            return err_set(e, ERR_FAILED, "run: mount target %s is not absolute", s->mounts[i].target);
    return true;
}

/* A root that is read-only to the process still gets an upper directory: mount points may have to be made in it. */
static bool set_upper(struct plan *p, struct arena *a, struct err *e) {
    p->overlay.upper = p->spec->upper;
    if (p->spec->upper)
        return true;
    p->overlay.upper = arena_printf(a, "%s/upper", p->spec->work).p;
    if (!file_remove_tree(AT_FDCWD, p->overlay.upper, e))
        return false;
    return mkdir(p->overlay.upper, 0755) == 0 || err_sys(e, errno, "make directory %s", p->overlay.upper);
}

static bool make_plan(struct plan *p, const struct sandbox_spec *s, struct arena *a, struct err *e) {
    *p = (struct plan){.spec = s, .overlay = {.lowers = s->lowers, .n_lowers = s->n_lowers}, .report = -1};
    p->overlay.devices = s->insecure;
    if (!check_spec(s, e) || (!s->no_seccomp && !s->insecure && !seccomp_program(&p->filter, e)))
        return false;
    p->programs = program_places(s, a);
    unsigned long long shm = s->shm_bytes ? s->shm_bytes : SHM_BYTES;
    snprintf(p->shm_options, sizeof p->shm_options, "mode=1777,size=%llu", shm);
    return set_upper(p, a, e) && overlay_prepare(&p->overlay, s->work, a, e);
}

static bool clone_error(int errnum, struct err *e) {
    err_sys(e, errnum, "make namespaces for a sandbox");
    const char *why = "";
    if (sandbox_tier(&why) == TIER_NONE)
        err_append(e, " (%s)", why);
    return false;
}

static pid_t start(struct plan *p, int *pidfd, struct err *e) {
    pid_t pid = clone_quietly(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | (p->spec->network_none ? CLONE_NEWNET : 0), pidfd);
    if (pid == 0)
        child_main(p);
    if (pid < 0)
        clone_error(errno, e);
    return pid;
}

static uint64_t micros(struct timeval t) {
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

/* Waits until the process ends, or somebody wants it to. */
static void wait_or_cancel(int pidfd, int cancel_fd, struct sandbox_result *r) {
    struct pollfd fds[2] = {{.fd = pidfd, .events = POLLIN}, {.fd = cancel_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0)
        if (errno != EINTR)
            return;
    r->canceled = !fds[0].revents;
    if (r->canceled)
        syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

static bool wait_for(pid_t pid, struct sandbox_result *r, struct err *e) {
    struct rusage usage;
    int status;
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return err_sys(e, errno, "wait for process %d", (int)pid);
    r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    r->code = r->signal ? 128 + r->signal : WEXITSTATUS(status);
    r->cpu_us = micros(usage.ru_utime) + micros(usage.ru_stime);
    return true;
}

static bool run_plan(struct plan *p, struct sandbox_result *r, stub_list *stubs, struct err *e) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe");
    _cleanup_fd_ int from = ends[0];
    _cleanup_fd_ int to = ends[1];
    _cleanup_fd_ int pidfd = -1;
    struct guard guard = GUARD_INIT;
    struct err late = ERR_INIT;
    p->report = to;
    uint64_t began = log_now_ns();
    pid_t pid = start(p, &pidfd, e);
    fd_closep(&to);
    if (pid < 0)
        return false;
    bool ok = guard_start(&guard, pidfd, e);
    if (!ok)
        syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    ok = ok && report_read(from, p, stubs, e);
    fd_closep(&from);
    if (ok && p->spec->cancel_fd)
        wait_or_cancel(pidfd, *p->spec->cancel_fd, r);
    bool waited = wait_for(pid, r, &late);
    guard_stop(&guard);
    r->wall_us = (log_now_ns() - began) / 1000;
    if (ok && !waited)
        err_move(e, &late);
    err_clear(&late);
    return ok && waited;
}

static int by_path(const void *a, const void *b) {
    return path_cmp(str_z(*(char *const *)a), str_z(*(char *const *)b));
}

bool sandbox_run(const struct sandbox_spec *s, struct sandbox_result *r, struct err *e) {
    struct arena a = ARENA_INIT;
    struct plan p;
    stub_list stubs = {0};
    *r = (struct sandbox_result){0};
    bool ok = make_plan(&p, s, &a, e);
    ok = ok && run_plan(&p, r, &stubs, e);
    if (stubs.n > 1)
        qsort(stubs.p, stubs.n, sizeof *stubs.p, by_path);
    r->stubs = stubs.p;
    r->n_stubs = stubs.n;
    if (!ok)
        sandbox_result_fini(r);
    arena_fini(&a);
    return ok;
}

void sandbox_result_fini(struct sandbox_result *r) {
    for (size_t i = 0; i < r->n_stubs; i++)
        free(r->stubs[i]);
    free(r->stubs);
    *r = (struct sandbox_result){0};
}
