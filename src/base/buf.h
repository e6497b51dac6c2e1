/* SPDX-License-Identifier: Apache-2.0
 *
 * A growable byte buffer that must be told its maximum. Text in it is always followed by a NUL that is not counted, so
 * buf.p may be handed to a system call. Growing past the maximum is not an abort: the buffer turns `full`, keeps what it has and
 * drops all that follows, however short, so that what it holds is always the beginning of the text; the caller asks buf_ok() once, at
 * the end. */
#ifndef CROZE_BASE_BUF_H
#define CROZE_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/str.h"

struct buf {
    char *p;          /* owned; never NULL after the first append */
    size_t n;
    size_t capacity;
    size_t max_bytes;
    bool full;        /* something did not fit */
};

#define BUF_INIT(max) {NULL, 0, 0, (max), false}

void buf_fini(struct buf *b);
void buf_reset(struct buf *b);                     /* empty again, memory kept */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_add_char(struct buf *b, char c);
/* Text from anyone, for a terminal or a log: control characters but tabs become '?', those of UTF-8 (U+0080 to U+009F) too. */
void buf_add_shown(struct buf *b, struct str s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more bytes, to be filled by the caller and counted with b->n += k. NULL when that would pass the maximum, or
 * something has passed it before. */
void *buf_reserve(struct buf *b, size_t n);

static inline bool buf_ok(const struct buf *b) {
    return !b->full;
}
static inline struct str buf_str(const struct buf *b) {
    return (struct str){b->p, b->n};
}

#endif
