/* SPDX-License-Identifier: Apache-2.0
 *
 * What COPY reads, behind one face: a host directory (copy_context.c), the root of a stage or image (copy_view.c), texts in memory and
 * single files from elsewhere (copy_single.c), an unpacked archive (copy_archive.c). A path in a source is clean and relative, "" its root.
 * Nothing here follows a symlink: that is the business of operands (copy_operand.c) alone. */
#ifndef CROZE_LAYER_COPY_SOURCE_H
#define CROZE_LAYER_COPY_SOURCE_H

#include "base/arena.h"
#include "layer/copy.h"
#include "layer/copy_pick.h"

struct source;

/* A directory of a source that lookups are made in. */
struct source_dir {
    struct source *source;
    struct str path;
    struct str only;           /* not "": just this one name of it is meant, which the copy calls `as` */
    struct str as;
    const struct pick *pick;   /* what of it is copied; NULL: all */
    unsigned operand;          /* which match of an operand it came from: hard links hold within one */
    int fd;                    /* the context's: -1 while it is not open */
    bool known;                /* the context's: device and inode are set, and must still be these when it is opened again */
    dev_t device;
    ino_t inode;
};

/* One name in a directory. */
struct source_node {
    struct entry entry;        /* as it lies in the source; xattrs that an image carries; path: where a view has the bytes, else unset */
    bool hidden;               /* a directory that the ignore file excludes, while something below may be included again */
    bool lazy;                 /* a directory that is copied only for what is picked below it: made where there is none yet */
    bool implied;              /* a directory of an archive that has no entry of its own: made only where there is none */
    struct str inode;          /* not "": other names may be the same file, those with an equal text */
    bool linked;               /* there are other names for certain; a first name may not know (source.links_at_first) */
    struct str first_name;     /* not "": the path that names the file, of which this is another name (view, archive) */
    struct stat seen;          /* the context's */
    struct timespec looked_at; /* by the clock of file systems, before that */
    bool has_digest;
    struct digest digest;
    size_t layer;              /* the view's */
    const void *private;
};

enum look {
    LOOK_THERE,
    LOOK_ABSENT,
    LOOK_EXCLUDED,             /* the ignore file hides it; it need not exist */
    LOOK_SOCKET,               /* there is no such thing in a tar stream */
    LOOK_FAILED,
};

struct source_ops {
    /* Names in the directory, sorted. */
    bool (*list)(struct source_dir *d, struct arena *a, struct str **names, size_t *n, struct err *e);
    /* What `name` (NUL-terminated) is; texts are put into the arena. */
    enum look (*look)(struct source_dir *d, struct str name, struct arena *a, struct source_node *out, struct err *e);
    /* Where the bytes of a regular file are that look() found; valid until the next call. */
    bool (*content)(struct source_dir *d, struct str name, const struct source_node *node, bool digest, struct content *out, struct err *e);
    /* Lets go of what the directory holds open; it may be used again afterwards. NULL: nothing. */
    void (*close)(struct source_dir *d);
    void (*free)(struct source *s);
};

struct source {
    const struct source_ops *ops;
    bool keeps_owner;          /* uid and gid come from the source unless --chown says otherwise */
    bool keeps_mode;           /* --chmod does not apply (archives) */
    bool git_modes;            /* modes become 0644 / 0755 */
    bool links_at_first;       /* asked for: node.linked tells also where the first of several names is looked at */
    bool replaces;             /* files and directories take each other's place, as when an archive is unpacked */
};

/* The part's, by what its `from` is. It keeps the part. */
struct source *source_open(const struct copy_part *p, int64_t now_s);
struct source *source_context(const struct copy_source *from);
struct source *source_view(const struct view *v);
struct source *source_texts(const struct copy_text *texts, size_t n, int64_t now_s);
struct source *source_file(const struct copy_file *file);
/* Whether the file's bytes are those of its digest: for who reads them without the hash that a layer's writer makes. */
MUST_CHECK bool source_file_check(const struct copy_file *file, struct err *e);
static inline void source_free(struct source *s) {
    s->ops->free(s);
}

static inline struct source_dir source_dir(struct source *s, struct str path) {
    return (struct source_dir){.source = s, .path = path, .fd = -1};
}
static inline void source_dir_close(struct source_dir *d) {
    if (d->source->ops->close)
        d->source->ops->close(d);
}

/* dir/name, or just name below the root. */
struct str source_join(struct arena *a, struct str dir, struct str name);
/* The same in a buffer that is used again and again. */
struct str source_join_buf(struct buf *b, struct str dir, struct str name);

/* Those of `all` that an image carries (upper_keeps_xattr); the array lies in the arena. */
void xattrs_choose(struct arena *a, const struct xattr *all, size_t n, struct entry *out);

/* Sets an error with sys = ESTALE: the caller lists again. */
bool source_changed(struct str path, struct err *e);

#endif
