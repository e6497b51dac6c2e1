/* SPDX-License-Identifier: Apache-2.0
 * Dockerfile, ignore file and contexts: see inputs.h. */
#include "build/inputs.h"

#include <errno.h>

#include "base/limits.h"
#include "build/lockfile.h"

/* --- files that the context's owner put there --- */

enum { READ_FILE = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

/* A pipe would block for ever, and a link could lead to any file of the host, whose first line an error message would show. */
static bool read_in_context(int fd, const char *name, struct buf *out, struct err *e) {
    struct stat st;
    if (fd < 0 && errno == EXDEV)
        return err_set(e, ERR_FAILED, "%s is a symbolic link that leads out of the build context", name);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(e, errno, "open %s", name);
    return S_ISREG(st.st_mode) ? file_read_fd(fd, name, out, e) : err_set(e, ERR_FAILED, "%s is not a regular file", name);
}

static bool read_at(const struct context *c, const char *name, struct buf *out, struct err *e) {
    _cleanup_fd_ int fd = file_openat_beneath(c->fd, name, READ_FILE, 0);
    return read_in_context(fd, name, out, e);
}

/* The first of the candidates that is there; NULL-terminated. None is no error. */
static bool ignore_read(struct context *c, const struct str *candidates, size_t n, bool first_on_host, struct err *e) {
    for (size_t i = 0; i < n; i++) {
        _cleanup_(buf_fini) struct buf bytes = BUF_INIT(LIMIT_IGNORE_BYTES);
        struct err missing = ERR_INIT;
        _cleanup_fd_ int fd =
            first_on_host && i == 0 ? open(candidates[i].p, READ_FILE) : file_openat_beneath(c->fd, candidates[i].p, READ_FILE, 0);
        if (read_in_context(fd, candidates[i].p, &bytes, &missing))
            return ignore_parse(&c->arena, arena_str(&c->arena, buf_str(&bytes)), arena_str(&c->arena, candidates[i]), &c->ignore, e);
        if (missing.sys != ENOENT) {
            err_move(e, &missing);
            return false;
        }
        err_clear(&missing);
    }
    return true;
}

/* --- the Dockerfile --- */

static bool from_stdin(const struct build *b) {
    return b->options->dockerfile && strcmp(b->options->dockerfile, "-") == 0;
}

/* The first of docker's two names and podman's that is there, else the one that is named in errors. */
static struct str default_name(const struct build *b) {
    static const char *const names[] = {"Dockerfile", "dockerfile", "Containerfile"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (faccessat(b->context.fd, names[i], F_OK, 0) == 0)
            return str_z(names[i]);
    return S("Dockerfile");
}

static bool read_default(struct build *b, struct buf *bytes, struct str *name, struct err *e) {
    *name = default_name(b);
    if (read_at(&b->context, name->p, bytes, e))
        return true;
    if (e->sys != ENOENT)
        return false;
    err_clear(e);
    return err_set(e, ERR_FAILED, "neither Dockerfile nor Containerfile is there; name one with -f");
}

static bool read_named(struct build *b, const char *path, struct buf *bytes, struct str *name, struct err *e) {
    *name = arena_str(&b->arena, str_z(path));
    return b->context.is_host_dir ? file_read(path, bytes, e) : read_at(&b->context, path, bytes, e);
}

static bool read_bytes(struct build *b, struct buf *bytes, struct str *name, struct err *e) {
    const char *path = b->options->dockerfile;
    if (from_stdin(b)) {
        *name = S("standard input");
        return file_read_fd(STDIN_FILENO, name->p, bytes, e);
    }
    if (b->context.dockerfile.n) {
        *name = S("Dockerfile");
        if (path)
            return err_set(e, ERR_USAGE, "-f %s: the context is itself a Dockerfile", path);
        buf_add_str(bytes, b->context.dockerfile);
        return true;
    }
    return path ? read_named(b, path, bytes, name, e) : read_default(b, bytes, name, e);
}

/* NAME.dockerignore beside the Dockerfile wins over .dockerignore of the context; buildah's .containerignore comes before that one. */
static bool read_main_ignore(struct build *b, struct str dockerfile, struct err *e) {
    struct str candidates[] = {arena_join3(&b->arena, dockerfile, S(".dockerignore"), S("")), S(".containerignore"), S(".dockerignore")};
    size_t skip = from_stdin(b) || b->context.dockerfile.n;
    bool on_host = b->options->dockerfile && b->context.is_host_dir;
    return ignore_read(&b->context, candidates + skip, 3 - skip, on_host && !skip, e);
}

bool main_ignore_read(struct build *b, struct err *e) {
    const char *path = b->options->dockerfile;
    return read_main_ignore(b, path ? arena_str(&b->arena, str_z(path)) : default_name(b), e);
}

bool dockerfile_read(struct build *b, struct str *text, struct str *name, struct err *e) {
    _cleanup_(buf_fini) struct buf bytes = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    bool good = read_bytes(b, &bytes, name, e);
    if (!good && e->sys == EFBIG)
        return dockerfile_unread(*name, e);
    if (!good)
        return err_wrap(e, "read the Dockerfile (context %.*s)", STR_ARG(b->context.text));
    *text = arena_str(&b->arena, buf_str(&bytes));
    return read_main_ignore(b, *name, e);
}

/* --- contexts --- */

bool context_open_main(struct build *b, struct err *e) {
    b->context.text = str_z(b->options->context);
    if (from_stdin(b) && str_eqz(b->context.text, "-"))
        return err_set(e, ERR_USAGE, "standard input cannot be both the context and the Dockerfile (-f -)");
    return context_open(b, &b->context, e);
}

void lockfile_find_place(struct build *b) {
    const char *path = b->options->dockerfile;
    if (b->options->lock_path || !b->context.is_host_dir)
        return;
    struct str dir = path && !from_stdin(b) ? path_dir(str_z(path)) : str_z(b->context.path);
    const char *slash = dir.n || (path && path[0] == '/' && !from_stdin(b)) ? "/" : "";
    lockfile_set_path(b->lockfile, arena_printf(&b->arena, "%.*s%scroze.lock", STR_ARG(dir), slash).p);
}

struct context *context_named(struct build *b, size_t named, struct err *e) {
    const struct named_context *n = &b->options->named[named];
    const struct str candidates[] = {S(".containerignore"), S(".dockerignore")};
    struct context *c = &b->named[named];
    pthread_mutex_lock(&b->contexts);
    c->text = n->value;
    bool good = c->opened || (context_open(b, c, e) && ignore_read(c, candidates, 2, false, e));
    pthread_mutex_unlock(&b->contexts);
    if (good)
        return c;
    err_wrap(e, "--build-context %.*s=%.*s", STR_ARG(n->name), STR_ARG(n->value));
    return NULL;
}
