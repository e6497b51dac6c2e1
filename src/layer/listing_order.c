/* SPDX-License-Identifier: Apache-2.0
 * A listing in order, and given out (listing_private.h): each directory's children are sorted, which makes the walk down the tree the order
 * of a layer; of names that hold one record the first is the file and the others are links to it. */
#include <assert.h>

#include "base/limits.h"
#include "layer/listing_private.h"
#include "layer/names.h"

/* --- Sorting --- */

/* A child by the eight bytes of its name behind what all names of the directory begin with; the rest is looked at only where these are
 * equal. */
struct child {
    uint64_t key;
    uint32_t number;
};

static uint64_t key_of(struct str name, size_t skip) {
    uint64_t key = 0;
    for (size_t i = skip; i < skip + 8; i++)
        key = key << 8 | (i < name.n ? (unsigned char)name.p[i] : 0);
    return key;
}

static size_t common(struct str a, struct str b, size_t n) {
    size_t i = 0;
    while (i < n && i < a.n && i < b.n && a.p[i] == b.p[i])
        i++;
    return i;
}

static int by_name(const void *x, const void *y, void *listing) {
    const struct child *a = x, *b = y;
    const struct listing *l = listing;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return str_cmp(node_name(l, &l->nodes.p[a->number]), node_name(l, &l->nodes.p[b->number]));
}

typedef VEC(struct child) child_vec;

static void sort_children(struct listing *l, uint32_t dir, child_vec *list) {
    struct node *nodes = l->nodes.p;
    size_t skip = LIMIT_NAME_BYTES;
    struct str first = node_name(l, &nodes[nodes[dir].child]);
    list->n = 0;
    for (uint32_t c = nodes[dir].child; c != NONE; c = nodes[c].next) {
        vec_push(list, ((struct child){0, c}));
        skip = common(first, node_name(l, &nodes[c]), skip);
    }
    if (list->n < 2)
        return;
    for (size_t i = 0; i < list->n; i++)
        list->p[i].key = key_of(node_name(l, &nodes[list->p[i].number]), skip);
    qsort_r(list->p, list->n, sizeof *list->p, by_name, l);
    nodes[dir].child = list->p[0].number;
    for (size_t i = 0; i < list->n; i++)
        nodes[list->p[i].number].next = i + 1 < list->n ? list->p[i + 1].number : NONE;
}

/* The node behind `number` in the order of a layer; ROOT behind the last. */
static uint32_t next_node(const struct listing *l, uint32_t number) {
    const struct node *nodes = l->nodes.p;
    if (node_is_dir(&nodes[number]) && nodes[number].child != NONE)
        return nodes[number].child;
    while (number != ROOT && nodes[number].next == NONE)
        number = nodes[number].parent;
    return number == ROOT ? ROOT : nodes[number].next;
}

static void sort_all(struct listing *l) {
    child_vec list = {0};
    for (size_t i = 0; i < l->nodes.n; i++)
        if (node_is_dir(&l->nodes.p[i]) && l->nodes.p[i].child != NONE)
            sort_children(l, (uint32_t)i, &list);
    vec_fini(&list);
}

/* --- Hard links --- */

struct shared {
    uint64_t record;
    uint32_t order, number;
};

static int by_record(const void *x, const void *y) {
    const struct shared *a = x, *b = y;
    if (a->record != b->record)
        return a->record < b->record ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

/* Every name of a group learns which is the first. */
static void group_links(struct listing *l) {
    VEC(struct shared) all = {0};
    for (uint32_t i = next_node(l, ROOT); i != ROOT; i = next_node(l, i)) {
        const struct node *n = &l->nodes.p[i];
        if (n->shared && n->state == NODE_REAL && n->type != ENTRY_DIR)
            vec_push(&all, ((struct shared){n->record, (uint32_t)all.n, i}));
    }
    if (all.n)
        qsort(all.p, all.n, sizeof *all.p, by_record);
    uint32_t first = NONE;
    for (size_t i = 0; i < all.n; i++) {
        if (i == 0 || all.p[i].record != all.p[i - 1].record)
            first = all.p[i].number;
        l->nodes.p[all.p[i].number].child = first;
    }
    vec_fini(&all);
}

/* A link to what the archive did not hold when it came. */
static bool check_link(struct listing *l, uint32_t number, struct err *e) {
    struct listing_item item = {0};
    uint32_t target;
    if (!record_get(l, l->nodes.p[number].record, &l->item, &item, e))
        return false;
    const struct node *n = &l->nodes.p[number];
    bool found = listing_lookup(l, item.entry.link, &target);
    const struct node *t = found ? &l->nodes.p[target] : NULL;
    if (t && t->state != NODE_ABSENT && (t->state != NODE_REAL || t->record != n->record)) {
        listing_path(l, number, &l->path);
        return err_set(e, ERR_FAILED, "%s is a hard link to %s, which comes only later in the archive", SHOWN(buf_str(&l->path)),
                       SHOWN(item.entry.link));
    }
    l->leans = true;
    buf_reset(&l->outside);
    buf_add_str(&l->outside, item.entry.link);
    return true;
}

static bool check_links(struct listing *l, struct err *e) {
    for (uint32_t i = next_node(l, ROOT); i != ROOT; i = next_node(l, i)) {
        const struct node *n = &l->nodes.p[i];
        l->leans = l->leans || n->state == NODE_IMPLIED;
        if (n->state == NODE_REAL && n->type == ENTRY_HARDLINK && !check_link(l, i, e))
            return false;
    }
    return true;
}

bool listing_finish(struct listing *l, struct err *e) {
    sort_all(l);
    l->leans = l->nodes.p[ROOT].opaque; /* overlay knows no opaque root: each name of the lower layers must be hidden by itself */
    if (!check_links(l, e))
        return false;
    group_links(l);
    return true;
}

bool listing_leans(const struct listing *l, struct str *outside) {
    *outside = buf_str(&l->outside);
    return l->leans;
}

/* --- Giving out --- */

/* All but the path. */
static bool fill_item(struct listing *l, uint32_t number, struct arena *a, struct listing_item *out, struct err *e) {
    const struct node *n = &l->nodes.p[number];
    *out = (struct listing_item){0};
    if (n->state == NODE_IMPLIED) {
        out->implied = true;
        out->entry = (struct entry){.type = ENTRY_DIR, .mode = 0755};
        return true;
    }
    if (!record_get(l, n->record, a, out, e))
        return false;
    struct entry *en = &out->entry;
    if (n->shared && n->type != ENTRY_HARDLINK && n->type != ENTRY_DIR && n->child != number) {
        listing_path(l, n->child, &l->link);
        out->file = (struct listing_file){0};
        *en = (struct entry){.type = ENTRY_HARDLINK, .mode = en->mode, .uid = en->uid, .gid = en->gid, .mtime_s = en->mtime_s,
                             .mtime_ns = en->mtime_ns, .link = arena_str(a, buf_str(&l->link))};
    }
    return true;
}

/* The cursor is two numbers a node: the entry itself, then its mark. Behind the last node it stays at the end. */
enum { CURSOR_END = -1, SCRATCH_BYTES = 1 << 16 };

static uint64_t cursor_behind(const struct listing *l, uint64_t cursor) {
    if (cursor % 2 == 0)
        return cursor + 1;
    uint32_t next = next_node(l, (uint32_t)(cursor / 2));
    return next == ROOT ? (uint64_t)CURSOR_END : (uint64_t)next * 2;
}

/* The mark of a node: an opaque directory, or a whiteout of a name that is not there. */
static bool take_mark(const struct node *n, struct listing_item *out) {
    *out = (struct listing_item){0};
    if (node_is_dir(n) && (n->opaque || n->whiteout))
        out->entry.type = ENTRY_OPAQUE;
    else if (n->state == NODE_ABSENT && n->whiteout)
        out->entry.type = ENTRY_WHITEOUT;
    else
        return false;
    return true;
}

bool listing_next(struct listing *l, uint64_t *cursor, struct listing_item *out, struct err *e) {
    while (*cursor != (uint64_t)CURSOR_END) {
        uint32_t number = (uint32_t)(*cursor / 2);
        const struct node *n = &l->nodes.p[number];
        bool is_mark = *cursor % 2, given = is_mark ? take_mark(n, out) : n->state != NODE_ABSENT;
        *cursor = cursor_behind(l, *cursor);
        if (!given)
            continue;
        if (l->item.total_bytes > SCRATCH_BYTES)
            arena_fini(&l->item);
        if (!is_mark && !fill_item(l, number, &l->item, out, e))
            return false;
        listing_path(l, number, &l->path);
        out->entry.path = buf_str(&l->path);
        return true;
    }
    return false;
}

bool listing_find(const struct listing *l, struct str path, uint32_t *number) {
    return listing_lookup(l, path, number) && l->nodes.p[*number].state != NODE_ABSENT;
}

void listing_names(const struct listing *l, uint32_t number, struct arena *a, struct str **names, size_t *n) {
    const struct node *nodes = l->nodes.p;
    uint32_t first = node_is_dir(&nodes[number]) ? nodes[number].child : NONE;
    *n = 0;
    for (uint32_t c = first; c != NONE; c = nodes[c].next)
        *n += nodes[c].state != NODE_ABSENT;
    *names = arena_array(a, struct str, *n);
    size_t at = 0;
    for (uint32_t c = first; c != NONE; c = nodes[c].next)
        if (nodes[c].state != NODE_ABSENT)
            (*names)[at++] = node_name(l, &nodes[c]);
}

bool listing_get(struct listing *l, uint32_t number, struct arena *a, struct listing_item *out, struct err *e) {
    if (!fill_item(l, number, a, out, e))
        return false;
    listing_path(l, number, &l->path);
    out->entry.path = arena_str(a, buf_str(&l->path));
    return true;
}
