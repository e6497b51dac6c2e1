/* SPDX-License-Identifier: Apache-2.0
 * COPY's source that is a host directory (copy_source.h). Takes the context's descriptor, its ignore file and the stat index; gives
 * names, metadata and digests. What lies there is hostile and may change at any moment: directories are opened below the context without
 * following a link, everything in them is reached by descriptor and name, and what is not what it was ends in ESTALE. A file whose digest
 * the stat index knows costs one fstatat. */
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "layer/copy_source.h"
#include "layer/names.h"
#include "layer/upper.h"
#include "store/store.h"
#include "sys/clock.h"
#include "sys/files.h"

enum {
    OPEN_DIRS = 32,           /* held open at once, however deep the tree; others are opened again when the walk is back */
    PIECE_BYTES = 128 << 10,  /* read at once while hashing */
    XATTR_LIST_BYTES = 65536, /* the kernel's XATTR_LIST_MAX */
    XATTR_FIRST_BYTES = 512,  /* asked for first: the kernel takes memory for what it is asked for, whatever there is */
    LISTXATTRAT = 465,        /* listxattrat(2) of Linux 6.13, which the C library does not know yet; one number on all but alpha */
};

struct context {
    struct source base;
    int fd;
    const struct ignore *ignore;
    struct stat_index *stats;
    struct source_dir *open[OPEN_DIRS]; /* a ring: the next to be closed is the one opened longest ago, which is the outermost */
    size_t next_open;
    struct buf path;
    bool no_listxattrat;
    char *piece, *names;
};

static struct context *context_of(const struct source_dir *d) {
    return (struct context *)d->source;
}

static struct str shown(struct str path) {
    return path.n ? path : S(".");
}

/* --- directories --- */

static void context_close(struct source_dir *d) {
    struct context *c = context_of(d);
    for (size_t i = 0; i < OPEN_DIRS; i++)
        if (c->open[i] == d)
            c->open[i] = NULL;
    fd_closep(&d->fd);
}

static bool is_gone(int errnum) {
    return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP || errnum == EXDEV;
}

static bool open_dir(struct source_dir *d, struct err *e) {
    struct context *c = context_of(d);
    if (d->fd >= 0)
        return true;
    struct buf z = BUF_INIT(LIMIT_PATH_BYTES + 1);
    buf_add_str(&z, shown(d->path));
    _cleanup_fd_ int fd = file_openat_nolinks(c->fd, z.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    int errnum = errno;
    buf_fini(&z);
    struct stat st;
    if (fd < 0 && is_gone(errnum))
        return source_changed(d->path, e);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(e, fd < 0 ? errnum : errno, "read directory %s of the build context", SHOWN(shown(d->path)));
    if (d->known && (st.st_dev != d->device || st.st_ino != d->inode))
        return source_changed(d->path, e);
    d->known = true;
    d->device = st.st_dev;
    d->inode = st.st_ino;
    struct source_dir **slot = &c->open[c->next_open++ % OPEN_DIRS];
    if (*slot)
        fd_closep(&(*slot)->fd);
    *slot = d;
    d->fd = take_fd(&fd);
    return true;
}

static bool context_list(struct source_dir *d, struct arena *a, struct str **names, size_t *n, struct err *e) {
    struct dir_names list;
    if (!open_dir(d, e))
        return false;
    if (!file_list(d->fd, a, &list, e))
        return err_wrap(e, "%s", SHOWN(shown(d->path)));
    *names = list.names;
    *n = list.n;
    return true;
}

/* --- extended attributes --- */

/* "/proc/self/fd/7/name": for calls that have no *at form. The name itself is not followed by the l... calls. */
static const char *by_descriptor(struct buf *b, const struct source_dir *d, struct str name) {
    buf_reset(b);
    buf_printf(b, "/proc/self/fd/%d/%.*s", d->fd, STR_ARG(name));
    return b->p;
}

static ssize_t list_into(struct context *c, const struct source_dir *d, struct str name, size_t room, struct buf *path) {
    if (!c->no_listxattrat) {
        ssize_t n = syscall(LISTXATTRAT, d->fd, name.p, AT_SYMLINK_NOFOLLOW, c->names, room);
        c->no_listxattrat = n < 0 && (errno == ENOSYS || errno == EPERM); /* EPERM: a seccomp filter that does not know it */
        if (!c->no_listxattrat)
            return n;
    }
    return llistxattr(by_descriptor(path, d, name), c->names, room);
}

/* Fills c->names with the names of all attributes; 0 if there are none or they cannot be read. */
static size_t list_xattrs(struct context *c, const struct source_dir *d, struct str name, struct buf *path) {
    ssize_t n = list_into(c, d, name, XATTR_FIRST_BYTES, path);
    if (n < 0 && errno == ERANGE)
        n = list_into(c, d, name, XATTR_LIST_BYTES, path);
    return n < 0 ? 0 : (size_t)n;
}

static int by_xattr_name(const void *a, const void *b) {
    return str_cmp(((const struct xattr *)a)->name, ((const struct xattr *)b)->name);
}

static bool read_xattrs(struct source_dir *d, struct str name, struct arena *a, struct entry *out, struct err *e) {
    struct context *c = context_of(d);
    struct buf path = BUF_INIT(LIMIT_PATH_BYTES);
    size_t n = list_xattrs(c, d, name, &path);
    struct xattr all[LIMIT_XATTRS];
    size_t count = 0;
    bool good = true;
    for (size_t at = 0; at < n && good; at += strlen(c->names + at) + 1) {
        struct str key = str_z(c->names + at);
        if (!upper_keeps_xattr(key))
            continue;
        ssize_t size = lgetxattr(by_descriptor(&path, d, name), key.p, c->piece, PIECE_BYTES);
        if (size < 0)
            continue; /* as BuildKit: what cannot be read is left behind */
        good = count < LIMIT_XATTRS || err_set(e, ERR_FAILED, "%s has more than %d extended attributes", SHOWN(name), LIMIT_XATTRS);
        if (good)
            all[count++] = (struct xattr){arena_str(a, key), arena_str(a, str_n(c->piece, (size_t)size))};
    }
    buf_fini(&path);
    if (!good || count == 0)
        return good;
    qsort(all, count, sizeof *all, by_xattr_name);
    out->xattrs = arena_array(a, struct xattr, count);
    out->n_xattrs = count;
    memcpy(out->xattrs, all, count * sizeof *all);
    return true;
}

/* --- one name --- */

static bool entry_of(const struct stat *st, struct entry *out) {
    *out = (struct entry){.mode = st->st_mode & 07777, .uid = st->st_uid, .gid = st->st_gid, .mtime_s = st->st_mtim.tv_sec,
                          .mtime_ns = (uint32_t)st->st_mtim.tv_nsec};
    switch (st->st_mode & S_IFMT) {
    case S_IFREG:
        out->type = ENTRY_FILE;
        out->size = (uint64_t)st->st_size;
        return true;
    case S_IFDIR:
        out->type = ENTRY_DIR;
        return true;
    case S_IFLNK:
        out->type = ENTRY_SYMLINK;
        return true;
    case S_IFIFO:
        out->type = ENTRY_FIFO;
        return true;
    case S_IFCHR:
    case S_IFBLK:
        out->type = S_ISCHR(st->st_mode) ? ENTRY_CHAR : ENTRY_BLOCK;
        out->major = major(st->st_rdev);
        out->minor = minor(st->st_rdev);
        return true;
    default:
        return false;
    }
}

static bool read_link(struct source_dir *d, struct str name, struct arena *a, struct str *out, struct err *e) {
    struct context *c = context_of(d);
    ssize_t n = readlinkat(d->fd, name.p, c->piece, PIECE_BYTES);
    if (n <= 0)
        return n == 0 || is_gone(errno) || errno == EINVAL ? source_changed(name, e) : err_sys(e, errno, "read link %s", SHOWN(name));
    *out = arena_str(a, str_n(c->piece, (size_t)n));
    return true;
}

/* What the ignore file says of dir/name: LOOK_THERE, or LOOK_EXCLUDED, or *maybe: excluded, but if it is a directory it must be entered. */
static enum look ignored(struct source_dir *d, struct str name, bool *maybe) {
    struct context *c = context_of(d);
    *maybe = false;
    if (!c->ignore)
        return LOOK_THERE;
    struct str path = source_join_buf(&c->path, d->path, name);
    if (path.n == 0 || !ignore_match(c->ignore, path, NULL))
        return LOOK_THERE;
    *maybe = ignore_may_reinclude_below(c->ignore, path);
    return *maybe ? LOOK_THERE : LOOK_EXCLUDED;
}

static enum look look_at(struct source_dir *d, struct str name, struct arena *a, bool maybe, struct source_node *out, struct err *e) {
    out->looked_at = clock_now_coarse();
    if (fstatat(d->fd, name.p, &out->seen, AT_SYMLINK_NOFOLLOW) < 0) {
        if (is_gone(errno))
            return LOOK_ABSENT;
        err_sys(e, errno, "stat %s", SHOWN(name));
        return LOOK_FAILED;
    }
    const struct stat *st = &out->seen;
    if (maybe && !S_ISDIR(st->st_mode))
        return LOOK_EXCLUDED;
    out->hidden = maybe;
    if (!entry_of(st, &out->entry))
        return LOOK_SOCKET;
    if (S_ISREG(st->st_mode) && st->st_nlink > 1) {
        const uint64_t id[] = {st->st_dev, st->st_ino};
        out->inode = arena_str(a, str_n((const char *)id, sizeof id));
        out->linked = true;
    }
    /* the stat index holds files without attributes only: what it knows need not be asked for them */
    if (out->entry.size > LIMIT_LAYER_BYTES) { /* before days are spent on reading it */
        err_set(e, ERR_FAILED, "%s has %llu bytes; a layer holds at most %llu", SHOWN(name), (unsigned long long)out->entry.size,
                (unsigned long long)LIMIT_LAYER_BYTES);
        return LOOK_FAILED;
    }
    struct context *c = context_of(d);
    out->has_digest = S_ISREG(st->st_mode) && c->stats && stat_index_get(c->stats, st, &out->digest);
    bool good =
        out->has_digest || (S_ISLNK(st->st_mode) ? read_link(d, name, a, &out->entry.link, e) : read_xattrs(d, name, a, &out->entry, e));
    return good ? LOOK_THERE : LOOK_FAILED;
}

static enum look context_look(struct source_dir *d, struct str name, struct arena *a, struct source_node *out, struct err *e) {
    bool maybe;
    *out = (struct source_node){0};
    enum look said = ignored(d, name, &maybe);
    if (said != LOOK_THERE)
        return said;
    if (!open_dir(d, e))
        return LOOK_FAILED;
    said = look_at(d, name, a, maybe, out, e);
    if (said == LOOK_FAILED && d->path.n)
        err_wrap(e, "%s", SHOWN(d->path));
    return said;
}

/* --- bytes --- */

/* 1: hashed the expected bytes, 0: the file ended early, -1: errno tells. */
static int hash_bytes(struct context *c, int fd, off_t expected, struct digest *out) {
    struct sha256 s;
    sha256_init(&s);
    for (off_t done = 0;;) {
        ssize_t n = read(fd, c->piece, PIECE_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        sha256_update(&s, c->piece, (size_t)n);
        done += n;
        if (n == 0 || done >= expected) { /* what grows meanwhile is found by its times */
            *out = sha256_final(&s);
            return done == expected;
        }
    }
}

static bool hash_file(struct source_dir *d, struct str name, struct str path, const struct source_node *node, struct digest *out,
                      struct err *e) {
    struct context *c = context_of(d);
    /* O_NONBLOCK: a FIFO that has taken the file's place must not block */
    _cleanup_fd_ int fd = openat(d->fd, name.p, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return is_gone(errno) ? source_changed(path, e) : err_sys(e, errno, "read %s", SHOWN(path));
    struct stat after; /* equal to what was seen before: nothing happened in between, to this file or to its name */
    int whole = hash_bytes(c, fd, node->seen.st_size, out);
    int errnum = errno;
    if (fstat(fd, &after) < 0)
        return err_sys(e, errno, "stat %s", SHOWN(path));
    if (!file_is_same(&after, &node->seen) || whole == 0)
        return source_changed(path, e);
    if (whole < 0)
        return err_sys(e, errnum, "read %s", SHOWN(path));
    if (c->stats && node->entry.n_xattrs == 0)
        stat_index_put(c->stats, &node->seen, node->looked_at, out);
    return true;
}

static bool context_content(struct source_dir *d, struct str name, const struct source_node *node, bool digest, struct content *out,
                            struct err *e) {
    struct context *c = context_of(d);
    *out = (struct content){.kind = CONTENT_FILE, .dir_fd = c->fd, .seen = node->seen};
    out->path = source_join_buf(&c->path, d->path, name);
    out->has_digest = digest;
    out->digest = node->digest;
    if (!digest || node->has_digest)
        return true;
    return open_dir(d, e) && hash_file(d, name, out->path, node, &out->digest, e);
}

static void context_free(struct source *s) {
    struct context *c = (struct context *)s;
    buf_fini(&c->path);
    free(c->piece);
    free(c->names);
    free(c);
}

struct source *source_context(const struct copy_source *from) {
    static const struct source_ops ops = {context_list, context_look, context_content, context_close, context_free};
    struct context *c = mem_zalloc(1, sizeof *c);
    c->base = (struct source){.ops = &ops};
    c->fd = from->context_fd;
    c->ignore = from->ignore && from->ignore->n ? from->ignore : NULL;
    c->stats = from->stats;
    c->path = (struct buf)BUF_INIT(2 * LIMIT_PATH_BYTES);
    c->piece = mem_alloc(PIECE_BYTES);
    c->names = mem_alloc(XATTR_LIST_BYTES);
    return &c->base;
}
