/* SPDX-License-Identifier: Apache-2.0
 * Becoming root of a user namespace (tier T1): reads the user's subordinate ids (subuid(5)), has newuidmap(1) and newgidmap(1) map them,
 * and executes this program again, with the same arguments, inside. The process stays what it was for the shell: same pid, so signals, exit
 * code and job control need no forwarding; only the two helpers are children, and they are gone by then. */
#include "sandbox/userns.h"

#include <errno.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "sandbox/sandbox.h"
#include "sys/files.h"
#include "sys/proc.h"

/* Tells the second start from the first, should the mapping not have made us root: once, not for ever. */
#define MARK "CROZE_USERNS"

static bool parse_range(struct str line, struct str name, uint32_t id, struct id_range *out) {
    struct str who, rest, start, count;
    uint64_t first, n, numeric;
    if (!str_cut(line, ':', &who, &rest) || !str_cut(rest, ':', &start, &count))
        return false;
    if (!(name.n && str_eq(who, name)) && !(str_to_u64(who, 10, UINT32_MAX, &numeric) && numeric == id))
        return false;
    if (!str_to_u64(str_trim(start), 10, UINT32_MAX - 1, &first) || !str_to_u64(str_trim(count), 10, UINT32_MAX - 1, &n))
        return false;
    if (n == 0 || n > UINT32_MAX - first)
        return false;
    *out = (struct id_range){0, (uint32_t)first, (uint32_t)n};
    return true;
}

void subid_parse(struct str text, struct str name, uint32_t id, id_ranges *out) {
    struct str line;
    struct id_range r;
    uint64_t inside = 1;
    while (str_next(&text, '\n', &line) && out->n < LIMIT_SUBID_RANGES) {
        if (!parse_range(line, name, id, &r) || inside + r.count > UINT32_MAX)
            continue;
        r.inside = (uint32_t)inside;
        inside += r.count;
        vec_push(out, r);
    }
}

static bool read_ranges(const char *file, const char *name, uint32_t id, id_ranges *out, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_PASSWD_BYTES);
    struct err missing = ERR_INIT;
    bool ok = file_read(file, &text, &missing);
    if (ok)
        subid_parse(buf_str(&text), str_z(name), id, out);
    buf_fini(&text);
    err_clear(&missing); /* no such file: no range */
    if (out->n > 0)
        return true;
    return err_set(e, ERR_FAILED,
                   "user %s has no range of subordinate ids in %s; as root: "
                   "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s",
                   name, file, name);
}

/* The user's name, or the number where no one knows it. */
static char *user_name(uid_t uid) {
    char memory[4096];
    struct passwd pw, *found = NULL;
    if (getpwuid_r(uid, &pw, memory, sizeof memory, &found) == 0 && found)
        return mem_strdup(found->pw_name);
    return mem_printf("%u", (unsigned)uid);
}

bool userns_ranges(id_ranges *uids, id_ranges *gids, struct err *e) {
    if (!proc_exists("newuidmap") || !proc_exists("newgidmap"))
        return err_set(e, ERR_FAILED,
                       "newuidmap and newgidmap are not installed (package uidmap on Debian and Ubuntu, shadow-utils on Fedora)");
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return err_set(e, ERR_FAILED,
                       "newuidmap cannot gain its rights: no_new_privs is set by the container or service around this process");
    _cleanup_(mem_freep) char *name = user_name(getuid());
    return read_ranges("/etc/subuid", name, getuid(), uids, e) && read_ranges("/etc/subgid", name, getuid(), gids, e);
}

static bool setting_is(const char *file, char value) {
    char c = 0;
    _cleanup_fd_ int fd = open(file, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, &c, 1) == 1 && c == value;
}

bool userns_refused(int errnum, struct err *e) {
    err_sys(e, errnum, "make a user namespace");
    if (setting_is("/proc/sys/kernel/unprivileged_userns_clone", '0'))
        err_append(e, " (as root: sysctl kernel.unprivileged_userns_clone=1)");
    else if (setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1'))
        err_append(e, " (AppArmor restricts them; as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0, "
                      "or a profile for croze with `userns,`)");
    else if (setting_is("/proc/sys/user/max_user_namespaces", '0'))
        err_append(e, " (as root: sysctl user.max_user_namespaces=15000)");
    else if (errnum == EPERM)
        err_append(e, " (a seccomp filter or a container around this process does not allow it)");
    return false;
}

static const char *const *map_command(const char *program, pid_t pid, uint32_t self, const id_ranges *r, struct arena *a) {
    const char **argv = arena_array(a, const char *, 3 + 3 + 3 * r->n);
    size_t n = 0;
    argv[n++] = program;
    argv[n++] = arena_printf(a, "%d", (int)pid).p;
    argv[n++] = "0";
    argv[n++] = arena_printf(a, "%u", self).p;
    argv[n++] = "1";
    for (size_t i = 0; i < r->n; i++) {
        argv[n++] = arena_printf(a, "%u", r->p[i].inside).p;
        argv[n++] = arena_printf(a, "%u", r->p[i].outside).p;
        argv[n++] = arena_printf(a, "%u", r->p[i].count).p;
    }
    return argv;
}

static bool run_map_command(const char *const *argv, struct err *e) {
    int ends[2], code;
    struct buf said = BUF_INIT(KIB(4));
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe");
    _cleanup_fd_ int from = ends[0];
    struct proc_spec spec = {.argv = argv, .in = -1, .out = ends[1], .error = ends[1]};
    pid_t pid = proc_start(&spec, e);
    close(ends[1]);
    bool ok = pid >= 0 && file_read_fd(from, argv[0], &said, e);
    struct err late = ERR_INIT;
    bool waited = pid >= 0 && proc_wait(pid, &code, ok ? e : &late);
    err_clear(&late);
    ok = ok && waited;
    if (ok && code != 0)
        ok = err_set(e, ERR_FAILED, "%s failed: %.*s", argv[0], STR_ARG(str_trim(buf_str(&said))));
    buf_fini(&said);
    return ok;
}

/* The helper process: outside the new namespace, where newuidmap's right to write the map holds. */
static bool write_maps(pid_t target, const id_ranges *uids, const id_ranges *gids, struct err *e) {
    struct arena a = ARENA_INIT;
    bool ok = run_map_command(map_command("newuidmap", target, getuid(), uids, &a), e) &&
              run_map_command(map_command("newgidmap", target, getgid(), gids, &a), e);
    arena_fini(&a);
    return ok;
}

/* Waits for a byte, maps, answers with its error message (nothing: done). */
static void serve_maps(pid_t target, int go, int answer, const id_ranges *uids, const id_ranges *gids) {
    struct err e = ERR_INIT, ignored = ERR_INIT;
    char byte;
    bool ok = read(go, &byte, 1) == 1 && write_maps(target, uids, gids, &e);
    if (!ok && e.msg && !file_write_all(answer, e.msg, strlen(e.msg), "an answer", &ignored))
        err_clear(&ignored);
    _exit(ok ? 0 : 1);
}

/* Makes the namespace around this process; `go` starts the helper, `answer` is its verdict. */
static bool unshare_and_map(int *go, int answer, struct err *e) {
    struct buf said = BUF_INIT(KIB(4));
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return userns_refused(errno, e);
    if (!file_write_all(*go, "g", 1, "to the helper process", e))
        return false;
    fd_closep(go);
    bool ok = file_read_fd(answer, "the helper's answer", &said, e);
    if (ok && said.n > 0)
        ok = err_set(e, ERR_FAILED, "%s", said.p);
    buf_fini(&said);
    return ok;
}

static bool enter(const id_ranges *uids, const id_ranges *gids, struct err *e) {
    int go[2], answer[2];
    if (pipe2(go, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe");
    pid_t self = getpid(), helper = fork();
    if (helper == 0) {
        close(go[1]); /* or the helper would keep itself waiting */
        serve_maps(self, go[0], answer[1], uids, gids);
    }
    if (helper < 0)
        return err_sys(e, errno, "start a helper process");
    close(go[0]);
    close(answer[1]);
    bool ok = unshare_and_map(&go[1], answer[0], e);
    fd_closep(&go[1]);
    close(answer[0]);
    int status;
    while (waitpid(helper, &status, 0) < 0 && errno == EINTR)
        continue;
    if (ok && status != 0)
        ok = err_set(e, ERR_FAILED, "the helper process for newuidmap ended early");
    return ok;
}

/* Mounts of the host still arrive, none of ours leaves. */
static bool take_mounts(void) {
    return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0;
}

/* From a read-only mount of its own file: /proc/self/exe cannot be written by whoever might come to run it in a container, though the
 * file may be the user's and the user root there (CVE-2019-5736). Where that fails, as it is. */
static void start_again(char **argv) {
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    char path[LIMIT_PATH_BYTES + 1];
    struct stat there, here;
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    _cleanup_fd_ int self = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    bool same = self >= 0 && fstat(self, &there) == 0 && stat("/proc/self/exe", &here) == 0 && there.st_dev == here.st_dev &&
                there.st_ino == here.st_ino;
    if (same && mount_setattr(self, "", AT_EMPTY_PATH, &read_only, sizeof read_only) == 0)
        execveat(self, "", argv, environ, AT_EMPTY_PATH);
    execv("/proc/self/exe", argv);
}

bool sandbox_enter(int argc, char **argv, struct err *e) {
    (void)argc;
    if (geteuid() == 0) {
        /* Mounts that a killed command leaves then go with it. Root that may not do this (a pod) can still do whatever mounts nothing. */
        if (!getenv(MARK) && unshare(CLONE_NEWNS) == 0)
            (void)take_mounts();
        if (getenv(MARK))
            prctl(PR_SET_NAME, program_invocation_short_name); /* execveat leaves a descriptor's number there */
        return true;
    }
    if (getenv(MARK))
        return err_set(e, ERR_FAILED, "not root inside the user namespace (%s is set: unset it if this is no namespace of croze's)", MARK);
    id_ranges uids = {0}, gids = {0};
    bool ok = userns_ranges(&uids, &gids, e) && enter(&uids, &gids, e);
    vec_fini(&uids);
    vec_fini(&gids);
    if (!ok)
        return err_wrap(e, "run without root");
    if (!take_mounts())
        return err_sys(e, errno, "run without root: make mounts private");
    setenv(MARK, "1", 1);
    start_again(argv);
    return err_sys(e, errno, "run without root: start this program again");
}
