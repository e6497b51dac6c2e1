/* SPDX-License-Identifier: Apache-2.0
 *
 * What a new cache mount begins with: entries of a source, made into files of an empty directory. */
#ifndef CROZE_BUILD_CACHE_SEED_H
#define CROZE_BUILD_CACHE_SEED_H

#include "base/vec.h"
#include "layer/attributes.h"
#include "layer/entry.h"

struct cache_seed {
    int root;                   /* borrowed */
    struct attributes_how how;
    struct arena arena;
    VEC(struct entry) dirs;     /* whose times come last; in the arena */
};

/* A sink for entries in normal order (parents first). Devices that this process may not make are left out, as they would be of no use. */
struct entry_sink cache_seed_sink(struct cache_seed *s);
MUST_CHECK bool cache_seed_begin(struct cache_seed *s, int root, const char *flavour, struct err *e);
/* Times of directories; then, or after a failure, releases what was kept. */
MUST_CHECK bool cache_seed_finish(struct cache_seed *s, struct err *e);
void cache_seed_fini(struct cache_seed *s);

#endif
