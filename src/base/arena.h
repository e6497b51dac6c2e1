/* SPDX-License-Identifier: Apache-2.0
 *
 * An arena: memory that is taken piece by piece and given back all at once, one arena a phase (a parse, a plan, a manifest).
 * Pieces are zeroed and never moved. Not thread-safe: one thread an arena. */
#ifndef CROZE_BASE_ARENA_H
#define CROZE_BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_block;
struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used_bytes;          /* of the newest block */
    size_t total_bytes;         /* handed out so far, for limits and tests */
};

#define ARENA_INIT {NULL, 0, 0}

void arena_fini(struct arena *a);

/* `size` zeroed bytes, aligned for any type. Never NULL. */
void *arena_alloc(struct arena *a, size_t count, size_t size);
#define arena_new(a, T) ((T *)arena_alloc((a), 1, sizeof(T)))
#define arena_array(a, T, n) ((T *)arena_alloc((a), (n), sizeof(T)))

/* Copies of text. Both are NUL-terminated behind their last byte, so .p may be handed to a system call. */
struct str arena_str(struct arena *a, struct str s);
char *arena_strz(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* a + b + c as one text. */
struct str arena_join3(struct arena *x, struct str a, struct str b, struct str c);

#endif
