/* SPDX-License-Identifier: Apache-2.0
 * The merging walk (copy_walk.h). The rules are BuildKit's (docs/design.md "Copy"): a directory into a directory merges, and below the
 * destination itself the later one gives the attributes; a file takes a file's place; a file onto a directory and a directory onto
 * anything else are errors. Depth costs neither stack nor descriptors. */
#include "layer/copy_walk.h"
#include "layer/names.h"

#include <errno.h>

#include "base/limits.h"
#include "base/log.h"

enum { SCRATCH_BYTES = 1 << 16 };

void walk_init(struct walk *w, const struct copy_spec *spec, bool digests, struct entry_sink sink) {
    *w = (struct walk){.spec = spec, .digests = digests, .sink = sink, .path = BUF_INIT(LIMIT_PATH_BYTES)};
}

static void pop(struct walk *w) {
    struct frame *f = &w->frames.p[--w->frames.n];
    for (size_t i = 0; i < f->n_dirs; i++)
        source_dir_close(&f->dirs[i]);
    w->n_pending -= f->pending;
    arena_fini(&f->arena);
}

void walk_fini(struct walk *w) {
    while (w->frames.n)
        pop(w);
    vec_fini(&w->frames);
    buf_fini(&w->path);
    map_fini(&w->links);
    arena_fini(&w->scratch);
    arena_fini(&w->kept);
}

/* --- listing --- */

static int by_name_then_source(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    int c = str_cmp(x->name, y->name);
    return c ? c : (x->from > y->from) - (x->from < y->from);
}

static bool list_dir(struct frame *f, size_t from, struct str **names, size_t *n, struct err *e) {
    struct source_dir *d = &f->dirs[from];
    if (d->only.n == 0)
        return d->source->ops->list(d, &f->arena, names, n, e);
    *names = &d->as;
    *n = 1;
    return true;
}

static bool fill(struct frame *f, struct err *e) {
    struct str **names = arena_array(&f->arena, struct str *, f->n_dirs);
    size_t *counts = arena_array(&f->arena, size_t, f->n_dirs);
    for (size_t i = 0; i < f->n_dirs; i++) {
        if (!list_dir(f, i, &names[i], &counts[i], e))
            return false;
        f->n_items += counts[i];
    }
    f->items = arena_array(&f->arena, struct item, f->n_items);
    size_t at = 0;
    for (size_t i = 0; i < f->n_dirs; i++)
        for (size_t k = 0; k < counts[i]; k++)
            f->items[at++] = (struct item){names[i][k], (uint32_t)i};
    if (f->n_dirs > 1 && f->n_items > 1)
        qsort(f->items, f->n_items, sizeof *f->items, by_name_then_source);
    return true;
}

/* --- one name --- */

/* What becomes of one destination path while the sources are laid over each other. */
struct merged {
    enum { NOTHING, DIRECTORY, OTHER } what;
    bool touched;              /* by a source, not only there in onto */
    bool in_onto;              /* a directory that is there already */
    bool hidden;
    struct entry dir;
    struct source_node other;
    struct source_dir *other_dir;
    struct str other_name;
    struct arena arena;        /* of the frame that it will be */
    VEC(struct source_dir) dirs;
};

static void merged_finip(struct merged *m) {
    vec_fini(&m->dirs);
    arena_fini(&m->arena);
}

static struct str shown(const struct walk *w) {
    return buf_str(&w->path);
}

/* Both lists are sorted; of two with one name the second's is taken. */
static void add_xattrs(struct arena *a, struct entry *to, const struct entry *more) {
    if (more->n_xattrs == 0)
        return;
    struct xattr *all = arena_array(a, struct xattr, to->n_xattrs + more->n_xattrs);
    size_t n = 0, i = 0;
    for (size_t k = 0; k < more->n_xattrs; k++) {
        while (i < to->n_xattrs && str_cmp(to->xattrs[i].name, more->xattrs[k].name) < 0)
            all[n++] = to->xattrs[i++];
        if (i < to->n_xattrs && str_eq(to->xattrs[i].name, more->xattrs[k].name))
            i++;
        all[n++] = more->xattrs[k];
    }
    while (i < to->n_xattrs)
        all[n++] = to->xattrs[i++];
    to->xattrs = all;
    to->n_xattrs = n;
}

static bool merge_dir(struct walk *w, struct merged *m, struct source_dir *d, struct str name, const struct source_node *node,
                      struct err *e) {
    const struct source *s = d->source;
    if (m->what == OTHER && (!s->replaces || node->implied))
        return err_set(e, ERR_FAILED, "cannot copy to non-directory: /%s", SHOWN(shown(w)));
    struct entry en = written(w, s, node);
    if (m->what != DIRECTORY) {
        m->what = DIRECTORY;
        m->in_onto = false;
        m->dir = en;
    } else if (node->lazy) {
        m->dir.mode = source_mode(s, &node->entry); /* as BuildKit: what is there gets the mode, and nothing else */
    } else if (!node->implied) {
        struct entry before = m->dir;
        m->dir = en;
        m->dir.xattrs = before.xattrs;
        m->dir.n_xattrs = before.n_xattrs;
        add_xattrs(&w->scratch, &m->dir, &en);
    }
    m->touched = true;
    m->hidden = node->hidden;
    struct source_dir child = source_dir(d->source, source_join(&m->arena, d->path, name));
    child.pick = d->pick;
    child.operand = d->operand;
    vec_push(&m->dirs, child);
    return true;
}

static bool merge_other(struct walk *w, struct merged *m, struct source_dir *d, struct str name, const struct source_node *node,
                        struct err *e) {
    if (m->what == DIRECTORY && !d->source->replaces)
        return err_set(e, ERR_FAILED, "cannot replace to directory /%s with file", SHOWN(shown(w)));
    m->what = OTHER;
    m->touched = true;
    m->dirs.n = 0;
    m->other = *node;
    m->other_dir = d;
    m->other_name = name;
    return true;
}

/* A hidden directory that shares its path with something else counts only if there is something in it. */
static bool settle_hidden(struct walk *w, struct merged *m, struct source_dir *d, struct str name, bool alone, struct source_node *node,
                          bool *counts, struct err *e) {
    *counts = true;
    if (!node->hidden || (alone && m->what != OTHER))
        return true;
    struct source_dir dir = source_dir(d->source, source_join(&w->scratch, d->path, name));
    dir.pick = d->pick;
    node->hidden = false;
    return walk_probe(w->spec, &dir, counts, e);
}

/* Looks at a name, unless flags leave it out. */
static enum look look(struct walk *w, struct source_dir *d, struct str name, struct source_node *node, struct err *e) {
    enum picked picked = d->pick ? pick_path(d->pick, source_join(&w->scratch, d->path, name)) : PICKED;
    if (picked == NOT_PICKED)
        return LOOK_EXCLUDED;
    enum look said = d->source->ops->look(d, name, &w->scratch, node, e);
    if (picked == PICKED || said == LOOK_FAILED || said == LOOK_ABSENT)
        return said;
    if (said != LOOK_THERE || node->entry.type != ENTRY_DIR)
        return LOOK_EXCLUDED;
    node->lazy = node->hidden = true;
    return LOOK_THERE;
}

static bool merge_item(struct walk *w, struct frame *f, const struct item *it, bool alone, struct merged *m, struct err *e) {
    struct source_dir *d = &f->dirs[it->from];
    struct str name = d->only.n ? d->only : it->name;
    struct source_node node;
    bool counts;
    switch (look(w, d, name, &node, e)) {
    case LOOK_ABSENT:
        return source_changed(source_join(&w->scratch, d->path, name), e);
    case LOOK_SOCKET:
        if (!w->is_probe && !w->spec->quiet)
            log_warn("socket %s is not copied: an image layer cannot hold one", SHOWN(source_join(&w->scratch, d->path, name)));
        return true;
    case LOOK_EXCLUDED:
        return true;
    case LOOK_FAILED:
        return false;
    case LOOK_THERE:
        break;
    }
    if (str_starts(it->name, S(".wh.")))
        return err_set(e, ERR_FAILED, "cannot copy /%s: in an image layer a name that starts with \".wh.\" removes a file",
                       SHOWN(shown(w)));
    if (node.entry.type != ENTRY_DIR)
        return merge_other(w, m, d, name, &node, e);
    if (!settle_hidden(w, m, d, name, alone, &node, &counts, e))
        return false;
    return !counts || merge_dir(w, m, d, name, &node, e);
}

/* What the root that is copied onto has at this path. */
static void merge_onto(struct walk *w, struct merged *m) {
    struct view_node was;
    if (!view_lookup(w->spec->onto, shown(w), &w->scratch, &was))
        return;
    m->what = was.entry.type == ENTRY_DIR ? DIRECTORY : OTHER;
    m->in_onto = m->what == DIRECTORY;
    m->dir = was.entry;
}

/* --- descending --- */

static struct entry entry_copy(struct arena *a, const struct entry *en) {
    struct entry out = *en;
    out.xattrs = en->n_xattrs ? arena_array(a, struct xattr, en->n_xattrs) : NULL;
    for (size_t i = 0; i < en->n_xattrs; i++)
        out.xattrs[i] = (struct xattr){arena_str(a, en->xattrs[i].name), arena_str(a, en->xattrs[i].value)};
    return out;
}

/* Makes the frame of a directory whose path is walk.path. The arena goes over into it. */
static bool push(struct walk *w, struct arena *arena, const struct source_dir *dirs, size_t n, bool in_onto, struct err *e) {
    if (w->frames.n > LIMIT_PATH_DEPTH)
        return err_set(e, ERR_FAILED, "directories are nested deeper than %d: /%s", LIMIT_PATH_DEPTH, SHOWN(shown(w)));
    struct frame f = {.arena = *arena, .n_dirs = n, .path_n = w->path.n, .in_onto = in_onto};
    *arena = (struct arena)ARENA_INIT;
    f.dirs = arena_array(&f.arena, struct source_dir, n);
    memcpy(f.dirs, dirs, n * sizeof *dirs);
    vec_push(&w->frames, f);
    return fill(&w->frames.p[w->frames.n - 1], e);
}

static bool descend(struct walk *w, struct merged *m, struct err *e) {
    bool pending = m->hidden;
    if (!pending && !emit_dir(w, shown(w), &m->dir, e))
        return false;
    if (!push(w, &m->arena, m->dirs.p, m->dirs.n, m->in_onto, e))
        return false;
    if (pending) {
        struct frame *f = &w->frames.p[w->frames.n - 1];
        f->pending = true;
        f->entry = entry_copy(&f->arena, &m->dir);
        w->n_pending++;
    }
    return true;
}

static bool enter_path(struct walk *w, const struct frame *f, struct str name, struct err *e) {
    w->path.n = f->path_n;
    if (f->path_n)
        buf_add_char(&w->path, '/');
    buf_add_str(&w->path, name);
    return buf_ok(&w->path) || err_set(e, ERR_FAILED, "path longer than %d bytes: /%s", LIMIT_PATH_BYTES, SHOWN(shown(w)));
}

/* The next name of the innermost directory. */
static bool step(struct walk *w, struct err *e) {
    struct frame *f = &w->frames.p[w->frames.n - 1];
    struct str name = f->items[f->next].name;
    size_t first = f->next, end = first + 1;
    while (end < f->n_items && str_eq(f->items[end].name, name))
        end++;
    f->next = end;
    if (!enter_path(w, f, name, e))
        return false;
    if (w->scratch.total_bytes > SCRATCH_BYTES)
        arena_fini(&w->scratch);
    _cleanup_(merged_finip) struct merged m = {0};
    if (f->in_onto)
        merge_onto(w, &m);
    for (size_t i = first; i < end; i++)
        if (!merge_item(w, f, &f->items[i], end - first == 1, &m, e))
            return false;
    if (!m.touched)
        return true;
    return m.what == DIRECTORY ? descend(w, &m, e) : emit_other(w, m.other_dir, m.other_name, &m.other, e);
}

bool walk_merge(struct walk *w, struct str dest, bool in_onto, const struct source_dir *dirs, size_t n, struct err *e) {
    struct arena arena = ARENA_INIT;
    buf_reset(&w->path);
    buf_add_str(&w->path, dest);
    if (n == 1 && dirs[0].only.n == 0 && !dirs[0].pick) {
        w->whole = &dirs[0];
        w->whole_dest = dest;
    }
    for (size_t i = 0; i < n && !w->whole; i++)
        dirs[i].source->links_at_first = true;
    if (!push(w, &arena, dirs, n, in_onto, e))
        return false;
    while (w->frames.n) {
        const struct frame *f = &w->frames.p[w->frames.n - 1];
        if (f->next == f->n_items)
            pop(w);
        else if (!step(w, e))
            return false;
    }
    return true;
}

static bool stop_at_once(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    (void)en, (void)c, (void)e;
    *(bool *)ctx = true;
    return false;
}

bool walk_probe(const struct copy_spec *spec, const struct source_dir *dir, bool *found, struct err *e) {
    struct walk w;
    *found = false;
    walk_init(&w, spec, false, (struct entry_sink){stop_at_once, found});
    w.is_probe = true;
    bool good = walk_merge(&w, STR_NULL, false, dir, 1, e) || *found;
    walk_fini(&w);
    return good;
}
