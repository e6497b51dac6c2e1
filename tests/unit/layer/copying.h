/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of COPY share: a context on disk, a root to copy onto made from a tarball, and the entries that come of it as text.
 * Every entry that passes is checked: normal order, no doubles, parents first, digests that are those of the bytes. */
#ifndef CROZE_TESTS_LAYER_COPYING_H
#define CROZE_TESTS_LAYER_COPYING_H

#include <errno.h>

#include "layer/copy.h"
#include "store/store.h"
#include "sys/files.h"
#include "tarball.h"

struct copying {
    struct store *store;
    char *context_path;
    int context;               /* the directory "context" of the scratch directory, empty at first */
    struct arena arena;
    struct view onto, from;    /* empty roots at first */
    struct ignore ignore;
    struct copy_part part;     /* from the context */
    struct copy_spec spec;     /* that part, onto `onto` */
    /* Called before each entry is recorded; NULL: not. */
    void (*meanwhile)(struct copying *t, struct str path);
    size_t entries;
    struct buf text, last;     /* lines "f 0644 0:0 a/b=content", "d 0755 0:0 a", "h a/c -> a/b", ... */
    int64_t mtime_of_last;
};

void copying_init(struct copying *t);
void copying_fini(struct copying *t);
void copying_clear(struct copying *t); /* an empty context, empty roots, a fresh spec */

/* In the context; parents are made. Modes do not depend on the umask. */
void put(struct copying *t, const char *path, const char *text);
void put_mode(struct copying *t, const char *path, const char *text, mode_t mode);
void put_dir(struct copying *t, const char *path, mode_t mode);
void put_link(struct copying *t, const char *path, const char *target);
void put_ignore(struct copying *t, const char *text);
/* Makes a view of one layer and frees the tarball. */
void set_view(struct copying *t, struct view *v, struct tarball *tar);

/* Copies by words, as a Dockerfile would: the last is the destination. The text of what came, or "" with the error in e. */
struct str copied(struct copying *t, struct err *e, const char *const *words);
#define COPY(t, e, ...) copied((t), (e), (const char *const[]){__VA_ARGS__, NULL})
/* The same once more with a content hash as the sink. */
struct digest hashed(struct copying *t, struct err *e);

#endif
