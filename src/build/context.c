/* SPDX-License-Identifier: Apache-2.0
 * Opening contexts: see context.h. */
#include "build/context.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/limits.h"
#include "build/fetching.h"
#include "build/stage.h"
#include "layer/archive_kind.h"
#include "layer/read.h"

/* --- directories --- */

/* Takes a directory's path (owned). */
static bool take_directory(struct build *b, struct context *c, char *path, struct err *e) {
    c->path = path;
    c->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->fd < 0)
        return err_sys(e, errno, "build context %.*s", STR_ARG(c->text));
    if (c->made) /* no later build meets this directory again */
        return true;
    c->stats = stat_index_open(b->store, c->fd, e);
    return c->stats != NULL;
}

static bool open_host_dir(struct build *b, struct context *c, char *path, struct err *e) {
    c->is_host_dir = true;
    return take_directory(b, c, path, e);
}

static bool make_directory(struct build *b, struct context *c, struct err *e) {
    return store_workdir(b->store, &c->made, e) && take_directory(b, c, mem_strdup(c->made), e);
}

/* --- archives and Dockerfiles --- */

static ptrdiff_t read_file(void *ctx, void *to, size_t n, struct err *e) {
    for (;;) {
        ssize_t got = read(*(int *)ctx, to, n);
        if (got >= 0)
            return got;
        if (errno != EINTR) {
            err_sys(e, errno, "read");
            return -1;
        }
    }
}

/* Unpacked as the tree of a layer: the same archive is unpacked once, whatever it is called. */
static bool unpack(struct build *b, struct context *c, int fd, struct err *e) {
    struct layer_options o = {.compression = COMPRESSION_NONE};
    struct layer l;
    struct view v;
    struct arena a = ARENA_INIT;
    if (!layer_import(b->store, read_file, &fd, "archive", &o, &l, e) || !view_open(&v, b->store, &l, 1, e))
        return false;
    const char **paths = tree_paths(&v, &a, e);
    bool good = paths && take_directory(b, c, mem_strdup(paths[0]), e);
    view_close(&v);
    arena_fini(&a);
    return good;
}

static bool take_dockerfile(struct build *b, struct context *c, int fd, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    if (!file_read_fd(fd, "Dockerfile", &text, e))
        return dockerfile_unread(S("Dockerfile"), e);
    if (text.n == 0)
        return err_set(e, ERR_FAILED, "it is empty; an archive or a Dockerfile is needed");
    c->dockerfile = arena_str(&c->arena, buf_str(&text));
    return make_directory(b, c, e);
}

/* Bytes from elsewhere, complete in a file. */
static bool take_file(struct build *b, struct context *c, int fd, struct err *e) {
    bool is_tar;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(e, errno, "seek");
    if (!archive_is_tar(fd, &is_tar, e))
        return false;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(e, errno, "seek");
    return is_tar ? unpack(b, c, fd, e) : take_dockerfile(b, c, fd, e);
}

static bool open_stdin(struct build *b, struct context *c, struct err *e) {
    _cleanup_draft_ struct file_draft spool = FILE_DRAFT_INIT;
    _cleanup_(mem_freep) char *piece = mem_alloc(KIB(256));
    int in = STDIN_FILENO;
    uint64_t total = 0;
    if (isatty(in))
        return err_set(e, ERR_USAGE, "build context -: standard input is a terminal; pipe an archive or a Dockerfile into croze");
    if (!file_draft_open(b->store->work_fd, 0600, &spool, e))
        return false;
    for (ptrdiff_t n; (n = read_file(&in, piece, KIB(256), e)) != 0;) {
        if (n < 0 || !file_write_all(spool.fd, piece, (size_t)n, "the context's copy in the store", e))
            return err_wrap(e, "build context on standard input");
        if ((total += (uint64_t)n) > LIMIT_CONTEXT_BYTES)
            return err_set(e, ERR_FAILED, "build context on standard input: more than the limit of %llu bytes",
                           (unsigned long long)LIMIT_CONTEXT_BYTES);
    }
    return take_file(b, c, spool.fd, e) || err_wrap(e, "build context on standard input");
}

/* --- the outside --- */

/* The build argument is of the main context alone, as with BuildKit. */
static bool keeps_git_dir(const struct build *b, const struct context *c, bool *keep, struct err *e) {
    struct str value;
    *keep = false;
    return c != &b->context || !pair_list_get(&b->options->build_args, S("BUILDKIT_CONTEXT_KEEP_GIT_DIR"), &value) ||
           str_to_bool(value, keep) ||
           err_set(e, ERR_USAGE, "BUILDKIT_CONTEXT_KEEP_GIT_DIR is true or false, not \"%.*s\"", STR_ARG(value));
}

static bool fetch_repository(struct build *b, struct context *c, struct progress_step *p, struct err *e) {
    struct git_result r;
    bool keep;
    return keeps_git_dir(b, c, &keep, e) && build_fetch_git(b, c->text, STR_NULL, keep, p, &c->arena, &c->made, &r, e) &&
           take_directory(b, c, mem_strdup(c->made), e);
}

static bool fetch_file(struct build *b, struct context *c, struct progress_step *p, struct err *e) {
    struct url_result r;
    if (!build_fetch_url(b, c->text, STR_NULL, p, &c->arena, &r, e))
        return false;
    _cleanup_fd_ int fd = file_openat(r.dir_fd, r.name, O_RDONLY | O_NOFOLLOW, 0, e);
    return fd >= 0 && take_file(b, c, fd, e);
}

static bool open_remote(struct build *b, struct context *c, bool is_git, struct err *e) {
    struct str shown = url_shown(&c->arena, c->text);
    struct progress_step *p = progress_start(b->progress, arena_printf(&c->arena, "load build context %.*s", STR_ARG(shown)));
    bool good = is_git ? fetch_repository(b, c, p, e) : fetch_file(b, c, p, e);
    progress_end(p, good ? PROGRESS_DONE : PROGRESS_FAILED, STR_NULL);
    return good || err_wrap(e, "build context %.*s", STR_ARG(shown));
}

/* What is there on this host is meant, whatever it is called; as docker. */
static bool open_any(struct build *b, struct context *c, struct err *e) {
    if (str_eqz(c->text, "-"))
        return open_stdin(b, c, e);
    char *path = realpath(arena_strz(&c->arena, c->text), NULL);
    if (path)
        return open_host_dir(b, c, path, e);
    int why = errno;
    bool is_git = git_kind(c->text) != GIT_NOT;
    if (is_git || url_is_url(c->text))
        return open_remote(b, c, is_git, e);
    return err_sys(e, why, "build context %.*s", STR_ARG(c->text));
}

bool context_open(struct build *b, struct context *c, struct err *e) {
    c->opened = open_any(b, c, e);
    return c->opened;
}

void context_close(struct build *b, struct context *c) {
    stat_index_close(c->stats);
    fd_closep(&c->fd);
    free(c->path);
    if (c->made)
        store_workdir_remove(b->store, c->made);
    free(c->made);
    arena_fini(&c->arena);
    *c = (struct context)CONTEXT_INIT;
}
