/* SPDX-License-Identifier: Apache-2.0
 *
 * More bytes than memory should hold: appended at the end, read and changed at any offset. What was added last is in memory; what is
 * older lies in a file without a name, which is made when it is first needed, and is read through a cache. Takes at most 18 MiB of memory,
 * 2 if it is read in large pieces or where it was added last. Not thread-safe. */
#ifndef CROZE_SYS_SPILL_H
#define CROZE_SYS_SPILL_H

#include <stdint.h>

#include "base/err.h"

struct spill;
/* The file is made in the directory `dir`, which must stay open. */
struct spill *spill_new(int dir);
void spill_free(struct spill *s); /* NULL is fine */
static inline void spill_freep(struct spill **s) {
    spill_free(*s);
    *s = NULL;
}

/* How much was added: the offset of what comes next. */
uint64_t spill_bytes(const struct spill *s);
MUST_CHECK bool spill_add(struct spill *s, const void *p, size_t n, struct err *e);
/* Exactly n bytes that were added. */
MUST_CHECK bool spill_read(struct spill *s, uint64_t at, void *to, size_t n, struct err *e);
/* Puts other bytes in the place of n that were added: cheap for the last MiB, one write otherwise. */
MUST_CHECK bool spill_change(struct spill *s, uint64_t at, const void *p, size_t n, struct err *e);

#endif
