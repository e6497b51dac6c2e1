/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory: checked allocation, cleanup attributes and ownership transfer. Running out of memory aborts with a message: croze's
 * own memory is bounded (base/limits.h), and whatever input wants more than its limit gets an error, not an allocation.
 * Malloc and friends are called in this file, arena.c and buf.c only. */
#ifndef CROZE_BASE_MEM_H
#define CROZE_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Frees on scope exit: `_cleanup_(mem_freep) char *s = ...`. A cleanup function accepts what is already released. */
#define _cleanup_(fn) __attribute__((cleanup(fn)))

void *mem_alloc(size_t size);             /* never NULL; size 0 gives a unique pointer */
void *mem_zalloc(size_t count, size_t size); /* zeroed; overflow of count * size aborts */
void *mem_realloc(void *p, size_t count, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *mem_vprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* Overwrites what was secret, also where nobody reads it again. */
static inline void mem_wipe(void *p, size_t n) {
    if (p && n)
        explicit_bzero(p, n);
}

/* Takes the pointer out of *pp, leaving NULL: hands ownership to the caller past a cleanup attribute. */
#define take_ptr(pp) ({ __typeof__(*(pp)) *_pp = (pp); __typeof__(*_pp) _p = *_pp; *_pp = NULL; _p; })

static inline void mem_freep(void *pp) {
    free(*(void **)pp);
    *(void **)pp = NULL;
}
static inline void file_closep(FILE **f) {
    if (*f)
        fclose(*f);
    *f = NULL;
}

#endif
