/* SPDX-License-Identifier: Apache-2.0
 * Opening, reading, writing and locking files: see files.h. Publishing is draft.c, trees are dir.c. */
#include "sys/files.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/mem.h"

int file_openat(int dir, const char *name, int flags, mode_t mode, struct err *e) {
    int fd = openat(dir, name, flags | O_CLOEXEC, mode);
    if (fd < 0)
        err_sys(e, errno, "%s %s", flags & O_CREAT ? "create" : "open", name);
    return fd;
}

int file_open(const char *path, int flags, mode_t mode, struct err *e) {
    return file_openat(AT_FDCWD, path, flags, mode, e);
}

static int openat2_retry(int dir, const char *path, int flags, mode_t mode, uint64_t resolve) {
    struct open_how how = {.flags = (uint64_t)(unsigned)flags | O_CLOEXEC, .resolve = resolve | RESOLVE_NO_MAGICLINKS};
    if (flags & (O_CREAT | __O_TMPFILE))
        how.mode = mode;
    for (int tries = 0;; tries++) {
        long fd = syscall(SYS_openat2, dir, path, &how, sizeof how);
        /* EAGAIN: a rename raced with a ".." (openat2(2)); a tree that is renamed for ever is an attack */
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR) || tries == 64)
            return (int)fd;
    }
}

int file_openat_beneath(int dir, const char *path, int flags, mode_t mode) {
    return openat2_retry(dir, path, flags, mode, RESOLVE_BENEATH);
}

int file_openat_nolinks(int dir, const char *path, int flags, mode_t mode) {
    return openat2_retry(dir, path, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int file_openat_inroot(int dir, const char *path, int flags, mode_t mode) {
    return openat2_retry(dir, path, flags, mode, RESOLVE_IN_ROOT);
}

bool file_is_descriptor(const char *path) {
    _cleanup_fd_ int fd = openat2_retry(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS);
    return fd < 0 && errno == ELOOP;
}

bool file_read_fd(int fd, const char *what, struct buf *b, struct err *e) {
    for (;;) {
        size_t room = b->capacity - b->n > 1 ? b->capacity - b->n - 1 : 65536;
        if (room > b->max_bytes - b->n)
            room = b->max_bytes - b->n + 1; /* one more than allowed tells "too big" from "just fits" */
        char probe;
        bool last = b->n == b->max_bytes;
        char *to = last ? &probe : buf_reserve(b, room > b->max_bytes - b->n ? b->max_bytes - b->n : room);
        ssize_t n = read(fd, to, last ? 1 : room > b->max_bytes - b->n ? b->max_bytes - b->n : room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, errno, "read %s", what);
        if (n == 0)
            break;
        if (last) {
            (void)err_set(e, ERR_FAILED, "%s is larger than the limit of %zu bytes", what, b->max_bytes);
            e->sys = EFBIG;
            return false;
        }
        b->n += (size_t)n;
    }
    buf_add(b, "", 0); /* the NUL behind the text */
    return true;
}

bool file_readat(int dir, const char *name, struct buf *b, struct err *e) {
    _cleanup_fd_ int fd = file_openat(dir, name, O_RDONLY, 0, e);
    return fd >= 0 && file_read_fd(fd, name, b, e);
}

bool file_read(const char *path, struct buf *b, struct err *e) {
    return file_readat(AT_FDCWD, path, b, e);
}

bool file_map(int fd, const char *what, struct str *map, struct err *e) {
    struct stat st;
    *map = STR_NULL;
    if (fstat(fd, &st) < 0)
        return err_sys(e, errno, "stat %s", what);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_FAILED, "%s is not a file", what);
    if (st.st_size == 0)
        return true;
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return err_sys(e, errno, "map %s", what);
    *map = str_n(p, (size_t)st.st_size);
    return true;
}

void file_unmap(struct str *map) {
    if (map->n)
        munmap((void *)map->p, map->n);
    *map = STR_NULL;
}

bool file_write_all(int fd, const void *p, size_t n, const char *what, struct err *e) {
    for (size_t done = 0; done < n;) {
        ssize_t k = write(fd, (const char *)p + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return err_sys(e, errno, "write %s", what);
        done += (size_t)k;
    }
    return true;
}

bool file_pread_all(int fd, void *p, size_t n, uint64_t offset, const char *what, struct err *e) {
    for (size_t done = 0; done < n;) {
        ssize_t k = pread(fd, (char *)p + done, n - done, (off_t)(offset + done));
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return err_sys(e, errno, "read %s", what);
        if (k == 0)
            return err_set(e, ERR_FAILED, "%s ends %zu bytes early", what, n - done);
        done += (size_t)k;
    }
    return true;
}

/* The slow way, for file systems that cannot copy in the kernel. */
static bool copy_by_hand(int from, uint64_t offset, int to, uint64_t n, const char *what, struct err *e) {
    _cleanup_(mem_freep) char *piece = mem_alloc(256 << 10);
    while (n > 0) {
        size_t k = n < 256 << 10 ? (size_t)n : 256 << 10;
        if (!file_pread_all(from, piece, k, offset, what, e) || !file_write_all(to, piece, k, what, e))
            return false;
        offset += k;
        n -= k;
    }
    return true;
}

bool file_copy_range(int from, uint64_t offset, int to, uint64_t n, const char *what, struct err *e) {
    while (n > 0) {
        off_t at = (off_t)offset;
        ssize_t k = copy_file_range(from, &at, to, NULL, n < 1u << 30 ? (size_t)n : 1u << 30, 0);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == EBADF))
            return copy_by_hand(from, offset, to, n, what, e);
        if (k < 0)
            return err_sys(e, errno, "copy %s", what);
        if (k == 0)
            return err_set(e, ERR_FAILED, "%s ends %llu bytes early", what, (unsigned long long)n);
        offset += (uint64_t)k;
        n -= (uint64_t)k;
    }
    return true;
}

static bool same_time(struct timespec a, struct timespec b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool file_is_same(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_mode == b->st_mode && a->st_size == b->st_size &&
           same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

bool file_is_at(int fd, int dir, const char *name) {
    struct stat open, named;
    return fstat(fd, &open) == 0 && fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && open.st_dev == named.st_dev &&
           open.st_ino == named.st_ino;
}

bool file_lock(int fd, bool exclusive, bool wait, bool *got, const char *what, struct err *e) {
    *got = false;
    int how = (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB);
    while (flock(fd, how) < 0) {
        if (errno == EINTR)
            continue;
        if (errno == EWOULDBLOCK)
            return true;
        return err_sys(e, errno, "lock %s", what);
    }
    *got = true;
    return true;
}

bool file_digest(int fd, const char *what, struct digest *out, uint64_t *size, struct err *e) {
    _cleanup_(mem_freep) char *piece = mem_alloc(256 << 10);
    struct sha256 s;
    sha256_init(&s);
    for (;;) {
        ssize_t n = read(fd, piece, 256 << 10);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, errno, "read %s", what);
        if (n == 0)
            break;
        sha256_update(&s, piece, (size_t)n);
    }
    *out = sha256_final(&s);
    if (size)
        *size = s.bytes;
    return true;
}
