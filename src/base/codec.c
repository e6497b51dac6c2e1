/* SPDX-License-Identifier: Apache-2.0
 * Compression of whole buffers by libdeflate and libzstd: see codec.h. The reading side is decoder.c. */
#include "base/codec.h"

#include <assert.h>
#include <libdeflate.h>
#include <zstd.h>

#include "base/mem.h"

struct encoder {
    enum compression kind;
    int level;
    struct libdeflate_compressor *deflate;
    ZSTD_CCtx *zstd;
};

const char *compression_name(enum compression c) {
    static const char *const names[] = {"none", "gzip", "zstd"};
    return names[c];
}

bool compression_parse(struct str s, enum compression *out) {
    for (int c = COMPRESSION_NONE; c <= COMPRESSION_ZSTD; c++)
        if (str_eqz(s, compression_name((enum compression)c))) {
            *out = (enum compression)c;
            return true;
        }
    if (!str_eq(s, S("uncompressed"))) /* BuildKit's word for it */
        return false;
    *out = COMPRESSION_NONE;
    return true;
}

int compression_default_level(enum compression c) {
    return c == COMPRESSION_GZIP ? 1 : c == COMPRESSION_ZSTD ? 3 : 0;
}

const char *compression_encoder_id(enum compression c, int level, char out[64]) {
    if (c == COMPRESSION_GZIP)
        snprintf(out, 64, "libdeflate-%s/gzip-%d", LIBDEFLATE_VERSION_STRING, level);
    else if (c == COMPRESSION_ZSTD)
        snprintf(out, 64, "libzstd-%s/zstd-%d", ZSTD_versionString(), level);
    else
        snprintf(out, 64, "none");
    return out;
}

struct encoder *encoder_new(enum compression c, int level) {
    struct encoder *z = mem_zalloc(1, sizeof *z);
    z->kind = c;
    z->level = level;
    if (c == COMPRESSION_GZIP)
        z->deflate = libdeflate_alloc_compressor(level);
    else if (c == COMPRESSION_ZSTD)
        z->zstd = ZSTD_createCCtx();
    assert(c == COMPRESSION_NONE || z->deflate || z->zstd); /* levels are checked where options are read */
    return z;
}

void encoder_free(struct encoder *z) {
    if (!z)
        return;
    libdeflate_free_compressor(z->deflate);
    ZSTD_freeCCtx(z->zstd);
    free(z);
}

size_t encoder_bound(struct encoder *z, size_t n) {
    if (z->kind == COMPRESSION_GZIP)
        return libdeflate_gzip_compress_bound(z->deflate, n);
    return z->kind == COMPRESSION_ZSTD ? ZSTD_compressBound(n) : n;
}

size_t encoder_run(struct encoder *z, const void *in, size_t n, void *out, size_t capacity) {
    assert(capacity >= encoder_bound(z, n));
    if (z->kind == COMPRESSION_NONE) {
        memcpy(out, in, n);
        return n;
    }
    if (z->kind == COMPRESSION_GZIP) {
        size_t written = libdeflate_gzip_compress(z->deflate, in, n, out, capacity);
        assert(written > 0); /* fails only for want of room, and the bound was checked */
        return written;
    }
    size_t written = ZSTD_compressCCtx(z->zstd, out, capacity, in, n, z->level);
    assert(!ZSTD_isError(written));
    return written;
}

uint32_t crc32_update(uint32_t crc, const void *p, size_t n) {
    return n ? libdeflate_crc32(crc, p, n) : crc; /* libdeflate takes a NULL buffer, of any size, for a start anew */
}
