/* SPDX-License-Identifier: Apache-2.0
 * Checked allocation: see mem.h. */
#include "base/mem.h"

#include <stdint.h>
#include <string.h>

static void *checked(void *p) {
    if (!p) {
        fputs("croze: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *mem_alloc(size_t size) {
    return checked(malloc(size ? size : 1));
}

void *mem_zalloc(size_t count, size_t size) {
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *mem_realloc(void *p, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return checked(NULL);
    return checked(realloc(p, bytes ? bytes : 1));
}

char *mem_strndup(const char *s, size_t n) {
    char *p = mem_alloc(n + 1);
    if (n) /* an empty str may have no bytes at all */
        memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *mem_strdup(const char *s) {
    return mem_strndup(s, strlen(s));
}

char *mem_vprintf(const char *fmt, va_list ap) {
    char *p = NULL;
    if (vasprintf(&p, fmt, ap) < 0)
        p = NULL;
    return checked(p);
}

char *mem_printf(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    char *p = mem_vprintf(fmt, ap);
    va_end(ap);
    return p;
}
