/* SPDX-License-Identifier: Apache-2.0
 *
 * One entry of a layer, and where its bytes come from. Producers (copy.h, diff.h, read.h) hand entries in normal order to a sink; the
 * sink may keep nothing of what it is given beyond the call unless it copies it. */
#ifndef CROZE_LAYER_ENTRY_H
#define CROZE_LAYER_ENTRY_H

#include <sys/stat.h>

#include "base/digest.h"
#include "base/err.h"

enum entry_type {
    ENTRY_FILE, ENTRY_DIR, ENTRY_SYMLINK, ENTRY_HARDLINK, ENTRY_CHAR, ENTRY_BLOCK, ENTRY_FIFO,
    ENTRY_WHITEOUT,   /* path is hidden; written as dir/.wh.name */
    ENTRY_OPAQUE,     /* a directory whose lower contents are hidden; only read (.wh..wh..opq), never written */
};

struct xattr {
    struct str name, value; /* "security.capability", "user.x"; sorted by name */
};

struct entry {
    struct str path;        /* clean, relative, no trailing slash; "" is the root itself */
    enum entry_type type;
    uint32_t mode;          /* 07777 */
    uint32_t uid, gid;
    int64_t mtime_s;
    uint32_t mtime_ns;
    uint64_t size;          /* ENTRY_FILE: bytes */
    struct str link;        /* symlink: target as is; hardlink: path inside the layer */
    uint32_t major, minor;
    struct xattr *xattrs;
    size_t n_xattrs;
};

/* With SOURCE_DATE_EPOCH no time that is written is newer than it (https://reproducible-builds.org/specs/source-date-epoch/). */
static inline void entry_clamp_time(struct entry *en, int64_t epoch) {
    if (en->mtime_s >= epoch) {
        en->mtime_s = epoch;
        en->mtime_ns = 0;
    }
}

/* Where a file's bytes are. */
enum content_kind {
    CONTENT_NONE,           /* not a file, or empty */
    CONTENT_BYTES,          /* in memory */
    CONTENT_FILE,           /* path below a directory descriptor that stays open until the sink is finished */
    CONTENT_STREAM,         /* pulled in order, once: reading an archive */
};
struct content {
    enum content_kind kind;
    struct str bytes;
    int dir_fd;
    struct str path;        /* opened with file_openat_nolinks, never through a symlink */
    struct stat seen;       /* what it was when it was listed: size, inode and times must still hold when it is read */
    bool has_digest;
    struct digest digest;   /* of the bytes, where it is known before they are read (the stat index, a toc) */
    ptrdiff_t (*pull)(void *ctx, void *to, size_t n, struct err *e);
    /* May be NULL. Instead of `pull`: the next bytes where they lie, until the next call */
    ptrdiff_t (*lend)(void *ctx, const void **p, struct err *e);
    void *pull_ctx;
};

struct entry_sink {
    bool (*add)(void *ctx, const struct entry *en, const struct content *c, struct err *e);
    void *ctx;
};

#endif
