/* SPDX-License-Identifier: Apache-2.0
 * COPY (copy.h): opens the source, finds what the operands name, lets the destination take it, writes. */
#include "layer/copy.h"

#include "base/mem.h"
#include "layer/copy_archive.h"
#include "layer/copy_dest.h"
#include "layer/names.h"

struct opened {
    const struct copy_part *part; /* the first that reads it; NULL: an archive */
    struct source *source;
};

/* What one copy_entries has open. */
struct copy {
    const struct copy_spec *spec;
    struct arena arena;
    VEC(struct opened) sources;
    struct source *last_archive;
    match_list matches;
    struct dest dest;
};

static void add_single(struct copy *c, const struct copy_part *p, struct source *s, struct str name) {
    struct match m = {.part = p, .place = source_dir(s, STR_NULL), .entry = {.type = ENTRY_FILE}};
    m.place.operand = (unsigned)c->matches.n;
    m.place.only = name;
    m.place.as = path_base(name);
    vec_push(&c->matches, m);
}

static bool find_in(struct copy *c, const struct copy_part *p, struct source *s, struct err *e) {
    for (size_t i = 0; i < p->from.n_texts; i++)
        add_single(c, p, s, p->from.texts[i].name);
    if (p->from.file)
        add_single(c, p, s, p->from.file->name);
    return operands_find(c->spec, p, s, &c->arena, &c->matches, e);
}

static bool reads_alike(const struct copy_part *a, const struct copy_part *b) {
    return !a->from.texts && !a->from.file && !b->from.texts && !b->from.file && a->from.context_fd == b->from.context_fd &&
           a->from.view == b->from.view && a->from.ignore == b->from.ignore && a->from.stats == b->from.stats &&
           a->keeps_owner == b->keeps_owner && a->modes_git == b->modes_git;
}

/* The part's source: that of an earlier one that is alike (paths and here-documents may take turns), or a new one. */
static struct source *source_of(struct copy *c, const struct copy_part *p) {
    for (size_t i = 0; i < c->sources.n; i++)
        if (reads_alike(c->sources.p[i].part, p))
            return c->sources.p[i].source;
    struct opened o = {p, source_open(p, c->spec->now_s)};
    vec_push(&c->sources, o);
    return o.source;
}

static bool find(struct copy *c, struct err *e) {
    for (size_t i = 0; i < c->spec->n_parts; i++) {
        const struct copy_part *p = &c->spec->parts[i];
        if (!find_in(c, p, source_of(c, p), e))
            return false;
    }
    return true;
}

/* Puts the contents of an archive in its place (ADD). */
static bool unpack(struct copy *c, struct match *m, struct err *e) {
    const struct copy_source *from = &m->part->from;
    if (m->part->unpack == UNPACK_NO || m->is_dir || m->entry.type != ENTRY_FILE || (from->context_fd < 0 && !from->file))
        return true;
    struct str path = from->file ? from->file->path : source_join(&c->arena, m->place.path, m->place.only);
    struct source *archive;
    if (from->file && !source_file_check(from->file, e))
        return false;
    if (!archive_open(c->spec, from->file ? from->file->dir_fd : from->context_fd, path, c->dest.path, c->last_archive, &archive,
                      e))
        return err_wrap(e, "/%s", SHOWN(from->file ? from->file->name : path));
    if (!archive)
        return true;
    vec_push(&c->sources, ((struct opened){NULL, archive}));
    c->last_archive = archive;
    struct source_dir root = source_dir(archive, STR_NULL);
    root.operand = m->place.operand;
    m->place = root;
    m->is_dir = true;
    m->entry = (struct entry){.type = ENTRY_DIR, .mtime_s = c->spec->now_s};
    return true;
}

static bool run(struct copy *c, bool digests, struct entry_sink sink, struct err *e) {
    if (!find(c, e))
        return false;
    if (c->matches.n == 0) /* wildcards that match nothing make no directory either */
        return true;
    if (!dest_open(c->spec, &c->arena, &c->dest, e))
        return false;
    for (size_t i = 0; i < c->matches.n; i++)
        if (!unpack(c, &c->matches.p[i], e) || !dest_take(&c->dest, &c->matches.p[i], e))
            return false;
    return dest_write(&c->dest, c->spec, digests, sink, e);
}

bool copy_entries(const struct copy_spec *spec, bool digests, struct entry_sink sink, struct err *e) {
    struct copy c = {.spec = spec};
    bool good = run(&c, digests, sink, e);
    dest_fini(&c.dest);
    vec_fini(&c.matches);
    for (size_t i = 0; i < c.sources.n; i++)
        source_free(c.sources.p[i].source);
    vec_fini(&c.sources);
    arena_fini(&c.arena);
    return good;
}
