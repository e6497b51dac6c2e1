/* SPDX-License-Identifier: Apache-2.0
 * Streaming decompression (codec.h): gzip of any number of members by ISA-L, zstd of any number of frames by libzstd, bzip2 and xz of any
 * number of streams by libbz2 and liblzma, or plain bytes. Takes compressed bytes from a callback, gives decompressed ones; the input is
 * hostile: output and memory are limited, truncation is an error. */
#include <bzlib.h>
#include <lzma.h>
#include <zstd.h>

#include "base/codec.h"
#include "base/gunzip.h"
#include "base/limits.h"
#include "base/mem.h"

enum { INPUT_BYTES = 128 << 10 };

enum format { PLAIN, GZIP, ZSTD, BZIP2, XZ };
static const char *const format_names[] = {"plain", "gzip", "zstd", "bzip2", "xz"};

struct decoder {
    decoder_read read;
    void *ctx;
    enum format format;
    bool any_format;
    bool started, ended;
    bool no_more_input;
    bool inside;              /* in the middle of a member or frame: an end of input here is a truncation */
    uint64_t out_bytes, max_bytes;
    struct gunzip *gz;
    ZSTD_DStream *zstd;
    bz_stream bz;
    bool has_bz;
    lzma_stream xz;
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
    gunzip_free(d->gz);
    if (d->has_bz)
        BZ2_bzDecompressEnd(&d->bz);
    lzma_end(&d->xz);
    ZSTD_freeDStream(d->zstd);
    free(d);
}

void decoder_limit(struct decoder *d, uint64_t max_bytes) {
    d->max_bytes = max_bytes;
}

void decoder_any_format(struct decoder *d) {
    d->any_format = true;
}

enum compression decoder_kind(struct decoder *d) {
    return d->format == GZIP ? COMPRESSION_GZIP : d->format == ZSTD ? COMPRESSION_ZSTD : COMPRESSION_NONE;
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

static enum format detect(struct str begin) {
    if (str_starts(begin, S("\x1f\x8b")))
        return GZIP;
    if (str_starts(begin, S("\x28\xb5\x2f\xfd")))
        return ZSTD;
    if (str_starts(begin, str_n("\xfd" "7zXZ", 6)))
        return XZ;
    return begin.n > 3 && str_starts(begin, S("BZh")) && begin.p[3] >= '1' && begin.p[3] <= '9' ? BZIP2 : PLAIN;
}

/* Running out of memory is the only failure that the libraries know here. */
static void prepare(struct decoder *d) {
    bool good = true;
    switch (d->format) {
    case GZIP:
        d->gz = gunzip_new();
        break;
    case ZSTD:
        d->zstd = ZSTD_createDStream();
        /* 27: 128 MiB of window, what every reader of zstd layers accepts */
        good = d->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, 27));
        break;
    case XZ:
        good = lzma_stream_decoder(&d->xz, LIMIT_XZ_MEMORY_BYTES, LZMA_CONCATENATED) == LZMA_OK;
        break;
    case BZIP2:
    case PLAIN:
        break;
    }
    if (!good)
        abort();
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
    d->format = detect(str_n((const char *)d->input, d->filled));
    if ((d->format == BZIP2 || d->format == XZ) && !d->any_format)
        return err_set(e, ERR_FAILED, "%s compression is not supported here; decompress it first", format_names[d->format]);
    prepare(d);
    return true;
}

static unsigned clamp(size_t n) {
    return n > UINT32_MAX ? UINT32_MAX : (unsigned)n;
}

/* One step; sets *got to the bytes written. */
static bool step_gzip(struct decoder *d, void *to, size_t n, size_t *got, struct err *e) {
    struct gunzip_step s = {d->input + d->at, to, d->filled - d->at, n};
    bool ok = gunzip_run(d->gz, &s, &d->inside, e);
    d->at = d->filled - s.in_n;
    *got = n - s.out_n;
    return ok;
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

static bool step_bzip2(struct decoder *d, void *to, size_t n, size_t *got, struct err *e) {
    if (!d->inside) { /* a stream begins */
        if (d->has_bz)
            BZ2_bzDecompressEnd(&d->bz);
        d->bz = (bz_stream){0};
        if (BZ2_bzDecompressInit(&d->bz, 0, 0) != BZ_OK)
            abort(); /* only for want of memory */
        d->has_bz = d->inside = true;
    }
    d->bz.next_in = (char *)d->input + d->at;
    d->bz.avail_in = clamp(d->filled - d->at);
    d->bz.next_out = to;
    d->bz.avail_out = clamp(n);
    unsigned before = d->bz.avail_out;
    int r = BZ2_bzDecompress(&d->bz);
    d->at = d->filled - d->bz.avail_in;
    *got = before - d->bz.avail_out;
    d->inside = r != BZ_STREAM_END;
    return r == BZ_OK || r == BZ_STREAM_END || err_set(e, ERR_FAILED, "corrupt bzip2 data (error %d)", r);
}

static bool step_xz(struct decoder *d, void *to, size_t n, size_t *got, struct err *e) {
    d->xz.next_in = d->input + d->at;
    d->xz.avail_in = d->filled - d->at;
    d->xz.next_out = to;
    d->xz.avail_out = n;
    lzma_ret r = lzma_code(&d->xz, d->no_more_input ? LZMA_FINISH : LZMA_RUN);
    d->at = d->filled - d->xz.avail_in;
    *got = n - d->xz.avail_out;
    d->inside = r != LZMA_STREAM_END;
    if (r == LZMA_MEMLIMIT_ERROR)
        return err_set(e, ERR_FAILED, "xz data that takes more than %zu MiB of memory to decompress", LIMIT_XZ_MEMORY_BYTES >> 20);
    return r == LZMA_OK || r == LZMA_STREAM_END || r == LZMA_BUF_ERROR || err_set(e, ERR_FAILED, "corrupt xz data (error %d)", (int)r);
}

static bool step(struct decoder *d, void *to, size_t n, size_t *got, struct err *e) {
    switch (d->format) {
    case GZIP:
        return step_gzip(d, to, n, got, e);
    case ZSTD:
        return step_zstd(d, to, n, got, e);
    case BZIP2:
        return step_bzip2(d, to, n, got, e);
    case XZ:
        return step_xz(d, to, n, got, e);
    case PLAIN:
        break;
    }
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
            d->no_more_input = true;
            if (d->inside && !step(d, to, n, &got, e))
                return -1;
            if (got)
                break;
            if (d->inside) {
                err_set(e, ERR_FAILED, "truncated %s data", format_names[d->format]);
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
