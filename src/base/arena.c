/* SPDX-License-Identifier: Apache-2.0
 * Arena allocation in doubling blocks: see arena.h. */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK_MIN_BYTES = 4096, BLOCK_MAX_BYTES = 1 << 20 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    alignas(max_align_t) char bytes[];
};

void arena_fini(struct arena *a) {
    while (a->blocks) {
        struct arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
    *a = (struct arena)ARENA_INIT;
}

static void grow(struct arena *a, size_t need) {
    size_t size = a->blocks ? a->blocks->size * 2 : BLOCK_MIN_BYTES;
    if (size > BLOCK_MAX_BYTES)
        size = BLOCK_MAX_BYTES;
    if (size < need)
        size = need;
    struct arena_block *b = mem_zalloc(1, sizeof *b + size);
    b->size = size;
    b->next = a->blocks;
    a->blocks = b;
    a->used_bytes = 0;
}

void *arena_alloc(struct arena *a, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX / 2)
        abort(); /* a size that no limit let through: a bug, never input */
    bytes = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!a->blocks || a->blocks->size - a->used_bytes < bytes)
        grow(a, bytes);
    void *p = a->blocks->bytes + a->used_bytes;
    a->used_bytes += bytes;
    a->total_bytes += bytes;
    return p;
}

struct str arena_str(struct arena *a, struct str s) {
    char *p = arena_alloc(a, s.n + 1, 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

char *arena_strz(struct arena *a, struct str s) {
    return (char *)arena_str(a, s).p;
}

struct str arena_printf(struct arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    struct str s = arena_str(a, str_z(text));
    free(text);
    return s;
}

struct str arena_join3(struct arena *x, struct str a, struct str b, struct str c) {
    char *p = arena_alloc(x, a.n + b.n + c.n + 1, 1);
    struct str parts[] = {a, b, c};
    size_t at = 0;
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].n)
            memcpy(p + at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    return (struct str){p, at};
}
