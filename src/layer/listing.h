/* SPDX-License-Identifier: Apache-2.0
 *
 * An archive's entries, in any order and with doubles, brought into normal form: what would lie there if they were unpacked one after
 * the other. The later entry of a name replaces the earlier one with all that lies below it; hard links become groups whose first name
 * in order is the file; a whiteout of a directory that the layer itself holds becomes an opaque mark. Costs about 300 bytes an entry. */
#ifndef CROZE_LAYER_LISTING_H
#define CROZE_LAYER_LISTING_H

#include "base/arena.h"
#include "layer/entry.h"

/* What the caller knows of a regular file's bytes; set after listing_add, given back by listing_get. */
struct listing_file {
    struct digest digest;
    uint64_t offset;           /* of the bytes in a spool file */
    struct str kept;           /* the bytes themselves, where they are kept */
    bool is_kept;
};

struct listing;
struct listing *listing_new(void);
void listing_free(struct listing *l);
static inline void listing_freep(struct listing **l) {
    listing_free(*l);
    *l = NULL;
}

/* Takes the next entry in archive order. *file is set for ENTRY_FILE, else NULL; it stays valid. What cannot be unpacked (an entry below
 * a file or a symlink, a link to a directory) is an error that names it. */
MUST_CHECK bool listing_add(struct listing *l, const struct entry *en, struct listing_file **file, struct err *e);
/* A text that lives as long as the listing, counted against its limit. */
MUST_CHECK bool listing_keep(struct listing *l, struct str text, struct str *out, struct err *e);

/* Sorts. A hard link whose target comes later in the archive is an error. */
MUST_CHECK bool listing_finish(struct listing *l, struct err *e);
/* After listing_finish: it needs the layers below it to be understood (toc.h "leans"). *outside: a hard link to what it does not hold,
 * if any. */
bool listing_leans(const struct listing *l, struct str *outside);

struct listing_item {
    struct entry entry;
    bool implied;                    /* a directory that is only mentioned in other names: mode 0755, owner and times 0 */
    const struct listing_file *file; /* ENTRY_FILE */
};
/* The items in path_cmp order, *cursor starting at 0. False at the end. Texts live as long as the listing. */
bool listing_next(struct listing *l, size_t *cursor, struct listing_item *out);

#endif
