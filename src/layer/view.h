/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers stacked into one root file system and looked at through their tocs: nothing is mounted or unpacked. Symlinks are resolved inside
 * the root, as chroot would, with the kernel's limit of links. */
#ifndef CROZE_LAYER_VIEW_H
#define CROZE_LAYER_VIEW_H

#include "layer/toc.h"

struct view {
    struct store *store;
    struct layer *layers;   /* bottom first; copied */
    struct toc **tocs;
    size_t n;
};

/* Makes tocs that are missing (foreign layers) by reading the blob once. */
MUST_CHECK bool view_open(struct view *v, struct store *s, const struct layer *layers, size_t n, struct err *e);
/* The same for who will want the trees too (read.h's tree_open): where the toc is missing, the blob is read once for both. */
MUST_CHECK bool view_open_with_trees(struct view *v, struct store *s, const struct layer *layers, size_t n, struct err *e);
void view_close(struct view *v);

struct view_node {
    struct entry entry;     /* path is the resolved one; a hard link is given as the file it names */
    size_t layer;           /* which of the layers owns it */
    size_t bytes_layer, bytes_index; /* of a file: the entry that holds its bytes, in that layer's toc; not its own for a hard link */
    bool has_digest;
    struct digest digest;
};

/* What lies at `path` (clean, relative; "" is the root, which always exists). No symlink is followed. xattrs into `a`. */
bool view_lookup(const struct view *v, struct str path, struct arena *a, struct view_node *out);

enum view_follow { VIEW_NOFOLLOW_LAST, VIEW_FOLLOW_LAST };
/* Resolves every symlink of an absolute or relative path inside the root. *resolved: clean and relative. What does not exist (yet) is kept
 * as it is behind the last existing directory, *exists tells. A loop, or a file used as a directory, is an error. */
MUST_CHECK bool view_resolve(const struct view *v, struct str path, enum view_follow follow, struct arena *a, struct str *resolved,
                             bool *exists, struct err *e);
/* Names in a directory, sorted, merged over the layers. */
MUST_CHECK bool view_list(const struct view *v, struct str dir, struct arena *a, struct str **names, size_t *n, struct err *e);
/* The bytes of a small file that tocs keep (etc/passwd, etc/group), symlinks followed; *found false when there is none. */
MUST_CHECK bool view_read(const struct view *v, struct str path, struct arena *a, struct str *bytes, bool *found, struct err *e);

/* Users: "name", "uid", "name:group", "uid:gid", ... against the view's /etc/passwd and /etc/group (docs/design.md "Users"). An unknown
 * name is an error that names it. */
struct user_ids {
    uint32_t uid, gid;
    uint32_t *groups;       /* supplementary, in the arena: gid first; none for USER_CHOWN */
    size_t n_groups;
    struct str home;        /* from passwd, or "/" */
    struct str name;        /* from passwd, or "" */
};
enum user_purpose { USER_RUN, USER_CHOWN }; /* a bare number: chown takes gid = uid; run takes passwd's gid, else 0 */
MUST_CHECK bool view_user(const struct view *v, struct str spec, enum user_purpose purpose, struct arena *a, struct user_ids *out,
                          struct err *e);

#endif
