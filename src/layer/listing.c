/* SPDX-License-Identifier: Apache-2.0
 * Normal form of an archive (listing.h). Names are nodes of a tree that is found by a hash map of whole paths; what a name holds is an
 * inode, so that hard links keep their file when one of the names is replaced. Replacing a directory cuts its nodes off the tree, each
 * at most once. */
#include "layer/listing.h"

#include <assert.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "layer/names.h"

struct extras {
    struct xattr *xattrs;
    size_t n;
};

struct inode {
    uint8_t type;               /* enum entry_type */
    uint16_t mode;
    uint32_t uid, gid, mtime_ns;
    int64_t mtime_s;
    uint64_t size;
    union {
        struct listing_file file; /* ENTRY_FILE */
        struct str link;          /* ENTRY_SYMLINK; ENTRY_HARDLINK: to what the archive does not hold */
        struct {
            uint32_t major, minor;
        } device;
    } u;
    struct extras *extras;      /* NULL: no xattrs */
    const struct node *first;   /* while items are given out: the first name of a group */
};

enum node_state { NODE_ABSENT, NODE_IMPLIED, NODE_REAL };

struct node {
    struct str path;
    struct node *parent, *child, *next; /* children: all that were not cut off */
    struct inode *inode;                /* NODE_REAL */
    uint8_t state;
    bool linked;                        /* it is among its parent's children */
    bool whiteout, opaque;
};

struct listing {
    struct arena arena;
    struct map by_path;
    struct node root;
    VEC(struct node *) order;           /* after listing_finish */
    uint64_t text_bytes, implied_bytes;
    size_t names;
    bool leans;
    struct str outside;
};

struct listing *listing_new(void) {
    struct listing *l = mem_zalloc(1, sizeof *l);
    l->root.state = NODE_IMPLIED;
    l->root.path = S("");
    return l;
}

void listing_free(struct listing *l) {
    if (!l)
        return;
    map_fini(&l->by_path);
    vec_fini(&l->order);
    arena_fini(&l->arena);
    free(l);
}

bool listing_keep(struct listing *l, struct str text, struct str *out, struct err *e) {
    l->text_bytes += text.n;
    if (l->text_bytes > LIMIT_LISTING_TEXT_BYTES)
        return err_set(e, ERR_FAILED, "names, links and extended attributes take more than the limit of %zu bytes",
                       LIMIT_LISTING_TEXT_BYTES);
    *out = arena_str(&l->arena, text);
    return true;
}

/* --- Nodes --- */

static bool is_dir(const struct node *n) {
    return n->state == NODE_IMPLIED || (n->state == NODE_REAL && n->inode->type == ENTRY_DIR);
}

static struct node *find_node(struct listing *l, struct str path) {
    return path.n == 0 ? &l->root : map_get(&l->by_path, path);
}

static struct node *make_node(struct listing *l, struct str path, struct err *e) {
    if (++l->names > LIMIT_LAYER_ENTRIES) {
        err_set(e, ERR_FAILED, "more than the limit of %u names", LIMIT_LAYER_ENTRIES);
        return NULL;
    }
    struct node *n = arena_new(&l->arena, struct node);
    if (!listing_keep(l, path, &n->path, e))
        return NULL;
    map_put(&l->by_path, n->path, n);
    return n;
}

static void put_under(struct node *n, struct node *parent) {
    if (n->linked)
        return;
    n->parent = parent;
    n->next = parent->child;
    parent->child = n;
    n->linked = true;
}

/* Cuts off all that lies below: a list serves as the stack, so that depth costs nothing. */
static void cut_children(struct node *top) {
    struct node *rest = top->child;
    top->child = NULL;
    while (rest) {
        struct node *n = rest;
        rest = n->next;
        while (n->child) {
            struct node *c = n->child;
            n->child = c->next;
            c->next = rest;
            rest = c;
        }
        n->state = NODE_ABSENT;
        n->inode = NULL;
        n->linked = n->whiteout = n->opaque = false;
    }
}

static const char *kind_text(const struct node *n) {
    switch (n->inode->type) {
    case ENTRY_SYMLINK:
        return "a symbolic link";
    case ENTRY_FILE:
        return "a file";
    default:
        return "no directory";
    }
}

/* A directory that the archive has not listed. A name of 2 KB may imply a thousand with names of their own: 25 KB of gzip took 3 GB. */
static struct node *make_implied(struct listing *l, struct str path, struct err *e) {
    l->implied_bytes += path.n;
    if (l->implied_bytes > LIMIT_IMPLIED_TEXT_BYTES) {
        err_set(e, ERR_FAILED, "the names of directories that it does not list take more than the limit of %zu bytes",
                LIMIT_IMPLIED_TEXT_BYTES);
        return NULL;
    }
    return make_node(l, path, e);
}

/* The directory above `path`; directories that the archive has not listed (yet) are implied. Goes up to the nearest one that exists,
 * then down again from there. */
static struct node *parent_of(struct listing *l, struct str path, struct err *e) {
    struct str up = path_dir(path);
    struct node *above = find_node(l, up);
    while (!above || above->state == NODE_ABSENT) {
        up = path_dir(up);
        above = find_node(l, up);
    }
    if (!is_dir(above)) {
        err_set(e, ERR_FAILED, "%s lies below %s, which the archive made %s", SHOWN(path), SHOWN(above->path), kind_text(above));
        return NULL;
    }
    size_t end = path_dir(path).n;
    while (above->path.n < end) {
        size_t from = above->path.n ? above->path.n + 1 : 0;
        ptrdiff_t slash = str_index(str_from(path, from), '/');
        assert(slash > 0);
        struct str next = str_first(path, from + (size_t)slash);
        struct node *n = find_node(l, next);
        if (!n && !(n = make_implied(l, next, e)))
            return NULL;
        n->state = NODE_IMPLIED;
        put_under(n, above);
        above = n;
    }
    return above;
}

static struct node *node_at(struct listing *l, struct str path, struct err *e) {
    if (path.n == 0)
        return &l->root;
    struct node *parent = parent_of(l, path, e);
    struct node *n = parent ? find_node(l, path) : NULL;
    if (parent && !n)
        n = make_node(l, path, e);
    if (n)
        put_under(n, parent);
    return n;
}

/* --- Adding --- */

static bool copy_xattrs(struct listing *l, const struct entry *en, struct inode *in, struct err *e) {
    if (en->n_xattrs == 0)
        return true;
    struct extras *x = arena_new(&l->arena, struct extras);
    x->xattrs = arena_array(&l->arena, struct xattr, en->n_xattrs);
    x->n = en->n_xattrs;
    for (size_t i = 0; i < x->n; i++)
        if (!listing_keep(l, en->xattrs[i].name, &x->xattrs[i].name, e) || !listing_keep(l, en->xattrs[i].value, &x->xattrs[i].value, e))
            return false;
    in->extras = x;
    return true;
}

static struct inode *make_inode(struct listing *l, const struct entry *en, struct err *e) {
    struct inode *in = arena_new(&l->arena, struct inode);
    *in = (struct inode){.type = (uint8_t)en->type, .mode = (uint16_t)(en->mode & 07777), .uid = en->uid, .gid = en->gid,
                         .mtime_s = en->mtime_s, .mtime_ns = en->mtime_ns, .size = en->size};
    if ((en->type == ENTRY_SYMLINK || en->type == ENTRY_HARDLINK) && !listing_keep(l, en->link, &in->u.link, e))
        return NULL;
    if (en->type == ENTRY_CHAR || en->type == ENTRY_BLOCK) {
        in->u.device.major = en->major;
        in->u.device.minor = en->minor;
    }
    return copy_xattrs(l, en, in, e) ? in : NULL;
}

/* The inode that a hard link gives another name: that of its target as it is now, or one that stands for a file of a lower layer. */
static struct inode *linked_inode(struct listing *l, const struct entry *en, struct err *e) {
    struct node *target = find_node(l, en->link);
    if (target && is_dir(target)) {
        err_set(e, ERR_FAILED, "%s is a hard link to %s, which is a directory", SHOWN(en->path), SHOWN(en->link));
        return NULL;
    }
    if (path_below(en->link, en->path)) {
        err_set(e, ERR_FAILED, "%s is a hard link to %s, which it would replace", SHOWN(en->path), SHOWN(en->link));
        return NULL;
    }
    return target && target->state == NODE_REAL ? target->inode : make_inode(l, en, e);
}

static bool add_mark(struct listing *l, const struct entry *en, struct err *e) {
    if (en->type == ENTRY_WHITEOUT) {
        struct node *n = node_at(l, en->path, e);
        if (n)
            n->whiteout = true;
        return n;
    }
    struct node *n = node_at(l, en->path, e);
    if (n && n->state == NODE_REAL && !is_dir(n))
        return err_set(e, ERR_FAILED, "an opaque mark lies below %s, which the archive made %s", SHOWN(en->path), kind_text(n));
    if (n && n->state == NODE_ABSENT)
        n->state = NODE_IMPLIED;
    if (n)
        n->opaque = true;
    return n;
}

bool listing_add(struct listing *l, const struct entry *en, struct listing_file **file, struct err *e) {
    *file = NULL;
    if (en->type == ENTRY_WHITEOUT || en->type == ENTRY_OPAQUE)
        return add_mark(l, en, e);
    assert(en->path.n > 0 || en->type == ENTRY_DIR);
    struct inode *in = en->type == ENTRY_HARDLINK ? linked_inode(l, en, e) : make_inode(l, en, e);
    struct node *n = in ? node_at(l, en->path, e) : NULL;
    if (!n)
        return false;
    if (in->type != ENTRY_DIR)
        cut_children(n);
    n->state = NODE_REAL;
    n->inode = in;
    if (en->type == ENTRY_FILE)
        *file = &in->u.file;
    return true;
}

/* --- Order --- */

static int by_path(const void *a, const void *b) {
    return path_cmp((*(struct node *const *)a)->path, (*(struct node *const *)b)->path);
}

/* All nodes that are left, parents before their children, by following the tree's own pointers. */
static void collect(struct listing *l) {
    struct node *n = &l->root;
    for (;;) {
        vec_push(&l->order, n);
        if (n->child) {
            n = n->child;
            continue;
        }
        while (n != &l->root && !n->next)
            n = n->parent;
        if (n == &l->root)
            return;
        n = n->next;
    }
}

static bool check_links(struct listing *l, struct err *e) {
    for (size_t i = 0; i < l->order.n; i++) {
        const struct node *n = l->order.p[i];
        if (n->state != NODE_REAL || n->inode->type != ENTRY_HARDLINK)
            continue;
        const struct node *target = find_node(l, n->inode->u.link);
        if (target && target->state != NODE_ABSENT && target->inode != n->inode)
            return err_set(e, ERR_FAILED, "%s is a hard link to %s, which comes only later in the archive", SHOWN(n->path),
                           SHOWN(n->inode->u.link));
        l->leans = true;
        l->outside = n->inode->u.link;
    }
    return true;
}

bool listing_finish(struct listing *l, struct err *e) {
    collect(l);
    qsort(l->order.p, l->order.n, sizeof *l->order.p, by_path);
    for (size_t i = 0; i < l->order.n; i++)
        l->leans = l->leans || (l->order.p[i] != &l->root && l->order.p[i]->state == NODE_IMPLIED);
    l->leans = l->leans || l->root.opaque; /* overlay knows no opaque root: each name of the lower layers must be hidden by itself */
    return check_links(l, e);
}

bool listing_leans(const struct listing *l, struct str *outside) {
    *outside = l->outside;
    return l->leans;
}

/* --- Giving out --- */

static void fill_entry(struct node *n, struct listing_item *out) {
    struct inode *in = n->inode;
    struct entry *en = &out->entry;
    *en = (struct entry){.path = n->path, .type = (enum entry_type)in->type, .mode = in->mode, .uid = in->uid, .gid = in->gid,
                         .mtime_s = in->mtime_s, .mtime_ns = in->mtime_ns, .size = in->size};
    if (in->extras) {
        en->xattrs = in->extras->xattrs;
        en->n_xattrs = in->extras->n;
    }
    if (!in->first)
        in->first = n;
    if (in->first != n && in->type != ENTRY_HARDLINK && in->type != ENTRY_DIR) {
        *en = (struct entry){.path = n->path, .type = ENTRY_HARDLINK, .mode = in->mode, .uid = in->uid, .gid = in->gid,
                             .mtime_s = in->mtime_s, .mtime_ns = in->mtime_ns, .link = in->first->path};
    } else if (in->type == ENTRY_FILE) {
        out->file = &in->u.file;
    } else if (in->type == ENTRY_SYMLINK || in->type == ENTRY_HARDLINK) {
        en->link = in->u.link;
    } else if (in->type == ENTRY_CHAR || in->type == ENTRY_BLOCK) {
        en->major = in->u.device.major;
        en->minor = in->u.device.minor;
    }
}

/* The cursor counts two items a node: the entry itself, then its mark. */
bool listing_next(struct listing *l, size_t *cursor, struct listing_item *out) {
    for (; *cursor / 2 < l->order.n; (*cursor)++) {
        struct node *n = l->order.p[*cursor / 2];
        *out = (struct listing_item){.entry = {.path = n->path}};
        if (*cursor % 2 == 0) {
            if (n->state == NODE_ABSENT)
                continue;
            out->implied = n->state == NODE_IMPLIED;
            if (out->implied)
                out->entry = (struct entry){.path = n->path, .type = ENTRY_DIR, .mode = 0755};
            else
                fill_entry(n, out);
        } else if (is_dir(n) && (n->opaque || n->whiteout)) {
            out->entry.type = ENTRY_OPAQUE;
        } else if (n->state == NODE_ABSENT && n->whiteout) {
            out->entry.type = ENTRY_WHITEOUT;
        } else {
            continue;
        }
        (*cursor)++;
        return true;
    }
    return false;
}
