/* SPDX-License-Identifier: Apache-2.0
 * Files of a new cache mount: see cache_seed.h. The directory is seen by nobody else, and its names are only ever created new, each in a
 * directory that is opened without following a link. */
#include "build/cache_seed.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "layer/names.h"
#include "layer/spool.h"
#include "sys/files.h"

/* Exactly the bytes that were listed; a file that became shorter meanwhile is an error. */
static bool write_content(int fd, const struct entry *en, const struct content *c, struct err *e) {
    const char *shown = SHOWN(en->path);
    if (c->kind == CONTENT_NONE)
        return true;
    if (c->kind == CONTENT_BYTES)
        return file_write_all(fd, c->bytes.p, c->bytes.n, shown, e);
    if (c->kind == CONTENT_STREAM)
        return spool_write(c, en->size, fd, 0, e);
    _cleanup_(mem_freep) char *path = mem_strndup(c->path.p, c->path.n);
    _cleanup_fd_ int from = file_openat_nolinks(c->dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct stat st;
    if (from < 0 || fstat(from, &st) < 0)
        return err_sys(e, errno, "open");
    if (!file_is_same(&st, &c->seen))
        return err_set(e, ERR_FAILED, "the file changed while it was read");
    return file_copy_range(from, 0, fd, en->size, shown, e);
}

static bool make_file(struct cache_seed *s, int dir, const char *base, const struct entry *en, const struct content *c, struct err *e) {
    _cleanup_fd_ int fd = file_openat(dir, base, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, attributes_new_mode(en), e);
    return fd >= 0 && write_content(fd, en, c, e) && attributes_set_fd(&s->how, fd, en, e);
}

static void keep_dir(struct cache_seed *s, const struct entry *en) {
    struct entry kept = *en;
    kept.path = arena_str(&s->arena, en->path);
    kept.xattrs = NULL;
    kept.n_xattrs = 0;
    vec_push(&s->dirs, kept);
}

static bool make_dir(struct cache_seed *s, int dir, const char *base, const struct entry *en, struct err *e) {
    keep_dir(s, en);
    return mkdirat(dir, base, 0700) == 0 || err_sys(e, errno, "make the directory");
}

static bool make_special(struct cache_seed *s, int dir, const char *base, const struct entry *en, struct err *e) {
    mode_t type = en->type == ENTRY_CHAR ? S_IFCHR : en->type == ENTRY_BLOCK ? S_IFBLK : S_IFIFO;
    if (mknodat(dir, base, type | 0600, makedev(en->major, en->minor)) < 0)
        return (errno == EPERM && type != S_IFIFO) || err_sys(e, errno, "make it");
    return attributes_set_at(&s->how, dir, base, en, e);
}

static bool make_symlink(struct cache_seed *s, int dir, const char *base, const struct entry *en, struct err *e) {
    _cleanup_(mem_freep) char *target = mem_strndup(en->link.p, en->link.n);
    return symlinkat(target, dir, base) == 0 ? attributes_set_at(&s->how, dir, base, en, e) : err_sys(e, errno, "make the link");
}

static bool make_link(struct cache_seed *s, int dir, const char *base, const struct entry *en, struct err *e) {
    _cleanup_(mem_freep) char *above = mem_strndup(en->link.p, path_dir(en->link).n);
    _cleanup_(mem_freep) char *name = mem_strndup(path_base(en->link).p, path_base(en->link).n);
    _cleanup_fd_ int from = file_openat_nolinks(s->root, *above ? above : ".", O_PATH | O_DIRECTORY, 0);
    return (from >= 0 && linkat(from, name, dir, base, 0) == 0) || err_sys(e, errno, "make the hard link");
}

static bool make(struct cache_seed *s, int dir, const char *base, const struct entry *en, const struct content *c, struct err *e) {
    switch (en->type) {
    case ENTRY_FILE:
        return make_file(s, dir, base, en, c, e);
    case ENTRY_DIR:
        return make_dir(s, dir, base, en, e);
    case ENTRY_SYMLINK:
        return make_symlink(s, dir, base, en, e);
    case ENTRY_HARDLINK:
        return make_link(s, dir, base, en, e);
    case ENTRY_CHAR: case ENTRY_BLOCK: case ENTRY_FIFO:
        return make_special(s, dir, base, en, e);
    case ENTRY_WHITEOUT: case ENTRY_OPAQUE:
        break;
    }
    return err_set(e, ERR_BUG, "an entry of a kind that no copy has");
}

static bool add(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct cache_seed *s = ctx;
    if (en->path.n == 0)
        return true; /* the directory itself is the mount's */
    _cleanup_(mem_freep) char *above = mem_strndup(en->path.p, path_dir(en->path).n);
    _cleanup_(mem_freep) char *base = mem_strndup(path_base(en->path).p, path_base(en->path).n);
    _cleanup_fd_ int dir = file_openat_nolinks(s->root, *above ? above : ".", O_PATH | O_DIRECTORY, 0);
    if (dir < 0)
        err_sys(e, errno, "open its directory");
    return (dir >= 0 && make(s, dir, base, en, c, e)) || err_wrap(e, "%s", SHOWN(en->path));
}

struct entry_sink cache_seed_sink(struct cache_seed *s) {
    return (struct entry_sink){add, s};
}

bool cache_seed_begin(struct cache_seed *s, int root, const char *flavour, struct err *e) {
    *s = (struct cache_seed){.root = root, .arena = ARENA_INIT};
    return attributes_prepare(&s->how, root, flavour, e);
}

/* From the last to the first: a directory that may not be entered is finished behind what lies in it. */
bool cache_seed_finish(struct cache_seed *s, struct err *e) {
    for (size_t i = s->dirs.n; i-- > 0;) {
        const struct entry *en = &s->dirs.p[i];
        _cleanup_fd_ int fd = file_openat_nolinks(s->root, en->path.p, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
            return err_sys(e, errno, "open the directory %s", SHOWN(en->path));
        if (!attributes_set_fd(&s->how, fd, en, e))
            return err_wrap(e, "%s", SHOWN(en->path));
    }
    return true;
}

void cache_seed_fini(struct cache_seed *s) {
    vec_fini(&s->dirs);
    arena_fini(&s->arena);
}
