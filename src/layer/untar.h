/* SPDX-License-Identifier: Apache-2.0
 *
 * The tar stream itself: plain tar bytes in, entries out. What libarchive parses is checked against base/limits.h and made clean
 * (names.h). */
#ifndef CROZE_LAYER_UNTAR_H
#define CROZE_LAYER_UNTAR_H

#include "base/codec.h"
#include "layer/entry.h"

/* Hands each entry to the sink in archive order. A file's content is CONTENT_STREAM; what the sink leaves of it is skipped. Bytes behind
 * the end-of-archive mark are pulled too, so that a hash over the stream is complete. */
MUST_CHECK bool untar(decoder_read pull, void *ctx, struct entry_sink sink, struct err *e);

#endif
