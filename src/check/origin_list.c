/* SPDX-License-Identifier: Apache-2.0
 * What packages want the checksums of an image's files to be: their lists are read, and each entry is brought to the file that lies at its
 * path. dpkg's diversions count, and directories that are symlinks in the image: a package's lib/x lies at usr/lib/x where /usr is merged.
 */
#include "base/limits.h"
#include "base/mem.h"
#include "check/origin_work.h"

struct diversion {
    struct diversion *next; /* of the same path */
    struct str to, package;
};

struct lists {
    struct origin_work *work;
    struct arena scratch;
    struct map diversions; /* path -> the first of them */
    size_t n_diversions, n_listed, n_links;
    struct str dir, real_dir; /* the last directory that was looked for, and where it leads; in the arena of the work */
    bool is_dpkg;
};

/* --- The file of a path --------------------------------------------------------------------------------------------------------------- */

/* Where a directory leads; lists name the files of one directory one behind the other. */
static struct str resolved(struct lists *l, struct str dir) {
    struct err e = ERR_INIT;
    bool exists = false;
    struct str to;
    if (str_eq(dir, l->dir))
        return l->real_dir;
    l->n_links++;
    arena_fini(&l->scratch);
    bool good = view_resolve(&l->work->view, dir, VIEW_FOLLOW_LAST, &l->scratch, &to, &exists, &e) && exists;
    err_clear(&e);
    l->dir = arena_str(&l->work->own, dir);
    l->real_dir = good ? arena_str(&l->work->own, to) : STR_NULL;
    return l->real_dir;
}

static struct origin_file *file_at(struct lists *l, struct str path) {
    struct origin_file *f = map_get(&l->work->by_path, path);
    struct str dir = path_dir(path);
    if (f || dir.n == 0 || l->n_links >= LIMIT_LISTED_LINKS)
        return f;
    struct str real = resolved(l, dir);
    if (real.n == 0 || str_eq(real, dir))
        return NULL;
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    return map_get(&l->work->by_path, arena_join3(&a, real, S("/"), path_base(path)));
}

/* --- Entries -------------------------------------------------------------------------------------------------------------------------- */

static struct str diverted(const struct lists *l, const struct listed *e) {
    for (const struct diversion *d = l->is_dpkg ? map_get(&l->diversions, e->path) : NULL; d; d = d->next)
        if (!str_eq(d->package, e->package))
            return d->to;
    return e->path;
}

static bool take_listed(void *ctx, const struct listed *e) {
    struct lists *l = ctx;
    if (l->n_listed++ == LIMIT_LISTED_FILES)
        origin_note(l->work, "the packages list more than %d files: those behind count as unproven", LIMIT_LISTED_FILES);
    if (l->n_listed > LIMIT_LISTED_FILES)
        return false;
    struct origin_file *f = file_at(l, diverted(l, e));
    if (!f)
        return true;
    struct origin_wanted *w = arena_new(&l->work->own, struct origin_wanted);
    bool same = f->wanted && str_eq(f->wanted->package, e->package);
    *w = (struct origin_wanted){.next = f->wanted, .kind = e->kind, .is_config = e->is_config, .is_signed = e->is_signed};
    w->package = same ? f->wanted->package : arena_str(l->work->arena, e->package);
    memcpy(w->sum, e->sum, sizeof w->sum);
    f->wanted = w;
    return true;
}

static bool take_diversion(void *ctx, struct str from, struct str to, struct str package) {
    struct lists *l = ctx;
    if (++l->n_diversions > LIMIT_DIVERSIONS)
        return false;
    struct diversion *d = arena_new(&l->work->own, struct diversion);
    *d = (struct diversion){NULL, arena_str(&l->work->own, to), arena_str(&l->work->own, package)};
    d->next = map_put(&l->diversions, arena_str(&l->work->own, from), d);
    return true;
}

/* --- Databases ------------------------------------------------------------------------------------------------------------------------ */

static void read_rpm(struct lists *l, struct origin_database *d) {
    struct err e = ERR_INIT;
    if (!rpm_database_read(&d->bytes, (struct list_sink){take_listed, l}, &e))
        origin_note(l->work, "/%s cannot be read (%s): files of its packages count as unproven", SHOWN(d->file->path), e.msg);
    err_clear(&e);
}

static void read_one(struct lists *l, struct origin_database *d) {
    struct str text = buf_str(&d->bytes);
    struct list_sink sink = {take_listed, l};
    l->is_dpkg = d->kind == LIST_DPKG_SUMS || d->kind == LIST_DPKG_STATUS;
    switch (d->kind) {
    case LIST_DPKG_SUMS:
        dpkg_sums_read(text, dpkg_package_of(d->file->path), sink);
        break;
    case LIST_DPKG_STATUS:
        dpkg_conffiles_read(text, sink);
        break;
    case LIST_APK:
        apk_installed_read(text, sink);
        break;
    case LIST_RPM_SQLITE:
        read_rpm(l, d);
        break;
    default:
        break;
    }
}

static void tell_unread(struct origin_work *w, const struct origin_database *d) {
    if (d->kind == LIST_RPM_OTHER)
        origin_note(w,
                    "/%s is a database of rpm's in a format that is not read (of its formats, SQLite is): files of its packages count "
                    "as unproven",
                    SHOWN(d->file->path));
    else if (d->kind == LIST_RPM_LOG)
        origin_note(w, "/%s was not merged into its database: packages that it alone has count as unproven", SHOWN(d->file->path));
    else if (!d->is_read)
        origin_note(w, "/%s is not read: with the other lists of packages it has more than %zu MiB", SHOWN(d->file->path),
                    LIMIT_PACKAGE_LIST_BYTES >> 20);
}

void origin_take_lists(struct origin_work *w) {
    struct lists l = {.work = w};
    for (size_t k = 0; k < w->databases.n; k++)
        if (w->databases.p[k].kind == LIST_DPKG_DIVERSIONS)
            dpkg_diversions_read(buf_str(&w->databases.p[k].bytes), take_diversion, &l);
    for (size_t k = 0; k < w->databases.n; k++) {
        read_one(&l, &w->databases.p[k]);
        tell_unread(w, &w->databases.p[k]);
        buf_fini(&w->databases.p[k].bytes);
    }
    if (l.n_links >= LIMIT_LISTED_LINKS)
        origin_note(w, "more than %d directories of packages are not there, or are links: not all were looked for", LIMIT_LISTED_LINKS);
    map_fini(&l.diversions);
    arena_fini(&l.scratch);
}
