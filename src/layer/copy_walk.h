/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk of a COPY: directories of one or more sources that are merged into one destination, name by name in normal order, so that each
 * path is written once however the operands overlap. Held at any time: the names of the directories on the way to where the walk is. */
#ifndef CROZE_LAYER_COPY_WALK_H
#define CROZE_LAYER_COPY_WALK_H

#include "base/map.h"
#include "base/vec.h"
#include "layer/copy_source.h"

/* A name in a directory that is being merged, and which of frame.dirs it comes from. */
struct item {
    struct str name;           /* as the destination calls it */
    uint32_t from;
};

/* A destination directory on the way. */
struct frame {
    struct arena arena;        /* all that belongs to it */
    struct source_dir *dirs;   /* what is merged here, later ones win */
    size_t n_dirs;
    struct item *items;        /* sorted by name, then by dirs */
    size_t n_items, next;
    size_t path_n;             /* its path is this much of walk.path */
    bool in_onto;              /* the root that is copied onto has it as a directory */
    bool pending;              /* `entry` is written when something below it is, or never */
    struct entry entry;
};

struct walk {
    const struct copy_spec *spec;
    bool digests;
    struct entry_sink sink;
    bool is_probe;             /* only asks whether anything at all would be copied */
    const struct source_dir *whole; /* the only directory that is merged, if there is but one: its links keep their first names */
    struct str whole_dest;
    struct buf path;           /* of the entry at hand, in the destination */
    VEC(struct frame) frames;
    size_t n_pending;
    struct arena scratch;      /* for one entry; emptied when it has grown */
    struct arena kept;         /* for links */
    struct map links;          /* operand and inode -> the path that was written first */
    uint64_t n_entries;
};

void walk_init(struct walk *w, const struct copy_spec *spec, bool digests, struct entry_sink sink);
void walk_fini(struct walk *w);

/* Merges the directories (and single names) into the directory `dest`, which is written already. */
MUST_CHECK bool walk_merge(struct walk *w, struct str dest, bool in_onto, const struct source_dir *dirs, size_t n, struct err *e);
/* Whether a directory that the ignore file excludes holds something that it includes again. *found tells. */
MUST_CHECK bool walk_probe(const struct copy_spec *spec, const struct source_dir *dir, bool *found, struct err *e);

/* --- copy_emit.c: entries for the sink --- */

/* A directory that COPY makes: 0755 or what an octal --chmod says (not for an archive), owner as --chown says. */
struct entry made_dir(const struct copy_spec *spec, bool for_archive, int64_t mtime_s);
/* The mode as the source has it: its own or git's. */
uint32_t source_mode(const struct source *s, const struct entry *en);
/* The node's entry as it is written: mode and owner by the flags, path = walk.path. */
struct entry written(const struct walk *w, const struct source *s, const struct source_node *node);
MUST_CHECK bool emit_dir(struct walk *w, struct str path, const struct entry *dir, struct err *e);
MUST_CHECK bool emit_other(struct walk *w, struct source_dir *d, struct str name, const struct source_node *node, struct err *e);

#endif
