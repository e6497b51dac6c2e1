/* SPDX-License-Identifier: Apache-2.0
 * Recognising archives (archive_kind.h) as docker does: the compression by its magic bytes, then a tar header whose checksum holds (POSIX
 * pax, "ustar Interchange Format"). A file of zeros is no archive, nor is damaged compressed data: both are copied as they are. */
#include "layer/archive_kind.h"

#include <errno.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/mem.h"

enum { BLOCK_BYTES = 512, CHECKSUM_AT = 148, CHECKSUM_BYTES = 8 };

/* Reads until n bytes or the end; -1 with errno. */
static ptrdiff_t read_full(int fd, void *to, size_t n) {
    size_t done = 0;
    while (done < n) {
        ssize_t got = read(fd, (char *)to + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ptrdiff_t)done;
}

/* The checksum counts its own field as blanks; some old programs summed signed bytes. */
static bool is_tar_header(const unsigned char *block) {
    int64_t plain = 0, with_sign = 0;
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        bool own = i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_BYTES;
        plain += own ? ' ' : block[i];
        with_sign += own ? ' ' : (signed char)block[i];
    }
    struct str field = str_n((const char *)block + CHECKSUM_AT, CHECKSUM_BYTES);
    while (field.n && (field.p[field.n - 1] == '\0' || field.p[field.n - 1] == ' '))
        field.n--;
    uint64_t said;
    if (!str_to_u64(str_trim_left(field), 8, INT32_MAX, &said))
        return false;
    return (int64_t)said == plain || (int64_t)said == with_sign;
}

/* The bytes that were read already, then the rest of the file. */
struct input {
    int fd;
    struct str begin;
};

static ptrdiff_t pull(void *ctx, void *to, size_t n, struct err *e) {
    struct input *in = ctx;
    if (in->begin.n == 0) {
        ptrdiff_t got = read_full(in->fd, to, n);
        if (got < 0)
            err_sys(e, errno, "read");
        return got;
    }
    struct str some = str_first(in->begin, n);
    memcpy(to, some.p, some.n);
    in->begin = str_from(in->begin, some.n);
    return (ptrdiff_t)some.n;
}

bool archive_is_tar(int fd, bool *yes, struct err *e) {
    unsigned char block[BLOCK_BYTES];
    *yes = false;
    ptrdiff_t n = read_full(fd, block, sizeof block);
    if (n < 0)
        return err_sys(e, errno, "read");
    struct str begin = str_n((char *)block, (size_t)n);
    if (n == 0)
        return true;
    struct input in = {fd, begin};
    struct err damaged = ERR_INIT;
    unsigned char head[BLOCK_BYTES];
    _cleanup_(decoder_freep) struct decoder *z = decoder_new(pull, &in);
    decoder_any_format(z);
    size_t have = 0;
    for (ptrdiff_t got = 1; got > 0 && have < sizeof head; have += got > 0 ? (size_t)got : 0)
        got = decoder_pull(z, head + have, sizeof head - have, &damaged);
    err_clear(&damaged);
    *yes = have == sizeof head && is_tar_header(head);
    return true;
}
