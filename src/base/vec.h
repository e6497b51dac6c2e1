/* SPDX-License-Identifier: Apache-2.0
 *
 * A typed growable array: `VEC(struct step) steps = {0}; vec_push(&steps, s);`. Elements move when it grows, so keep indices, not
 * pointers. What bounds its length is the caller's business (base/limits.h): vec_push is for counts that were checked. */
#ifndef CROZE_BASE_VEC_H
#define CROZE_BASE_VEC_H

#include <stddef.h>

#include "base/mem.h"

#define VEC(T) struct { T *p; size_t n, capacity; }

#define vec_push(v, value) \
    do { \
        if ((v)->n == (v)->capacity) { \
            (v)->capacity = (v)->capacity ? (v)->capacity * 2 : 8; \
            (v)->p = mem_realloc((v)->p, (v)->capacity, sizeof *(v)->p); \
        } \
        (v)->p[(v)->n++] = (value); \
    } while (0)

#define vec_fini(v) \
    do { \
        free((v)->p); \
        (v)->p = NULL; \
        (v)->n = (v)->capacity = 0; \
    } while (0)

#endif
