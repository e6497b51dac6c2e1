/* SPDX-License-Identifier: Apache-2.0
 * What package tools and the scripts of packages write without its being in a list: databases, caches, tables of users, trust stores. It
 * proves nothing of them; they are told apart so that the list of what is unproven has what people can do something about. */
#include "check/origin_work.h"
#include "check/words.h"
#include "layer/names.h"

static const char *const files[] = {
    "etc/ld.so.cache",
    "etc/passwd",
    "etc/passwd-",
    "etc/group",
    "etc/group-",
    "etc/shadow",
    "etc/shadow-",
    "etc/gshadow",
    "etc/gshadow-",
    "etc/subuid",
    "etc/subuid-",
    "etc/subgid",
    "etc/subgid-",
    "etc/shells",
    "etc/environment",
    "etc/hosts",
    "etc/hostname",
    "etc/resolv.conf",
    "etc/machine-id",
    "etc/timezone",
    "etc/localtime",
    "etc/locale.conf",
    "etc/default/locale",
    "etc/apk/world",
    "etc/apk/arch",
    "etc/ca-certificates.conf",
    "etc/ssl/certs/ca-certificates.crt",
    "etc/ssl/certs/java/cacerts",
    "usr/lib/locale/locale-archive",
    "usr/share/info/dir",
    "usr/share/info/dir.old",
    "usr/lib/udev/hwdb.bin",
    "lib/udev/hwdb.bin",
    "etc/locale.gen",
    "etc/modules",
    "usr/share/applications/mimeinfo.cache",
    "usr/share/glib-2.0/schemas/gschemas.compiled",
    "var/lib/shells.state",
    "etc/fstab",
    "etc/dpkg/dpkg.cfg.d/docker",
    "etc/apt/sources.list",
    NULL,
};

/* With all that lies below them. */
static const char *const dirs[] = {
    "var/lib/dpkg",
    "var/lib/apt",
    "var/cache/apt",
    "var/cache/debconf",
    "var/cache/ldconfig",
    "var/cache/fontconfig",
    "var/cache/man",
    "var/log",
    "var/lib/pam",
    "var/lib/ucf",
    "var/lib/systemd",
    "var/lib/misc",
    "lib/apk/db",
    "usr/lib/apk/db",
    "var/cache/apk",
    "var/lib/apk",
    "var/lib/rpm",
    "usr/lib/sysimage/rpm",
    "var/lib/dnf",
    "var/cache/dnf",
    "var/cache/libdnf5",
    "var/lib/yum",
    "var/cache/yum",
    "usr/lib/sysimage/libdnf5",
    "var/cache/zypp",
    "usr/share/mime",
    "etc/pki/ca-trust/extracted",
    NULL,
};

/* In a directory, by their names. */
static const struct {
    const char *dir, *names;
} some[] = {
    {"etc/pam.d", "common-account common-auth common-password common-session common-session-noninteractive"},
    {"usr/lib/jvm", "classes.jsa classes_nocoops.jsa"},
    {"usr/share/icons", "icon-theme.cache"},
    {"usr/lib", "gconv-modules.cache loaders.cache immodules.cache giomodule.cache"},
    {"usr/lib64", "gconv-modules.cache loaders.cache immodules.cache giomodule.cache"},
};

/* A file of a package; or one without bytes, which is nobody's. */
static bool is_listed(const struct origin_work *w, struct str path) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct str real;
    struct view_node node;
    bool exists = false;
    bool good = view_resolve(&w->view, path, VIEW_FOLLOW_LAST, &a, &real, &exists, &e) && exists;
    err_clear(&e);
    if (!good || !view_lookup(&w->view, real, NULL, &node) || node.entry.type != ENTRY_FILE)
        return false;
    const struct origin_file *f = map_get(&w->by_path, real);
    return node.entry.size == 0 || (f && f->wanted);
}

/* "x/__pycache__/name.cpython-311.pyc" is made of "x/name.py". */
static bool is_compiled(const struct origin_work *w, struct str path) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct str dir = path_dir(path), module, rest;
    if (!str_ends(path, S(".pyc")) || !str_eqz(path_base(dir), "__pycache__"))
        return false;
    (void)str_cut(path_base(path), '.', &module, &rest);
    return is_listed(w, arena_printf(&a, "%.*s/%.*s.py", STR_ARG(path_dir(dir)), STR_ARG(module)));
}

/* "PACKAGE.postinst", which dpkg keeps with its lists. */
static bool is_package_script(struct str path) {
    static const char *const ends[] = {".preinst", ".postinst", ".prerm", ".postrm", ".config"};
    bool ends_so = false;
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++)
        ends_so |= str_ends(path, str_z(ends[k]));
    return ends_so && str_eqz(path_dir(path), "var/lib/dpkg/info");
}

bool origin_is_generated(const struct origin_work *w, const struct origin_file *f) {
    struct str path = f->path;
    if (f->is_executable) /* a program is no cache */
        return is_package_script(path);
    for (size_t k = 0; files[k]; k++)
        if (str_eqz(path, files[k]))
            return true;
    for (size_t k = 0; dirs[k]; k++)
        if (path_below(path, str_z(dirs[k])))
            return true;
    for (size_t k = 0; k < sizeof some / sizeof *some; k++)
        if (path_below(path, str_z(some[k].dir)) && word_in(some[k].names, path_base(path)))
            return true;
    return is_compiled(w, path);
}
