/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading layers that anyone may have made. The tar stream is libarchive's to parse, bounded by base/limits.h; names are cleaned, what
 * leaves the root or names overlay's internals is refused by name; blob digest and diffID are verified over every byte. */
#ifndef CROZE_LAYER_READ_H
#define CROZE_LAYER_READ_H

#include "layer/view.h"
#include "layer/writer.h"

/* Streams the entries of a stored layer, in archive order, to a sink. Whiteouts come as ENTRY_WHITEOUT / ENTRY_OPAQUE. Fails if blob
 * digest or diff_id do not match when the end is reached (layer->diff_id zero: it is computed and set). */
MUST_CHECK bool layer_read(struct store *s, struct layer *l, struct entry_sink sink, struct err *e);
/* The same without a look at either digest, which costs a third of the time: for who makes something of the layer whose own digest tells
 * whether all was right. */
MUST_CHECK bool layer_read_unhashed(struct store *s, const struct layer *l, struct entry_sink sink, struct err *e);

/* The plain tar stream instead of its entries, piece by piece. */
struct tar_sink {
    bool (*take)(void *ctx, const void *p, size_t n, struct err *e);
    void *ctx;
};
MUST_CHECK bool layer_read_tar(struct store *s, struct layer *l, struct tar_sink sink, struct err *e);
/* The same layer packed by another encoder: equal in diffID and table of contents, another blob. A layer in normal form gives the blob that
 * the writer would have given at once; the chunks of any other are cut at fixed lengths. Both are a function of the stream alone. */
MUST_CHECK bool layer_recompress(struct store *s, const struct layer *from, const struct layer_options *o, struct layer *out,
                                 struct err *e);

/* Entries from any plain tar stream or one in gzip, zstd, bzip2 or xz (an archive of a root file system, ADD of a local archive). */
MUST_CHECK bool tar_read(decoder_read read, void *ctx, const char *what, struct entry_sink sink, struct err *e);

/* Reads a foreign layer once and publishes its toc; fills in diff_id if it is zero. layer_make_tree: and its tree (ingest.h), if it does
 * not lean on lower layers. */
MUST_CHECK bool layer_make_toc(struct store *s, struct layer *l, struct err *e);
MUST_CHECK bool layer_make_tree(struct store *s, struct layer *l, struct err *e);

/* The unpacked tree of layers[which] of a stack, made if it is missing: an overlay lower directory, or the only content of a scratch image.
 * Returns a directory descriptor. Layers that lean on lower ones (implied parents, links out of the layer) are unpacked under their chainID
 * with what they lean on. Device nodes that this process may not make are recorded as empty files with a user.croze.dev xattr. */
MUST_CHECK int tree_open(const struct view *v, size_t which, struct err *e);
/* The paths of all trees of a stack, top first, as overlay wants its lower directories (v->n of them, in the arena). NULL on failure. */
MUST_CHECK const char **tree_paths(const struct view *v, struct arena *a, struct err *e);
/* Takes an upper directory (below the store's work directory) as the tree of a new layer: renamed, not copied. */
MUST_CHECK bool tree_adopt(struct store *s, const struct digest *diff_id, const char *upper_path, struct err *e);

/* Opens a file of a view for reading, from its layer's tree. */
MUST_CHECK int view_open_file(const struct view *v, const struct view_node *node, struct err *e);

/* Packs a root file system archive (import) as one layer in normal form. */
MUST_CHECK bool layer_import(struct store *s, decoder_read read, void *ctx, const char *what, const struct layer_options *o,
                             struct layer *out, struct err *e);

#endif
