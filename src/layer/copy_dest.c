/* SPDX-License-Identifier: Apache-2.0
 * The destination of a COPY (copy_dest.h): symlinks in it are resolved in the root that is copied onto; directories on the way that are
 * there keep what they are, others are made; what is there decides whether a file goes onto it or into it. */
#include "layer/copy_dest.h"

#include "layer/copy_walk.h"
#include "layer/names.h"

bool dest_open(const struct copy_spec *c, struct arena *a, struct dest *d, struct err *e) {
    bool exists;
    struct view_node node;
    *d = (struct dest){.mtime_s = c->now_s};
    if (!view_resolve(c->onto, c->dest, VIEW_FOLLOW_LAST, a, &d->path, &exists, e))
        return false;
    if (exists && view_lookup(c->onto, d->path, a, &node))
        d->what = node.entry.type == ENTRY_DIR ? DEST_DIR : DEST_FILE;
    if (!c->dest_is_dir)
        return true;
    if (d->what == DEST_FILE)
        return err_set(e, ERR_FAILED, "cannot copy to non-directory: /%s", SHOWN(d->path));
    d->what = DEST_DIR;
    return true;
}

void dest_fini(struct dest *d) {
    vec_fini(&d->dirs);
}

bool dest_take(struct dest *d, const struct match *m, struct err *e) {
    if (!m->is_dir && d->what != DEST_DIR) {
        d->what = DEST_FILE;
        d->file = m->place;
        return true;
    }
    if (d->what == DEST_FILE)
        return err_set(e, ERR_FAILED, "cannot copy to non-directory: /%s", SHOWN(d->path));
    d->what = DEST_DIR;
    if (d->dirs.n == 0)
        d->made_for_archive = m->place.source->keeps_mode;
    if (m->is_dir) {
        d->mtime_s = m->entry.mtime_s;
        d->mtime_ns = m->entry.mtime_ns;
    }
    vec_push(&d->dirs, m->place);
    return true;
}

/* Writes `path`, a directory. *there: its parent is a directory in the root; then whether it is. */
static bool write_dir(struct walk *w, struct str path, bool *there, const struct entry *made, struct err *e) {
    struct view_node node;
    const struct view *root = w->spec->beneath ? w->spec->beneath : w->spec->onto;
    *there = *there && view_lookup(root, path, &w->scratch, &node) && node.entry.type == ENTRY_DIR;
    return emit_dir(w, path, *there ? &node.entry : made, e);
}

/* Writes all directories above `path`. */
static bool write_parents(struct walk *w, struct str path, bool for_archive, bool *there, struct err *e) {
    struct entry made = made_dir(w->spec, for_archive, w->spec->now_s);
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] == '/' && !write_dir(w, str_first(path, i), there, &made, e))
            return false;
    return true;
}

static bool write_all(struct dest *d, struct walk *w, struct err *e) {
    bool there = true, merges = !w->spec->beneath;
    if (!write_parents(w, d->path, d->made_for_archive, &there, e))
        return false;
    if (d->what == DEST_FILE) {
        d->file.as = path_base(d->path);
        return walk_merge(w, path_dir(d->path), there && merges, &d->file, 1, e);
    }
    struct entry made = made_dir(w->spec, d->made_for_archive, d->mtime_s);
    made.mtime_ns = d->mtime_ns;
    if (d->path.n && !write_dir(w, d->path, &there, &made, e)) /* the root itself is in no layer */
        return false;
    return walk_merge(w, d->path, there && merges, d->dirs.p, d->dirs.n, e);
}

bool dest_write(struct dest *d, const struct copy_spec *c, bool digests, struct entry_sink sink, struct err *e) {
    struct walk w;
    walk_init(&w, c, digests, sink);
    bool good = write_all(d, &w, e);
    walk_fini(&w);
    return good;
}
