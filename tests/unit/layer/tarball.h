/* SPDX-License-Identifier: Apache-2.0
 *
 * Tar archives made by hand, so that they can be wrong in every way; stores that hold them as layers; and small checks of what came of
 * them. */
#ifndef CROZE_TESTS_LAYER_TARBALL_H
#define CROZE_TESTS_LAYER_TARBALL_H

#include "base/limits.h"
#include "base/mem.h"
#include "layer/read.h"
#include "tap.h"

struct tarball {
    struct buf b;
};
#define TARBALL_INIT {BUF_INIT(MIB(512))}

struct tar_item {
    const char *name, *link;
    struct str data;
    char type;              /* '0' file, '1' hard link, '2' symlink, '3' char, '4' block, '5' directory, '6' FIFO */
    unsigned mode, uid, gid, major, minor;
    long long mtime;
    uint64_t size;          /* declared; 0: that of the data */
};
void tar_item(struct tarball *t, struct tar_item item);
void tar_file(struct tarball *t, const char *name, const char *text);
void tar_dir(struct tarball *t, const char *name);
void tar_link(struct tarball *t, char type, const char *name, const char *target);
void tar_mark(struct tarball *t, const char *name); /* an empty file: whiteouts */
/* One record of a PAX header, which stands in front of the next item. */
void tar_pax(struct tarball *t, const char *key, struct str value);
/* The GNU way of long names ('L') and link targets ('K'). */
void tar_gnu_long(struct tarball *t, char type, struct str text);
void tar_end(struct tarball *t);
void tar_free(struct tarball *t);

/* Pulls from memory, as decoder_read. */
struct bytes_source {
    struct str rest;
    size_t piece;           /* at most this many a call; 0: no limit */
};
ptrdiff_t bytes_read(void *ctx, void *to, size_t n, struct err *e);

/* A store in a scratch directory that goes away at exit. */
void layers_init(void);
const char *layers_scratch(void);
struct store *layers_store(const char *name, const char *flavour);
void layers_close(struct store *s);
/* Ends the tarball, stores it plain and frees it: a layer whose diffID is not known yet. */
struct layer layers_put(struct store *s, struct tarball *t);
struct layer layers_put_packed(struct store *s, struct tarball *t, enum compression c);
void must(bool done, struct err *e); /* prints the error and exits unless done */

/* A view as text, one line an entry: "d 0755 0:0 etc", "f 0644 0:0 etc/passwd=12", "l - sh -> bash", ... */
struct str view_text(const struct view *v, struct arena *a);
/* A tree on disk in the same form; whiteouts are "w path", opaque directories "d ... path opaque". */
struct str tree_text(int tree, struct arena *a);

#endif
