/* SPDX-License-Identifier: Apache-2.0
 * Bind mounts of a RUN (mount_kinds.h). A bind of the context shows what a COPY would: ignored files are hidden by a lower directory of
 * whiteouts that lies over the context in an overlay, so nothing is copied. A bind of a stage or image is an overlay of its trees. "rw"
 * adds an upper directory that is thrown away. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "build/hide_ignored.h"
#include "build/mount_kinds.h"
#include "layer/copy.h"
#include "layer/read.h"
#include "sys/files.h"

/* --- the key: what a mount shows, as COPY of the same source would see it --- */

bool mount_source_entries(struct run_mounts *m, size_t i, struct entry_sink sink, bool digests, struct err *e) {
    struct mount_source *src = &m->sources[i];
    struct view nothing = {.store = m->stage->build->store};
    struct str operand = src->mount->source;
    struct copy_part part = {
        .from = copy_source_of(&src->root), .operands = &operand, .n_operands = 1, .keeps_owner = !src->root.context};
    struct copy_spec spec = {.parts = &part, .n_parts = 1, .dest = S("/"), .dest_is_dir = true, .onto = &nothing};
    return copy_entries(&spec, digests, sink, e);
}

static bool stat_in_context(const struct context *c, const char *path, struct stat *out) {
    _cleanup_fd_ int fd = file_openat_inroot(c->fd, path, O_PATH, 0);
    bool found = fd >= 0 && fstat(fd, out) == 0;
    out->st_uid = out->st_gid = 0; /* as COPY has it */
    return found;
}

static bool stat_in_view(const struct view *v, struct str path, struct arena *a, struct stat *out, struct err *e) {
    struct str resolved;
    struct view_node node;
    bool exists;
    if (!view_resolve(v, path, VIEW_FOLLOW_LAST, a, &resolved, &exists, e))
        return false;
    errno = ENOENT;
    if (!exists || !view_lookup(v, resolved, a, &node))
        return false;
    out->st_mode = node.entry.mode | (node.entry.type == ENTRY_DIR ? S_IFDIR : S_IFREG);
    out->st_uid = node.entry.uid;
    out->st_gid = node.entry.gid;
    return true;
}

bool mount_source_stat(struct run_mounts *m, size_t i, struct stat *out, struct err *e) {
    const struct mount_source *src = &m->sources[i];
    struct arena *a = &m->stage->arena;
    struct str path = src->mount->source;
    *out = (struct stat){.st_mode = 0};
    bool found = src->root.context ? stat_in_context(src->root.context, arena_strz(a, path), out)
                                   : stat_in_view(&src->root.view, path, a, out, e);
    return found || (e->kind == ERR_NONE && err_sys(e, errno, "source %.*s", STR_ARG(path)));
}

/* What stands at the mount point, and all below it. */
static bool shown_digest(struct run_mounts *m, size_t i, struct digest *out, struct err *e) {
    const struct build_options *o = m->stage->build->options;
    struct content_hash h;
    struct stat st;
    content_hash_init(&h);
    h.has_epoch = o->has_epoch;
    h.epoch = o->epoch;
    if (!mount_source_entries(m, i, content_hash_sink(&h), true, e) || !mount_source_stat(m, i, &st, e))
        return false;
    sha256_u64(&h.state, st.st_mode);
    sha256_u64(&h.state, st.st_uid);
    sha256_u64(&h.state, st.st_gid);
    *out = content_hash_final(&h);
    return true;
}

bool mount_bind_open(struct run_mounts *m, size_t i, struct err *e) {
    struct mount_source *src = &m->sources[i];
    src->opened = read_root_open(m->stage->build, &src->mount->from, &src->root, e);
    return src->opened && shown_digest(m, i, &m->digests[i], e);
}

bool mount_bind_changed(struct run_mounts *m, size_t i, bool *changed, struct err *e) {
    struct digest now = m->digests[i];
    if (m->sources[i].root.context && !shown_digest(m, i, &now, e))
        return false;
    *changed = !digest_eq(&now, &m->digests[i]);
    return true;
}

/* --- the mounts --- */

/* `tag` is in the names of its directories. */
static bool mount_overlay(struct run_mounts *m, size_t i, size_t tag, const char *const *lowers, size_t n, struct err *e) {
    struct mount_source *src = &m->sources[i];
    char *target = mounts_fresh_dir(m, "mount", tag, e);
    char *work = target ? mounts_fresh_dir(m, "work", tag, e) : NULL;
    char *upper = work && src->mount->writable ? mounts_fresh_dir(m, "upper", tag, e) : NULL;
    if (!work || (src->mount->writable && !upper) || !overlay_mount(lowers, n, upper, work, target, e))
        return false;
    src->mounted = target;
    return true;
}

static bool mount_view(struct run_mounts *m, size_t i, struct err *e) {
    struct mount_source *src = &m->sources[i];
    const char **lowers = tree_paths(&src->root.view, &m->stage->arena, e);
    return lowers && mount_overlay(m, i, i, lowers, src->root.view.n, e);
}

/* A context shows its owner as 0:0, as COPY does, where the kernel has a mount for that; else as on the host. */
static const char *context_path(struct run_mounts *m, size_t i, struct err *e) {
    struct mount_source *src = &m->sources[i];
    const struct context *c = src->root.context;
    struct stat st;
    if (fstat(c->fd, &st) < 0 || (st.st_uid == 0 && st.st_gid == 0))
        return c->path;
    char *target = mounts_fresh_dir(m, "owned", i, e);
    if (target && sandbox_mount_as_root(c->path, st.st_uid, st.st_gid, target))
        src->owned = target;
    return src->owned ? src->owned : target ? c->path : NULL;
}

/* Kernels before 5.19 have mounts with other owners, but no overlay of them. */
static bool mount_context(struct run_mounts *m, size_t i, const char *path, struct err *e) {
    const struct context *c = m->sources[i].root.context;
    struct err owned = ERR_INIT;
    char *hidden = mounts_fresh_dir(m, "hidden", i, e);
    if (!hidden || !hide_ignored(c->fd, &c->ignore, hidden, e))
        return false;
    bool is_owned = path != c->path;
    bool good = is_owned && mount_overlay(m, i, i, (const char *const[]){hidden, path}, 2, &owned);
    err_clear(&owned);
    return good || mount_overlay(m, i, is_owned ? i + m->step->run.n_mounts : i, (const char *const[]){hidden, c->path}, 2, e);
}

/* Where the root of the source stands: an overlay, or the context itself where nothing has to be hidden or thrown away. */
static const char *root_path(struct run_mounts *m, size_t i, struct err *e) {
    struct mount_source *src = &m->sources[i];
    const struct context *c = src->root.context;
    if (!c)
        return mount_view(m, i, e) ? src->mounted : NULL;
    const char *path = context_path(m, i, e);
    if (!path || (c->ignore.n == 0 && !src->mount->writable))
        return path;
    return mount_context(m, i, path, e) ? src->mounted : NULL;
}

/* The host path that a mount binds. */
static bool bind_path(struct run_mounts *m, size_t i, const char **out, struct err *e) {
    struct mount_source *src = &m->sources[i];
    struct arena *a = &m->stage->arena;
    const char *root = root_path(m, i, e);
    _cleanup_fd_ int root_fd = root ? file_open(root, O_PATH | O_DIRECTORY, 0, e) : -1;
    if (root_fd < 0)
        return false;
    _cleanup_fd_ int fd = file_openat_inroot(root_fd, arena_strz(a, src->mount->source), O_PATH, 0);
    char link[40], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = fd < 0 ? -1 : readlink(link, path, sizeof path);
    if (n < 0 || n == (ssize_t)sizeof path)
        return err_sys(e, fd < 0 || n < 0 ? errno : ENAMETOOLONG, "source %.*s", STR_ARG(src->mount->source));
    *out = arena_strz(a, str_n(path, (size_t)n));
    return true;
}

bool mount_bind_prepare(struct run_mounts *m, size_t i, struct sandbox_mount *to, struct err *e) {
    to->kind = SANDBOX_BIND;
    to->writable = m->sources[i].mount->writable;
    return bind_path(m, i, &to->source, e);
}
