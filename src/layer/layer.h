/* SPDX-License-Identifier: Apache-2.0
 *
 * layer/ takes files (from a context, a stage, an upper directory, a foreign archive) and gives layers: a tar stream in croze's normal
 * form, its diffID, a compressed blob in the store and a table of contents. And back: a blob becomes a tree on disk when a RUN or a
 * container needs it.
 *
 *   entry.h    what travels: one file's metadata, and where its bytes are
 *   writer.h   entries in order -> tar -> chunks -> diffID, blob, toc          (reuses compressed chunks it already has)
 *   read.h     a blob -> entries: verified, bounded; toc of foreign layers; trees by openat2
 *   ingest.h   a blob that may still arrive -> toc and tree in one pass
 *   toc.h      the table of contents on disk; view.h: layers stacked into one root, looked at without unpacking it
 *   merge.h    layers made one: entries of what a stack of them shows
 *   copy.h     COPY: operands, context walk, ignore rules, destination rules -> entries
 *   diff.h     an overlay upper directory -> entries
 *
 * Normal form: entries sorted by path component (path_cmp), parents before children, no leading "/" or "./", directories end in "/", hard
 * links relative and behind their target, whiteouts explicit and sorted like the name they hide, no user or group names, PAX records only
 * where ustar cannot say it, times clamped to the epoch where one is given (image-spec layer.md). */
#ifndef CROZE_LAYER_LAYER_H
#define CROZE_LAYER_LAYER_H

#include "base/codec.h"
#include "base/digest.h"

/* A finished layer. */
struct layer {
    struct digest diff_id;     /* of the uncompressed tar */
    struct digest blob;        /* of the stored bytes */
    uint64_t blob_bytes;
    uint64_t tar_bytes;
    enum compression compression;
    char encoder_id[64];       /* "" for foreign layers */
};

const char *layer_media_type(enum compression c); /* application/vnd.oci.image.layer.v1.tar[+gzip|+zstd] */

#endif
