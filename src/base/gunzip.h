/* SPDX-License-Identifier: Apache-2.0
 *
 * Streaming gzip (RFC 1952), one member after the other, by ISA-L: twice as fast as zlib. For decoder.c, which owns the buffers. */
#ifndef CROZE_BASE_GUNZIP_H
#define CROZE_BASE_GUNZIP_H

#include <stddef.h>

#include "base/err.h"

struct gunzip;
struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *g); /* NULL is fine */

/* What one step works on; it moves `in` and `out` on by what it took and gave. */
struct gunzip_step {
    const unsigned char *in;
    unsigned char *out;
    size_t in_n, out_n;
};
/* Goes on with the member at hand, or begins the next one; ends behind each. *inside: the member is not over. An empty input gives what
 * is still held back of earlier ones. Checksum and length of each member are verified. */
MUST_CHECK bool gunzip_run(struct gunzip *g, struct gunzip_step *s, bool *inside, struct err *e);

#endif
