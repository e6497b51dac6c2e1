/* SPDX-License-Identifier: Apache-2.0
 *
 * An independent reader for what layer/ writes: libarchive. Both sides are brought to one text, a line an entry, and compared. */
#ifndef CROZE_TESTS_LAYER_ORACLE_H
#define CROZE_TESTS_LAYER_ORACLE_H

#include "layer/entry.h"
#include "store/store.h"

/* Describes an entry as a line: type mode uid:gid size mtime path -> link devices xattrs digest-of-content. */
void oracle_line(const struct entry *en, const struct digest *content, struct buf *out);

/* The lines of all entries of a (compressed) tar, as libarchive reads it. False and a diagnostic if libarchive complains. */
bool oracle_read(struct str archive, struct buf *out);

/* A blob of the store, whole. */
struct buf oracle_blob(struct store *s, const struct digest *d);

/* What the whole of a compressed archive hashes to when it is decompressed (by zlib or zstd, through base/codec.h). */
struct digest oracle_diff_id(struct str archive);

#endif
