/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing layers in tests: a list of entries with their contents, given to a writer with one call, and the lines (oracle.h) that a reader
 * must see. */
#ifndef CROZE_TESTS_LAYER_PACK_H
#define CROZE_TESTS_LAYER_PACK_H

#include "base/vec.h"
#include "layer/writer.h"
#include "oracle.h"
#include "store/fixture.h"

struct item {
    struct entry entry;
    struct content content;
    struct digest digest;       /* of a file's content */
};
struct items {
    struct arena arena;
    VEC(struct item) all;       /* must be added in normal order */
};
#define ITEMS_INIT {.arena = ARENA_INIT}

void items_fini(struct items *t);
/* An entry without contents; the path is copied. Returns it to be filled in. */
struct entry *items_add(struct items *t, const char *path, enum entry_type type);
/* A file with these bytes, from memory. */
struct item *items_bytes(struct items *t, const char *path, struct str bytes);
/* A file that is written to dir/path (one component, or in directories that exist) and given as CONTENT_FILE. */
struct item *items_file(struct items *t, int dir, const char *path, struct str bytes);
/* Looks at the file again, as a new listing would. */
void items_relist(struct item *it);
/* n bytes of text-like content that depends on `seed` alone. */
struct str items_text(struct items *t, uint64_t seed, size_t n);
/* Every file's digest is known beforehand. */
void items_know(struct items *t);

void items_lines(const struct items *t, struct buf *out);

/* Packs them; the result, or an error. */
MUST_CHECK bool items_pack(struct items *t, struct store *s, const struct layer_options *o, struct layer *out, struct err *e);

#endif
