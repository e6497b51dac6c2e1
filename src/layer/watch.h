/* SPDX-License-Identifier: Apache-2.0
 *
 * Whoever wants to look at the files of layers while they pass into a store (checks, inventories) puts a watch into `store.watch` before
 * anything is brought or built. Then each byte is read once: what arrives is shown to the watch between being inflated and being written
 * down, what is built between being read and being compressed. layer/ knows nothing of what the watch makes of it. */
#ifndef CROZE_LAYER_WATCH_H
#define CROZE_LAYER_WATCH_H

#include "layer/entry.h"
#include "store/store.h"

enum { WATCH_HEAD_BYTES = 1 << 20 }; /* how much of a file is shown */

struct watched_file {
    struct str path; /* as an entry's: clean, relative */
    uint32_t mode;   /* 07777 */
    uint64_t size;
    struct str head; /* the first WATCH_HEAD_BYTES of it, or all; until the call ends */
};

/* One layer: begin, then `file` for each file that is not empty, in no order and from any thread; then `commit` when the layer is known to
 * be whole and has its diffID, or none; then `end`. What a watch makes of a layer is published by its commit and not before. */
struct layer_watch {
    void *(*begin)(struct store *s);
    void (*file)(void *of, const struct watched_file *f);
    bool (*commit)(void *of, const struct digest *diff_id, struct err *e);
    void (*end)(void *of);
};

/* The same for a store that has no watch: then `of` is NULL, and nothing is done. */
void *watch_begin(struct store *s);
MUST_CHECK bool watch_commit(struct store *s, void *of, const struct digest *diff_id, struct err *e);
void watch_end(struct store *s, void *of);

/* A content that shows the watch the head of a file while it passes: to be handed on in the place of another one. */
struct watched_content {
    struct content content;
    const struct content *inner;
    struct store *store;
    void *of;
    struct watched_file file;
    char *head; /* of what does not come in one piece: a copy */
    size_t n;
    bool shown;
};
/* The entry and what it was made of must outlive it. */
void watched_content_init(struct watched_content *w, struct store *s, void *of, const struct entry *en, const struct content *inner);
void watched_content_fini(struct watched_content *w);

#endif
