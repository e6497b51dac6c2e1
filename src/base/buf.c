/* SPDX-License-Identifier: Apache-2.0
 * Bounded growable buffers: see buf.h. */
#include "base/buf.h"

#include <assert.h>
#include <stdio.h>

#include "base/mem.h"

void buf_fini(struct buf *b) {
    free(b->p);
    *b = (struct buf)BUF_INIT(b->max_bytes);
}

void buf_reset(struct buf *b) {
    b->n = 0;
    b->full = false;
}

void *buf_reserve(struct buf *b, size_t n) {
    assert(b->max_bytes > 0);
    if (b->full || n > b->max_bytes || b->n > b->max_bytes - n) {
        b->full = true;
        return NULL;
    }
    size_t need = b->n + n + 1; /* the NUL behind the text */
    if (need > b->capacity) {
        size_t capacity = b->capacity ? b->capacity * 2 : 64;
        b->capacity = capacity < need ? need : capacity;
        b->p = mem_realloc(b->p, b->capacity, 1);
    }
    return b->p + b->n;
}

void buf_add(struct buf *b, const void *p, size_t n) {
    char *to = buf_reserve(b, n);
    if (!to)
        return;
    if (n)
        memcpy(to, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_add_str(struct buf *b, struct str s) {
    buf_add(b, s.p, s.n);
}

void buf_add_char(struct buf *b, char c) {
    buf_add(b, &c, 1);
}

/* How many bytes at p are one control character; 0: none. U+0080 to U+009F are C2 80 to C2 9F. */
static size_t control_bytes(const unsigned char *p, size_t n) {
    if ((p[0] < 0x20 && p[0] != '\t') || p[0] == 0x7f)
        return 1;
    return n > 1 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f ? 2 : 0;
}

void buf_add_shown(struct buf *b, struct str s) {
    for (size_t i = 0; i < s.n;) {
        size_t control = control_bytes((const unsigned char *)s.p + i, s.n - i);
        buf_add_char(b, control ? '?' : s.p[i]);
        i += control ? control : 1;
    }
}

void buf_printf(struct buf *b, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    buf_add(b, text, strlen(text));
    free(text);
}
