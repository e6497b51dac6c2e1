/* SPDX-License-Identifier: Apache-2.0
 * Unpacked layers, trees/<flavour>/<diffid> in the store (read.h). A tree is made in work/ and renamed when it is complete and on disk,
 * so that its name always means the whole layer, and what a killed command leaves is swept with its lease; of two that make the same one,
 * the first wins. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "layer/names.h"
#include "layer/read.h"
#include "layer/tree.h"
#include "layer/unpack.h"

/* What a tree is named by: a layer that leans on lower ones is another tree on each stack, so by the ChainID of layers[0..which]. */
static struct digest tree_name(const struct view *v, size_t which) {
    struct digest chain = {0};
    if (!toc_leans(v->tocs[which]))
        return v->layers[which].diff_id;
    for (size_t i = 0; i <= which; i++)
        chain = chain_id(&chain, &v->layers[i].diff_id);
    return chain;
}

/* --- Making --- */

bool tree_draft_open(struct store *s, struct tree_draft *d, struct err *e) {
    *d = (struct tree_draft){.store = s, .fd = -1};
    if (!store_workdir(s, &d->work, e))
        return false;
    d->fd = file_openat(s->work_fd, path_base(str_z(d->work)).p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    return d->fd >= 0;
}

void tree_draft_discard(struct tree_draft *d) {
    fd_closep(&d->fd);
    if (d->work)
        store_workdir_remove(d->store, d->work); /* nothing is there if it was published */
    free(d->work);
    d->work = NULL;
}

/* A tree that is whole gets its name; `from` is in work/. Where another process was first, its tree is the same. */
static bool publish(struct store *s, int fd, const char *from, const struct digest *name, struct err *e) {
    char hex[DIGEST_HEX + 1];
    digest_hex(name, hex);
    if (s->sync && syncfs(fd) < 0)
        return err_sys(e, errno, "write the tree of layer %s to disk", hex);
    if (renameat2(s->work_fd, from, s->trees_fd, hex, RENAME_NOREPLACE) < 0 && errno != EEXIST)
        return err_sys(e, errno, "rename the tree of layer %s", hex);
    return !s->sync || fsync(s->trees_fd) == 0 || err_sys(e, errno, "write trees/ to disk");
}

bool tree_publish(struct store *s, const struct tree_draft *d, const struct digest *name, struct err *e) {
    return store_lease(s, name, e) && publish(s, d->fd, path_base(str_z(d->work)).p, name, e);
}

bool tree_adopt(struct store *s, const struct digest *diff_id, const char *upper_path, struct err *e) {
    if (!store_lease(s, diff_id, e))
        return false;
    _cleanup_fd_ int fd = file_open(upper_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    /* By the store's own descriptors: a path may lead through another mount of the same file system, and rename refuses to cross those. */
    struct str prefix = str_z(s->root), rest = str_from(str_z(upper_path), prefix.n);
    assert(str_starts(str_z(upper_path), prefix) && str_starts(rest, S("/work/")));
    return fd >= 0 && publish(s, fd, rest.p + strlen("/work/"), diff_id, e);
}

static bool make_tree(const struct view *v, size_t which, const struct digest *name, struct err *e) {
    uint64_t start = log_now_ns();
    _cleanup_(tree_draft_discard) struct tree_draft d = TREE_DRAFT_INIT;
    bool ok = tree_draft_open(v->store, &d, e) && unpack_layer(v, which, d.fd, e) && tree_publish(v->store, &d, name, e);
    log_span("tree", start);
    return ok;
}

/* --- Opening --- */

/* -1 without an error: there is none. */
static int look(struct store *s, const struct digest *name, struct err *e) {
    char hex[DIGEST_HEX + 1];
    if (!store_lease(s, name, e))
        return -1;
    int fd = openat(s->trees_fd, digest_hex(name, hex), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        err_sys(e, errno, "open the tree of layer %s", hex);
    return fd;
}

bool tree_exists(struct store *s, const struct digest *name, bool *exists, struct err *e) {
    _cleanup_fd_ int fd = look(s, name, e);
    *exists = fd >= 0;
    return e->kind == ERR_NONE;
}

static int open_tree(const struct view *v, size_t which, struct err *e) {
    struct digest name = tree_name(v, which);
    char hex[DIGEST_HEX + 1];
    int fd = look(v->store, &name, e);
    if (fd >= 0 || e->kind != ERR_NONE)
        return fd;
    if (!make_tree(v, which, &name, e))
        return -1;
    return file_openat(v->store->trees_fd, digest_hex(&name, hex), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
}

int tree_open(const struct view *v, size_t which, struct err *e) {
    /* A layer that leans on lower ones copies files from their trees; made from the bottom up, none waits for another. */
    for (size_t i = 0; toc_leans(v->tocs[which]) && i < which; i++) {
        _cleanup_fd_ int lower = open_tree(v, i, e);
        if (lower < 0)
            return -1;
    }
    return open_tree(v, which, e);
}

static const char *tree_path(const struct view *v, size_t which, struct arena *a, struct err *e) {
    _cleanup_fd_ int fd = tree_open(v, which, e);
    char link[40], path[LIMIT_PATH_BYTES + 1];
    if (fd < 0)
        return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path);
    if (n >= 0 && n < (ssize_t)sizeof path)
        return arena_strz(a, str_n(path, (size_t)n));
    err_sys(e, n < 0 ? errno : ENAMETOOLONG, "find the path of a layer's tree");
    return NULL;
}

const char **tree_paths(const struct view *v, struct arena *a, struct err *e) {
    const char **paths = arena_array(a, const char *, v->n + 1);
    for (size_t i = 0; i < v->n; i++)
        if (!(paths[v->n - 1 - i] = tree_path(v, i, a, e)))
            return NULL;
    return paths;
}

int view_open_file(const struct view *v, const struct view_node *node, struct err *e) {
    if (node->entry.type != ENTRY_FILE) {
        err_set(e, ERR_FAILED, "%s is not a regular file", SHOWN(node->entry.path));
        return -1;
    }
    _cleanup_fd_ int tree = tree_open(v, node->layer, e);
    if (tree < 0)
        return -1;
    _cleanup_(mem_freep) char *path = mem_strndup(node->entry.path.p, node->entry.path.n);
    int fd = file_openat_nolinks(tree, path, O_RDONLY, 0);
    if (fd < 0)
        err_sys(e, errno, "open %s in the tree of layer %s", SHOWN(node->entry.path),
                digest_text(&v->layers[node->layer].diff_id, (char[DIGEST_TEXT + 1]){0}));
    return fd;
}
