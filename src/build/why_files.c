/* SPDX-License-Identifier: Apache-2.0
 * The first difference of two tables of contents: see why_files.h. Both are sorted alike, so one pass finds it. */
#include "build/why_files.h"

#include "layer/toc.h"

struct side {
    struct toc *toc;
    size_t at;
    struct entry entry;
};

static void load(struct side *s, struct arena *a) {
    if (s->at < toc_count(s->toc))
        toc_entry(s->toc, s->at, a, &s->entry);
}

static bool same_content(const struct side *a, const struct side *b) {
    struct digest x, y;
    if (a->entry.size != b->entry.size)
        return false;
    return !toc_digest(a->toc, a->at, &x) || !toc_digest(b->toc, b->at, &y) || digest_eq(&x, &y);
}

static bool same_xattrs(const struct entry *a, const struct entry *b) {
    bool same = a->n_xattrs == b->n_xattrs;
    for (size_t i = 0; same && i < a->n_xattrs; i++)
        same = str_eq(a->xattrs[i].name, b->xattrs[i].name) && str_eq(a->xattrs[i].value, b->xattrs[i].value);
    return same;
}

/* What differs in two entries of one path; NULL: nothing. */
static const char *difference(const struct side *a, const struct side *b, bool times) {
    const struct entry *x = &a->entry, *y = &b->entry;
    if (x->type != y->type)
        return "another type of file";
    if (x->type == ENTRY_FILE && !same_content(a, b))
        return "content";
    if (!str_eq(x->link, y->link) || x->major != y->major || x->minor != y->minor)
        return x->type == ENTRY_SYMLINK || x->type == ENTRY_HARDLINK ? "where it links to" : "device";
    if (x->mode != y->mode)
        return "mode";
    if (x->uid != y->uid || x->gid != y->gid)
        return "owner";
    if (!same_xattrs(x, y))
        return "extended attributes";
    if (times && (x->mtime_s != y->mtime_s || x->mtime_ns != y->mtime_ns))
        return "time";
    return NULL;
}

static void add(struct buf *out, struct str path, const char *what) {
    buf_add_char(out, '/');
    buf_add_shown(out, path);
    buf_printf(out, " %s", what);
}

static void add_modes(struct buf *out, const struct entry *before, const struct entry *after) {
    if (before->mode != after->mode)
        buf_printf(out, " %04o -> %04o", before->mode, after->mode);
}

/* One step of the pass; false: they differ here, and `out` says how. */
static bool step(struct side *a, struct side *b, bool times, struct buf *out) {
    bool a_ends = a->at == toc_count(a->toc), b_ends = b->at == toc_count(b->toc);
    int order = a_ends ? 1 : b_ends ? -1 : path_cmp(a->entry.path, b->entry.path);
    if (order != 0) {
        add(out, order < 0 ? a->entry.path : b->entry.path, order < 0 ? "is gone" : "is new");
        return false;
    }
    const char *what = difference(a, b, times);
    if (what) {
        add(out, a->entry.path, "changed (");
        buf_printf(out, "%s", what);
        if (a->entry.type == b->entry.type && strcmp(what, "mode") == 0)
            add_modes(out, &a->entry, &b->entry);
        buf_add_char(out, ')');
    }
    return !what;
}

void why_files(struct store *s, const struct digest *before, const struct digest *after, bool times, struct buf *out) {
    struct err e = ERR_INIT;
    struct arena arena = ARENA_INIT;
    struct side a = {.toc = toc_open(s, before, &e)}, b = {.toc = a.toc ? toc_open(s, after, &e) : NULL};
    bool same = a.toc && b.toc;
    if (!same)
        buf_printf(out, "its files changed (which cannot be told: the earlier layer is gone)");
    while (same && (a.at < toc_count(a.toc) || b.at < toc_count(b.toc))) {
        load(&a, &arena);
        load(&b, &arena);
        same = step(&a, &b, times, out);
        a.at++;
        b.at++;
        arena_fini(&arena);
    }
    if (a.toc && b.toc && same)
        buf_printf(out, "its files are what they were; their order or kind of links changed");
    err_clear(&e);
    arena_fini(&arena);
    toc_free(b.toc);
    toc_free(a.toc);
}
