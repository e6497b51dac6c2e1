/* SPDX-License-Identifier: Apache-2.0
 *
 * An archive's entries, in any order and with doubles, brought into normal form: what would lie there if they were unpacked one after
 * the other. The later entry of a name replaces the earlier one with all that lies below it; hard links become groups whose first name
 * in order is the file; a whiteout of a directory that the layer itself holds becomes an opaque mark. Costs about 35 bytes of memory an
 * entry and the last part of its name; all else that an entry says lies in a work file (sys/spill.h) until it is given out. */
#ifndef CROZE_LAYER_LISTING_H
#define CROZE_LAYER_LISTING_H

#include "base/arena.h"
#include "base/buf.h"
#include "layer/entry.h"

/* What the caller knows of a regular file's bytes. */
struct listing_file {
    bool has_digest;
    struct digest digest;      /* of a file that is not empty */
    uint64_t offset;           /* of the bytes in a spool file */
    struct str kept;           /* the bytes themselves, if is_kept; given back by listing_kept */
    bool is_kept;
};

struct listing;
/* The work file is made in the directory `dir`, which must stay open. */
struct listing *listing_new(int dir);
void listing_free(struct listing *l);
static inline void listing_freep(struct listing **l) {
    listing_free(*l);
    *l = NULL;
}

/* Takes the next entry in archive order; copies what it needs. `file` for ENTRY_FILE only (all others: ignored). What cannot be unpacked
 * (an entry below a file or a symlink, a link to a directory) is an error that names it. */
MUST_CHECK bool listing_add(struct listing *l, const struct entry *en, const struct listing_file *file, struct err *e);

/* Only the directories above `path`, as listing_add will take them in a moment: says first what it would say. */
MUST_CHECK bool listing_enter(struct listing *l, struct str path, struct err *e);

/* Sorts. A hard link whose target comes later in the archive is an error. */
MUST_CHECK bool listing_finish(struct listing *l, struct err *e);
/* After listing_finish: it needs the layers below it to be understood (toc.h "leans"). *outside: a hard link to what it does not hold,
 * if any. */
bool listing_leans(const struct listing *l, struct str *outside);

/* --- Giving out, after listing_finish --- */

struct listing_item {
    struct entry entry;
    bool implied;              /* a directory that is only mentioned in other names: mode 0755, owner and times 0 */
    struct listing_file file;  /* ENTRY_FILE; without `kept` */
    uint64_t kept_at;          /* for listing_kept */
};
/* The items in path_cmp order, *cursor starting at 0. False at the end, or with the error set. Texts live until the next call. */
bool listing_next(struct listing *l, uint64_t *cursor, struct listing_item *out, struct err *e);
/* The bytes of an item whose file.is_kept, appended to `out`. */
MUST_CHECK bool listing_kept(struct listing *l, const struct listing_item *item, struct buf *out, struct err *e);

/* By name: the number of what lies at `path`, if there is an entry or an implied directory. */
bool listing_find(const struct listing *l, struct str path, uint32_t *number);
/* The names in the directory `number`, sorted, as texts that live as long as the listing. */
void listing_names(const struct listing *l, uint32_t number, struct arena *a, struct str **names, size_t *n);
/* Its item; texts are put into the arena. */
MUST_CHECK bool listing_get(struct listing *l, uint32_t number, struct arena *a, struct listing_item *out, struct err *e);

#endif
