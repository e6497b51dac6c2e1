/* SPDX-License-Identifier: Apache-2.0
 *
 * A hash map from text to pointers. Keys come from hostile input, so the hash is SipHash-2-4 with a seed that each process
 * draws anew; iteration order therefore means nothing and must never reach an output. Keys and values are not owned: they must outlive
 * the map (put keys in an arena). Not thread-safe. */
#ifndef CROZE_BASE_MAP_H
#define CROZE_BASE_MAP_H

#include "base/str.h"

struct map_slot {
    struct str key; /* key.p NULL: free */
    void *value;
    uint64_t hash;
};
struct map {
    struct map_slot *slots;
    size_t n, capacity; /* capacity is a power of two */
};

#define MAP_INIT {NULL, 0, 0}

/* The hash that maps use: it differs from process to process. For tables of another make. */
uint64_t map_hash(struct str key);

void map_fini(struct map *m);
/* The value, or NULL. */
void *map_get(const struct map *m, struct str key);
/* Sets key to value (not NULL), and returns the value that was there before, or NULL. */
void *map_put(struct map *m, struct str key, void *value);

#endif
