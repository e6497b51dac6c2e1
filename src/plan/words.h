/* SPDX-License-Identifier: Apache-2.0
 *
 * How BuildKit's history writes things: Go's %v and %q of lists, and Go's durations. Histories are compared between builders, so these are
 * exact. Sizes are read as docker reads them. */
#ifndef CROZE_PLAN_WORDS_H
#define CROZE_PLAN_WORDS_H

#include "base/arena.h"
#include "base/buf.h"

void word_quoted(struct buf *out, struct str word);                         /* "a" */
void words_join(struct buf *out, const struct str *words, size_t n, struct str between);
void words_quoted(struct buf *out, const struct str *words, size_t n);    /* ["a" "b"] */
void words_bracketed(struct buf *out, const struct str *words, size_t n); /* [a b] */

/* "1m30s", "1.5h", "0": Go's time.ParseDuration without the sign. False: malformed or beyond an int64 of nanoseconds. */
bool duration_parse(struct str s, int64_t *ns);
void duration_write(struct buf *out, int64_t ns); /* "1m30s" */

/* "64m", "1.5 GiB", "4096": docker's sizes, in powers of 1024. False: malformed or beyond 2^62. */
bool size_parse(struct str s, uint64_t *bytes);

#endif
