/* SPDX-License-Identifier: Apache-2.0
 * From what a COPY found to what the sink gets (copy_walk.h): modes and owners by the flags, hard links to the name that was written
 * first, contents, and the directories above that were held back until something in them is written. */
#include "base/limits.h"
#include "layer/copy_walk.h"

enum { DIR_MODE = 0755, FILE_MODE = 0644, OWNER_MAY_RUN = 0100, PERMISSIONS = 0777 };

struct entry made_dir(const struct copy_spec *spec, bool for_archive, int64_t mtime_s) {
    struct entry en = {.type = ENTRY_DIR, .mode = DIR_MODE, .mtime_s = mtime_s};
    if (spec->chmod.given && !spec->chmod.symbolic && !for_archive) /* as BuildKit: clauses are for what sources have */
        en.mode = spec->chmod.octal & PERMISSIONS;                  /* and setuid, setgid and sticky bit are not for made directories */
    if (spec->has_owner) {
        en.uid = spec->uid;
        en.gid = spec->gid;
    }
    return en;
}

uint32_t source_mode(const struct source *s, const struct entry *en) {
    if (s->git_modes && en->type == ENTRY_DIR)
        return DIR_MODE;
    if (s->git_modes && en->type == ENTRY_FILE)
        return en->mode & OWNER_MAY_RUN ? DIR_MODE : FILE_MODE;
    return en->mode;
}

static uint32_t written_mode(const struct copy_spec *spec, const struct source *s, const struct entry *en) {
    if (en->type == ENTRY_SYMLINK || s->keeps_mode)
        return en->mode;
    return chmod_apply(&spec->chmod, source_mode(s, en), en->type == ENTRY_DIR);
}

struct entry written(const struct walk *w, const struct source *s, const struct source_node *node) {
    const struct copy_spec *spec = w->spec;
    struct entry en = node->entry;
    en.path = buf_str(&w->path);
    en.mode = written_mode(spec, s, &en);
    if (node->implied) {
        en.uid = en.gid = 0; /* as BuildKit: --chown is for what the archive names */
    } else if (spec->has_owner) {
        en.uid = spec->uid;
        en.gid = spec->gid;
    } else if (!s->keeps_owner) {
        en.uid = en.gid = 0;
    }
    return en;
}

static bool give(struct walk *w, const struct entry *en, const struct content *c, struct err *e) {
    if (++w->n_entries > LIMIT_LAYER_ENTRIES)
        return err_set(e, ERR_FAILED, "more than %u files and directories to copy", LIMIT_LAYER_ENTRIES);
    return w->sink.add(w->sink.ctx, en, c, e);
}

/* Writes the directories above that wait for their first entry. */
static bool emit_pending(struct walk *w, struct err *e) {
    static const struct content none = {.kind = CONTENT_NONE};
    for (size_t i = 0; w->n_pending && i < w->frames.n; i++) {
        struct frame *f = &w->frames.p[i];
        if (!f->pending)
            continue;
        f->pending = false;
        w->n_pending--;
        f->entry.path = str_first(buf_str(&w->path), f->path_n);
        if (!give(w, &f->entry, &none, e))
            return false;
    }
    return true;
}

bool emit_dir(struct walk *w, struct str path, const struct entry *dir, struct err *e) {
    static const struct content none = {.kind = CONTENT_NONE};
    struct entry en = *dir;
    en.path = path;
    return emit_pending(w, e) && give(w, &en, &none, e);
}

/* --- hard links --- */

/* Where the file's first name was written: by the path that the source itself gives, which lies before this one in the same copy. */
static bool first_by_name(struct walk *w, const struct source_dir *d, const struct source_node *node, struct str *first) {
    if (!w->whole || node->first_name.n == 0)
        return false;
    struct str below = w->whole->path, name = node->first_name;
    if (below.n && (!str_starts(name, below) || name.n <= below.n || name.p[below.n] != '/'))
        return false;
    struct str rest = below.n ? str_from(name, below.n + 1) : name;
    struct str dest = source_join(&w->scratch, w->whole_dest, rest);
    if (path_cmp(dest, buf_str(&w->path)) >= 0)
        return false;
    struct source_dir dir = source_dir(d->source, path_dir(name));
    struct source_node there;
    struct err ignored = ERR_INIT;
    struct str base = arena_str(&w->scratch, path_base(name));
    bool same = d->source->ops->look(&dir, base, &w->scratch, &there, &ignored) == LOOK_THERE && str_eq(there.inode, node->inode);
    err_clear(&ignored);
    *first = dest;
    return same; /* not so where an upper layer has put another file in its place */
}

/* Whether this file was written under another name; else remembers this one, where others are sure to come. */
static bool was_written(struct walk *w, const struct source_dir *d, const struct source_node *node, struct str *first) {
    if (node->inode.n == 0 || (!node->linked && w->links.n == 0))
        return false;
    struct str key = arena_join3(&w->scratch, str_n((const char *)&d->operand, sizeof d->operand), node->inode, S(""));
    const struct str *known = map_get(&w->links, key);
    if (known) {
        *first = *known;
        return true;
    }
    if (!node->linked)
        return false;
    if (first_by_name(w, d, node, first))
        return true;
    struct str *path = arena_new(&w->kept, struct str);
    *path = arena_str(&w->kept, buf_str(&w->path));
    map_put(&w->links, arena_str(&w->kept, key), path);
    return false;
}

bool emit_other(struct walk *w, struct source_dir *d, struct str name, const struct source_node *node, struct err *e) {
    struct content c = {.kind = CONTENT_NONE};
    struct entry en = written(w, d->source, node);
    struct str first;
    if (en.type == ENTRY_FILE && was_written(w, d, node, &first)) {
        en.type = ENTRY_HARDLINK;
        en.link = first;
        en.size = 0;
        en.n_xattrs = 0;
    } else if (en.size > 0 && !w->is_probe && !d->source->ops->content(d, name, node, w->digests, &c, e)) {
        return false;
    }
    return emit_pending(w, e) && give(w, &en, &c, e);
}
