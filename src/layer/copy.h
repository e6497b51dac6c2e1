/* SPDX-License-Identifier: Apache-2.0
 *
 * COPY: from operands and a destination to the entries of a layer, by BuildKit's copy rules (docs/design.md "Copy"). The source is a host
 * directory (context) seen through its ignore file, another root (view + trees), or texts in memory. The walk may be done twice, once for
 * the key and once for the layer; it holds one path of open directories, never a list of the whole tree. */
#ifndef CROZE_LAYER_COPY_H
#define CROZE_LAYER_COPY_H

#include "dockerfile/dockerfile.h"
#include "layer/view.h"
#include "plan/chmod.h"

struct copy_source {
    /* Exactly one of the three: */
    int context_fd;               /* a host directory, or -1 */
    const struct view *view;      /* another stage or image, or NULL */
    const struct str *inline_names, *inline_bodies; /* here-documents */

    const struct ignore *ignore;  /* for the context; may be NULL */
    struct stat_index *stats;     /* digests of the context's files; may be NULL */
};

struct copy_spec {
    struct copy_source from;
    struct str *operands;
    size_t n_operands;
    struct str dest;              /* absolute; a trailing slash makes it a directory */
    bool dest_is_dir;
    bool has_owner;               /* --chown; else 0:0 from context and texts, the source's own from a view */
    uint32_t uid, gid;
    struct chmod chmod;
    bool modes_git;               /* context modes become 0644 / 0755 as git keeps them */
    bool unpack;                  /* ADD */
    bool quiet;                   /* no warnings: they were given when the same walk was done before */
    const struct view *onto;      /* the root that it is copied onto */
    int64_t now_s;                /* mtime of directories that COPY itself makes */
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
