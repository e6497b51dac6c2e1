/* SPDX-License-Identifier: Apache-2.0
 * Directories (files.h): sorted listing, making parents, removing trees. Trees are hostile: no link is followed, and depth costs
 * neither stack nor descriptors. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"
#include "sys/files.h"

struct found {
    struct str name;
    unsigned char type;
};

static int by_name(const void *a, const void *b) {
    return str_cmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

static void dir_closep(DIR **d) {
    if (*d)
        closedir(*d);
}

bool file_list(int dir_fd, struct arena *a, struct dir_names *out, struct err *e) {
    int own = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_(dir_closep) DIR *dir = own < 0 ? NULL : fdopendir(own);
    if (!dir) {
        int errnum = errno;
        fd_closep(&own);
        return err_sys(e, errnum, "list directory");
    }
    VEC(struct found) all = {0};
    for (errno = 0;; errno = 0) {
        struct dirent *d = readdir(dir);
        if (!d)
            break;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        struct found f = {arena_str(a, str_z(d->d_name)), d->d_type};
        vec_push(&all, f);
        if (all.n > LIMIT_LAYER_ENTRIES) {
            vec_fini(&all);
            return err_set(e, ERR_FAILED, "more than %u entries in one directory", LIMIT_LAYER_ENTRIES);
        }
    }
    int errnum = errno;
    if (all.n > 1)
        qsort(all.p, all.n, sizeof *all.p, by_name);
    *out = (struct dir_names){arena_array(a, struct str, all.n), arena_alloc(a, all.n, 1), all.n};
    for (size_t i = 0; i < all.n; i++) {
        out->names[i] = all.p[i].name;
        out->types[i] = all.p[i].type;
    }
    vec_fini(&all);
    return errnum == 0 || err_sys(e, errnum, "list directory");
}

bool file_mkdirs(const char *path, mode_t mode, struct err *e) {
    _cleanup_(mem_freep) char *p = mem_strdup(path);
    for (char *slash = p + 1; *p && (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (mkdir(p, 0755) < 0 && errno != EEXIST && errno != EROFS)
            return err_sys(e, errno, "make directory %s", p);
        *slash = '/';
    }
    if (mkdir(path, mode) == 0)
        return true;
    int errnum = errno;
    struct stat st;
    if (errnum == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return true;
    return err_sys(e, errnum, "make directory %s", path);
}

/* Empties directory `fd`: files go at once; a subdirectory is emptied of its files first, and what is deeper moves up beside `top` under
 * a fresh name, so that any depth is reached without recursion. */
struct removal {
    int top;            /* where deeper directories are parked */
    unsigned long parked;
};

static bool remove_one(struct removal *r, int fd, const char *name, struct err *e) {
    if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return err_sys(e, errno, "remove %s", name);
    if (unlinkat(fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return true;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return err_sys(e, errno, "remove directory %s", name);
    if (fd == r->top)
        return true; /* stays: the caller's next round enters it */
    for (bool opened = false;;) {
        char park[32];
        snprintf(park, sizeof park, ".rm-%lu", r->parked++);
        if (renameat2(fd, name, r->top, park, RENAME_NOREPLACE) == 0)
            return true;
        bool unwritable = errno == EACCES; /* its ".." cannot be changed: a mode of 0555, made by a RUN */
        if (unwritable && !opened && fchmodat(fd, name, 0700, 0) == 0)
            opened = true;
        else if (errno != EEXIST)
            return err_sys(e, errno, "move %s aside to remove it", name);
    }
}

static bool empty_dir(struct removal *r, int fd, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    bool ok = file_list(fd, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++)
        ok = remove_one(r, fd, names.names[i].p, e);
    arena_fini(&a);
    return ok;
}

/* One round: enters each directory that still lies in `top` and empties it into `top`. *left: how many were there. */
static bool remove_round(struct removal *r, size_t *left, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    bool ok = file_list(r->top, &a, &names, e);
    *left = ok ? names.n : 0;
    for (size_t i = 0; ok && i < names.n; i++) {
        const char *name = names.names[i].p;
        _cleanup_fd_ int fd = openat(r->top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == EACCES && fchmodat(r->top, name, 0700, 0) == 0) /* a mode of 000, made by a RUN */
            fd = openat(r->top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
            ok = errno == ENOENT || errno == ENOTDIR || errno == ELOOP || err_sys(e, errno, "open %s to remove it", name);
            continue;
        }
        if (fchmod(fd, 0700) < 0 && errno != EPERM)
            ok = err_sys(e, errno, "chmod %s to remove it", name);
        ok = ok && empty_dir(r, fd, e) && (unlinkat(r->top, name, AT_REMOVEDIR) == 0 || errno == ENOENT ||
                                            err_sys(e, errno, "remove directory %s", name));
    }
    arena_fini(&a);
    return ok;
}

bool file_remove_tree(int dir, const char *name, struct err *e) {
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return true;
    _cleanup_fd_ int top = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0 && errno == EACCES && fchmodat(dir, name, 0700, 0) == 0)
        top = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0)
        return err_sys(e, errno, "remove %s", name);
    struct removal r = {top, 0};
    if (fchmod(top, 0700) < 0 && errno != EPERM)
        return err_sys(e, errno, "chmod %s to remove it", name);
    if (!empty_dir(&r, top, e))
        return false;
    for (size_t left = 1; left > 0;)
        if (!remove_round(&r, &left, e))
            return false;
    return unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT || err_sys(e, errno, "remove directory %s", name);
}
