/* SPDX-License-Identifier: Apache-2.0
 *
 * Owner, mode, extended attributes and times of what was just created in a tree; and overlay's mark of an opaque directory. */
#ifndef CROZE_LAYER_ATTRIBUTES_H
#define CROZE_LAYER_ATTRIBUTES_H

#include "layer/entry.h"

struct attributes_how {
    uint32_t own_uid, own_gid;   /* what new files have by themselves: no chown is needed for these */
    uint32_t kept_mode;          /* the mode bits that a new file keeps: all but those of the umask */
    const char *opaque_xattr;
};

/* `root` is the fresh, empty directory of the tree; the flavour (store.h) tells which overlay will read it. */
MUST_CHECK bool attributes_prepare(struct attributes_how *how, int root, const char *flavour, struct err *e);
/* What a regular file is to be created with: attributes_set_fd then sets only what the umask took away. */
static inline mode_t attributes_new_mode(const struct entry *en) {
    return en->mode & 0777;
}
/* For a directory that is open, or a regular file that was made with attributes_new_mode. A device entry here is its stand-in: the number
 * goes into user.croze.dev. */
MUST_CHECK bool attributes_set_fd(const struct attributes_how *how, int fd, const struct entry *en, struct err *e);
/* For what cannot be opened: a symlink, a device, a FIFO. xattrs are not set: Linux has no user.* there, and capabilities only on files. */
MUST_CHECK bool attributes_set_at(const struct attributes_how *how, int dir, const char *base, const struct entry *en, struct err *e);
MUST_CHECK bool attributes_set_opaque(const struct attributes_how *how, int dir, const char *base, struct err *e);

#endif
