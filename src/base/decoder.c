/* SPDX-License-Identifier: Apache-2.0
 * Streaming decompression (codec.h): gzip of any number of members by zlib, zstd of any number of frames by libzstd, or plain
 * bytes. Takes compressed bytes from a callback, gives decompressed ones; the input is hostile: output is limited, truncation is an error.
 */
#include <zlib.h>
#include <zstd.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/mem.h"

enum { INPUT_BYTES = 128 << 10 };

struct decoder {
    decoder_read read;
    void *ctx;
    enum compression kind;
    bool started, ended;
    bool inside;              /* in the middle of a member or frame: an end of input here is a truncation */
    uint64_t out_bytes, max_bytes;
    z_stream gz;
    ZSTD_DStream *zstd;
    size_t at, filled;        /* unread input is input[at..filled) */
    unsigned char input[INPUT_BYTES];
};

struct decoder *decoder_new(decoder_read read, void *ctx) {
    struct decoder *d = mem_alloc(sizeof *d);
    memset(d, 0, offsetof(struct decoder, input));
    d->read = read;
    d->ctx = ctx;
    d->max_bytes = LIMIT_LAYER_BYTES;
    return d;
}

void decoder_free(struct decoder *d) {
    if (!d)
        return;
    if (d->started && d->kind == COMPRESSION_GZIP)
        inflateEnd(&d->gz);
    ZSTD_freeDStream(d->zstd);
    free(d);
}

void decoder_limit(struct decoder *d, uint64_t max_bytes) {
    d->max_bytes = max_bytes;
}

enum compression decoder_kind(struct decoder *d) {
    return d->kind;
}

/* Refills the empty input buffer. 1: there is input, 0: end, -1: error. */
static int refill(struct decoder *d, struct err *e) {
    if (d->at < d->filled)
        return 1;
    ptrdiff_t n = d->read(d->ctx, d->input, sizeof d->input, e);
    if (n < 0)
        return -1;
    d->at = 0;
    d->filled = (size_t)n;
    return n > 0;
}

static bool start(struct decoder *d, struct err *e) {
    while (d->filled < 6) { /* the first read may be short */
        ptrdiff_t n = d->read(d->ctx, d->input + d->filled, sizeof d->input - d->filled, e);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        d->filled += (size_t)n;
    }
    d->started = true;
    d->kind = COMPRESSION_NONE;
    if (d->filled >= 6 && (memcmp(d->input, "\xfd" "7zXZ", 6) == 0 || memcmp(d->input, "BZh", 3) == 0))
        return err_set(e, ERR_FAILED, "%s compression is not supported by this version; decompress it first",
                       d->input[0] == 'B' ? "bzip2" : "xz");
    if (d->filled >= 2 && d->input[0] == 0x1f && d->input[1] == 0x8b) {
        d->kind = COMPRESSION_GZIP;
        if (inflateInit2(&d->gz, 15 + 16) != Z_OK)
            abort(); /* only for want of memory */
    } else if (d->filled >= 4 && memcmp(d->input, "\x28\xb5\x2f\xfd", 4) == 0) {
        d->kind = COMPRESSION_ZSTD;
        d->zstd = ZSTD_createDStream();
        if (!d->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, 27)))
            abort(); /* 27: 128 MiB of window, what every reader of zstd layers accepts */
    }
    return true;
}

/* One step of inflate; sets *got to the bytes written. */
static bool step_gzip(struct decoder *d, void *to, size_t n, size_t *got, struct err *e) {
    if (!d->inside && inflateReset(&d->gz) != Z_OK)
        abort();
    d->inside = true;
    d->gz.next_in = d->input + d->at;
    d->gz.avail_in = (uInt)(d->filled - d->at);
    d->gz.next_out = to;
    d->gz.avail_out = n > UINT32_MAX ? UINT32_MAX : (uInt)n;
    uInt before = d->gz.avail_out;
    int r = inflate(&d->gz, Z_NO_FLUSH);
    d->at = d->filled - d->gz.avail_in;
    *got = before - d->gz.avail_out;
    if (r == Z_STREAM_END)
        d->inside = false;
    else if (r != Z_OK && r != Z_BUF_ERROR)
        return err_set(e, ERR_FAILED, "corrupt gzip data: %s", d->gz.msg ? d->gz.msg : "bad header");
    return true;
}

static bool step_zstd(struct decoder *d, void *to, size_t n, size_t *got, struct err *e) {
    ZSTD_inBuffer in = {d->input, d->filled, d->at};
    ZSTD_outBuffer out = {to, n, 0};
    size_t r = ZSTD_decompressStream(d->zstd, &out, &in);
    d->at = in.pos;
    *got = out.pos;
    if (ZSTD_isError(r))
        return err_set(e, ERR_FAILED, "corrupt zstd data: %s", ZSTD_getErrorName(r));
    d->inside = r != 0;
    return true;
}

static bool step(struct decoder *d, void *to, size_t n, size_t *got, struct err *e) {
    if (d->kind == COMPRESSION_GZIP)
        return step_gzip(d, to, n, got, e);
    if (d->kind == COMPRESSION_ZSTD)
        return step_zstd(d, to, n, got, e);
    *got = d->filled - d->at < n ? d->filled - d->at : n;
    memcpy(to, d->input + d->at, *got);
    d->at += *got;
    return true;
}

ptrdiff_t decoder_pull(struct decoder *d, void *to, size_t n, struct err *e) {
    if (!d->started && !start(d, e))
        return -1;
    size_t got = 0;
    while (got == 0 && !d->ended) {
        int more = refill(d, e);
        if (more < 0)
            return -1;
        if (more == 0) {
            /* the library may still hold output for input that it has swallowed */
            if (d->inside && !step(d, to, n, &got, e))
                return -1;
            if (got)
                break;
            if (d->inside) {
                err_set(e, ERR_FAILED, "truncated %s data", compression_name(d->kind));
                return -1;
            }
            d->ended = true;
        } else if (!step(d, to, n, &got, e)) {
            return -1;
        }
    }
    d->out_bytes += got;
    if (d->out_bytes > d->max_bytes) {
        err_set(e, ERR_FAILED, "decompresses to more than the limit of %llu bytes", (unsigned long long)d->max_bytes);
        return -1;
    }
    return (ptrdiff_t)got;
}
