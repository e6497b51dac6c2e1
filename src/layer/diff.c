/* SPDX-License-Identifier: Apache-2.0
 * What a RUN changed: see diff.h. Walks the upper directory depth-first in normal order with a stack of its own, compares each inode with
 * the lower root, and gives what differs; a directory that itself did not change is given only when something below it is. */
#include "layer/diff.h"

#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "layer/names.h"
#include "layer/upper.h"

enum { KEEP_OPEN = 16 }; /* directories that stay open while the walk is below them; deeper ones are opened again by their path */

/* A directory of the walk, from the root down to where it is. */
struct level {
    size_t path_n;            /* its path is the first path_n bytes of walk.path */
    struct arena arena;       /* entry and names */
    struct entry entry;
    bool given;
    bool in_lower;            /* the lower root has a directory here too */
    bool hides_lower;         /* it or one above it is opaque: lower names that the upper has not are gone */
    int fd;                   /* -1: to be opened again */
    struct str *names;        /* sorted, each NUL-terminated */
    bool *gone;               /* the name is only in the lower root; NULL: none is */
    size_t n, next;
};

struct walk {
    const struct diff_spec *spec;
    enum upper_marks marks;
    struct entry_sink sink;
    struct buf path;
    VEC(struct level) levels;
    struct map links;         /* inodes with several names -> the first of them */
    struct arena links_arena;
};

/* --- Giving --- */

static struct str current_path(const struct walk *w) {
    return buf_str(&w->path);
}

/* Gives an entry, and before it those of its parents that were not given yet. The root is nobody's parent: a layer need not name it. */
static bool give(struct walk *w, const struct entry *en, const struct content *c, struct err *e) {
    static const struct content none = {.kind = CONTENT_NONE};
    for (size_t i = 1; i < w->levels.n; i++) {
        struct level *l = &w->levels.p[i];
        if (l->given)
            continue;
        l->given = true;
        l->entry.path = str_first(current_path(w), l->path_n);
        if (!w->sink.add(w->sink.ctx, &l->entry, &none, e))
            return false;
    }
    return !en || w->sink.add(w->sink.ctx, en, c ? c : &none, e);
}

static bool give_whiteout(struct walk *w, struct err *e) {
    struct entry en = {.path = current_path(w), .type = ENTRY_WHITEOUT};
    return give(w, &en, NULL, e);
}

/* --- Comparing --- */

static bool same_xattrs(const struct entry *a, const struct entry *b) {
    size_t k = 0;
    for (size_t i = 0; i < b->n_xattrs; i++) {
        const struct xattr *x = &b->xattrs[i];
        if (!upper_keeps_xattr(x->name))
            continue; /* a foreign layer's; the unpacked tree does not have it */
        if (k == a->n_xattrs || !str_eq(a->xattrs[k].name, x->name) || !str_eq(a->xattrs[k].value, x->value))
            return false;
        k++;
    }
    return k == a->n_xattrs;
}

/* Links have a mode of their own only in archives. */
static bool same_but_times(const struct entry *a, const struct entry *b) {
    return a->type == b->type && (a->mode == b->mode || a->type == ENTRY_SYMLINK) && a->uid == b->uid && a->gid == b->gid &&
           a->size == b->size && a->major == b->major && a->minor == b->minor && str_eq(a->link, b->link) && same_xattrs(a, b);
}

/* As they are written: a tree that was adopted from an upper directory bears the real times, its table of contents the clamped ones, and a
 * file that was only copied up must be no change in either case. */
static bool same_mtime(const struct walk *w, struct entry a, struct entry b) {
    if (w->spec->has_epoch) {
        entry_clamp_time(&a, w->spec->epoch);
        entry_clamp_time(&b, w->spec->epoch);
    }
    return a.mtime_s == b.mtime_s && a.mtime_ns == b.mtime_ns;
}

static bool digest_of_file(int dir_fd, const char *path, struct digest *d, struct err *e) {
    _cleanup_fd_ int fd = file_openat_nolinks(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return err_sys(e, errno, "open %s", path);
    return file_digest(fd, path, d, NULL, e);
}

/* A file whose metadata did not change: was it only copied up, or written and its time put back? */
static bool same_bytes(const struct walk *w, const struct view_node *lower, struct content *c, bool *same, struct err *e) {
    *same = lower->entry.size == 0;
    if (*same || !lower->has_digest)
        return true;
    if (!digest_of_file(w->spec->upper_fd, w->path.p, &c->digest, e))
        return false;
    c->has_digest = true;
    *same = digest_eq(&lower->digest, &c->digest);
    return true;
}

/* --- Mount stubs --- */

static bool is_stub(const struct walk *w, struct str path) {
    for (size_t i = 0; i < w->spec->n_ignore; i++) /* as many as a RUN has mounts */
        if (str_eq(w->spec->ignore_paths[i], path))
            return true;
    return false;
}

static bool has_stub(const struct walk *w, struct str dir) {
    for (size_t i = 0; i < w->spec->n_ignore; i++)
        if (str_eq(path_dir(w->spec->ignore_paths[i]), dir))
            return true;
    return false;
}

/* --- Directories --- */

static bool path_push(struct walk *w, struct str name, struct err *e) {
    if (w->path.n)
        buf_add_char(&w->path, '/');
    buf_add_str(&w->path, name);
    return buf_ok(&w->path) || err_set(e, ERR_FAILED, "%.*s...: a path of more than %d bytes", STR_ARG(str_first(current_path(w), 200)),
                                       LIMIT_PATH_BYTES);
}

static void path_cut(struct walk *w, size_t n) {
    w->path.n = n;
    if (w->path.p)
        w->path.p[n] = '\0';
}

static int reopen(const struct walk *w, struct level *l, struct err *e) {
    if (l->fd >= 0)
        return l->fd;
    const char *path = w->path.n ? w->path.p : ".";
    l->fd = file_openat_nolinks(w->spec->upper_fd, path, O_RDONLY | O_DIRECTORY, 0);
    if (l->fd < 0)
        err_sys(e, errno, "open directory %s", path);
    return l->fd;
}

static bool list(const struct walk *w, struct level *l, struct err *e) {
    struct dir_names found;
    int fd = reopen(w, l, e);
    if (fd < 0)
        return false;
    if (!file_list(fd, &l->arena, &found, e))
        return err_wrap(e, "%.*s", STR_ARG(current_path(w)));
    l->names = found.names;
    l->n = found.n;
    return true;
}

/* Merges the lower names that an opaque directory hides into its own; both are sorted. */
static bool add_hidden_names(const struct walk *w, struct level *l, struct err *e) {
    struct str *lower;
    size_t n, i = 0, k = 0, out = 0;
    if (!view_list(w->spec->lower, current_path(w), &l->arena, &lower, &n, e))
        return false;
    struct str *names = arena_array(&l->arena, struct str, l->n + n);
    l->gone = arena_array(&l->arena, bool, l->n + n);
    while (i < l->n || k < n) {
        int c = i == l->n ? 1 : k == n ? -1 : str_cmp(l->names[i], lower[k]);
        l->gone[out] = c > 0;
        names[out++] = c > 0 ? lower[k] : l->names[i];
        i += c <= 0;
        k += c >= 0;
    }
    l->names = names;
    l->n = out;
    return true;
}

/* Whether a name came or went in a directory, mount stubs apart: else its new mtime is a stub's doing, and no change. */
static bool names_changed(struct walk *w, const struct level *l, bool *changed, struct err *e) {
    size_t n = w->path.n;
    bool ok = true;
    *changed = false;
    for (size_t i = 0; ok && !*changed && i < l->n; i++) {
        struct arena a = ARENA_INIT;
        struct view_node lower;
        struct upper_inode u;
        ok = path_push(w, l->names[i], e);
        if (ok && !is_stub(w, current_path(w))) {
            ok = upper_read(l->fd, l->names[i].p, current_path(w), w->marks, &a, &u, e);
            *changed = ok && (u.is_whiteout || !view_lookup(w->spec->lower, current_path(w), &a, &lower) ||
                              lower.entry.type != u.entry.type);
        }
        path_cut(w, n);
        arena_fini(&a);
    }
    return ok;
}

static void level_fini(struct level *l) {
    fd_closep(&l->fd);
    arena_fini(&l->arena);
}

/* Puts a directory on the stack. */
static void enter(struct walk *w, struct level *l) {
    if (w->levels.n >= KEEP_OPEN)
        fd_closep(&w->levels.p[w->levels.n - 1].fd);
    vec_push(&w->levels, *l);
}

/* Fills in a level whose path, entry and flags are set, and tells whether the directory itself is to be given. */
static bool prepare(struct walk *w, struct level *l, const struct view_node *lower, bool *changed, struct err *e) {
    struct str path = current_path(w);
    l->path_n = path.n;
    if (!list(w, l, e))
        return false;
    if (l->in_lower && path.n && has_stub(w, path)) {
        bool named;
        if (!names_changed(w, l, &named, e))
            return false;
        if (!named) {
            l->entry.mtime_s = lower->entry.mtime_s;
            l->entry.mtime_ns = lower->entry.mtime_ns;
        }
    }
    if (l->in_lower && l->hides_lower && !add_hidden_names(w, l, e))
        return false;
    if (path.n == 0)
        *changed = !same_but_times(&l->entry, &lower->entry); /* a root's time changes with every name in it */
    else
        *changed = !is_stub(w, path) && !(lower && same_but_times(&l->entry, &lower->entry) && same_mtime(w, l->entry, lower->entry));
    return true;
}

static bool visit_dir(struct walk *w, const struct level *parent, const struct upper_inode *u, const struct view_node *lower,
                      struct arena *a, struct err *e) {
    struct level l = {.entry = u->entry, .fd = -1, .in_lower = lower && lower->entry.type == ENTRY_DIR,
                      .hides_lower = u->is_opaque || (parent && parent->hides_lower)};
    bool changed;
    if (w->levels.n > LIMIT_PATH_DEPTH)
        return err_set(e, ERR_FAILED, "%.*s...: directories are nested deeper than %d", STR_ARG(str_first(current_path(w), 200)),
                       LIMIT_PATH_DEPTH);
    l.arena = *a; /* the entry's texts are in it */
    *a = (struct arena)ARENA_INIT;
    if (!prepare(w, &l, lower, &changed, e)) {
        level_fini(&l);
        return false;
    }
    bool is_root = w->levels.n == 0;
    enter(w, &l);
    if (!changed)
        return true;
    struct entry root = l.entry; /* its path is "" */
    return is_root ? give(w, &root, NULL, e) : give(w, NULL, NULL, e);
}

/* --- Everything else --- */

/* An inode with several names is given under the first of them, and the others as links to that. All are given even if the file did not
 * change: a layer's links stay inside the layer. *first: the name it was given by, or empty. */
static struct str first_name(struct walk *w, const struct stat *st) {
    char key[64];
    int n = snprintf(key, sizeof key, "%llx:%llx", (unsigned long long)st->st_dev, (unsigned long long)st->st_ino);
    struct str *known = map_get(&w->links, str_n(key, (size_t)n));
    if (known)
        return *known;
    struct str *path = arena_new(&w->links_arena, struct str);
    *path = arena_str(&w->links_arena, current_path(w));
    map_put(&w->links, arena_str(&w->links_arena, str_n(key, (size_t)n)), path);
    return STR_NULL;
}

static bool visit_file(struct walk *w, const struct upper_inode *u, const struct view_node *lower, struct err *e) {
    struct entry en = u->entry;
    struct content c = {.kind = CONTENT_NONE};
    if (en.type == ENTRY_FILE && u->st.st_nlink > 1) {
        en.link = first_name(w, &u->st);
        lower = NULL;
        if (en.link.n) {
            en.type = ENTRY_HARDLINK;
            en.size = 0;
        }
    }
    en.path = current_path(w);
    if (en.type == ENTRY_FILE && en.size)
        c = (struct content){.kind = CONTENT_FILE, .dir_fd = w->spec->upper_fd, .path = en.path, .seen = u->st};
    bool same = lower && same_but_times(&en, &lower->entry) && same_mtime(w, en, lower->entry);
    if (same && c.kind == CONTENT_FILE) {
        same = false;
        if (!same_bytes(w, lower, &c, &same, e))
            return false;
    }
    return same || give(w, &en, &c, e);
}

static bool visit_inode(struct walk *w, const struct level *l, struct str name, struct arena *a, struct err *e) {
    struct upper_inode u;
    struct view_node node;
    if (!upper_read(l->fd, name.p, current_path(w), w->marks, a, &u, e))
        return false;
    if (u.left_out.n)
        log_warn("%s: its attribute %.*s is left out of the layer: overlayfs keeps marks of its own under such names",
                 SHOWN(current_path(w)), STR_ARG(u.left_out));
    if (u.is_socket)
        return true;
    const struct view_node *lower = l->in_lower && view_lookup(w->spec->lower, current_path(w), a, &node) ? &node : NULL;
    if (u.is_whiteout)
        return !lower || give_whiteout(w, e);
    if (u.entry.type == ENTRY_DIR)
        return visit_dir(w, l, &u, lower, a, e);
    if (u.st.st_size == 0 && S_ISREG(u.st.st_mode) && is_stub(w, current_path(w)))
        return true;
    return visit_file(w, &u, lower, e);
}

/* One name of the directory on top of the stack. */
static bool step(struct walk *w, struct err *e) {
    struct level l = w->levels.p[w->levels.n - 1]; /* the stack may move */
    path_cut(w, l.path_n);
    if (reopen(w, &w->levels.p[w->levels.n - 1], e) < 0)
        return false;
    l.fd = w->levels.p[w->levels.n - 1].fd;
    size_t i = w->levels.p[w->levels.n - 1].next++;
    if (!path_push(w, l.names[i], e))
        return false;
    if (l.gone && l.gone[i])
        return give_whiteout(w, e);
    struct arena a = ARENA_INIT;
    bool ok = visit_inode(w, &l, l.names[i], &a, e);
    arena_fini(&a);
    return ok;
}

static bool walk_all(struct walk *w, struct err *e) {
    struct arena a = ARENA_INIT;
    struct upper_inode u;
    struct view_node root;
    bool ok = upper_read(w->spec->upper_fd, "", S("the upper directory"), w->marks, &a, &u, e);
    if (ok && !view_lookup(w->spec->lower, STR_NULL, &a, &root))
        ok = err_set(e, ERR_BUG, "a view without a root");
    ok = ok && visit_dir(w, NULL, &u, &root, &a, e);
    while (ok && w->levels.n) {
        struct level *top = &w->levels.p[w->levels.n - 1];
        if (top->next < top->n) {
            ok = step(w, e);
        } else {
            level_fini(top);
            w->levels.n--;
        }
    }
    arena_fini(&a);
    return ok;
}

bool diff_entries(const struct diff_spec *d, struct entry_sink sink, struct err *e) {
    struct walk w = {.spec = d, .marks = upper_marks_of(d->lower->store->flavour), .sink = sink, .path = BUF_INIT(LIMIT_PATH_BYTES),
                     .links = MAP_INIT, .links_arena = ARENA_INIT};
    buf_add(&w.path, "", 0);
    bool ok = walk_all(&w, e);
    for (size_t i = 0; i < w.levels.n; i++)
        level_fini(&w.levels.p[i]);
    vec_fini(&w.levels);
    map_fini(&w.links);
    arena_fini(&w.links_arena);
    buf_fini(&w.path);
    return ok;
}
