/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of contents of one layer, toc/<diffid> in the store: every entry with its metadata and its file's digest, sorted by path_cmp,
 * mapped and searched in place. It answers what lies in a layer without unpacking it. Format: croze-store(5). */
#ifndef CROZE_LAYER_TOC_H
#define CROZE_LAYER_TOC_H

#include "layer/entry.h"
#include "layer/layer.h"
#include "store/store.h"

/* --- Building (writer.c, ingest.c) --- */
struct toc_builder;
/* The store must outlive it. */
struct toc_builder *toc_builder_new(struct store *s);
void toc_builder_free(struct toc_builder *b);
/* Adds an entry, which must lie behind the last one in order, and returns its number. */
MUST_CHECK bool toc_builder_add(struct toc_builder *b, const struct entry *en, size_t *number, struct err *e);
/* Of a file that is not empty: an empty one's is implied. */
MUST_CHECK bool toc_builder_set_digest(struct toc_builder *b, size_t number, const struct digest *d, struct err *e);
/* Keeps the bytes of a file that lookups need: toc_keeps(path) says which (etc/passwd, etc/group). */
bool toc_keeps(struct str path);
void toc_builder_set_kept(struct toc_builder *b, size_t number, struct str bytes);
/* The layer leans on its lower ones: implied parents or hard links out of the layer (see read.h). */
void toc_builder_set_leans(struct toc_builder *b);
MUST_CHECK bool toc_builder_publish(struct toc_builder *b, const struct layer *l, struct err *e);
/* The same in two steps: a file without a name, which can be read already, then its name. */
MUST_CHECK bool toc_builder_write(struct toc_builder *b, const struct layer *l, struct file_draft *draft, struct err *e);
MUST_CHECK bool toc_publish(struct store *s, struct file_draft *draft, const struct digest *diff_id, struct err *e);

/* --- Reading --- */
struct toc;
/* NULL with e->sys = ENOENT when the store has none. Checked once when opened: a damaged file is an error, never a crash. */
MUST_CHECK struct toc *toc_open(struct store *s, const struct digest *diff_id, struct err *e);
MUST_CHECK struct toc *toc_open_draft(const struct file_draft *draft, const struct digest *diff_id, struct err *e);
void toc_free(struct toc *t);
size_t toc_count(const struct toc *t);
bool toc_leans(const struct toc *t);
/* Entry number i; the texts point into the mapping. xattrs are put into the arena (may be NULL: none are given). */
void toc_entry(const struct toc *t, size_t i, struct arena *a, struct entry *out);
bool toc_digest(const struct toc *t, size_t i, struct digest *out);
bool toc_kept(const struct toc *t, size_t i, struct str *bytes);
/* The entry with this path. An opaque mark of a directory is its own entry, right behind the directory: toc_is_opaque tells. */
bool toc_find(const struct toc *t, struct str path, size_t *i);
bool toc_is_opaque(const struct toc *t, struct str path);
bool toc_has_whiteout(const struct toc *t, struct str path);
/* First entry that is not before `path` in order: children of a directory follow it at once. */
size_t toc_lower_bound(const struct toc *t, struct str path);

#endif
