/* SPDX-License-Identifier: Apache-2.0
 *
 * A place in memory that writes down what is asked of it, for tests of the copy walk. */
#ifndef CROZE_TESTS_REGISTRY_MEMORY_PLACE_H
#define CROZE_TESTS_REGISTRY_MEMORY_PLACE_H

#include <pthread.h>

#include "base/vec.h"
#include "registry/place_kinds.h"

struct memory_blob {
    struct digest digest;
    struct str bytes, media_type; /* "": no manifest */
};
struct memory_tag {
    struct str name;
    struct digest digest;
};
struct memory_place {
    struct place place;
    pthread_mutex_t lock;
    VEC(struct memory_blob) blobs;
    VEC(struct memory_tag) tags;
    struct buf log;              /* "has:<4 hex>", "blob:", "put:", "tag:NAME", one a line */
    const char *fails_on;        /* a line of the log whose operation fails */
};

struct memory_place *memory_place_new(bool asks);
/* Adds a blob, or a manifest if it has a media type; a tag if `tag` is not NULL. */
struct digest memory_add(struct memory_place *p, struct str bytes, const char *media_type, const char *tag);
/* How many lines of the log begin so. */
size_t memory_count(const struct memory_place *p, const char *begins);
/* Where the first such line is; -1. */
ptrdiff_t memory_at(const struct memory_place *p, const char *begins);
bool memory_has_tag(const struct memory_place *p, const char *tag, const struct digest *d);

#endif
