/* SPDX-License-Identifier: Apache-2.0
 * A root file system archive packed anew as one layer (read.h). It is read once into a listing, and the file contents into one unnamed
 * spool file beside it, and not into a tree: so no name of the archive ever reaches a file system, and owners, devices and modes need no
 * privilege. */

#include "base/limits.h"
#include "base/mem.h"
#include "layer/listing.h"
#include "layer/names.h"
#include "layer/read.h"
#include "layer/spool.h"

struct import {
    struct listing *listing;
    int spool;
    uint64_t spooled;
};

static bool add_spooled(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct import *im = ctx;
    struct listing_file f = {.offset = im->spooled};
    if (en->type == ENTRY_WHITEOUT || en->type == ENTRY_OPAQUE)
        return err_set(e, ERR_FAILED, "%s: names beginning with \".wh.\" mean removed files in an image layer, so this one cannot be "
                       "imported; rename it in the archive", SHOWN(en->path));
    if (!listing_add(im->listing, en, &f, e))
        return false;
    if (en->type != ENTRY_FILE)
        return true;
    im->spooled += en->size;
    return spool_write(c, en->size, im->spool, f.offset, e) || err_wrap(e, "%s", SHOWN(en->path));
}

/* A file in the spool, for the writer to pull. */
struct spooled {
    int fd;
    uint64_t offset, left;
};

static ptrdiff_t pull_spooled(void *ctx, void *to, size_t n, struct err *e) {
    struct spooled *f = ctx;
    size_t k = f->left < n ? (size_t)f->left : n;
    if (!file_pread_all(f->fd, to, k, f->offset, "the import's spool file", e))
        return -1;
    f->offset += k;
    f->left -= k;
    return (ptrdiff_t)k;
}

static bool pack(struct import *im, struct layer_writer *w, struct err *e) {
    struct listing_item item;
    for (uint64_t cursor = 0; listing_next(im->listing, &cursor, &item, e);) {
        if (item.implied && item.entry.path.n == 0)
            continue; /* the archive says nothing of its root */
        struct spooled f = {im->spool, item.file.offset, item.entry.size};
        struct content c = {.kind = CONTENT_NONE, .dir_fd = -1};
        if (item.entry.type == ENTRY_FILE && item.entry.size > 0)
            c = (struct content){.kind = CONTENT_STREAM, .dir_fd = -1, .pull = pull_spooled, .pull_ctx = &f};
        if (!layer_writer_add(w, &item.entry, &c, e))
            return false;
    }
    return e->kind == ERR_NONE;
}

static void layer_writer_freep(struct layer_writer **w) {
    layer_writer_free(*w);
    *w = NULL;
}

static bool sort_import(struct import *im, const char *what, struct err *e) {
    struct str outside;
    if (!listing_finish(im->listing, e))
        return err_wrap(e, "%s", what);
    listing_leans(im->listing, &outside);
    return outside.n == 0 || err_set(e, ERR_FAILED, "%s: a hard link to %s, which the archive does not hold", what, SHOWN(outside));
}

bool layer_import(struct store *s, decoder_read read, void *ctx, const char *what, const struct layer_options *o, struct layer *out,
                  struct err *e) {
    _cleanup_draft_ struct file_draft spool = FILE_DRAFT_INIT;
    if (!file_draft_open(s->work_fd, 0600, &spool, e))
        return err_wrap(e, "%s", what);
    _cleanup_(listing_freep) struct listing *l = listing_new(s->work_fd);
    struct import im = {.listing = l, .spool = spool.fd};
    if (!tar_read(read, ctx, what, (struct entry_sink){add_spooled, &im}, e) || !sort_import(&im, what, e))
        return false;
    _cleanup_(layer_writer_freep) struct layer_writer *w = layer_writer_new(s, o, e);
    return w && pack(&im, w, e) && layer_writer_finish(w, out, e);
}
