/* SPDX-License-Identifier: Apache-2.0
 * The child of a sandbox, from clone3 to execve: system calls only (child.h says why). Order is security: the root is complete before
 * it is entered, descriptors of the host are closed before any path of the image is followed, the filter comes last that needs
 * privilege, and what must survive a change of credentials (PDEATHSIG does not) comes after it. */
#include "sandbox/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>

#include "base/limits.h"
#include "sys/files.h"

enum {
    FIRST_FREE_FD = 3,
    SIGNAL_SET_BYTES = 8, /* the kernel's sigset_t */
    SCRIPT_HEAD = 256,    /* what the kernel reads of a script's first line */
    SCRIPT_DEPTH = 6,     /* and how many scripts it follows, generously */
};

static bool watch_parent(const struct child *c) {
    struct pollfd reader = {c->report, 0, 0};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || poll(&reader, 1, 0) < 0)
        return child_fail(c, STEP_PARENT_DIED, 0);
    /* it may have died before the prctl: then nobody holds the pipe's other end */
    return !(reader.revents & POLLERR);
}

/* The raw call: glibc's refuses the two signals that it keeps to itself, and its posix_spawn leaves them ignored. */
static void reset_signals(void) {
    const unsigned long plain[8] = {0}; /* the kernel's struct sigaction: SIG_DFL, no flags, nothing masked */
    sigset_t none;
    for (int s = 1; s < NSIG; s++)
        syscall(SYS_rt_sigaction, s, plain, NULL, SIGNAL_SET_BYTES);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Makes the caller's descriptors 0, 1 and 2 and closes all others but the pipe: whatever another thread had open without O_CLOEXEC stays
 * out. */
static bool set_stdio(struct child *c) {
    const struct sandbox_spec *s = c->plan->spec;
    const int wanted[3] = {s->in, s->out, s->error};
    int moved[3];
    int report = fcntl(c->report, F_DUPFD_CLOEXEC, 2 * FIRST_FREE_FD); /* out of the way of what follows */
    if (report < 0)
        return child_fail(c, STEP_STDIO, 0);
    c->report = report;
    for (int i = 0; i < 3; i++) {
        moved[i] = wanted[i] >= 0 ? fcntl(wanted[i], F_DUPFD_CLOEXEC, 2 * FIRST_FREE_FD) : open("/dev/null", O_RDWR | O_CLOEXEC);
        if (moved[i] >= 0 && moved[i] < FIRST_FREE_FD)
            moved[i] = fcntl(moved[i], F_DUPFD_CLOEXEC, 2 * FIRST_FREE_FD);
        if (moved[i] < 0)
            return child_fail(c, STEP_STDIO, i);
    }
    for (int i = 0; i < 3; i++)
        if (dup2(moved[i], i) < 0)
            return child_fail(c, STEP_STDIO, i);
    if (s->terminal && ioctl(0, TIOCSCTTY, 0) < 0)
        return child_fail(c, STEP_STDIO, 0);
    if (dup3(c->report, FIRST_FREE_FD, O_CLOEXEC) < 0)
        return child_fail(c, STEP_STDIO, 0);
    c->report = FIRST_FREE_FD;
    return syscall(SYS_close_range, FIRST_FREE_FD + 1, ~0U, 0) == 0 || child_fail(c, STEP_STDIO, 0);
}

/* A tmpfs of our own, over overlay's working directory (overlay has that by descriptor, and a directory on disk is not free). */
static bool make_staging(struct child *c) {
    const char *where = c->plan->overlay.work;
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return child_fail(c, STEP_PROPAGATION, 0);
    if (mount("tmpfs", where, "tmpfs", MS_NOSUID, "mode=700") < 0)
        return child_fail(c, STEP_STAGING, 0);
    c->staging = open(where, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return (c->staging >= 0 && mkdirat(c->staging, "root", 0755) == 0 && chdir("/proc/self/fd") == 0) || child_fail(c, STEP_STAGING, 0);
}

/* The overlay is mounted in it, so that nothing stays when this mount namespace ends. */
static bool make_root(struct child *c) {
    struct overlay_options options = {.n = 0};
    char name[FD_NAME], path[LIMIT_PATH_BYTES + 1];
    struct stat st;
    if (!overlay_open(c, &options) || !make_staging(c))
        return false;
    _cleanup_fd_ int under = openat(c->staging, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (under < 0)
        return child_fail(c, STEP_STAGING, 0);
    if (!overlay_attach(c, &options, under))
        return false;
    c->root = openat(c->staging, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    ssize_t n = c->root < 0 ? -1 : readlinkat(AT_FDCWD, fd_name(c->root, name), path, sizeof path);
    if (n < 0 || fstat(c->root, &st) < 0)
        return child_fail(c, STEP_STAGING, 0);
    c->root_name_n = (size_t)n;
    c->root_dev = st.st_dev;
    return true;
}

/* The old root lies over the new one for a moment and is then let go, with every mount of the host. */
static bool enter_root(const struct child *c) {
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    if (!c->plan->spec->upper && mount_setattr(c->root, "", AT_EMPTY_PATH, &read_only, sizeof read_only) < 0)
        return child_fail(c, STEP_READ_ONLY, 0);
    if (fchdir(c->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return child_fail(c, STEP_PIVOT, 0);
    return syscall(SYS_close_range, FIRST_FREE_FD + 1, ~0U, 0) == 0 || child_fail(c, STEP_PIVOT, 0);
}

static bool start_loopback(const struct child *c) {
    struct ifreq lo = {.ifr_name = "lo"};
    if (!c->plan->spec->network_none)
        return true;
    _cleanup_fd_ int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0 || ioctl(s, SIOCGIFFLAGS, &lo) < 0)
        return child_fail(c, STEP_LOOPBACK, 0);
    lo.ifr_flags |= IFF_UP;
    return ioctl(s, SIOCSIFFLAGS, &lo) == 0 || child_fail(c, STEP_LOOPBACK, 0);
}

static bool set_place(const struct child *c) {
    const struct sandbox_spec *s = c->plan->spec;
    if (s->hostname && syscall(SYS_sethostname, s->hostname, strlen(s->hostname)) < 0)
        return child_fail(c, STEP_HOSTNAME, 0);
    _cleanup_fd_ int cwd = child_open(AT_FDCWD, s->cwd, O_PATH | O_DIRECTORY);
    return (cwd >= 0 && fchdir(cwd) == 0) || child_fail(c, STEP_CWD, 0);
}

/* Where a script's first line sends the kernel: path becomes that. False: not a script. */
static bool script_interpreter(int fd, char path[SCRIPT_HEAD + 1]) {
    char head[SCRIPT_HEAD + 1];
    ssize_t n = read(fd, head, SCRIPT_HEAD);
    if (n < 2 || head[0] != '#' || head[1] != '!')
        return false;
    head[n] = '\0';
    size_t at = 2, to = 0;
    while (head[at] == ' ' || head[at] == '\t')
        at++;
    while (head[at] && head[at] != ' ' && head[at] != '\t' && head[at] != '\n')
        path[to++] = head[at++];
    path[to] = '\0';
    return to > 0;
}

/* /bin/sh -> /proc/self/exe in a hostile image would run this very program of the host with the image's libraries, and could then write to
 * it (CVE-2019-5736). So neither the program nor the interpreter of a script may lead through a link of /proc. */
static bool stays_inside(const char *program) {
    char path[SCRIPT_HEAD + 1];
    for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
        struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_NO_MAGICLINKS};
        _cleanup_fd_ int fd = (int)syscall(SYS_openat2, AT_FDCWD, program, &how, sizeof how);
        if (fd < 0)
            return errno != ELOOP;
        if (!script_interpreter(fd, path))
            return true;
        program = path;
    }
    return false;
}

static bool check_programs(const struct child *c) {
    for (const char *const *program = c->plan->programs; *program; program++)
        if (!stays_inside(*program))
            return child_fail(c, STEP_EXEC_LINK, 0);
    return true;
}

/* Late: what this process still has to do must not meet the limits of the one that it becomes. Early enough for uid 0's right to raise. */
static bool set_limits(const struct child *c) {
    const struct sandbox_spec *s = c->plan->spec;
    for (size_t i = 0; i < s->n_rlimits; i++) {
        const struct rlimit64 limit = {s->rlimits[i].soft, s->rlimits[i].hard};
        if (syscall(SYS_prlimit64, 0, s->rlimits[i].resource, &limit, NULL) < 0)
            return child_fail(c, STEP_RLIMIT, (int)i);
    }
    return true;
}

/* The raw calls: glibc's would ask the threads, which this process does not have, to follow. */
static bool set_ids(const struct sandbox_spec *s) {
    return syscall(SYS_setgroups, s->n_groups, s->groups) == 0 && syscall(SYS_setresgid, s->gid, s->gid, s->gid) == 0 &&
           syscall(SYS_setresuid, s->uid, s->uid, s->uid) == 0;
}

static bool keep_privileges(const struct child *c) {
    if (!caps_keep())
        return child_fail(c, STEP_CAPS, 0);
    if (!set_ids(c->plan->spec))
        return child_fail(c, STEP_IDS, 0);
    return caps_set_all() || child_fail(c, STEP_CAPS, 0);
}

static bool drop_privileges(const struct child *c) {
    const struct sandbox_spec *s = c->plan->spec;
    if (!set_limits(c))
        return false;
    if (s->insecure)
        return keep_privileges(c);
    if (!caps_bound())
        return child_fail(c, STEP_CAPS, 0);
    /* while CAP_SYS_ADMIN is there, since no_new_privs, the other way to install a filter, is the caller's choice */
    if (c->plan->filter.filter && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &c->plan->filter) < 0)
        return child_fail(c, STEP_SECCOMP, 0);
    if (!set_ids(s))
        return child_fail(c, STEP_IDS, 0);
    if (!caps_set(s->uid == 0))
        return child_fail(c, STEP_CAPS, 0);
    return !s->no_new_privs || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 || child_fail(c, STEP_NO_NEW_PRIVS, 0);
}

/* As execvp: the first of the places that has it; "permission denied" counts more than "not found". */
static void execute(const struct child *c) {
    const struct sandbox_spec *s = c->plan->spec;
    enum step step = STEP_EXEC;
    int errnum = ENOENT;
    for (const char *const *program = c->plan->programs; *program; program++) {
        execve(*program, (char *const *)s->argv, (char *const *)s->env);
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) {
            errnum = errno;
            break;
        }
        if (errno == EACCES)
            errnum = EACCES;
        else if (errno == ENOENT && faccessat(AT_FDCWD, *program, X_OK, 0) == 0)
            step = STEP_EXEC_LOADER;
    }
    errno = errnum;
    child_fail(c, errnum == ENOENT ? step : STEP_EXEC, 0);
}

void child_main(const struct plan *p) {
    struct child c = {.plan = p, .report = p->report, .staging = -1, .root = -1};
    reset_signals();
    setsid(); /* a new process is no group leader: it cannot fail */
    umask(0);
    if (set_stdio(&c) && watch_parent(&c) && make_root(&c) && child_mounts(&c) && enter_root(&c) && start_loopback(&c) && set_place(&c) &&
        check_programs(&c) && drop_privileges(&c) && watch_parent(&c)) {
        umask(0022);
        execute(&c);
    }
    _exit(1);
}
