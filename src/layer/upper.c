/* SPDX-License-Identifier: Apache-2.0
 * Reading one inode of an upper directory: see upper.h. Takes a directory descriptor and a name; no symlink is followed and no file is
 * opened, so devices, pipes and files without read permission are fine. */
#include "layer/upper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"
#include "sys/files.h"

static const char device_xattr[] = "user.croze.dev"; /* "c MAJOR MINOR", where mknod was not allowed */

bool upper_keeps_xattr(struct str name) {
    if (str_eq(name, S("security.capability")))
        return true;
    return str_starts(name, S("user.")) && !str_starts(name, S("user.overlay.")) && !str_starts(name, S("user.croze."));
}

enum upper_marks upper_marks_of(const char *flavour) {
    return str_ends(str_z(flavour), S("-user")) ? UPPER_USER : UPPER_TRUSTED;
}

static const struct str user_prefix = {"user.overlay.", 13};

/* "redirect" of the mark trusted.overlay.redirect, or user.overlay.redirect; else empty. */
static struct str overlay_part(struct str name, enum upper_marks marks) {
    struct str prefix = marks == UPPER_USER ? user_prefix : S("trusted.overlay.");
    return str_starts(name, prefix) ? str_from(name, prefix.n) : STR_NULL;
}

/* Whether a program set it: what one calls user.overlay.x in a user's overlay lies there as user.overlay.overlay.x (Linux 6.7). */
static bool is_programs(struct str name, enum upper_marks marks) {
    if (marks == UPPER_USER)
        return str_starts(name, S("user.overlay.overlay."));
    return str_starts(name, user_prefix);
}

static bool parse_device(struct str value, struct str path, struct entry *en, struct err *e) {
    struct str kind, rest, major, minor;
    uint64_t numbers[2];
    bool ok = str_cut(value, ' ', &kind, &rest) && str_cut(rest, ' ', &major, &minor) && (str_eq(kind, S("c")) || str_eq(kind, S("b"))) &&
              str_to_u64(major, 10, UINT32_MAX, &numbers[0]) && str_to_u64(minor, 10, UINT32_MAX, &numbers[1]);
    if (!ok)
        return err_set(e, ERR_FAILED, "%.*s: its %s attribute is not a device (\"%.*s\")", STR_ARG(path), device_xattr,
                       STR_ARG(str_first(value, 40)));
    en->type = kind.p[0] == 'c' ? ENTRY_CHAR : ENTRY_BLOCK;
    en->major = (uint32_t)numbers[0];
    en->minor = (uint32_t)numbers[1];
    return true;
}

typedef VEC(struct xattr) xattr_list;

/* What one xattr means: overlay's marks and croze's own are taken in, those of the allow-list kept, the rest dropped. */
static bool take_xattr(struct xattr x, struct str path, enum upper_marks marks, struct upper_inode *u, xattr_list *kept, struct err *e) {
    struct str overlay = overlay_part(x.name, marks);
    bool empty_file = S_ISREG(u->st.st_mode) && u->st.st_size == 0;
    if (str_eq(overlay, S("redirect")) || str_eq(overlay, S("metacopy")))
        return err_set(e, ERR_FAILED, "%.*s: overlay xattr \"%.*s\": the upper directory was mounted with a feature that must be off",
                       STR_ARG(path), STR_ARG(x.name));
    if (str_eq(overlay, S("opaque")) && S_ISDIR(u->st.st_mode))
        u->is_opaque = str_eq(x.value, S("y")); /* "x" only says that whiteouts may be xattrs */
    if (str_eq(overlay, S("whiteout")) && empty_file)
        u->is_whiteout = true;
    if (str_eqz(x.name, device_xattr) && empty_file)
        return parse_device(x.value, path, &u->entry, e);
    if (is_programs(x.name, marks))
        u->left_out = x.name;
    if (upper_keeps_xattr(x.name))
        vec_push(kept, x);
    return true;
}

static int by_name(const void *a, const void *b) {
    return str_cmp(((const struct xattr *)a)->name, ((const struct xattr *)b)->name);
}

static bool is_unsupported(int errnum) {
    return errnum == ENOTSUP || errnum == ENOSYS;
}

/* One value, in the arena. */
static bool get_value(const char *at, const char *name, struct str path, struct arena *a, struct str *value, struct err *e) {
    ssize_t n = lgetxattr(at, name, NULL, 0);
    char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1, 1);
    n = p ? lgetxattr(at, name, p, (size_t)n + 1) : n;
    if (n < 0)
        return err_sys(e, errno, "%.*s: read extended attribute %s", STR_ARG(path), name);
    *value = str_n(p, (size_t)n);
    return true;
}

static bool take_xattrs(const char *at, struct str names, struct str path, enum upper_marks marks, struct arena *a, struct upper_inode *u,
                        xattr_list *kept, struct err *e) {
    struct str name;
    while (names.n && str_cut(names, '\0', &name, &names)) {
        struct xattr x = {.name = arena_str(a, name)};
        if (!get_value(at, x.name.p, path, a, &x.value, e) || !take_xattr(x, path, marks, u, kept, e))
            return false;
        if (kept->n > LIMIT_XATTRS)
            return err_set(e, ERR_FAILED, "%.*s: more than %d extended attributes", STR_ARG(path), LIMIT_XATTRS);
    }
    return true;
}

static bool read_xattrs(const char *at, struct str path, enum upper_marks marks, struct arena *a, struct upper_inode *u, struct err *e) {
    ssize_t n = llistxattr(at, NULL, 0);
    if (n == 0 || (n < 0 && is_unsupported(errno)))
        return true;
    _cleanup_(mem_freep) char *names = mem_alloc(n < 0 ? 1 : (size_t)n);
    n = n < 0 ? n : llistxattr(at, names, (size_t)n);
    if (n < 0)
        return err_sys(e, errno, "%.*s: list extended attributes", STR_ARG(path));
    xattr_list kept = {0};
    bool ok = take_xattrs(at, str_n(names, (size_t)n), path, marks, a, u, &kept, e);
    if (ok && kept.n) {
        qsort(kept.p, kept.n, sizeof *kept.p, by_name);
        u->entry.n_xattrs = kept.n;
        u->entry.xattrs = arena_array(a, struct xattr, kept.n);
        memcpy(u->entry.xattrs, kept.p, kept.n * sizeof *kept.p);
    }
    vec_fini(&kept);
    return ok;
}

/* --- The rest of an inode --- */

static enum entry_type type_of(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return ENTRY_DIR;
    case S_IFLNK:
        return ENTRY_SYMLINK;
    case S_IFCHR:
        return ENTRY_CHAR;
    case S_IFBLK:
        return ENTRY_BLOCK;
    case S_IFIFO:
        return ENTRY_FIFO;
    default:
        return ENTRY_FILE;
    }
}

static bool read_link(int dir_fd, const char *name, struct str path, struct arena *a, struct entry *en, struct err *e) {
    char *to = arena_alloc(a, LIMIT_PATH_BYTES + 2, 1);
    ssize_t n = readlinkat(dir_fd, name, to, LIMIT_PATH_BYTES + 1);
    if (n < 0)
        return err_sys(e, errno, "read link %.*s", STR_ARG(path));
    en->link = str_n(to, (size_t)n);
    return n <= LIMIT_PATH_BYTES || err_set(e, ERR_FAILED, "%.*s: the link's target is too long", STR_ARG(path));
}

static void from_stat(const struct stat *st, struct upper_inode *u) {
    u->entry = (struct entry){.type = type_of(st->st_mode), .mode = st->st_mode & 07777, .uid = st->st_uid, .gid = st->st_gid,
                              .mtime_s = st->st_mtim.tv_sec, .mtime_ns = (uint32_t)st->st_mtim.tv_nsec};
    if (u->entry.type == ENTRY_FILE)
        u->entry.size = (uint64_t)st->st_size;
    if (u->entry.type == ENTRY_CHAR || u->entry.type == ENTRY_BLOCK) {
        u->entry.major = major(st->st_rdev);
        u->entry.minor = minor(st->st_rdev);
    }
    u->is_socket = S_ISSOCK(st->st_mode);
    u->is_whiteout = S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

bool upper_read(int dir_fd, const char *name, struct str path, enum upper_marks marks, struct arena *a, struct upper_inode *out,
                struct err *e) {
    *out = (struct upper_inode){0};
    if (fstatat(dir_fd, name, &out->st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
        return err_sys(e, errno, "stat %.*s", STR_ARG(path));
    from_stat(&out->st, out);
    if (out->is_socket || out->is_whiteout)
        return true;
    /* xattrs of what may not be opened are only reached by a path */
    char at[sizeof "/proc/self/fd//" + 12 + LIMIT_NAME_BYTES];
    snprintf(at, sizeof at, "/proc/self/fd/%d/%s", dir_fd, name);
    if (out->entry.type == ENTRY_SYMLINK && !read_link(dir_fd, name, path, a, &out->entry, e))
        return false;
    return read_xattrs(at, path, marks, a, out, e);
}
