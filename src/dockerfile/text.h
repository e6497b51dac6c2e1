/* SPDX-License-Identifier: Apache-2.0
 *
 * Characters as the Dockerfile language sees them, and positions in messages. Private to dockerfile/.
 * Blanks are Unicode's White_Space, as BuildKit has it: a no-break space pasted from a web page separates words. */
#ifndef CROZE_DOCKERFILE_TEXT_H
#define CROZE_DOCKERFILE_TEXT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/utf8.h"
#include "dockerfile/ast.h"

/* The length in bytes of the blank that starts at byte i; 0 if there is none. */
size_t blank_at(struct str s, size_t i);
struct str blank_trim_left(struct str s);
struct str blank_trim(struct str s);

/* One of the blanks between a keyword and what follows: these are ASCII alone. */
static inline bool is_gap(char c) {
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}
static inline bool one_of(int c, const char *set) {
    return c > 0 && strchr(set, c);
}
/* The next piece between gaps, taken off *rest; false at the end. */
bool field_next(struct str *rest, struct str *field);


/* Sets "NAME:LINE:COLUMN: ..." (ERR_USAGE). */
bool fail_at(struct str name, struct df_pos pos, struct err *e, const char *fmt, ...) ERR_PRINTF(4, 5);

#endif
