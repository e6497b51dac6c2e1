/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF) in texts that may hold any bytes: what is no character
 * counts as one of its own, byte by byte. */
#ifndef CROZE_BASE_UTF8_H
#define CROZE_BASE_UTF8_H

#include "base/buf.h"
#include "base/str.h"

/* A code point, or UTF8_BAD + the byte where the text is not UTF-8: any bytes compare equal to themselves, and to nothing else. */
#define UTF8_BAD 0x110000u
uint32_t utf8_next(struct str s, size_t *at);   /* *at < s.n; moves it behind the character */
uint32_t utf8_before(struct str s, size_t *at); /* *at > 0; moves it to the character's first byte */

/* The bytes of the character that s (not empty) begins with; 0 if it begins with none. */
size_t utf8_length(struct str s);
/* How many characters s has, and its first n. */
size_t utf8_count(struct str s);
struct str utf8_first(struct str s, size_t n);
/* Appends a code point; U+FFFD for what is none. */
void utf8_add(struct buf *out, uint32_t rune);

#endif
