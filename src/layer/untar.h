/* SPDX-License-Identifier: Apache-2.0
 *
 * The tar stream itself: plain tar bytes in, entries out. What libarchive parses is checked against base/limits.h and made clean
 * (names.h). */
#ifndef CROZE_LAYER_UNTAR_H
#define CROZE_LAYER_UNTAR_H

#include "layer/entry.h"

/* Lends the next bytes of the stream until the next call. Their number; 0 at the end, -1 with an error. */
typedef ptrdiff_t (*tar_next)(void *ctx, const void **piece, struct err *e);
/* Hands each entry to the sink in archive order. A file's content is CONTENT_STREAM; what the sink leaves of it is skipped. Bytes behind
 * the end-of-archive mark are taken too, so that a hash over the stream is complete. */
MUST_CHECK bool untar(tar_next next, void *ctx, struct entry_sink sink, struct err *e);

#endif
