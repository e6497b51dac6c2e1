/* SPDX-License-Identifier: Apache-2.0
 * Taking an archive's entries into a listing (listing_private.h): names, what replaces what, and which names are one file. */
#include "layer/listing.h"

#include <assert.h>

#include "base/limits.h"
#include "base/map.h"
#include "layer/listing_private.h"
#include "layer/names.h"

enum { HASH_FIRST = 64, RECORD_MAX = LIMIT_XATTRS * (LIMIT_XATTR_BYTES + LIMIT_NAME_BYTES + 6) + 2 * LIMIT_PATH_BYTES + 128 };

struct listing *listing_new(int dir) {
    struct listing *l = mem_zalloc(1, sizeof *l);
    vec_push(&l->nodes, ((struct node){.state = NODE_IMPLIED, .type = ENTRY_DIR}));
    l->records = spill_new(dir);
    l->names = (struct buf)BUF_INIT(LIMIT_LISTING_TEXT_BYTES);
    l->record = (struct buf)BUF_INIT(RECORD_MAX);
    l->last_dir = l->outside = l->path = l->link = (struct buf)BUF_INIT(LIMIT_PATH_BYTES);
    return l;
}

void listing_free(struct listing *l) {
    if (!l)
        return;
    vec_fini(&l->nodes);
    free(l->hash);
    spill_free(l->records);
    struct buf *bufs[] = {&l->names, &l->record, &l->last_dir, &l->outside, &l->path, &l->link};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        buf_fini(bufs[i]);
    arena_fini(&l->item);
    free(l);
}

/* --- Names --- */

/* The place of a name in the hash: the number that is there, or a free one. */
static uint32_t *slot(const struct listing *l, uint32_t parent, struct str name) {
    uint64_t mask = l->hash_size - 1, h = map_hash(name) + parent * 0x9e3779b97f4a7c15u;
    for (uint64_t i = (h ^ h >> 32) & mask;; i = (i + 1) & mask) {
        uint32_t number = l->hash[i];
        const struct node *n = &l->nodes.p[number];
        if (number == NONE || (n->parent == parent && str_eq(node_name(l, n), name)))
            return &l->hash[i];
    }
}

static uint32_t child_named(const struct listing *l, uint32_t parent, struct str name) {
    return l->hash_size ? *slot(l, parent, name) : NONE;
}

static void grow_hash(struct listing *l) {
    l->hash_size = l->hash_size ? l->hash_size * 2 : HASH_FIRST;
    free(l->hash);
    l->hash = mem_zalloc(l->hash_size, sizeof *l->hash);
    for (size_t i = 1; i < l->nodes.n; i++) {
        const struct node *n = &l->nodes.p[i];
        *slot(l, n->parent, node_name(l, n)) = (uint32_t)i;
    }
}

bool listing_lookup(const struct listing *l, struct str path, uint32_t *number) {
    uint32_t at = ROOT;
    struct str rest = path.n ? path : STR_NULL, part;
    while (str_next(&rest, '/', &part))
        if ((at = child_named(l, at, part)) == NONE)
            return false;
    *number = at;
    return true;
}

void listing_path(const struct listing *l, uint32_t number, struct buf *out) {
    size_t n = 0;
    for (uint32_t i = number; i != ROOT; i = l->nodes.p[i].parent)
        n += l->nodes.p[i].name_n + (n > 0);
    buf_reset(out);
    char *to = buf_reserve(out, n);
    assert(to);
    out->n = n;
    to[n] = '\0';
    for (uint32_t i = number; i != ROOT; i = l->nodes.p[i].parent) {
        struct str name = node_name(l, &l->nodes.p[i]);
        memcpy(to + n - name.n, name.p, name.n);
        n -= name.n;
        if (n)
            to[--n] = '/';
    }
}

static bool make_node(struct listing *l, uint32_t parent, struct str name, uint32_t *number, struct err *e) {
    if (l->nodes.n > LIMIT_LAYER_ENTRIES)
        return err_set(e, ERR_FAILED, "more than the limit of %u names", LIMIT_LAYER_ENTRIES);
    if (name.n > LIMIT_NAME_BYTES)
        return err_set(e, ERR_FAILED, "the name %s has %zu bytes; file systems hold at most %d", SHOWN(name), name.n, LIMIT_NAME_BYTES);
    struct node n = {.parent = parent, .name = (uint32_t)l->names.n, .name_n = (uint8_t)name.n};
    l->text_bytes += name.n;
    buf_add_str(&l->names, name);
    if (!buf_ok(&l->names) || l->text_bytes > LIMIT_LISTING_TEXT_BYTES)
        return err_set(e, ERR_FAILED, "names, links and extended attributes take more than the limit of %zu bytes",
                       LIMIT_LISTING_TEXT_BYTES);
    *number = (uint32_t)l->nodes.n;
    vec_push(&l->nodes, n);
    if (l->nodes.n > l->hash_size / 4 * 3)
        grow_hash(l); /* which takes the new one too */
    else
        *slot(l, parent, name) = *number;
    return true;
}

/* --- The tree --- */

static void put_under(struct listing *l, uint32_t number) {
    struct node *n = &l->nodes.p[number], *parent = &l->nodes.p[n->parent];
    if (n->linked)
        return;
    n->next = parent->child;
    parent->child = number;
    n->linked = true;
}

/* Cuts off all that lies below: a list serves as the stack, so that depth costs nothing. */
static void cut_children(struct listing *l, uint32_t top) {
    struct node *nodes = l->nodes.p;
    uint32_t rest = nodes[top].child;
    nodes[top].child = NONE;
    while (rest != NONE) {
        struct node *n = &nodes[rest];
        rest = n->next;
        while (n->child != NONE) {
            uint32_t c = n->child;
            n->child = nodes[c].next;
            nodes[c].next = rest;
            rest = c;
        }
        n->state = NODE_ABSENT;
        n->linked = n->whiteout = n->opaque = n->shared = false;
    }
}

static const char *kind_text(const struct node *n) {
    switch ((enum entry_type)n->type) {
    case ENTRY_SYMLINK:
        return "a symbolic link";
    case ENTRY_FILE:
        return "a file";
    default:
        return "no directory";
    }
}

static bool below_no_dir(struct listing *l, struct str path, uint32_t above, struct err *e) {
    listing_path(l, above, &l->path);
    return err_set(e, ERR_FAILED, "%s lies below %s, which the archive made %s", SHOWN(path), SHOWN(buf_str(&l->path)),
                   kind_text(&l->nodes.p[above]));
}

/* A directory that the archive has not listed. A name of 2 KB may imply a thousand with names of their own: 25 KB of gzip took 3 GB. */
static bool make_implied(struct listing *l, uint32_t parent, struct str name, size_t path_n, uint32_t *number, struct err *e) {
    l->implied_bytes += path_n;
    if (l->implied_bytes > LIMIT_IMPLIED_TEXT_BYTES)
        return err_set(e, ERR_FAILED, "the names of directories that it does not list take more than the limit of %zu bytes",
                       LIMIT_IMPLIED_TEXT_BYTES);
    return make_node(l, parent, name, number, e);
}

/* Goes down to the directory above `path`; those that the archive has not listed (yet) are implied. */
static bool walk_down(struct listing *l, struct str path, uint32_t *number, struct err *e) {
    struct str dir = path_dir(path), rest = dir.n ? dir : STR_NULL, part;
    uint32_t at = ROOT;
    while (str_next(&rest, '/', &part)) {
        uint32_t next = child_named(l, at, part);
        size_t path_n = (size_t)(part.p - dir.p) + part.n;
        if (next == NONE && !make_implied(l, at, part, path_n, &next, e))
            return false;
        struct node *n = &l->nodes.p[next];
        if (n->state == NODE_ABSENT) {
            n->state = NODE_IMPLIED;
            n->type = ENTRY_DIR;
            put_under(l, next);
        } else if (!node_is_dir(n)) {
            return below_no_dir(l, path, next, e);
        }
        at = next;
    }
    *number = at;
    return true;
}

/* Most entries lie in the directory of the last one. */
static bool parent_of(struct listing *l, struct str path, uint32_t *number, struct err *e) {
    struct str dir = path_dir(path);
    *number = l->last_dir_number;
    if (str_eq(dir, buf_str(&l->last_dir)) && node_is_dir(&l->nodes.p[*number]))
        return true;
    if (!walk_down(l, path, number, e))
        return false;
    buf_reset(&l->last_dir);
    buf_add_str(&l->last_dir, dir);
    l->last_dir_number = *number;
    return true;
}

static bool node_at(struct listing *l, struct str path, uint32_t *number, struct err *e) {
    uint32_t parent;
    *number = ROOT;
    if (path.n == 0)
        return true;
    if (!parent_of(l, path, &parent, e))
        return false;
    struct str name = path_base(path);
    *number = child_named(l, parent, name);
    if (*number == NONE && !make_node(l, parent, name, number, e))
        return false;
    put_under(l, *number);
    return true;
}

bool listing_enter(struct listing *l, struct str path, struct err *e) {
    uint32_t parent;
    return path.n == 0 || parent_of(l, path, &parent, e);
}

/* --- Entries --- */

/* What a hard link gives another name: its target's record as it is now, or one that stands for a file of a lower layer. */
static bool linked_record(struct listing *l, const struct entry *en, struct node *as, struct err *e) {
    uint32_t target;
    bool found = listing_lookup(l, en->link, &target);
    struct node *t = found ? &l->nodes.p[target] : NULL;
    if (t && node_is_dir(t))
        return err_set(e, ERR_FAILED, "%s is a hard link to %s, which is a directory", SHOWN(en->path), SHOWN(en->link));
    if (path_below(en->link, en->path))
        return err_set(e, ERR_FAILED, "%s is a hard link to %s, which it would replace", SHOWN(en->path), SHOWN(en->link));
    uint64_t at = 0;
    if (t && t->state == NODE_REAL) {
        t->shared = true;
        *as = (struct node){.record = t->record, .type = t->type, .shared = true};
        return true;
    }
    if (!record_add(l, en, NULL, &at, e))
        return false;
    *as = (struct node){.record = at, .type = ENTRY_HARDLINK};
    return true;
}

static bool own_record(struct listing *l, const struct entry *en, const struct listing_file *file, struct node *as, struct err *e) {
    uint64_t at;
    if (!record_add(l, en, file, &at, e))
        return false;
    *as = (struct node){.record = at, .type = en->type};
    return true;
}

static bool add_mark(struct listing *l, const struct entry *en, struct err *e) {
    uint32_t number;
    if (!node_at(l, en->path, &number, e))
        return false;
    struct node *n = &l->nodes.p[number];
    if (en->type == ENTRY_WHITEOUT) {
        n->whiteout = true;
        return true;
    }
    if (n->state == NODE_REAL && !node_is_dir(n))
        return err_set(e, ERR_FAILED, "an opaque mark lies below %s, which the archive made %s", SHOWN(en->path), kind_text(n));
    if (n->state == NODE_ABSENT) {
        n->state = NODE_IMPLIED;
        n->type = ENTRY_DIR;
    }
    n->opaque = true;
    return true;
}

bool listing_add(struct listing *l, const struct entry *en, const struct listing_file *file, struct err *e) {
    if (en->type == ENTRY_WHITEOUT || en->type == ENTRY_OPAQUE)
        return add_mark(l, en, e);
    assert(en->path.n > 0 || en->type == ENTRY_DIR);
    struct node as;
    uint32_t number;
    if (!(en->type == ENTRY_HARDLINK ? linked_record(l, en, &as, e) : own_record(l, en, file, &as, e)) || !node_at(l, en->path, &number, e))
        return false;
    if (as.type != ENTRY_DIR)
        cut_children(l, number);
    struct node *n = &l->nodes.p[number];
    n->state = NODE_REAL;
    n->record = as.record;
    n->type = as.type;
    n->shared = as.shared;
    return true;
}
