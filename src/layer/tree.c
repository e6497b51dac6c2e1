/* SPDX-License-Identifier: Apache-2.0
 * Unpacked layers, trees/<flavour>/<diffid> in the store (read.h). A tree is made in a work directory and renamed when it is complete and on disk, so
 * that its name always means the whole layer; of two that make the same one, the first wins. */
#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "layer/names.h"
#include "layer/read.h"
#include "layer/unpack.h"

/* The chainID of layers[0..which] (image-spec config.md, "Layer ChainID"). */
static struct digest chain_id(const struct view *v, size_t which) {
    struct digest chain = v->layers[0].diff_id;
    for (size_t i = 1; i <= which; i++) {
        char text[2 * DIGEST_TEXT + 2], one[2][DIGEST_TEXT + 1];
        int n = snprintf(text, sizeof text, "%s %s", digest_text(&chain, one[0]), digest_text(&v->layers[i].diff_id, one[1]));
        chain = sha256_of(text, (size_t)n);
    }
    return chain;
}

/* A tree that is whole gets its name. Where another process was first, its tree is the same. */
static bool publish_tree(struct store *s, int fd, int from_dir, const char *from, const char *hex, bool *published, struct err *e) {
    if (s->sync && syncfs(fd) < 0)
        return err_sys(e, errno, "write the tree of layer %s to disk", hex);
    *published = renameat2(from_dir, from, s->trees_fd, hex, RENAME_NOREPLACE) == 0;
    if (!*published && errno != EEXIST)
        return err_sys(e, errno, "rename the tree of layer %s", hex);
    return !s->sync || fsync(s->trees_fd) == 0 || err_sys(e, errno, "write trees/ to disk");
}

static bool unpack_into(const struct view *v, size_t which, const char *path, const char *hex, bool *published, struct err *e) {
    _cleanup_fd_ int fd = file_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    return fd >= 0 && unpack_layer(v, which, fd, e) && publish_tree(v->store, fd, AT_FDCWD, path, hex, published, e);
}

/* In a work directory until then: that of a process which was killed is swept by the next command. */
static bool make_tree(const struct view *v, size_t which, const char *hex, struct err *e) {
    uint64_t start = log_now_ns();
    _cleanup_(mem_freep) char *path = NULL;
    bool published = false, ok = store_workdir(v->store, &path, e) && unpack_into(v, which, path, hex, &published, e);
    if (path && !published)
        store_workdir_remove(v->store, path);
    log_span("tree", start);
    return ok;
}

static int open_tree(const struct view *v, size_t which, struct err *e) {
    struct digest name = toc_leans(v->tocs[which]) ? chain_id(v, which) : v->layers[which].diff_id;
    char hex[DIGEST_HEX + 1];
    digest_hex(&name, hex);
    if (!store_lease(v->store, &name, e))
        return -1;
    int fd = openat(v->store->trees_fd, hex, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    if (errno != ENOENT) {
        err_sys(e, errno, "open the tree of layer %s", hex);
        return -1;
    }
    return make_tree(v, which, hex, e) ? file_openat(v->store->trees_fd, hex, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e) : -1;
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

char *tree_path(const struct view *v, size_t which, struct arena *a, struct err *e) {
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

bool tree_adopt(struct store *s, const struct digest *diff_id, const char *upper_path, struct err *e) {
    char hex[DIGEST_HEX + 1];
    bool published;
    if (!store_lease(s, diff_id, e))
        return false;
    _cleanup_fd_ int fd = file_open(upper_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    return fd >= 0 && publish_tree(s, fd, AT_FDCWD, upper_path, digest_hex(diff_id, hex), &published, e);
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
