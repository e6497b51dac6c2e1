/* SPDX-License-Identifier: Apache-2.0
 *
 * Files: descriptors that close themselves, whole-file reads and writes, publishing under a name only when complete, and paths that come
 * from outside, resolved by the kernel inside a directory (openat2(2)) and never by joining strings.
 * Paths given as `const char *` are the host's own (the store, the command line); paths inside images and contexts are resolved only by
 * file_openat_beneath / file_openat_inroot. */
#ifndef CROZE_SYS_FILES_H
#define CROZE_SYS_FILES_H

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/mem.h"

static inline void fd_closep(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}
static inline int take_fd(int *fd) {
    int taken = *fd;
    *fd = -1;
    return taken;
}
#define _cleanup_fd_ _cleanup_(fd_closep)

/* open / openat with O_CLOEXEC and an error that names the path. -1 on failure. */
MUST_CHECK int file_open(const char *path, int flags, mode_t mode, struct err *e);
MUST_CHECK int file_openat(int dir, const char *name, int flags, mode_t mode, struct err *e);

/* openat2 below `dir`: `path` may not leave it, by "..", an absolute path or a symlink (RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
 * symlinks inside that stay inside are followed. -1 with errno set and no message: callers know what the path is called. */
int file_openat_beneath(int dir, const char *path, int flags, mode_t mode);
/* As above, and no symlink at all in any component. */
int file_openat_nolinks(int dir, const char *path, int flags, mode_t mode);
/* As chroot(dir) would resolve it: absolute paths and symlinks and ".." stay inside (RESOLVE_IN_ROOT). */
int file_openat_inroot(int dir, const char *path, int flags, mode_t mode);

/* Whether the path leads through /proc to what a process has open ("/dev/stdout", "/dev/fd/3"), which has that name only by chance. */
bool file_is_descriptor(const char *path);

/* Reads until the end; more than b->max_bytes is an error. */
MUST_CHECK bool file_read_fd(int fd, const char *what, struct buf *b, struct err *e);
MUST_CHECK bool file_read(const char *path, struct buf *b, struct err *e);
MUST_CHECK bool file_readat(int dir, const char *name, struct buf *b, struct err *e);
/* Maps a whole regular file, to be read in place; an empty one is the empty string. For files that are never cut short, only replaced:
 * behind a new end of one there is no memory. */
MUST_CHECK bool file_map(int fd, const char *what, struct str *map, struct err *e);
void file_unmap(struct str *map); /* also as cleanup attribute; the empty string is fine */
/* Writes all bytes (EINTR and short writes are handled). */
MUST_CHECK bool file_write_all(int fd, const void *p, size_t n, const char *what, struct err *e);
/* Exactly n bytes at an offset; a short file is an error. */
MUST_CHECK bool file_pread_all(int fd, void *p, size_t n, uint64_t offset, const char *what, struct err *e);
/* Copies n bytes (copy_file_range, else read and write) from `from` at offset to `to` at its position. */
MUST_CHECK bool file_copy_range(int from, uint64_t offset, int to, uint64_t n, const char *what, struct err *e);

/* Whether two looks saw the same file, and nothing was done to it in between. */
bool file_is_same(const struct stat *a, const struct stat *b);
/* Whether the open file is (still) the one that dir/name is called; no link is followed. */
bool file_is_at(int fd, int dir, const char *name);

/* Makes a directory and its parents (mode 0755 less the umask; the last one `mode`). Existing ones are fine. */
MUST_CHECK bool file_mkdirs(const char *path, mode_t mode, struct err *e);
/* Removes a tree below dir/name without following links, without recursion limits of the stack; absent is fine. */
MUST_CHECK bool file_remove_tree(int dir, const char *name, struct err *e);

/* A file in the making. It has no name until file_publish gives it one (O_TMPFILE, or a private ".tmp-" name where the file
 * system cannot), so a crash leaves nothing visible. */
struct file_draft {
    int fd;         /* write here */
    int dir;        /* borrowed: the directory in which it is made */
    char tmp[48];   /* private name, "" with O_TMPFILE */
};
#define FILE_DRAFT_INIT {-1, -1, ""}
MUST_CHECK bool file_draft_open(int dir, mode_t mode, struct file_draft *d, struct err *e);
/* Syncs the bytes if `sync`, then links the draft as `name`. FILE_KEEP: an existing file stays and that is success (content-addressed
 * names); FILE_REPLACE: it is replaced atomically. The draft is closed. */
enum file_publish_mode { FILE_KEEP, FILE_REPLACE };
MUST_CHECK bool file_publish(struct file_draft *d, const char *name, enum file_publish_mode mode, bool sync, struct err *e);
void file_draft_discard(struct file_draft *d); /* also as cleanup attribute; after publish: nothing */
#define _cleanup_draft_ _cleanup_(file_draft_discard)

/* Replaces dir/name by these bytes: draft, write, sync, rename, sync of the directory. */
MUST_CHECK bool file_replace(int dir, const char *name, const void *p, size_t n, bool sync, struct err *e);

/* Writes a file of the host by `write`. A regular one appears, or is replaced, when it is whole, and keeps its mode, and its owner and
 * group where we may give it away; where the path leads to it by symlinks, they stay; one that may not be written to is an error. A device
 * or a pipe is written as it is, and so is an open file (/dev/stdout), at its end. */
MUST_CHECK bool file_write_by(const char *path, bool (*write)(void *ctx, int fd, struct err *e), void *ctx, struct err *e);

/* A lock on an open file (flock(2), so it ends with the process). Waits if `wait`, else *got tells. */
MUST_CHECK bool file_lock(int fd, bool exclusive, bool wait, bool *got, const char *what, struct err *e);

/* Walks names of a directory: all but "." and "..", sorted bytewise, in arena memory. LIMIT_LAYER_ENTRIES bounds it. */
struct dir_names {
    struct str *names; /* each NUL-terminated */
    unsigned char *types; /* DT_* as the file system said it, perhaps DT_UNKNOWN */
    size_t n;
};
MUST_CHECK bool file_list(int dir_fd, struct arena *a, struct dir_names *out, struct err *e);

/* SHA-256 of everything from the current position of fd to its end; *size (if not NULL) gets the bytes read. */
MUST_CHECK bool file_digest(int fd, const char *what, struct digest *out, uint64_t *size, struct err *e);

#endif
