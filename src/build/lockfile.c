/* SPDX-License-Identifier: Apache-2.0
 * croze.lock: pins, comparison, writing. See lockfile.h; the text is lockfile_text.c. */
#include "build/lockfile.h"

#include <errno.h>
#include <pthread.h>

#include "base/limits.h"
#include "base/vec.h"
#include "sys/files.h"

struct lockfile {
    enum lockfile_mode mode;
    char *path;                  /* or NULL: nobody named one, and there is no place for one */
    pthread_mutex_t mutex;       /* guards the rest */
    struct arena arena;
    bool loaded;
    struct locked_list locked;   /* what the file says */
    VEC(struct locked) noted;    /* what this build met */
};

struct lockfile *lockfile_new(enum lockfile_mode mode, const char *path) {
    struct lockfile *l = mem_zalloc(1, sizeof *l);
    l->mode = mode;
    l->path = path ? mem_strdup(path) : NULL;
    pthread_mutex_init(&l->mutex, NULL);
    return l;
}

void lockfile_set_path(struct lockfile *l, const char *path) {
    free(l->path);
    l->path = mem_strdup(path);
}

void lockfile_free(struct lockfile *l) {
    if (!l)
        return;
    free(l->path);
    vec_fini(&l->noted);
    arena_fini(&l->arena);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}

/* --- The file --- */

/* A context's owner may have put anything there: a pipe would block. */
static bool read_file(const char *path, struct buf *out, struct err *e) {
    struct stat st;
    _cleanup_fd_ int fd = file_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, e);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return err_set(e, ERR_FAILED, "%s is not a regular file", path);
    return file_read_fd(fd, path, out, e);
}

static bool load(struct lockfile *l, struct err *e) {
    if (l->mode == LOCKFILE_NONE || l->loaded)
        return true;
    if (!l->path)
        return err_set(e, ERR_USAGE, "--lock and --locked need a FILE here: the build context is no directory of this machine");
    if (l->mode != LOCKFILE_CHECK)
        return l->loaded = true;
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_LOCK_BYTES);
    if (!read_file(l->path, &text, e))
        return e->sys == ENOENT ? err_append(e, "; build --lock makes it") : false;
    return l->loaded = lockfile_parse(&l->arena, buf_str(&text), l->path, &l->locked, e);
}

/* --- Looking up --- */

static const struct locked *find(const struct locked *p, size_t n, enum locked_kind kind, struct str name) {
    for (size_t i = 0; i < n; i++)
        if (p[i].kind == kind && str_eq(p[i].name, name))
            return &p[i];
    return NULL;
}

static bool pin(struct lockfile *l, enum locked_kind kind, struct str name, struct locked *out, bool *found, struct err *e) {
    *found = false;
    if (!load(l, e))
        return false;
    const struct locked *must = find(l->locked.p, l->locked.n, kind, name);
    if (l->mode == LOCKFILE_CHECK && !must)
        return err_set(e, ERR_FAILED, "%.*s is not in %s; build --lock writes it down", STR_ARG(name), l->path);
    if (!must)
        must = find(l->noted.p, l->noted.n, kind, name);
    if (must)
        *out = *must;
    *found = must != NULL;
    return true;
}

bool lockfile_pin(struct lockfile *l, enum locked_kind kind, struct str name, struct locked *out, bool *found, struct err *e) {
    pthread_mutex_lock(&l->mutex);
    bool ok = pin(l, kind, name, out, found, e);
    pthread_mutex_unlock(&l->mutex);
    return ok;
}

/* --- Noting --- */

static const char *value_of(const struct locked *l, char out[DIGEST_TEXT + 1]) {
    if (l->kind != LOCKED_REPOSITORY)
        return digest_text(&l->digest, out);
    snprintf(out, DIGEST_TEXT + 1, "%.*s", STR_ARG(l->commit));
    return out;
}

static bool same(const struct locked *a, const struct locked *b) {
    return a->kind == LOCKED_REPOSITORY ? str_eq(a->commit, b->commit) : digest_eq(&a->digest, &b->digest);
}

static bool note(struct lockfile *l, const struct locked *found, struct err *e) {
    char a[DIGEST_TEXT + 1], b[DIGEST_TEXT + 1];
    struct locked must;
    bool pinned;
    if (!pin(l, found->kind, found->name, &must, &pinned, e))
        return false;
    if (pinned && !same(&must, found))
        return err_set(e, ERR_FAILED, "%.*s is %s; %s %s", STR_ARG(found->name), value_of(found, a),
                       l->mode == LOCKFILE_CHECK ? "the lock has" : "earlier in this build it was", value_of(&must, b));
    if (find(l->noted.p, l->noted.n, found->kind, found->name))
        return true;
    struct locked kept = *found;
    kept.name = arena_str(&l->arena, found->name);
    kept.commit = arena_str(&l->arena, found->commit);
    vec_push(&l->noted, kept);
    return true;
}

bool lockfile_note(struct lockfile *l, const struct locked *found, struct err *e) {
    pthread_mutex_lock(&l->mutex);
    bool ok = note(l, found, e);
    pthread_mutex_unlock(&l->mutex);
    return ok;
}

/* --- Writing --- */

static bool says_the_same(const char *path, struct str text) {
    struct err ignored = ERR_INIT;
    _cleanup_(buf_fini) struct buf old = BUF_INIT(LIMIT_LOCK_BYTES);
    bool same_text = read_file(path, &old, &ignored) && str_eq(buf_str(&old), text);
    err_clear(&ignored);
    return same_text;
}

static bool replace(const char *path, struct str text, struct err *e) {
    struct str dir = path_dir(str_z(path)), name = path_base(str_z(path));
    _cleanup_(mem_freep) char *where = dir.n ? mem_strndup(dir.p, dir.n) : mem_strdup(path[0] == '/' ? "/" : ".");
    _cleanup_fd_ int fd = file_open(where, O_RDONLY | O_DIRECTORY, 0, e);
    return fd >= 0 && file_replace(fd, name.p, text.p, text.n, true, e);
}

bool lockfile_write(struct lockfile *l, const char **path, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_LOCK_BYTES);
    struct locked_list list = {l->noted.p, l->noted.n};
    if (!load(l, e))
        return false;
    lockfile_format(&list, &text);
    *path = l->path;
    if (!buf_ok(&text))
        return err_set(e, ERR_FAILED, "write %s: it would be larger than the limit of %zu bytes", l->path, LIMIT_LOCK_BYTES);
    return says_the_same(l->path, buf_str(&text)) || replace(l->path, buf_str(&text), e) || err_wrap(e, "write %s", l->path);
}
