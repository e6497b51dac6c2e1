/* SPDX-License-Identifier: Apache-2.0
 *
 * Compression. Out: gzip members (RFC 1952) of whole buffers by libdeflate, and zstd frames (RFC 8878) by libzstd; equal input, level and
 * library version give equal bytes, which the encoder id names. In: a streaming reader for gzip (ISA-L, any number of members),
 * zstd and plain bytes, and where that is allowed bzip2 and xz, told apart by their first bytes. */
#ifndef CROZE_BASE_CODEC_H
#define CROZE_BASE_CODEC_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

const char *compression_name(enum compression c);      /* "none" "gzip" "zstd" */
bool compression_parse(struct str s, enum compression *out);
int compression_default_level(enum compression c);     /* gzip 1, zstd 3: docs/layers.md "Chunks" */
/* Names library, version and level: manifest digests are promised for one encoder id. E.g. "libdeflate-1.14/gzip-1". Static text. */
const char *compression_encoder_id(enum compression c, int level, char out[64]);

/* One encoder a thread. */
struct encoder;
struct encoder *encoder_new(enum compression c, int level);
void encoder_free(struct encoder *z);
static inline void encoder_freep(struct encoder **z) {
    encoder_free(*z);
    *z = NULL;
}
/* An upper bound of the bytes that n bytes of input become. */
size_t encoder_bound(struct encoder *z, size_t n);
/* One complete member / frame; for COMPRESSION_NONE the bytes themselves. Returns its length (<= encoder_bound). */
size_t encoder_run(struct encoder *z, const void *in, size_t n, void *out, size_t capacity);

/* A pull reader over compressed bytes. `read` gives the next compressed bytes (0: end, -1: error set). */
typedef ptrdiff_t (*decoder_read)(void *ctx, void *to, size_t n, struct err *e);
struct decoder;
/* Detects the format by its first bytes. Never NULL; errors come from decoder_pull. */
struct decoder *decoder_new(decoder_read read, void *ctx);
void decoder_free(struct decoder *d);
static inline void decoder_freep(struct decoder **d) {
    decoder_free(*d);
    *d = NULL;
}
/* Up to n decompressed bytes; 0 at the end; -1 with an error on corrupt or truncated input or when more than max_bytes came out. */
MUST_CHECK ptrdiff_t decoder_pull(struct decoder *d, void *to, size_t n, struct err *e);
void decoder_limit(struct decoder *d, uint64_t max_bytes);
void decoder_any_format(struct decoder *d);            /* bzip2 and xz too: no layer is in those, archives that users bring are */
enum compression decoder_kind(struct decoder *d);      /* known after the first pull; none for bzip2 and xz */

/* CRC-32 as in gzip (RFC 1952), continued from `crc`; start with 0. Guards stored chunks against rot, not against attack. */
uint32_t crc32_update(uint32_t crc, const void *p, size_t n);

#endif
