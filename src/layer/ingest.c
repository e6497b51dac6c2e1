/* SPDX-License-Identifier: Apache-2.0
 * One pass over a layer (ingest.h). Its entries go into a listing, as its table of contents wants them sorted, and into a directory in
 * work/, as they come; what of the tree depends on the whole layer is done when the listing is complete. A layer that turns out to lean on
 * lower ones loses its tree: on each stack it would be another one. */
#include "layer/ingest.h"

#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "layer/listing.h"
#include "layer/names.h"
#include "layer/spool.h"
#include "layer/tar_stream.h"
#include "layer/toc.h"
#include "layer/tree.h"
#include "layer/unpack.h"
#include "layer/untar.h"
#include "layer/watch.h"

/* A layer that mentions so many directories and has listed none of them will not list them later: it leans (Bazel's do). To find that out
 * at the end would cost its whole tree; and a name of 2 KB may make a thousand. */
enum { IMPLIED_MAX = 1000 };

struct ingest {
    struct store *store;
    struct listing *listing;
    struct digest diff_id; /* of what was read */
    struct file_draft toc;
    enum ingest_what what;
    bool has_tree_already;
    struct tree_draft tree;
    struct unpack *unpack; /* NULL: no tree is made (any more) */
    void *watched;         /* watch.h */
};

struct ingest *ingest_new(struct store *s, enum ingest_what what) {
    struct ingest *g = mem_zalloc(1, sizeof *g);
    g->store = s;
    g->what = what;
    g->listing = listing_new(s->work_fd);
    g->toc = (struct file_draft)FILE_DRAFT_INIT;
    g->tree = (struct tree_draft)TREE_DRAFT_INIT;
    g->watched = watch_begin(s);
    return g;
}

static void drop_tree(struct ingest *g) {
    unpack_free(g->unpack);
    g->unpack = NULL;
    tree_draft_discard(&g->tree);
}

void ingest_free(struct ingest *g) {
    if (!g)
        return;
    drop_tree(g);
    watch_end(g->store, g->watched);
    file_draft_discard(&g->toc);
    listing_free(g->listing);
    free(g);
}

bool ingest_has_tree(const struct ingest *g) {
    return g->has_tree_already || g->unpack;
}

/* --- Entries --- */

static ptrdiff_t lend_bytes(void *ctx, const void **p, struct err *e) {
    (void)e;
    struct str *rest = ctx, all = *rest;
    *rest = STR_NULL;
    *p = all.p;
    return (ptrdiff_t)all.n;
}

static bool unpack(struct ingest *g, const struct entry *en, const struct content *c, struct err *e) {
    if (!g->unpack)
        return true;
    if (!unpack_entry(g->unpack, en, c, e))
        return false;
    if (unpack_implied(g->unpack) > IMPLIED_MAX)
        drop_tree(g);
    return true;
}

/* A file whose bytes the table of contents keeps is held in memory, and goes on from there. */
static bool take_kept(struct ingest *g, const struct entry *en, const struct content *c, struct buf *bytes, struct digest *d,
                      struct err *e) {
    if (!spool_hash(c, d, bytes, e))
        return err_wrap(e, "%s", SHOWN(en->path));
    struct str rest = buf_str(bytes);
    struct content again = {.kind = c->kind, .dir_fd = -1, .lend = lend_bytes, .pull_ctx = &rest};
    return unpack(g, en, &again, e);
}

static bool take_bytes(struct ingest *g, const struct entry *en, const struct content *c, struct digest *d, struct err *e) {
    struct hashed_content h;
    if (!g->unpack)
        return spool_hash(c, d, NULL, e) || err_wrap(e, "%s", SHOWN(en->path));
    hashed_content_init(&h, c);
    if (!unpack(g, en, &h.content, e))
        return false;
    *d = sha256_final(&h.hash);
    return true;
}

/* The digest comes last, but what the listing would refuse must not be made before. */
static bool take_file(struct ingest *g, const struct entry *en, const struct content *c, struct err *e) {
    struct listing_file f = {.has_digest = true, .is_kept = toc_keeps(en->path) && en->size <= LIMIT_PASSWD_BYTES};
    struct buf bytes = BUF_INIT(LIMIT_PASSWD_BYTES);
    struct watched_content w;
    watched_content_init(&w, g->store, g->watched, en, c);
    bool ok = listing_enter(g->listing, en->path, e) &&
              (f.is_kept ? take_kept(g, en, &w.content, &bytes, &f.digest, e) : take_bytes(g, en, &w.content, &f.digest, e));
    watched_content_fini(&w);
    f.kept = buf_str(&bytes);
    ok = ok && listing_add(g->listing, en, &f, e);
    buf_fini(&bytes);
    return ok;
}

/* A hard link to what the layer does not hold, or not yet: no tree can be made of it alone, perhaps none at all. */
static bool links_outside(const struct ingest *g, const struct entry *en) {
    uint32_t number;
    return en->type == ENTRY_HARDLINK && !listing_find(g->listing, en->link, &number);
}

static bool take_entry(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct ingest *g = ctx;
    if (en->type == ENTRY_FILE)
        return take_file(g, en, c, e);
    if (!listing_add(g->listing, en, NULL, e))
        return false;
    if (links_outside(g, en))
        drop_tree(g);
    return unpack(g, en, c, e);
}

/* --- The table of contents --- */

static void toc_builder_freep(struct toc_builder **b) {
    toc_builder_free(*b);
    *b = NULL;
}

static bool set_kept(struct toc_builder *b, size_t number, struct listing *l, const struct listing_item *item, struct err *e) {
    struct buf bytes = BUF_INIT(LIMIT_PASSWD_BYTES);
    bool good = listing_kept(l, item, &bytes, e);
    if (good)
        toc_builder_set_kept(b, number, buf_str(&bytes));
    buf_fini(&bytes);
    return good;
}

static bool add_item(struct toc_builder *b, struct listing *l, const struct listing_item *item, struct err *e) {
    size_t number;
    if (item->implied)
        return true;
    return toc_builder_add(b, &item->entry, &number, e) &&
           (!item->file.has_digest || toc_builder_set_digest(b, number, &item->file.digest, e)) &&
           (!item->file.is_kept || set_kept(b, number, l, item, e));
}

static bool write_toc(struct ingest *g, const struct layer *l, struct err *e) {
    _cleanup_(toc_builder_freep) struct toc_builder *b = toc_builder_new(g->store);
    struct listing_item item;
    struct str outside;
    if (!listing_finish(g->listing, e))
        return false;
    for (uint64_t cursor = 0; listing_next(g->listing, &cursor, &item, e);)
        if (!add_item(b, g->listing, &item, e))
            return false;
    if (e->kind != ERR_NONE)
        return false;
    if (listing_leans(g->listing, &outside))
        toc_builder_set_leans(b);
    return toc_builder_write(b, l, &g->toc, e);
}

/* --- The tree --- */

static bool begin_tree(struct ingest *g, const struct layer *l, struct err *e) {
    if (g->what != INGEST_TREE)
        return true;
    if (!digest_is_zero(&l->diff_id) && !tree_exists(g->store, &l->diff_id, &g->has_tree_already, e))
        return false;
    if (g->has_tree_already)
        return true;
    const struct view nothing = {.store = g->store};
    if (!tree_draft_open(g->store, &g->tree, e))
        return false;
    g->unpack = unpack_new(&nothing, g->tree.fd, e);
    return g->unpack != NULL;
}

/* What the layer says as a whole is read from its table of contents, which has no name yet. */
static bool finish_tree(struct ingest *g, struct layer *l, struct err *e) {
    if (!g->unpack)
        return true;
    struct toc *toc = toc_open_draft(&g->toc, &l->diff_id, e);
    struct view alone = {.store = g->store, .layers = l, .tocs = &toc, .n = 1};
    bool ok = toc != NULL;
    if (ok && toc_leans(toc))
        drop_tree(g);
    else
        ok = ok && unpack_finish(g->unpack, &alone, 0, e);
    toc_free(toc);
    return ok;
}

/* --- All of it --- */

static bool read_stream(struct ingest *g, decoder_read read, void *ctx, struct layer *l, struct err *e) {
    _cleanup_(tar_stream_freep) struct tar_stream *t = tar_stream_new(read, ctx, TAR_OF_LAYER);
    return untar(tar_stream_next, t, (struct entry_sink){take_entry, g}, e) && tar_stream_settle(t, l, e);
}

bool ingest_read(struct ingest *g, decoder_read read, void *ctx, struct layer *l, struct err *e) {
    uint64_t start = log_now_ns();
    bool ok = begin_tree(g, l, e) && read_stream(g, read, ctx, l, e) && write_toc(g, l, e) && finish_tree(g, l, e);
    g->diff_id = l->diff_id;
    log_span("layer ingest", start);
    return ok;
}

bool ingest_commit(struct ingest *g, struct err *e) {
    bool ok = watch_commit(g->store, g->watched, &g->diff_id, e) && toc_publish(g->store, &g->toc, &g->diff_id, e) &&
              (!g->unpack || tree_publish(g->store, &g->tree, &g->diff_id, e));
    if (ok)
        g->has_tree_already = g->has_tree_already || g->unpack;
    drop_tree(g);
    return ok;
}
