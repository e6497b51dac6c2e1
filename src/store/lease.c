/* SPDX-License-Identifier: Apache-2.0
 * Leases: leases/<pid> holds the digests that a running command relies on, one text a line, and is locked by it as long as it lives. A
 * digest is appended while locks/gc is held shared and before its blob is looked for; gc reads all leases while it holds that lock
 * exclusively. So either gc sees the lease, or it has finished and the look says what is left. */
#include <errno.h>
#include <sys/file.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "store/store_private.h"

enum { SAME_PID_MAX = 10000 }; /* processes of one number: several openings by one process, containers with pid namespaces of their own */

static int leases_dir(struct store *s, struct err *e) {
    return file_openat(s->root_fd, "leases", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
}

/* Creates leases/<pid>, or leases/<pid>.<n> if that is taken. The caller holds locks/gc shared, so no sweep sees it unlocked. */
static bool create(struct lease *l, int dir, struct err *e) {
    for (int n = 0; n < SAME_PID_MAX; n++) {
        snprintf(l->name, sizeof l->name, n ? "%d.%d" : "%d", (int)getpid(), n);
        l->fd = openat(dir, l->name, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
        if (l->fd < 0 && errno == EEXIST)
            continue;
        bool got;
        return l->fd < 0 ? err_sys(e, errno, "create leases/%s", l->name) : file_lock(l->fd, true, true, &got, l->name, e);
    }
    return err_set(e, ERR_FAILED, "leases/%d: %d leases of this number exist", (int)getpid(), SAME_PID_MAX);
}

bool lease_open(struct store *s, struct err *e) {
    struct lease *l = mem_zalloc(1, sizeof *l);
    l->fd = -1;
    l->held = (struct digest_set)DIGEST_SET_INIT;
    pthread_mutex_init(&l->mutex, NULL);
    s->lease = l;
    l->gc_fd = store_lock(s, LOCK_GC, false, true, e);
    if (l->gc_fd < 0)
        return false;
    _cleanup_fd_ int dir = leases_dir(s, e);
    bool ok = dir >= 0 && create(l, dir, e);
    flock(l->gc_fd, LOCK_UN);
    return ok;
}

void lease_close(struct store *s) {
    struct lease *l = s->lease;
    if (!l)
        return;
    struct err ignored = ERR_INIT;
    _cleanup_fd_ int dir = l->fd >= 0 ? leases_dir(s, &ignored) : -1;
    if (dir >= 0)
        unlinkat(dir, l->name, 0);
    err_clear(&ignored);
    fd_closep(&l->fd);
    fd_closep(&l->gc_fd);
    digest_set_fini(&l->held);
    pthread_mutex_destroy(&l->mutex);
    free(l);
    s->lease = NULL;
}

bool lease_begin(struct store *s, struct err *e) {
    struct lease *l = s->lease;
    bool got;
    pthread_mutex_lock(&l->mutex);
    if (file_lock(l->gc_fd, false, true, &got, "locks/gc", e))
        return true;
    pthread_mutex_unlock(&l->mutex);
    return false;
}

void lease_end(struct store *s) {
    flock(s->lease->gc_fd, LOCK_UN);
    pthread_mutex_unlock(&s->lease->mutex);
}

bool lease_add(struct store *s, const struct digest *d, struct err *e) {
    struct lease *l = s->lease;
    if (digest_set_has(&l->held, d))
        return true;
    char line[DIGEST_TEXT + 2];
    digest_text(d, line);
    line[DIGEST_TEXT] = '\n';
    if (l->bytes + DIGEST_TEXT + 1 > LIMIT_LEASE_BYTES)
        return err_set(e, ERR_FAILED, "lease %s: more than %zu digests in use by one process", l->name,
                       LIMIT_LEASE_BYTES / (DIGEST_TEXT + 1));
    if (!file_write_all(l->fd, line, DIGEST_TEXT + 1, l->name, e)) {
        if (ftruncate(l->fd, (off_t)l->bytes) < 0) /* half a line would spoil the next one */
            log_debug("lease %s: cannot take back half a line", l->name);
        return err_wrap(e, "lease %.*s", DIGEST_TEXT, line);
    }
    l->bytes += DIGEST_TEXT + 1;
    digest_set_add(&l->held, d);
    return true;
}

bool store_lease(struct store *s, const struct digest *d, struct err *e) {
    if (s->read_only)
        return true; /* no gc runs at all (store_open_to_read) */
    pthread_mutex_lock(&s->lease->mutex);
    bool held = digest_set_has(&s->lease->held, d);
    pthread_mutex_unlock(&s->lease->mutex);
    if (held)
        return true;
    if (!lease_begin(s, e))
        return false;
    bool ok = lease_add(s, d, e);
    lease_end(s);
    return ok;
}

bool lease_is_alive(struct store *s, const char *name) {
    if (s->lease && strcmp(name, s->lease->name) == 0)
        return true;
    struct err ignored = ERR_INIT;
    _cleanup_fd_ int dir = leases_dir(s, &ignored);
    err_clear(&ignored);
    if (dir < 0)
        return true;
    _cleanup_fd_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno != ENOENT;
    return flock(fd, LOCK_SH | LOCK_NB) < 0;
}

bool workdir_is_alive(struct store *s, struct str name) {
    ptrdiff_t dash = str_rindex(name, '-');
    if (dash <= 0 || dash >= LEASE_NAME_MAX)
        return false;
    char owner[LEASE_NAME_MAX];
    snprintf(owner, sizeof owner, "%.*s", (int)dash, name.p);
    return lease_is_alive(s, owner);
}

/* A line that is no digest was cut by a full disk, and the command that wrote it was told so. */
static bool read_lease(int dir, const char *name, void (*leased)(void *, const struct digest *), void *ctx, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_LEASE_BYTES);
    bool ok = file_readat(dir, name, &text, e);
    if (!ok && e->sys == ENOENT) { /* its process has just ended */
        err_clear(e);
        ok = true;
    }
    struct str rest = buf_str(&text), line;
    while (ok && str_next(&rest, '\n', &line)) {
        struct digest d;
        if (str_starts(line, S("sha256:")) && digest_parse_hex(str_from(line, 7), &d))
            leased(ctx, &d);
    }
    buf_fini(&text);
    return ok || err_wrap(e, "read leases");
}

bool lease_each(struct store *s, void (*leased)(void *, const struct digest *), void *ctx, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    _cleanup_fd_ int dir = leases_dir(s, e);
    bool ok = dir >= 0 && file_list(dir, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++)
        if (lease_is_alive(s, names.names[i].p))
            ok = read_lease(dir, names.names[i].p, leased, ctx, e);
    arena_fini(&a);
    return ok;
}

static bool sweep_leases(struct store *s, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    _cleanup_fd_ int dir = leases_dir(s, e);
    bool ok = dir >= 0 && file_list(dir, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++)
        if (!lease_is_alive(s, names.names[i].p) && unlinkat(dir, names.names[i].p, 0) < 0)
            log_debug("leases/%s cannot be removed", names.names[i].p);
    arena_fini(&a);
    return ok;
}

/* Takes over the work directories of the dead by renaming them, so that nobody else removes them at the same time. */
static bool sweep_workdirs(struct store *s, struct orphans *dead, struct err *e) {
    struct dir_names names;
    if (!file_list(s->work_fd, &dead->arena, &names, e))
        return false;
    dead->names = arena_array(&dead->arena, struct str, names.n);
    for (size_t i = 0; i < names.n; i++) {
        char ours[LEASE_NAME_MAX + 16];
        if (workdir_is_alive(s, names.names[i]))
            continue;
        workdir_name(s, ours);
        if (renameat(s->work_fd, names.names[i].p, s->work_fd, ours) == 0)
            dead->names[dead->n++] = arena_str(&dead->arena, str_z(ours));
        else
            log_debug("work/%s cannot be renamed", names.names[i].p);
    }
    return true;
}

bool lease_sweep(struct store *s, struct orphans *dead, struct err *e) {
    return sweep_leases(s, e) && sweep_workdirs(s, dead, e);
}

void orphans_remove(struct store *s, struct orphans *dead) {
    for (size_t i = 0; i < dead->n; i++) {
        struct err why = ERR_INIT;
        if (!file_remove_tree(s->work_fd, dead->names[i].p, &why))
            log_debug("work/%s of a command that was killed: %s", dead->names[i].p, why.msg);
        err_clear(&why);
    }
    arena_fini(&dead->arena);
    dead->n = 0;
}
