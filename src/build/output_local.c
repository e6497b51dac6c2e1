/* SPDX-License-Identifier: Apache-2.0
 * The target's root file system written into a directory of the host (outputs.h). What the image is called and holds is anyone's doing,
 * and the directory may hold things already: every path is opened below it by openat2 without following a link, and a last component is
 * only created, renamed over or removed. Files appear when they are whole; what is there and is no directory gives way, and a directory is
 * merged with, but never removed with something in it.
 *
 * Root keeps owners, devices and capabilities. As a user all becomes the caller's own: then devices and capabilities are left out, and
 * files lose their set-user-id and set-group-id bits, which would lend the caller's rights to everybody. What is left out is warned of. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/limits.h"
#include "base/vec.h"
#include "build/outputs.h"
#include "layer/merge.h"
#include "layer/names.h"
#include "layer/spool.h"

/* Something that is not written as the image has it: how often, and where first. */
struct left_out {
    size_t n;
    char first[STR_SHOWN + 1];
};

/* A directory that the walk is in: it gets its attributes when that leaves it, since writing below it changes its time. */
struct open_dir {
    char *path;
    struct entry entry;            /* its texts are not used */
};

struct local {
    const char *dest;
    int root;
    bool is_root;                  /* may give files away, and make devices */
    bool has_epoch;
    int64_t epoch;
    VEC(struct open_dir) dirs;
    struct buf parent;             /* the directory of the entry at hand, and its descriptor; -1: none yet */
    int parent_fd;
    struct left_out devices, bits, xattrs;
};

static void leave_out(struct left_out *l, struct str path) {
    if (l->n++ == 0)
        str_shown(path, l->first);
}

/* --- Attributes --- */

static bool set_xattrs(struct local *l, int fd, const struct entry *en, struct err *e) {
    for (size_t i = 0; i < en->n_xattrs; i++) {
        char name[LIMIT_NAME_BYTES + 1];
        const struct xattr *x = &en->xattrs[i];
        snprintf(name, sizeof name, "%.*s", STR_ARG(x->name));
        if (!l->is_root && !str_starts(x->name, S("user."))) {
            leave_out(&l->xattrs, en->path);
        } else if (fsetxattr(fd, name, x->value.n ? x->value.p : "", x->value.n, 0) < 0) {
            if (errno != EOPNOTSUPP && errno != EPERM)
                return err_sys(e, errno, "set the extended attribute %s", SHOWN(x->name));
            leave_out(&l->xattrs, en->path);
        }
    }
    return true;
}

static uint32_t mode_of(struct local *l, const struct entry *en) {
    uint32_t mode = en->mode & 07777;
    if (l->is_root || en->type == ENTRY_DIR || !(mode & 06000))
        return mode;
    leave_out(&l->bits, en->path);
    return mode & ~06000u;
}

static void times_of(const struct local *l, struct entry en, struct timespec t[2]) {
    if (l->has_epoch)
        entry_clamp_time(&en, l->epoch);
    t[0] = t[1] = (struct timespec){.tv_sec = en.mtime_s, .tv_nsec = en.mtime_ns};
}

/* A regular file or directory, open. Owner first: giving a file away clears its bits and capabilities. */
static bool set_attributes(struct local *l, int fd, const struct entry *en, struct err *e) {
    struct timespec t[2];
    times_of(l, *en, t);
    if (l->is_root && fchown(fd, en->uid, en->gid) < 0)
        return err_sys(e, errno, "give it to uid %u, gid %u", en->uid, en->gid);
    if (fchmod(fd, mode_of(l, en)) < 0)
        return err_sys(e, errno, "set its mode");
    return set_xattrs(l, fd, en, e) && (futimens(fd, t) == 0 || err_sys(e, errno, "set its time"));
}

/* A symlink, a device, a FIFO: what cannot be opened. It was made a moment ago below a directory that is open. */
static bool set_attributes_at(struct local *l, int dir, const char *base, const struct entry *en, struct err *e) {
    struct timespec t[2];
    times_of(l, *en, t);
    if (l->is_root && fchownat(dir, base, en->uid, en->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(e, errno, "give it to uid %u, gid %u", en->uid, en->gid);
    if (en->type != ENTRY_SYMLINK && fchmodat(dir, base, mode_of(l, en), AT_SYMLINK_NOFOLLOW) < 0 && errno != EOPNOTSUPP)
        return err_sys(e, errno, "set its mode");
    return utimensat(dir, base, t, AT_SYMLINK_NOFOLLOW) == 0 || err_sys(e, errno, "set its time");
}

/* --- Directories --- */

static bool finish_dir(struct local *l, struct open_dir *d, struct err *e) {
    _cleanup_fd_ int fd = file_openat_nolinks(l->root, d->path, O_RDONLY | O_DIRECTORY, 0);
    d->entry.path = str_z(d->path);
    if (fd < 0)
        return err_sys(e, errno, "open %s/%s", l->dest, SHOWN(d->entry.path));
    return set_attributes(l, fd, &d->entry, e) || err_wrap(e, "%s/%s", l->dest, SHOWN(d->entry.path));
}

/* Leaves the directories that `path` is not in; NULL: all. */
static bool leave_dirs(struct local *l, const struct str *path, struct err *e) {
    bool good = true;
    while (good && l->dirs.n > 0) {
        struct open_dir *d = &l->dirs.p[l->dirs.n - 1];
        if (path && path_below(*path, str_z(d->path)))
            return true;
        good = finish_dir(l, d, e);
        free(d->path);
        l->dirs.n--;
    }
    return good;
}

/* The directory of `path`, which is there: parents come first. */
static int parent_of(struct local *l, struct str path, struct err *e) {
    struct str dir = path_dir(path);
    if (dir.n == 0)
        return l->root;
    if (l->parent_fd >= 0 && str_eq(buf_str(&l->parent), dir))
        return l->parent_fd;
    fd_closep(&l->parent_fd);
    buf_reset(&l->parent);
    buf_add_str(&l->parent, dir);
    l->parent_fd = file_openat_nolinks(l->root, l->parent.p, O_RDONLY | O_DIRECTORY, 0);
    if (l->parent_fd < 0)
        err_sys(e, errno, "open the directory %s", SHOWN(dir));
    return l->parent_fd;
}

/* --- Places --- */

static bool clear_place(int dir, const char *base, struct err *e) {
    struct stat st;
    if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || err_sys(e, errno, "look at what is there");
    if (unlinkat(dir, base, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT)
        return true;
    if (S_ISDIR(st.st_mode) && (errno == ENOTEMPTY || errno == EEXIST))
        return err_set(e, ERR_FAILED, "a directory with something in it is there, and in the image it is none; move it away");
    return err_sys(e, errno, "remove what is there");
}

static bool add_dir(struct local *l, int dir, const char *base, const struct entry *en, struct err *e) {
    struct stat st;
    bool is_there = fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    if (!is_there && !clear_place(dir, base, e))
        return false;
    if (!is_there && mkdirat(dir, base, 0700) < 0)
        return err_sys(e, errno, "make the directory");
    struct open_dir d = {.path = mem_strndup(en->path.p, en->path.n), .entry = *en};
    d.entry.xattrs = NULL; /* they are the caller's */
    d.entry.n_xattrs = 0;
    vec_push(&l->dirs, d);
    if (en->n_xattrs == 0)
        return true;
    _cleanup_fd_ int fd = openat(dir, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 ? set_xattrs(l, fd, en, e) : err_sys(e, errno, "open it");
}

/* The rename takes the place of a file or a link; a directory must go first. */
static bool make_way(int dir, const char *base, struct err *e) {
    struct stat st;
    bool is_dir = fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    return !is_dir || clear_place(dir, base, e);
}

static bool add_file(struct local *l, int dir, const char *base, const struct entry *en, const struct content *c, struct err *e) {
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    return make_way(dir, base, e) && file_draft_open(dir, 0600, &draft, e) &&
           (c->kind != CONTENT_STREAM || spool_write(c, en->size, draft.fd, 0, e)) && set_attributes(l, draft.fd, en, e) &&
           file_publish(&draft, base, FILE_REPLACE, false, e);
}

static bool add_symlink(struct local *l, int dir, const char *base, const struct entry *en, struct err *e) {
    _cleanup_(mem_freep) char *target = mem_strndup(en->link.p, en->link.n);
    return clear_place(dir, base, e) && (symlinkat(target, dir, base) == 0 || err_sys(e, errno, "make the symbolic link")) &&
           set_attributes_at(l, dir, base, en, e);
}

static bool add_node(struct local *l, int dir, const char *base, const struct entry *en, struct err *e) {
    mode_t type = en->type == ENTRY_FIFO ? S_IFIFO : en->type == ENTRY_CHAR ? S_IFCHR : S_IFBLK;
    bool is_device = en->type != ENTRY_FIFO;
    if (is_device && !l->is_root) {
        leave_out(&l->devices, en->path);
        return true;
    }
    if (!clear_place(dir, base, e))
        return false;
    if (mknodat(dir, base, type | 0600, makedev(en->major, en->minor)) == 0)
        return set_attributes_at(l, dir, base, en, e);
    if (!is_device || errno != EPERM) /* a container's root makes none either */
        return err_sys(e, errno, "make the %s", is_device ? "device" : "pipe");
    leave_out(&l->devices, en->path);
    return true;
}

/* Its first name was written before, unless it was a device that is left out: then a stranger's file may have that name. */
static bool add_link(struct local *l, int dir, const char *base, const struct entry *en, struct err *e) {
    _cleanup_(mem_freep) char *from_dir = mem_strndup(en->link.p, path_dir(en->link).n);
    _cleanup_(mem_freep) char *from = mem_strndup(path_base(en->link).p, path_base(en->link).n);
    if ((en->major || en->minor) && l->devices.n) {
        leave_out(&l->devices, en->path);
        return true;
    }
    _cleanup_fd_ int at = file_openat_nolinks(l->root, *from_dir ? from_dir : ".", O_RDONLY | O_DIRECTORY, 0);
    if (at < 0)
        return err_sys(e, errno, "open the directory of %s", SHOWN(en->link));
    return clear_place(dir, base, e) && (linkat(at, from, dir, base, 0) == 0 || err_sys(e, errno, "link it to %s", SHOWN(en->link)));
}

/* --- The walk --- */

static bool add_entry(struct local *l, const struct entry *en, const struct content *c, struct err *e) {
    _cleanup_(mem_freep) char *base = mem_strndup(path_base(en->path).p, path_base(en->path).n);
    int dir = parent_of(l, en->path, e);
    if (dir < 0)
        return false;
    switch (en->type) {
    case ENTRY_DIR:
        return add_dir(l, dir, base, en, e);
    case ENTRY_FILE:
        return add_file(l, dir, base, en, c, e);
    case ENTRY_SYMLINK:
        return add_symlink(l, dir, base, en, e);
    case ENTRY_HARDLINK:
        return add_link(l, dir, base, en, e);
    case ENTRY_CHAR:
    case ENTRY_BLOCK:
    case ENTRY_FIFO:
        return add_node(l, dir, base, en, e);
    case ENTRY_WHITEOUT:
    case ENTRY_OPAQUE:
        break;
    }
    assert(!"a merged root has no whiteouts");
    return false;
}

static bool add(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct local *l = ctx;
    if (en->path.n == 0)
        return true; /* the directory itself stays as its owner made it */
    if (!leave_dirs(l, &en->path, e))
        return false;
    return add_entry(l, en, c, e) || err_wrap(e, "%s/%s", l->dest, SHOWN(en->path));
}

static void warn(struct build *b, const struct left_out *l, const char *what, const char *why) {
    if (l->n)
        progress_note(b->progress, "warning: %s: %zu %s (%s%s)", why, l->n, what, l->first, l->n > 1 ? " and others" : "");
}

static bool write_root(struct build *b, struct local *l, const struct view *root, struct err *e) {
    if (!view_merge(root, 0, (struct entry_sink){add, l}, e) || !leave_dirs(l, NULL, e))
        return false;
    const char *why = l->is_root ? "the file system or its mount takes none" : "written as a user";
    warn(b, &l->devices, "device nodes left out", why);
    warn(b, &l->bits, "files without their set-user-id and set-group-id bits", why);
    warn(b, &l->xattrs, "extended attributes left out", why);
    return true;
}

bool output_local_write(struct build *b, const struct view *root, const char *dest, struct err *e) {
    struct stat st, top;
    if (!file_mkdirs(dest, 0755, e))
        return false;
    _cleanup_fd_ int fd = file_open(dest, O_RDONLY | O_DIRECTORY, 0, e);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) < 0 || stat("/", &top) < 0)
        return err_sys(e, errno, "stat %s", dest);
    if (st.st_dev == top.st_dev && st.st_ino == top.st_ino)
        return err_set(e, ERR_USAGE, "%s is the root directory of this machine; give another", dest);
    struct local l = {.dest = dest, .root = fd, .has_epoch = b->options->has_epoch, .epoch = b->options->epoch,
                      .parent = BUF_INIT(LIMIT_PATH_BYTES + 1), .parent_fd = -1};
    l.is_root = str_starts(str_z(b->store->flavour), S("host-"));
    bool good = write_root(b, &l, root, e);
    for (size_t i = 0; i < l.dirs.n; i++)
        free(l.dirs.p[i].path);
    vec_fini(&l.dirs);
    buf_fini(&l.parent);
    fd_closep(&l.parent_fd);
    return good;
}
