/* SPDX-License-Identifier: Apache-2.0
 * The real host behind a host_source: files by a descriptor of its root, names resolved by the kernel inside of that. See host.h; its
 * engine is found and asked by host_engine.c. */
#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "check/host_engine.h"
#include "sys/files.h"

static enum host_read outcome(int errnum, const char **why) {
    *why = strerrordesc_np(errnum);
    return errnum == ENOENT || errnum == ENOTDIR ? HOST_ABSENT : HOST_DENIED;
}

static int open_path(const struct host_root *h, const char *path, int flags) {
    return file_openat_inroot(h->fd, path, flags | O_CLOEXEC, 0);
}

static enum host_read look(void *ctx, const char *path, struct host_file *out, const char **why) {
    struct stat st;
    _cleanup_fd_ int fd = open_path(ctx, path, O_PATH);
    if (fd < 0 || fstat(fd, &st) < 0)
        return outcome(errno, why);
    *out = (struct host_file){st.st_mode, st.st_uid, st.st_gid};
    return HOST_READ;
}

enum { ANYONE = -1 };

/* Only regular files: to open anything else may wait, or do something. What was looked at is what is opened, whatever its name has come to
 * mean since. */
static enum host_read read_text(struct host_root *h, const char *path, int64_t owner, size_t max_bytes, struct arena *a, struct str *out,
                                const char **why) {
    struct stat st;
    char again[64];
    _cleanup_fd_ int found = open_path(h, path, O_PATH);
    if (found < 0 || fstat(found, &st) < 0)
        return outcome(errno, why);
    *why = S_ISREG(st.st_mode) ? "it is not of the user in whose home it lies" : "it is no file";
    if (!S_ISREG(st.st_mode) || (owner != ANYONE && st.st_uid != owner))
        return HOST_DENIED;
    snprintf(again, sizeof again, "/proc/self/fd/%d", found);
    _cleanup_fd_ int fd = open(again, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return outcome(errno, why);
    _cleanup_(buf_fini) struct buf text = BUF_INIT(max_bytes);
    struct err e = ERR_INIT;
    bool good = file_read_fd(fd, path, &text, &e);
    *why = e.sys ? strerrordesc_np(e.sys) : "it is too large";
    err_clear(&e);
    *out = arena_str(a, buf_str(&text));
    return good ? HOST_READ : HOST_DENIED;
}

static enum host_read read_any(void *ctx, const char *path, size_t max_bytes, struct arena *a, struct str *out, const char **why) {
    return read_text(ctx, path, ANYONE, max_bytes, a, out, why);
}

static enum host_read read_own(void *ctx, const char *path, uid_t uid, size_t max_bytes, struct arena *a, struct str *out,
                               const char **why) {
    return read_text(ctx, path, uid, max_bytes, a, out, why);
}

static enum host_read list(void *ctx, const char *path, struct arena *a, struct host_names *out, const char **why) {
    struct err e = ERR_INIT;
    struct dir_names names;
    _cleanup_fd_ int fd = open_path(ctx, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return outcome(errno, why);
    bool good = file_list(fd, a, &names, &e);
    *why = e.sys ? strerrordesc_np(e.sys) : "it has too many files";
    err_clear(&e);
    *out = good ? (struct host_names){names.names, names.n} : (struct host_names){0};
    return good ? HOST_READ : HOST_DENIED;
}

/* Of the last name only, which may be one of /proc's that is no path. */
static enum host_read read_link(void *ctx, const char *path, struct arena *a, struct str *out, const char **why) {
    char text[LIMIT_PATH_BYTES + 1];
    struct str dir = path_dir(str_z(path));
    _cleanup_fd_ int fd = open_path(ctx, arena_strz(a, dir), O_PATH | O_DIRECTORY);
    ssize_t n = fd < 0 ? -1 : readlinkat(fd, path_base(str_z(path)).p, text, sizeof text);
    if (n < 0)
        return outcome(errno, why);
    *out = arena_str(a, str_n(text, (size_t)n));
    return HOST_READ;
}

bool host_source_open(const char *root, struct host_source *out, struct err *e) {
    struct host_root *h = mem_zalloc(1, sizeof *h);
    *out = (struct host_source){.ctx = h, .stat = look, .read = read_any, .list = list, .link = read_link, .uid = geteuid()};
    out->read_own = read_own;
    out->ask = host_engine_ask;
    out->audit = host_audit_kernel;
    h->engine = -1;
    h->is_ours = !root;
    h->fd = file_open(root ? root : "/", O_PATH | O_DIRECTORY, 0, e);
    if (h->fd < 0) {
        free(h);
        out->ctx = NULL;
        return false;
    }
    host_engine_find(h, out);
    return true;
}

void host_source_close(struct host_source *s) {
    struct host_root *h = s->ctx;
    if (!h)
        return;
    fd_closep(&h->engine);
    fd_closep(&h->fd);
    arena_fini(&h->arena);
    free(h);
    s->ctx = NULL;
}
