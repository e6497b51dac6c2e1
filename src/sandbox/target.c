/* SPDX-License-Identifier: Apache-2.0
 * Mount points inside a root that a stranger wrote: resolved by the kernel as if the root were "/" (openat2, RESOLVE_IN_ROOT), and made
 * where they are missing, also behind a symlink that leads nowhere yet (many images have /etc/resolv.conf -> ../run/...). What is made in
 * the upper directory is reported, and the directory it is made in keeps its times, so that the layer does not show it. */
#include <errno.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include "base/limits.h"
#include "sandbox/child.h"
#include "sys/files.h"

int child_open(int root, const char *path, int flags) {
    struct open_how how = {.flags = (uint64_t)(unsigned)flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/* The path that is still to be resolved, and how many links it took. */
struct walk {
    char path[LIMIT_PATH_BYTES + 1];
    size_t n;
    unsigned links;
};

/* The component of the path that is looked at: [at, end), for the moment closed by a NUL. */
struct component {
    size_t at, end;
    char after;   /* what stands at `end` */
    bool last;
};

static bool next_component(struct walk *w, struct component *k) {
    k->at = k->end;
    while (w->path[k->at] == '/')
        k->at++;
    for (k->end = k->at; w->path[k->end] && w->path[k->end] != '/';)
        k->end++;
    size_t rest = k->end;
    while (w->path[rest] == '/')
        rest++;
    k->last = w->path[rest] == '\0';
    k->after = w->path[k->end];
    w->path[k->end] = '\0';
    return k->at < k->end;
}

/* Replaces the component, a symlink without a target, by what the link says: behind what stands before it, or from the root. */
static bool splice_link(struct walk *w, int parent, const struct component *k) {
    char link[LIMIT_PATH_BYTES + 1];
    ssize_t n = readlinkat(parent, w->path + k->at, link, sizeof link);
    w->path[k->end] = k->after;
    if (n < 0)
        return false;
    errno = ELOOP;
    if (++w->links > LIMIT_SYMLINKS)
        return false;
    size_t before = n > 0 && link[0] == '/' ? 0 : k->at;
    size_t tail = w->n - k->end;
    errno = ENAMETOOLONG;
    if ((size_t)n == sizeof link || before + (size_t)n + tail > LIMIT_PATH_BYTES)
        return false;
    memmove(w->path + before + n, w->path + k->end, tail + 1);
    memcpy(w->path + before, link, (size_t)n);
    w->n = before + (size_t)n + tail;
    return true;
}

/* Tells the parent process about `name`, just made in `dir`, unless another file system is mounted there. */
static void report_stub(const struct child *c, int dir, const struct stat *st, const char *name) {
    char path[LIMIT_PATH_BYTES + 1], number[FD_NAME];
    if (st->st_dev != c->root_dev || !c->plan->spec->upper)
        return;
    ssize_t n = readlinkat(AT_FDCWD, fd_name(dir, number), path, sizeof path);
    size_t name_n = strlen(name);
    if (n < 0 || (size_t)n < c->root_name_n || (size_t)n + 1 + name_n > sizeof path)
        return;
    path[n] = '/';
    memcpy(path + n + 1, name, name_n);
    const char *relative = path + c->root_name_n + 1;
    child_stub(c, relative, (size_t)(path + n + 1 + name_n - relative));
}

/* 1: made; 0: a symlink without a target stands there; -1: errno. */
static int make_one(const struct child *c, int parent, const char *name, bool directory) {
    struct stat st;
    char number[FD_NAME];
    if (fstat(parent, &st) < 0)
        return -1;
    int r = directory ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0644, 0);
    if (r < 0)
        return errno == EEXIST ? 0 : -1;
    report_stub(c, parent, &st, name);
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    utimensat(AT_FDCWD, fd_name(parent, number), times, 0);
    return 1;
}

/* Goes from directory *parent to the component, making it if missing. 1: *parent is now the component; 0: a link was followed; -1: errno.
 * */
static int step_into(const struct child *c, struct walk *w, const struct component *k, bool directory, int *parent) {
    int fd = child_open(c->root, w->path, O_PATH);
    if (fd < 0 && errno == ENOENT) {
        int made = make_one(c, *parent, w->path + k->at, directory || !k->last);
        if (made == 0)
            return splice_link(w, *parent, k) ? 0 : -1;
        fd = made == 1 ? child_open(c->root, w->path, O_PATH) : -1;
    }
    w->path[k->end] = k->after;
    if (fd < 0)
        return -1;
    close(*parent);
    *parent = fd;
    return 1;
}

/* Makes what is missing of the path. False with errno; true: resolve it (again). */
static bool make_missing(const struct child *c, struct walk *w, bool directory) {
    _cleanup_fd_ int parent = child_open(c->root, "/", O_PATH | O_DIRECTORY);
    struct component k = {.end = 0};
    int r = parent < 0 ? -1 : 1;
    while (r == 1 && next_component(w, &k))
        r = step_into(c, w, &k, directory, &parent);
    return r >= 0;
}

int target_open(const struct child *c, const char *path, bool directory) {
    struct walk w = {.n = strlen(path)};
    errno = ENAMETOOLONG;
    if (w.n > LIMIT_PATH_BYTES)
        return -1;
    memcpy(w.path, path, w.n + 1);
    for (int tries = 0; tries <= LIMIT_SYMLINKS + 1; tries++) {
        int fd = child_open(c->root, w.path, O_PATH);
        if (fd >= 0 || errno != ENOENT)
            return fd;
        if (!make_missing(c, &w, directory))
            return -1;
    }
    errno = ELOOP;
    return -1;
}
