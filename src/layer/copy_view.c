/* SPDX-License-Identifier: Apache-2.0
 * COPY's source that is another root (copy_source.h): a stage or an image, seen through its tables of contents. Names, metadata and
 * digests cost no read of any layer; a file's bytes are pulled from the tree of its layer, which is unpacked when the first of them is
 * asked for. */
#include <errno.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "layer/copy_source.h"
#include "layer/names.h"
#include "layer/read.h"
#include "layer/view_private.h"
#include "sys/files.h"

struct view_source {
    struct source base;
    const struct view *view;
    struct view_node pulled;   /* the file that a sink may read next */
    bool scanned;
    struct map firsts;         /* with links_at_first: the inodes (as in node.inode) that hard links lead to */
    struct arena inodes;
    int fd;                    /* it, opened at the first pull; -1 before */
    uint64_t left;
    struct buf path, kept;
};

static struct view_source *view_of(const struct source_dir *d) {
    return (struct view_source *)d->source;
}

static bool list(struct source_dir *d, struct arena *a, struct str **names, size_t *n, struct err *e) {
    return view_list(view_of(d)->view, d->path, a, names, n, e);
}

static struct str inode_text(struct arena *a, const struct view_place *p) {
    const uint64_t id[] = {p->layer, p->index};
    return arena_str(a, str_n((const char *)id, sizeof id));
}

/* Follows every hard link of all layers. */
static void scan_links(struct view_source *v) {
    static const char there;
    v->scanned = true;
    for (size_t i = 0; i < v->view->n; i++) {
        const struct toc *t = v->view->tocs[i];
        for (size_t k = 0; k < toc_count(t); k++) {
            struct entry en;
            struct view_place p = {.layer = i, .index = k};
            toc_entry(t, k, NULL, &en);
            if (en.type == ENTRY_HARDLINK && view_inode(v->view, &p))
                map_put(&v->firsts, inode_text(&v->inodes, &p), (void *)(uintptr_t)&there);
        }
    }
}

/* Names that are the same file lead to one entry of one layer's toc. */
static void identify(struct view_source *v, struct str path, struct arena *a, struct source_node *out) {
    struct view_place place;
    struct entry named;
    if (!view_place(v->view, v->view->n, path, &place) || place.implied || !view_inode(v->view, &place))
        return;
    toc_entry(v->view->tocs[place.layer], place.index, NULL, &named);
    out->inode = inode_text(a, &place);
    out->linked = !str_eq(named.path, path);
    if (out->linked)
        out->first_name = named.path;
    if (!v->base.links_at_first)
        return;
    if (!v->scanned)
        scan_links(v);
    out->linked = out->linked || map_get(&v->firsts, out->inode);
}

static enum look look(struct source_dir *d, struct str name, struct arena *a, struct source_node *out, struct err *e) {
    struct view_source *v = view_of(d);
    struct view_node node;
    (void)e;
    *out = (struct source_node){0};
    struct str path = source_join_buf(&v->path, d->path, name);
    if (!view_lookup(v->view, path, a, &node))
        return LOOK_ABSENT;
    out->entry = node.entry;
    out->has_digest = node.has_digest;
    out->digest = node.digest;
    out->layer = node.layer;
    xattrs_choose(a, node.entry.xattrs, node.entry.n_xattrs, &out->entry);
    if (node.entry.type != ENTRY_FILE)
        return LOOK_THERE;
    identify(v, path, a, out);
    return LOOK_THERE;
}

static ptrdiff_t pull(void *ctx, void *to, size_t n, struct err *e) {
    struct view_source *v = ctx;
    if (v->left == 0)
        return 0;
    if (v->fd < 0)
        v->fd = view_open_file(v->view, &v->pulled, e);
    if (v->fd < 0)
        return -1;
    ssize_t got;
    do
        got = read(v->fd, to, n < v->left ? n : (size_t)v->left);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        err_sys(e, errno, "read %s", SHOWN(v->pulled.entry.path));
    else if (got == 0)
        err_set(e, ERR_FAILED, "%s is shorter in the unpacked layer than in its table of contents", SHOWN(v->pulled.entry.path));
    v->left -= got > 0 ? (uint64_t)got : 0;
    return got > 0 ? got : -1;
}

static bool content(struct source_dir *d, struct str name, const struct source_node *node, bool digest, struct content *out,
                    struct err *e) {
    struct view_source *v = view_of(d);
    (void)name, (void)digest, (void)e;
    fd_closep(&v->fd);
    buf_reset(&v->kept);
    buf_add_str(&v->kept, node->entry.path);
    v->pulled = (struct view_node){.entry = node->entry, .layer = node->layer, .has_digest = node->has_digest, .digest = node->digest};
    v->pulled.entry.path = buf_str(&v->kept);
    v->left = node->entry.size;
    *out = (struct content){.kind = CONTENT_STREAM, .has_digest = node->has_digest, .digest = node->digest, .pull = pull, .pull_ctx = v};
    return true;
}

static void view_source_free(struct source *s) {
    struct view_source *v = (struct view_source *)s;
    fd_closep(&v->fd);
    buf_fini(&v->path);
    buf_fini(&v->kept);
    map_fini(&v->firsts);
    arena_fini(&v->inodes);
    free(v);
}

struct source *source_view(const struct view *view) {
    static const struct source_ops ops = {.list = list, .look = look, .content = content, .free = view_source_free};
    struct view_source *v = mem_zalloc(1, sizeof *v);
    *v = (struct view_source){.base = {.ops = &ops}, .view = view, .fd = -1};
    v->path = v->kept = (struct buf)BUF_INIT(2 * LIMIT_PATH_BYTES);
    return &v->base;
}
