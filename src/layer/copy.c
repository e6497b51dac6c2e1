/* SPDX-License-Identifier: Apache-2.0
 * COPY (copy.h): opens the source, finds what the operands name, lets the destination take it, writes. */
#include "layer/copy.h"

#include "base/mem.h"
#include "layer/copy_archive.h"
#include "layer/copy_dest.h"
#include "layer/names.h"

/* What one copy_entries has open. */
struct copy {
    const struct copy_spec *spec;
    struct arena arena;
    struct source *source;
    VEC(struct source *) archives;
    match_list matches;
    struct dest dest;
};

static bool find_texts(struct copy *c) {
    for (size_t i = 0; i < c->spec->n_operands; i++) {
        struct match m = {.place = source_dir(c->source, STR_NULL)};
        m.place.operand = (unsigned)i;
        m.place.only = c->spec->from.inline_names[i];
        m.place.as = path_base(m.place.only);
        vec_push(&c->matches, m);
    }
    return true;
}

static bool find(struct copy *c, struct err *e) {
    const struct copy_source *from = &c->spec->from;
    if (from->inline_names) {
        c->source = source_texts(from->inline_names, from->inline_bodies, c->spec->n_operands, c->spec->now_s);
        return find_texts(c);
    }
    c->source = from->view ? source_view(from->view) : source_context(c->spec);
    return operands_find(c->spec, c->source, &c->arena, &c->matches, e);
}

/* Puts the contents of a local archive in its place (ADD). */
static bool unpack(struct copy *c, struct match *m, struct err *e) {
    if (!c->spec->unpack || m->is_dir || m->entry.type != ENTRY_FILE || c->spec->from.context_fd < 0)
        return true;
    struct str path = source_join(&c->arena, m->place.path, m->place.only);
    struct source *archive;
    if (!archive_open(c->spec, path, c->dest.path, &archive, e))
        return err_wrap(e, "/%s", SHOWN(path));
    if (!archive)
        return true;
    vec_push(&c->archives, archive);
    struct source_dir root = source_dir(archive, STR_NULL);
    root.operand = m->place.operand;
    *m = (struct match){.place = root, .is_dir = true, .entry = {.type = ENTRY_DIR, .mtime_s = c->spec->now_s}};
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
    for (size_t i = 0; i < c.archives.n; i++)
        source_free(c.archives.p[i]);
    vec_fini(&c.archives);
    source_free(c.source);
    arena_fini(&c.arena);
    return good;
}
