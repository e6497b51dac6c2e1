/* SPDX-License-Identifier: Apache-2.0
 * Whose turn it is to bring a blob: a byte of locks/arrivals for each of many digests, locked by who brings it, be that a thread of this
 * process or another command. The lock belongs to the open file and ends with it, however the process ends; two digests that share a byte
 * wait for each other in vain, which costs time. */
#include <errno.h>

#include "store/store_private.h"

static off_t byte_of(const struct digest *d) {
    uint64_t n;
    memcpy(&n, d->b, sizeof n);
    return (off_t)(n & (INT64_MAX >> 1));
}

int store_arrival_try(struct store *s, const struct digest *d, struct err *e) {
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte_of(d), .l_len = 1};
    _cleanup_fd_ int fd = file_openat(s->root_fd, "locks/arrivals", O_RDWR | O_CREAT | O_NOFOLLOW, 0644, e);
    if (fd < 0)
        return -1;
    while (fcntl(fd, F_OFD_SETLK, &range) < 0) {
        if (errno == EAGAIN || errno == EACCES)
            return -1;
        if (errno != EINTR) /* a file system that cannot: then nobody waits for anybody, and a blob may be brought twice */
            break;
    }
    return take_fd(&fd);
}
