/* SPDX-License-Identifier: Apache-2.0
 * Unpacking (unpack.h). Entries are made in archive order below a directory that nobody else sees; each name's directory is opened by
 * openat2 without following any link, and its last part is only ever created new or removed. What depends on the whole layer comes last,
 * from its toc: whiteouts and opaque marks, then the attributes of directories. */
#include "layer/unpack.h"

#include <errno.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"
#include "layer/attributes.h"
#include "layer/names.h"
#include "layer/read.h"
#include "layer/spool.h"

struct unpack {
    struct view lower, upto;   /* the layers below this one; at the end, those and this one. Borrowed */
    const struct toc *toc;     /* at the end */
    int root;
    struct attributes_how how;
    struct buf dir;            /* the directory that was needed last, and its descriptor; -1: none */
    int dir_fd;
    struct arena names;
    VEC(struct str) implied;   /* directories that no entry has made (yet) */
};

/* --- Directories --- */

static bool below_no_dir(struct str path, int errnum, struct err *e) {
    if (errnum == ELOOP || errnum == ENOTDIR)
        return err_set(e, ERR_FAILED, "%s lies below something that the layer made a file or a symbolic link", SHOWN(path));
    return err_sys(e, errnum, "open the directory %s", SHOWN(path));
}

/* Makes the missing ones of path's directories, one after the other. */
static bool make_parents(struct unpack *u, struct str dir, struct err *e) {
    _cleanup_fd_ int at = openat(u->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t from = 0; from < dir.n;) {
        ptrdiff_t slash = str_index(str_from(dir, from), '/');
        size_t end = slash < 0 ? dir.n : from + (size_t)slash;
        struct str made = arena_str(&u->names, str_first(dir, end));
        if (mkdirat(at, made.p + from, 0700) == 0)
            vec_push(&u->implied, made);
        else if (errno != EEXIST)
            return err_sys(e, errno, "make the directory %s", SHOWN(made));
        int next = file_openat_nolinks(at, made.p + from, O_PATH | O_DIRECTORY, 0);
        if (next < 0)
            return below_no_dir(dir, errno, e);
        fd_closep(&at);
        at = next;
        from = end + 1;
    }
    return true;
}

/* The directory `dir`, made if it is missing. Borrowed until the next call; -1: error. */
static int open_dir(struct unpack *u, struct str dir, struct err *e) {
    if (dir.n == 0)
        return u->root;
    if (u->dir_fd >= 0 && str_eq(buf_str(&u->dir), dir))
        return u->dir_fd;
    fd_closep(&u->dir_fd);
    buf_reset(&u->dir);
    buf_add_str(&u->dir, dir);
    u->dir_fd = file_openat_nolinks(u->root, u->dir.p, O_PATH | O_DIRECTORY, 0);
    if (u->dir_fd < 0 && errno == ENOENT && make_parents(u, dir, e))
        u->dir_fd = file_openat_nolinks(u->root, u->dir.p, O_PATH | O_DIRECTORY, 0);
    if (u->dir_fd < 0 && e->kind == ERR_NONE)
        below_no_dir(dir, errno, e);
    return u->dir_fd;
}

/* --- One entry --- */

/* A new name: where, and what it is to be. */
struct place {
    int dir;
    const char *base;          /* NUL-terminated */
    const struct entry *en;
    int fd;                    /* a regular file's, for its bytes; -1: none */
};

static int create_file(struct place *p) {
    p->fd = openat(p->dir, p->base, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, attributes_new_mode(p->en));
    return p->fd < 0 ? -1 : 0;
}

/* A user namespace makes no devices: an empty file stands for one, with its number in an xattr (attributes.c). */
static int create_device(struct place *p, mode_t type) {
    if (mknodat(p->dir, p->base, type | 0600, makedev(p->en->major, p->en->minor)) == 0)
        return 0;
    return errno == EPERM ? create_file(p) : -1;
}

static int create_dir(struct place *p) {
    struct stat st;
    if (mkdirat(p->dir, p->base, 0700) == 0)
        return 0;
    int errnum = errno;
    if (errnum == EEXIST && fstatat(p->dir, p->base, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
        return 0;
    errno = errnum;
    return -1;
}

static int create(struct place *p) {
    switch (p->en->type) {
    case ENTRY_FILE:
        return create_file(p);
    case ENTRY_DIR:
        return create_dir(p);
    case ENTRY_SYMLINK:
        return symlinkat(p->en->link.p, p->dir, p->base);
    case ENTRY_CHAR:
        return create_device(p, S_IFCHR);
    case ENTRY_BLOCK:
        return create_device(p, S_IFBLK);
    case ENTRY_FIFO:
        return mknodat(p->dir, p->base, S_IFIFO | 0600, 0);
    default:
        errno = EINVAL;
        return -1;
    }
}

/* Removes what lies there, with all below it. */
static bool clear(struct unpack *u, struct place *p, struct err *e) {
    struct str open = buf_str(&u->dir);
    if (str_eq(open, p->en->path) || path_below(open, p->en->path))
        fd_closep(&u->dir_fd);
    return file_remove_tree(p->dir, p->base, e);
}

/* Creates the name, in place of what lies there. */
static bool create_anew(struct unpack *u, struct place *p, struct err *e) {
    if (create(p) == 0)
        return true;
    if (errno != EEXIST)
        return err_sys(e, errno, "create");
    return clear(u, p, e) && (create(p) == 0 || err_sys(e, errno, "create"));
}

static bool find_place(struct unpack *u, const struct entry *en, struct place *p, struct err *e) {
    *p = (struct place){.dir = open_dir(u, path_dir(en->path), e), .base = path_base(en->path).p, .en = en, .fd = -1};
    return p->dir >= 0;
}

static bool set_attributes(struct unpack *u, struct place *p, struct err *e) {
    return p->fd >= 0 ? attributes_set_fd(&u->how, p->fd, p->en, e) : attributes_set_at(&u->how, p->dir, p->base, p->en, e);
}

static bool add_file(struct unpack *u, struct place *p, const struct content *c, struct err *e) {
    bool ok = create_anew(u, p, e) && (p->en->type != ENTRY_FILE || spool_write(c, p->en->size, p->fd, 0, e)) &&
              (p->en->type == ENTRY_DIR || set_attributes(u, p, e));
    fd_closep(&p->fd);
    return ok;
}

/* A hard link to what only a lower layer holds: a copy of it. */
static bool copy_from_lower(struct unpack *u, struct place *p, struct err *e) {
    struct arena a = ARENA_INIT;
    struct view_node node;
    struct entry en;
    struct content none = {.kind = CONTENT_NONE, .dir_fd = -1};
    bool ok = view_lookup(&u->lower, p->en->link, &a, &node) && node.entry.type != ENTRY_DIR;
    if (!ok)
        err_set(e, ERR_FAILED, "hard link to %s, which is not there", SHOWN(p->en->link));
    en = node.entry;
    en.path = p->en->path;
    en.link = arena_str(&a, en.link); /* with the NUL that a toc's texts lack */
    p->en = &en;
    if (ok && en.type == ENTRY_FILE) {
        _cleanup_fd_ int from = view_open_file(&u->lower, &node, e);
        ok = from >= 0 && create_anew(u, p, e) && file_copy_range(from, 0, p->fd, en.size, SHOWN(en.path), e) && set_attributes(u, p, e);
        fd_closep(&p->fd);
    } else if (ok) {
        ok = add_file(u, p, &none, e);
    }
    arena_fini(&a);
    return ok;
}

static bool add_link(struct unpack *u, struct place *p, struct err *e) {
    struct str target = p->en->link;
    _cleanup_(mem_freep) char *dir = mem_strndup(target.p, path_dir(target).n);
    _cleanup_fd_ int from = file_openat_nolinks(u->root, *dir ? dir : ".", O_PATH | O_DIRECTORY, 0);
    const char *base = path_base(target).p;
    if (from >= 0 && linkat(from, base, p->dir, p->base, 0) == 0)
        return true;
    if (from >= 0 && errno == EEXIST && clear(u, p, e) && linkat(from, base, p->dir, p->base, 0) == 0)
        return true;
    if (e->kind != ERR_NONE || errno != ENOENT)
        return e->kind == ERR_NONE && err_sys(e, errno, "hard link to %s", SHOWN(target));
    return copy_from_lower(u, p, e);
}

bool unpack_entry(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct unpack *u = ctx;
    struct place p;
    if (en->path.n == 0 || en->type == ENTRY_WHITEOUT || en->type == ENTRY_OPAQUE)
        return true; /* the toc tells at the end */
    if (!find_place(u, en, &p, e))
        return false;
    bool ok = en->type == ENTRY_HARDLINK ? add_link(u, &p, e) : add_file(u, &p, c, e);
    return ok || err_wrap(e, "%s", SHOWN(en->path));
}

/* --- The end: marks, then directories --- */

static bool add_whiteout(struct unpack *u, struct str path, struct err *e) {
    struct entry en = {.path = arena_str(&u->names, path), .type = ENTRY_CHAR};
    struct place p;
    if (!find_place(u, &en, &p, e))
        return false;
    return mknodat(p.dir, p.base, S_IFCHR, makedev(0, 0)) == 0 || err_sys(e, errno, "make the whiteout of %s", SHOWN(path));
}

/* Overlay looks for no opaque mark on a layer's root, so each name of the lower root is hidden by itself. */
static bool hide_lower_root(struct unpack *u, struct err *e) {
    struct arena a = ARENA_INIT;
    struct str *names;
    size_t n, i;
    bool ok = view_list(&u->lower, S(""), &a, &names, &n, e);
    for (i = 0; ok && i < n; i++) {
        struct stat st;
        if (fstatat(u->root, arena_strz(&a, names[i]), &st, AT_SYMLINK_NOFOLLOW) < 0)
            ok = add_whiteout(u, names[i], e);
        else if (S_ISDIR(st.st_mode))
            ok = attributes_set_opaque(&u->how, u->root, arena_strz(&a, names[i]), e);
    }
    arena_fini(&a);
    return ok;
}

static bool add_opaque(struct unpack *u, struct str path, struct err *e) {
    if (path.n == 0)
        return hide_lower_root(u, e);
    int dir = open_dir(u, path, e);
    return dir >= 0 && attributes_set_opaque(&u->how, dir, ".", e);
}

static bool add_marks(struct unpack *u, struct err *e) {
    bool ok = true;
    for (size_t i = 0; ok && i < toc_count(u->toc); i++) {
        struct entry en;
        toc_entry(u->toc, i, NULL, &en);
        if (en.type == ENTRY_WHITEOUT)
            ok = add_whiteout(u, en.path, e);
        else if (en.type == ENTRY_OPAQUE)
            ok = add_opaque(u, en.path, e);
    }
    return ok;
}

static bool finish_dir(struct unpack *u, const struct entry *en, struct err *e) {
    _cleanup_(mem_freep) char *path = mem_strndup(en->path.p, en->path.n);
    _cleanup_fd_ int fd = file_openat_nolinks(u->root, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return err_sys(e, errno, "open the directory %s", SHOWN(en->path));
    return attributes_set_fd(&u->how, fd, en, e) || err_wrap(e, "%s", SHOWN(en->path));
}

/* As the layers up to this one say it: a directory of a lower layer gives its attributes. */
static bool finish_implied(struct unpack *u, struct str path, struct err *e) {
    size_t i;
    struct arena a = ARENA_INIT;
    struct view_node node;
    bool ok = true;
    if (!toc_find(u->toc, path, &i) && view_lookup(&u->upto, path, &a, &node) && node.entry.type == ENTRY_DIR) {
        node.entry.path = path;
        ok = finish_dir(u, &node.entry, e);
    }
    arena_fini(&a);
    return ok;
}

/* A layer that does not list its root must get the same one on every base, since its tree is named by the layer alone. */
static bool finish_root(struct unpack *u, struct err *e) {
    const struct entry plain = {.type = ENTRY_DIR, .mode = 0755};
    size_t i;
    if (toc_find(u->toc, S(""), &i))
        return true;
    return toc_leans(u->toc) ? finish_implied(u, S(""), e) : finish_dir(u, &plain, e);
}

/* From the last to the first, so that a directory that may not be entered is finished behind what lies in it. */
static bool finish_dirs(struct unpack *u, struct err *e) {
    for (size_t i = u->implied.n; i-- > 0;)
        if (!finish_implied(u, u->implied.p[i], e))
            return false;
    if (!finish_root(u, e))
        return false;
    for (size_t i = toc_count(u->toc); i-- > 0;) {
        struct arena a = ARENA_INIT;
        struct entry en;
        toc_entry(u->toc, i, &a, &en);
        bool ok = en.type != ENTRY_DIR || finish_dir(u, &en, e);
        arena_fini(&a);
        if (!ok)
            return false;
    }
    return true;
}

size_t unpack_implied(const struct unpack *u) {
    return u->implied.n;
}

bool unpack_finish(struct unpack *u, const struct view *v, size_t which, struct err *e) {
    u->upto = *v;
    u->upto.n = which + 1;
    u->toc = v->tocs[which];
    return add_marks(u, e) && finish_dirs(u, e);
}

/* --- All of it --- */

struct unpack *unpack_new(const struct view *lower, int root, struct err *e) {
    struct unpack *u = mem_zalloc(1, sizeof *u);
    *u = (struct unpack){.lower = *lower, .root = root, .dir = BUF_INIT(LIMIT_PATH_BYTES + 1), .dir_fd = -1};
    if (attributes_prepare(&u->how, root, lower->store->flavour, e))
        return u;
    unpack_free(u);
    return NULL;
}

void unpack_free(struct unpack *u) {
    if (!u)
        return;
    fd_closep(&u->dir_fd);
    buf_fini(&u->dir);
    vec_fini(&u->implied);
    arena_fini(&u->names);
    free(u);
}

bool unpack_layer(const struct view *v, size_t which, int root, struct err *e) {
    struct view lower = *v;
    struct layer l = v->layers[which];
    lower.n = which;
    struct unpack *u = unpack_new(&lower, root, e);
    bool ok = u && layer_read(v->store, &l, (struct entry_sink){unpack_entry, u}, e) && unpack_finish(u, v, which, e);
    unpack_free(u);
    return ok;
}
