/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the listing of an archive (listing.h). A name is a node of a tree, 24 bytes and the last part of its path; nodes are found by a
 * hash of the directory's number and that part. What a name holds (an inode: type, mode, owner, times, xattrs) is a record in the work
 * file: two names that hold the same record are hard links of one file. Replacing a directory cuts its nodes off the tree, each at most
 * once; a node itself is never removed, so that a name keeps its number. */
#ifndef CROZE_LAYER_LISTING_PRIVATE_H
#define CROZE_LAYER_LISTING_PRIVATE_H

#include "base/vec.h"
#include "layer/listing.h"
#include "sys/spill.h"

enum node_state { NODE_ABSENT, NODE_IMPLIED, NODE_REAL };
enum { ROOT = 0, NONE = 0 }; /* the root is nobody's child and no one's sibling */

struct node {
    uint32_t parent, child, next; /* children: all that were not cut off; sorted by listing_finish */
    uint32_t name;                /* where it begins in listing.names */
    uint64_t record : 40;         /* NODE_REAL: where it begins in listing.records */
    uint64_t name_n : 8;
    uint64_t type : 4;            /* enum entry_type */
    uint64_t state : 2;
    uint64_t linked : 1;          /* it is among its parent's children */
    uint64_t whiteout : 1, opaque : 1;
    uint64_t shared : 1;          /* other names may hold the record. After listing_finish `child` is the first of them, for all but dirs */
};
_Static_assert(sizeof(struct node) == 24, "what an entry costs");

struct listing {
    VEC(struct node) nodes;
    struct buf names;
    uint32_t *hash;               /* node numbers; 0: free (the root is in no hash) */
    size_t hash_size;             /* a power of two */
    struct spill *records;
    struct buf record;            /* the one at hand */
    struct buf last_dir;          /* the directory of the last entry, and its number */
    uint32_t last_dir_number;
    uint64_t text_bytes, implied_bytes;
    bool leans;
    struct buf outside;
    struct buf path, link;        /* of the item that is given out */
    struct arena item;
};

static inline struct str node_name(const struct listing *l, const struct node *n) {
    return (struct str){l->names.p + n->name, n->name_n};
}
static inline bool node_is_dir(const struct node *n) {
    return n->state == NODE_IMPLIED || (n->state == NODE_REAL && n->type == ENTRY_DIR);
}
/* The node with this path, whatever its state. */
bool listing_lookup(const struct listing *l, struct str path, uint32_t *number);
/* Puts a node's whole path into `out`. */
void listing_path(const struct listing *l, uint32_t number, struct buf *out);

/* --- listing_record.c --- */
/* Writes a record; its place becomes *at. */
MUST_CHECK bool record_add(struct listing *l, const struct entry *en, const struct listing_file *file, uint64_t *at, struct err *e);
/* Reads the record at `at`: the entry without its path, with texts in the arena. */
MUST_CHECK bool record_get(struct listing *l, uint64_t at, struct arena *a, struct listing_item *out, struct err *e);

#endif
