/* SPDX-License-Identifier: Apache-2.0
 * Merging layers (merge.h). Each layer has a cursor in its table of contents; the least path at any of them is next, and all that the
 * layers say of it is looked at together, by the rules of view.c: the topmost entry counts, and a whiteout, an opaque mark or something
 * that is no directory hides what lies in the layers below it. How far down the layers can still be seen is a number, the floor, that each
 * directory hands to what lies in it. */
#include "layer/merge.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "layer/names.h"
#include "layer/read.h"
#include "layer/view_private.h"

/* A layer's cursor, and what the layer says of the path at hand. */
struct cursor {
    size_t next;               /* number of the entry that it stands at */
    struct entry at;           /* that one, without xattrs; not valid behind the end */
    bool ended;
    bool has_entry, whiteout, opaque;
    size_t entry;              /* number, if has_entry */
    enum entry_type type;
};

/* What a stack of layers, seen from above, has at a path. */
struct sight {
    bool exists, is_dir, implied;
    size_t layer, entry;       /* whose; the entry's number unless implied */
    size_t floor;              /* for what lies below it: layers under this number do not show */
};

/* A directory on the way. `path` lies in a table of contents. */
struct level {
    struct str path;
    bool visible;              /* the merged root has it, as a directory */
    bool given;
    struct sight whole, lower;
};

/* A file of several names. */
struct link {
    struct str first;          /* the name that it was given by */
};

struct merge {
    const struct view *view;
    size_t from;
    struct entry_sink sink;
    struct cursor *cursors;
    VEC(struct level) levels;
    struct map links;          /* of files with more than one name: layer and number -> struct link */
    struct arena links_arena, scratch;

    /* The content that the sink is pulling */
    struct view_node pulled;
    int fd;
    uint64_t left;
    struct sha256 hash;
};

/* --- Cursors --- */

static void look(struct merge *m, size_t layer) {
    struct cursor *c = &m->cursors[layer];
    c->ended = c->next == toc_count(m->view->tocs[layer]);
    if (!c->ended)
        toc_entry(m->view->tocs[layer], c->next, NULL, &c->at);
}

/* Takes in what one layer says of `path`, and moves its cursor behind it. */
static void take(struct merge *m, size_t layer, struct str path) {
    struct cursor *c = &m->cursors[layer];
    c->has_entry = c->whiteout = c->opaque = false;
    for (; !c->ended && str_eq(c->at.path, path); c->next++, look(m, layer)) {
        if (c->at.type == ENTRY_WHITEOUT) {
            c->whiteout = true;
        } else if (c->at.type == ENTRY_OPAQUE) {
            c->opaque = true;
        } else {
            c->has_entry = true;
            c->entry = c->next;
            c->type = c->at.type;
        }
    }
}

static void take_all(struct merge *m, struct str path) {
    for (size_t i = 0; i < m->view->n; i++)
        take(m, i, path);
}

/* The least path at any cursor. */
static bool least(const struct merge *m, struct str *path) {
    bool found = false;
    for (size_t i = 0; i < m->view->n; i++) {
        const struct cursor *c = &m->cursors[i];
        if (!c->ended && (!found || path_cmp(c->at.path, *path) < 0))
            *path = c->at.path;
        found = found || !c->ended;
    }
    return found;
}

/* --- Looking down through the layers --- */

/* A directory that the layer has only as part of other names. */
static bool implies(const struct merge *m, size_t layer, struct str path) {
    const struct cursor *c = &m->cursors[layer];
    return toc_leans(m->view->tocs[layer]) && (c->opaque || (!c->ended && path_below(c->at.path, path)));
}

static bool is_file_at(const struct cursor *c) {
    return c->has_entry && c->type != ENTRY_DIR;
}

/* A hard link that leads nowhere is not there. */
static bool resolves(const struct merge *m, size_t layer, size_t entry, enum entry_type type) {
    struct view_place p = {.layer = layer, .index = entry};
    return type != ENTRY_HARDLINK || view_inode(m->view, &p);
}

/* What the layers floor <= i < top have at `path`, of which the cursors have taken in what they say. */
static struct sight look_down(const struct merge *m, struct str path, size_t floor, size_t top) {
    struct sight s = {.floor = floor};
    for (size_t i = top; i-- > floor;) {
        const struct cursor *c = &m->cursors[i];
        if (c->has_entry && !(s.implied && c->type != ENTRY_DIR)) {
            s.exists = resolves(m, i, c->entry, c->type);
            s.is_dir = c->type == ENTRY_DIR;
            s.implied = false;
            s.layer = i;
            s.entry = c->entry;
            break;
        }
        if (c->has_entry)
            break;
        if (!s.implied && implies(m, i, path)) {
            s.exists = s.is_dir = s.implied = true;
            s.layer = i;
        }
        if (c->whiteout || c->opaque)
            break;
    }
    for (size_t i = top; i-- > floor && s.floor == floor;)
        if (m->cursors[i].whiteout || m->cursors[i].opaque || is_file_at(&m->cursors[i]))
            s.floor = i;
    if (path.n == 0) /* the root is there, whoever lists it */
        s.exists = s.is_dir = true;
    if (!s.is_dir)
        s.floor = top;
    return s;
}

/* --- Contents --- */

static bool pull_ended(struct merge *m, struct err *e) {
    struct digest d = sha256_final(&m->hash);
    fd_closep(&m->fd);
    return !m->pulled.has_digest || digest_eq(&d, &m->pulled.digest) ||
           err_set(e, ERR_FAILED, "%s: its bytes are not what was listed: the unpacked layer that they come from is damaged "
                   "(croze fsck --deep)", SHOWN(m->pulled.entry.path));
}

static ptrdiff_t pull(void *ctx, void *to, size_t n, struct err *e) {
    struct merge *m = ctx;
    if (m->left == 0)
        return 0;
    if (m->fd < 0)
        m->fd = view_open_file(m->view, &m->pulled, e);
    if (m->fd < 0)
        return -1;
    ssize_t got;
    do
        got = read(m->fd, to, n < m->left ? n : (size_t)m->left);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        err_sys(e, errno, "read %s", SHOWN(m->pulled.entry.path));
    else if (got == 0)
        err_set(e, ERR_FAILED, "%s is shorter in the unpacked layer than in its table of contents", SHOWN(m->pulled.entry.path));
    if (got <= 0)
        return -1;
    sha256_update(&m->hash, to, (size_t)got);
    m->left -= (uint64_t)got;
    return m->left == 0 && !pull_ended(m, e) ? -1 : got;
}

/* The bytes of the regular file `en` that layer `layer` has by that name; its inode is at p. */
static struct content content_of(struct merge *m, const struct entry *en, size_t layer, const struct view_place *p) {
    fd_closep(&m->fd);
    m->left = en->size;
    m->pulled = (struct view_node){.entry = *en, .layer = layer};
    m->pulled.has_digest = toc_digest(m->view->tocs[p->layer], p->index, &m->pulled.digest);
    sha256_init(&m->hash);
    return (struct content){.kind = CONTENT_STREAM, .dir_fd = -1, .has_digest = m->pulled.has_digest, .digest = m->pulled.digest,
                            .pull = pull, .pull_ctx = m};
}

/* --- Giving --- */

static const struct content no_content = {.kind = CONTENT_NONE, .dir_fd = -1};

/* The directory as the topmost layer that lists it says. */
static bool give_dir(struct merge *m, struct level *l, struct err *e) {
    struct entry en = {.type = ENTRY_DIR, .mode = 0755};
    if (!l->whole.implied)
        toc_entry(m->view->tocs[l->whole.layer], l->whole.entry, &m->scratch, &en);
    en.path = l->path;
    l->given = true;
    return m->sink.add(m->sink.ctx, &en, &no_content, e);
}

/* A layer names the directories on the way to what it holds; the root is nobody's parent. */
static bool give_parents(struct merge *m, struct err *e) {
    for (size_t i = 1; i < m->levels.n; i++)
        if (!m->levels.p[i].given && !give_dir(m, &m->levels.p[i], e))
            return false;
    return true;
}

static bool give_whiteout(struct merge *m, struct str path, struct err *e) {
    struct entry en = {.path = path, .type = ENTRY_WHITEOUT};
    return give_parents(m, e) && m->sink.add(m->sink.ctx, &en, &no_content, e);
}

static struct link *link_of(struct merge *m, const struct view_place *p) {
    const uint64_t id[] = {p->layer, p->index};
    return map_get(&m->links, str_n((const char *)id, sizeof id));
}

static bool give_file(struct merge *m, struct str path, const struct sight *s, struct err *e) {
    struct view_place p = {.layer = s->layer, .index = s->entry};
    struct entry en;
    if (!give_parents(m, e))
        return false;
    if (!view_inode(m->view, &p))
        return err_set(e, ERR_BUG, "%s: no inode", SHOWN(path));
    toc_entry(m->view->tocs[p.layer], p.index, &m->scratch, &en);
    en.path = path;
    struct link *l = link_of(m, &p);
    if (l && l->first.p) {
        en.type = ENTRY_HARDLINK;
        en.link = l->first;
        en.size = 0;
        return m->sink.add(m->sink.ctx, &en, &no_content, e);
    }
    if (l)
        l->first = path; /* lies in a table of contents */
    if (en.type != ENTRY_FILE || en.size == 0)
        return m->sink.add(m->sink.ctx, &en, &no_content, e);
    struct content c = content_of(m, &en, s->layer, &p);
    return m->sink.add(m->sink.ctx, &en, &c, e);
}

/* --- Walking --- */

/* Leaves the directories that `path` is not in. */
static void climb(struct merge *m, struct str path) {
    while (m->levels.n > 1 && !path_below(path, m->levels.p[m->levels.n - 1].path))
        m->levels.n--;
}

/* Whether what is there comes from the layers that are merged, or from those below them. */
static bool is_ours(const struct merge *m, const struct sight *s) {
    return s->layer >= m->from;
}

/* Whether the directory is to be given for its own sake; others are when something below them is. */
static bool is_listed(const struct merge *m, const struct level *l) {
    if (!l->visible || !is_ours(m, &l->whole))
        return false;
    if (l->path.n == 0) /* else nobody says anything of the root itself */
        return !l->whole.implied && m->cursors[l->whole.layer].has_entry;
    return !(l->whole.implied && l->lower.is_dir);
}

/* What is there but is no directory, or is gone. */
static bool give_leaf(struct merge *m, const struct level *l, struct err *e) {
    if (!l->whole.exists)
        return !l->lower.exists || give_whiteout(m, l->path, e);
    return l->whole.is_dir || !is_ours(m, &l->whole) || give_file(m, l->path, &l->whole, e);
}

/* The path is inside the directory on top of the stack, and the cursors have taken in what is said of it. */
static bool visit(struct merge *m, struct str path, struct err *e) {
    const struct level *top = m->levels.n ? &m->levels.p[m->levels.n - 1] : NULL;
    bool in_sight = !top || top->visible;
    struct level l = {.path = path};
    l.whole = look_down(m, path, top ? top->whole.floor : 0, m->view->n);
    l.lower = look_down(m, path, top ? top->lower.floor : 0, m->from);
    l.visible = in_sight && l.whole.exists && l.whole.is_dir;
    if (in_sight && !give_leaf(m, &l, e))
        return false;
    vec_push(&m->levels, l);
    if (!is_listed(m, &l))
        return true;
    return path.n == 0 ? give_dir(m, &m->levels.p[0], e) : give_parents(m, e); /* which is one itself now */
}

/* Directories on the way to `path` that no layer lists. */
static bool visit_implied(struct merge *m, struct str path, struct err *e) {
    struct str dir = path_dir(path);
    for (size_t end = m->levels.p[m->levels.n - 1].path.n; end < dir.n;) {
        ptrdiff_t slash = str_index(str_from(dir, end + (end > 0)), '/');
        end = slash < 0 ? dir.n : end + (end > 0) + (size_t)slash;
        take_all(m, str_first(path, end)); /* nothing */
        if (!visit(m, str_first(path, end), e))
            return false;
    }
    return true;
}

static bool walk(struct merge *m, struct err *e) {
    struct str path = S("");
    take_all(m, path);
    if (!visit(m, path, e))
        return false;
    while (least(m, &path)) {
        arena_fini(&m->scratch);
        climb(m, path);
        if (!visit_implied(m, path, e))
            return false;
        take_all(m, path);
        if (!visit(m, path, e))
            return false;
    }
    return true;
}

/* --- Links --- */

/* Files that have more names than one, so that no other needs to be remembered. */
static void find_links(struct merge *m) {
    for (size_t i = 0; i < m->view->n; i++)
        for (size_t k = 0; k < toc_count(m->view->tocs[i]); k++) {
            struct entry en;
            struct view_place p = {.layer = i, .index = k};
            toc_entry(m->view->tocs[i], k, NULL, &en);
            if (en.type != ENTRY_HARDLINK || !view_inode(m->view, &p) || link_of(m, &p))
                continue;
            const uint64_t id[] = {p.layer, p.index};
            map_put(&m->links, arena_str(&m->links_arena, str_n((const char *)id, sizeof id)), arena_new(&m->links_arena, struct link));
        }
}

bool view_merge(const struct view *v, size_t from, struct entry_sink sink, struct err *e) {
    struct merge m = {.view = v, .from = from, .sink = sink, .fd = -1, .links = MAP_INIT, .links_arena = ARENA_INIT, .scratch = ARENA_INIT};
    m.cursors = mem_zalloc(v->n + 1, sizeof *m.cursors);
    for (size_t i = 0; i < v->n; i++)
        look(&m, i);
    find_links(&m);
    bool ok = walk(&m, e);
    fd_closep(&m.fd);
    vec_fini(&m.levels);
    map_fini(&m.links);
    arena_fini(&m.links_arena);
    arena_fini(&m.scratch);
    free(m.cursors);
    return ok;
}
