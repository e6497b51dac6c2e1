/* SPDX-License-Identifier: Apache-2.0
 *
 * COPY: from operands and a destination to the entries of a layer, by BuildKit's copy rules (docs/design.md "Copy"). It takes parts: a
 * source (a host directory seen through its ignore file, another root, texts in memory, one file from elsewhere) and what is copied of it.
 * One walk merges all parts; where they meet, the later one wins. The walk may be done twice, once for the key and once for the layer; it
 * holds one path of open directories, never a list of the whole tree. */
#ifndef CROZE_LAYER_COPY_H
#define CROZE_LAYER_COPY_H

#include "dockerfile/dockerfile.h"
#include "layer/view.h"
#include "plan/plan.h"

/* A here-document. */
struct copy_text {
    struct str name, body;
};

/* One file from elsewhere: its bytes lie somewhere under a name that says nothing (fetched, content-addressed). */
struct copy_file {
    int dir_fd;                   /* the bytes: `path` below this, opened without following a link */
    struct str path;
    uint64_t size;
    struct digest digest;
    struct str name;              /* what the copy calls it, where the destination is a directory */
    uint32_t mode;
    int64_t mtime_s;
};

struct copy_source {
    /* Exactly one of the four: */
    int context_fd;               /* a host directory (the context, a fetched tree), or -1 */
    const struct view *view;      /* another stage or image, or NULL */
    const struct copy_text *texts; /* here-documents, or NULL */
    const struct copy_file *file; /* or NULL */

    size_t n_texts;
    const struct ignore *ignore;  /* for a host directory; may be NULL */
    struct stat_index *stats;     /* digests of a host directory's files; may be NULL */
};

/* Operands that follow each other in the instruction and have one source. */
struct copy_part {
    struct copy_source from;
    struct str *operands;         /* paths in a host directory or a view; texts and files are taken whole and have none */
    size_t n_operands;
    bool parents;                 /* --parents: the operands' directories, from the root or from "/./" on, are copied too */
    enum unpack unpack;           /* what becomes of a host directory's archives, and of a file that is one */
    bool keeps_owner;             /* without --chown files keep uid and gid of the source; else they are 0:0 */
    bool modes_git;               /* modes become 0644 / 0755 as git keeps them */

    void (*release)(void *held);  /* for whoever made the part and holds something open for it; NULL: nothing. Not called here */
    void *held;
};

struct copy_spec {
    const struct copy_part *parts;
    size_t n_parts;
    struct str dest;              /* absolute; a trailing slash makes it a directory */
    bool dest_is_dir;
    bool has_owner;               /* --chown */
    uint32_t uid, gid;
    struct chmod chmod;
    const struct ignore *excludes; /* --exclude, relative to each directory that an operand names; or NULL */
    bool quiet;                   /* no warnings: they were given when the same walk was done before */
    const struct view *onto;      /* the root that it is copied onto; an empty one with --link */
    const struct view *beneath;   /* --link: where directories on the way that are there have their attributes from; or NULL */
    int64_t now_s;                /* mtime of directories that COPY itself makes */
    struct str *fault;            /* gets the operand that could not be found, as its part has it; or NULL */
};

/* Emits the layer's entries in normal order. With `digests`, every CONTENT_FILE carries content.digest (from the stat index, the toc, or by
 * reading the file now). A literal operand that is not there is an error that names it and the ignore line that hid it; a wildcard that
 * matches nothing is not. */
MUST_CHECK bool copy_entries(const struct copy_spec *c, bool digests, struct entry_sink sink, struct err *e);

/* A sink that hashes entries as a cache key sees them: everything but mtimes; with an epoch (set after init) the clamped mtimes too, since
 * what is older than the epoch is written as it is, and equal inputs must give equal layers from warm stores and cold ones. */
struct content_hash {
    struct sha256 state;
    bool has_epoch;
    int64_t epoch;
};
struct entry_sink content_hash_sink(struct content_hash *h);
void content_hash_init(struct content_hash *h);
struct digest content_hash_final(const struct content_hash *h);

#endif
