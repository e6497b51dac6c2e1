/* SPDX-License-Identifier: Apache-2.0
 * Mounting overlays. The kernel takes all directories in one page of text, so a hundred layers with long paths do not fit. Here they are
 * named by descriptor: with /proc/self/fd as working directory "12:13:14" is a list of lower directories, and 500 layers (overlay's own
 * maximum) take 2.5 KiB. It also leaves nothing to escape, whatever characters the paths have.
 *
 * One normal form in every tier: no redirects, no metacopy, no index, so an upper directory holds whole files and plain whiteouts. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "base/mem.h"
#include "sandbox/child.h"
#include "sys/files.h"

const char *fd_name(int fd, char out[FD_NAME]) {
    char digits[FD_NAME];
    size_t n = 0, at = 0;
    do
        digits[n++] = (char)('0' + fd % 10);
    while ((fd /= 10) > 0);
    while (n > 0)
        out[at++] = digits[--n];
    out[at] = '\0';
    return out;
}

static void add(struct overlay_options *o, const char *z) {
    size_t n = strlen(z);
    if (n >= sizeof o->text - o->n) {
        o->full = true;
        return;
    }
    memcpy(o->text + o->n, z, n + 1);
    o->n += n;
}

static bool add_dir(const struct child *c, struct overlay_options *o, const char *key, const char *path, enum step step, int index) {
    char name[FD_NAME];
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return child_fail(c, step, index);
    add(o, key);
    add(o, fd_name(fd, name));
    return true;
}

static bool add_lowers(const struct child *c, const struct overlay *o, struct overlay_options *to) {
    const char *key = "lowerdir=";
    for (size_t i = 0; i < o->n_lowers; i++, key = ":")
        if (!add_dir(c, to, key, o->lowers[i], STEP_LOWER, (int)i))
            return false;
    /* without an upper directory overlay wants two lower ones */
    size_t least = o->upper ? 1 : 2;
    for (size_t i = o->n_lowers; i < least; i++, key = ":")
        if (!add_dir(c, to, key, o->empty[i], STEP_WORK, 0))
            return false;
    return true;
}

bool overlay_open(const struct child *c, struct overlay_options *to) {
    const struct overlay *o = &c->plan->overlay;
    if (!add_lowers(c, o, to))
        return false;
    if (o->upper && (!add_dir(c, to, ",upperdir=", o->upper, STEP_UPPER, 0) || !add_dir(c, to, ",workdir=", o->work, STEP_WORK, 0)))
        return false;
    add(to, ",redirect_dir=nofollow,metacopy=off,index=off,xino=off");
    if (o->userxattr)
        add(to, ",userxattr");
    to->plain_n = to->n;
    if (o->upper)
        add(to, ",volatile"); /* no sync of the upper's file system at unmount: what is kept of it is synced when published */
    errno = E2BIG;
    return !to->full || child_fail(c, STEP_OVERLAY, 0);
}

bool overlay_attach(const struct child *c, struct overlay_options *o, int target) {
    char name[FD_NAME];
    fd_name(target, name);
    /* nodev: uid 0 of tier T0 has CAP_MKNOD and no device cgroup holds it back, so no device it makes may open */
    unsigned long flags = c->plan->overlay.devices ? 0 : MS_NODEV;
    if (mount("overlay", name, "overlay", flags, o->text) == 0)
        return true;
    o->text[o->plain_n] = '\0';
    return (errno == EINVAL && mount("overlay", name, "overlay", flags, o->text) == 0) || child_fail(c, STEP_OVERLAY, 0);
}

/* An empty directory of this name in `work`. What an earlier overlay left in it goes: the mark of a `volatile` one refuses the next. */
static bool fresh_dir(const char *path, struct err *e) {
    if (mkdir(path, 0755) == 0)
        return true;
    if (errno != EEXIST)
        return err_sys(e, errno, "make directory %s", path);
    if (!file_remove_tree(AT_FDCWD, path, e))
        return false;
    return mkdir(path, 0755) == 0 || err_sys(e, errno, "make directory %s", path);
}

/* Two steps that change nothing give one layer twice, and the kernel refuses a directory that stands in a list of lowers more than once
 * (ELOOP). The uppermost hides all of the others: they are left out. */
static void drop_repeated(struct overlay *o, struct arena *a) {
    const char **kept = arena_array(a, const char *, o->n_lowers);
    size_t n = 0;
    for (size_t i = 0; i < o->n_lowers; i++) {
        bool seen = false;
        for (size_t k = 0; k < n && !seen; k++)
            seen = strcmp(kept[k], o->lowers[i]) == 0;
        if (!seen)
            kept[n++] = o->lowers[i];
    }
    o->lowers = kept;
    o->n_lowers = n;
}

bool overlay_prepare(struct overlay *o, const char *work, struct arena *a, struct err *e) {
    if (o->n_lowers > LIMIT_IMAGE_LAYERS)
        return err_set(e, ERR_FAILED, "%zu layers; an overlay takes at most %d", o->n_lowers, LIMIT_IMAGE_LAYERS);
    drop_repeated(o, a);
    size_t least = o->upper ? 1 : 2;
    for (size_t i = o->n_lowers; i < least; i++) {
        o->empty[i] = arena_printf(a, "%s/empty-%zu", work, i).p;
        if (!fresh_dir(o->empty[i], e))
            return false;
    }
    o->work = arena_printf(a, "%s/overlay", work).p;
    o->userxattr = in_user_namespace();
    return !o->upper || fresh_dir(o->work, e);
}

/* The child of overlay_mount: it shares our mount namespace, but has its own working directory. */
static noreturn void attach_and_exit(const struct plan *p, const char *target, int report) {
    struct child c = {.plan = p, .report = report};
    struct overlay_options options = {.n = 0};
    int fd = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        child_fail(&c, STEP_STAGING, 0);
    else if (overlay_open(&c, &options))
        (void)((chdir("/proc/self/fd") == 0 || child_fail(&c, STEP_STAGING, 0)) && overlay_attach(&c, &options, fd));
    _exit(0);
}

bool overlay_mount(const char *const *lowers, size_t n_lowers, const char *upper, const char *work, const char *target, struct err *e) {
    struct arena a = ARENA_INIT;
    struct plan p = {.overlay = {.lowers = lowers, .n_lowers = n_lowers, .upper = upper}};
    int ends[2] = {-1, -1};
    bool ok = overlay_prepare(&p.overlay, work, &a, e);
    if (ok && pipe2(ends, O_CLOEXEC) < 0)
        ok = err_sys(e, errno, "make a pipe");
    pid_t pid = ok ? (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, NULL) : -1;
    if (pid == 0)
        attach_and_exit(&p, target, ends[1]);
    if (ok && pid < 0)
        ok = err_sys(e, errno, "start a process to mount %s", target);
    fd_closep(&ends[1]);
    stub_list none = {0};
    ok = ok && report_read(ends[0], &p, &none, e);
    fd_closep(&ends[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    arena_fini(&a);
    return ok || err_wrap(e, "mount %s", target);
}
