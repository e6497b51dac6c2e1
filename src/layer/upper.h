/* SPDX-License-Identifier: Apache-2.0
 *
 * One inode of an overlay upper directory, read as an entry: what overlayfs and the sandbox left in its xattrs is understood and taken off
 * (kernel documentation, filesystems/overlayfs: "Whiteouts and opaque directories"). For diff.c. */
#ifndef CROZE_LAYER_UPPER_H
#define CROZE_LAYER_UPPER_H

#include "layer/entry.h"

/* Which overlay wrote the directory: its marks are trusted.overlay.* where root mounted it, and user.overlay.* in a user namespace. The
 * others are anybody's to set there. */
enum upper_marks { UPPER_TRUSTED, UPPER_USER };
/* By the store's flavour (store.h). */
enum upper_marks upper_marks_of(const char *flavour);

struct upper_inode {
    struct entry entry;      /* all but path and hard links; texts in the arena */
    struct stat st;
    bool is_socket;          /* no layer holds one */
    bool is_whiteout;
    bool is_opaque;          /* a directory that hides its lower contents */
    struct str left_out;     /* an attribute that a program set and no layer may hold: another overlay would take it for its own mark */
};

/* Reads dir_fd/name (one component; "" is the directory itself). `path` names it in errors. A redirect or metacopy xattr is an error. */
MUST_CHECK bool upper_read(int dir_fd, const char *name, struct str path, enum upper_marks marks, struct arena *a, struct upper_inode *out,
                           struct err *e);

/* Whether a layer keeps an xattr of this name: security.capability and user.*, less overlay's and croze's own. */
bool upper_keeps_xattr(struct str name);

#endif
