/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens whose shape tells what they are: a literal that nothing else begins with, then so many letters of an alphabet. Pure. What people
 * write into examples (EXAMPLE, xxxx, one letter over and over) is none. */
#ifndef CROZE_CHECK_TOKENS_H
#define CROZE_CHECK_TOKENS_H

#include "base/arena.h"

/* What the text has that looks like a token ("an AWS access key"), or NULL. */
const char *token_in(struct str text);
/* The text with each of them masked. */
struct str tokens_masked(struct arena *a, struct str text);
/* The first one of each kind, with its position, in one pass at about a GB/s: for files. */
void tokens_find(struct str text, void (*found)(void *ctx, const char *what, size_t at), void *ctx);

struct sha256;
/* Puts all that decides what is found into a hash: what was found with other tokens is out of date. */
void tokens_identify(struct sha256 *s);

#endif
