/* SPDX-License-Identifier: Apache-2.0
 * Trees told exactly: see exact.h. */
#include "exact.h"

#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/map.h"
#include "sys/files.h"
#include "tarball.h"

struct telling {
    struct arena *a;
    struct map inodes; /* number -> the path that had it first */
    struct buf out;
};

static void tell_xattrs(struct telling *t, const char *at) {
    static char names[8192], value[65536];
    ssize_t n = llistxattr(at, names, sizeof names);
    struct str rest = str_n(names, n > 0 ? (size_t)n : 0), name;
    while (rest.n && str_cut(rest, '\0', &name, &rest)) {
        ssize_t k = lgetxattr(at, name.p, value, sizeof value);
        if (str_eq(name, S("security.selinux")))
            continue;
        buf_printf(&t->out, " %s=%zd:", name.p, k);
        buf_add(&t->out, value, k > 0 ? (size_t)k : 0);
    }
}

static void tell_inode(struct telling *t, const struct stat *st, struct str path) {
    char key[32];
    snprintf(key, sizeof key, "%llu", (unsigned long long)st->st_ino);
    const char *first = map_get(&t->inodes, str_z(key));
    if (!first)
        map_put(&t->inodes, arena_str(t->a, str_z(key)), (void *)(uintptr_t)arena_strz(t->a, path));
    if (first)
        buf_printf(&t->out, " is %s", first);
}

static void tell_content(struct telling *t, int dir, const char *name, const struct stat *st) {
    struct err e = ERR_INIT;
    char target[4096];
    struct digest d;
    if (S_ISLNK(st->st_mode)) {
        ssize_t n = readlinkat(dir, name, target, sizeof target);
        buf_printf(&t->out, " -> %.*s", (int)n, target);
    } else if (S_ISREG(st->st_mode)) {
        _cleanup_fd_ int fd = file_openat(dir, name, O_RDONLY | O_NOFOLLOW, 0, &e);
        must(fd >= 0 && file_digest(fd, name, &d, NULL, &e), &e);
        buf_printf(&t->out, " %s", digest_text(&d, (char[DIGEST_TEXT + 1]){0}));
    }
}

static void tell(struct telling *t, int dir, const char *name, struct str path) {
    struct err e = ERR_INIT;
    struct stat st;
    char at[600];
    must(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0, &e);
    buf_printf(&t->out, "%.*s %o %u:%u links %lu rdev %u:%u", STR_ARG(path), st.st_mode, st.st_uid, st.st_gid,
               (unsigned long)st.st_nlink, major(st.st_rdev), minor(st.st_rdev));
    if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(0, 0)) /* a whiteout's says when it was unpacked */
        buf_printf(&t->out, " time %lld.%09ld", (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    if (!S_ISDIR(st.st_mode))
        buf_printf(&t->out, " size %lld", (long long)st.st_size);
    tell_inode(t, &st, path);
    tell_content(t, dir, name, &st);
    snprintf(at, sizeof at, "/proc/self/fd/%d/%s", dir, name);
    tell_xattrs(t, at);
    buf_add_char(&t->out, '\n');
}

static void walk(struct telling *t, int dir, struct str at) {
    struct err e = ERR_INIT;
    struct dir_names names;
    must(file_list(dir, t->a, &names, &e), &e);
    for (size_t i = 0; i < names.n; i++) {
        struct str path = at.n ? arena_join3(t->a, at, S("/"), names.names[i]) : names.names[i];
        tell(t, dir, names.names[i].p, path);
        _cleanup_fd_ int sub = openat(dir, names.names[i].p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sub >= 0)
            walk(t, sub, path);
    }
}

struct str exact_text(int tree, struct arena *a) {
    struct telling t = {.a = a, .out = BUF_INIT(MIB(64))};
    tell(&t, tree, ".", S("."));
    walk(&t, tree, S(""));
    struct str text = arena_str(a, buf_str(&t.out));
    buf_fini(&t.out);
    map_fini(&t.inodes);
    return text;
}
