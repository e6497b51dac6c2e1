/* SPDX-License-Identifier: Apache-2.0
 * Mounts of a RUN: see mounts.h. A bind of the context shows what a COPY would: ignored files are hidden by a lower directory of whiteouts
 * that lies over the context in an overlay, so nothing is copied. A bind of a stage or image is an overlay of its trees. "rw" adds an upper
 * directory that is thrown away. */
#include "build/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "build/hide_ignored.h"
#include "layer/copy.h"
#include "layer/read.h"
#include "sys/files.h"

enum { FIXED_MOUNTS = 3 /* resolv.conf, hosts, a here-document that is a script */ };

struct mount_source {
    const struct step_mount *mount;
    struct view view;
    bool has_view;
    char *mounted;        /* where an overlay stands, to be unmounted; NULL: none */
};

/* --- the key: what a mount shows, as COPY of the same source would see it --- */

static bool digest_of(struct run_mounts *m, struct mount_source *src, struct digest *out, struct err *e) {
    struct build *b = m->stage->build;
    struct content_hash h;
    struct view nothing = {.store = b->store};
    struct str operand = src->mount->source;
    struct copy_part part = {.operands = &operand, .n_operands = 1, .keeps_owner = src->has_view};
    struct copy_spec spec = {.parts = &part, .n_parts = 1, .dest = S("/"), .dest_is_dir = true, .onto = &nothing};
    part.from.context_fd = src->has_view ? -1 : b->context_fd;
    part.from.view = src->has_view ? &src->view : NULL;
    part.from.ignore = !src->has_view && b->ignore.n ? &b->ignore : NULL;
    part.from.stats = b->stats;
    content_hash_init(&h);
    if (!copy_entries(&spec, true, content_hash_sink(&h), e))
        return false;
    *out = content_hash_final(&h);
    return true;
}

bool run_mounts_open(struct run_mounts *m, struct stage *s, const struct step *step, struct err *e) {
    const struct step_run *run = &step->run;
    m->stage = s;
    m->step = step;
    m->sources = arena_array(&s->arena, struct mount_source, run->n_mounts);
    m->digests = arena_array(&s->arena, struct digest, run->n_mounts);
    for (size_t i = 0; i < run->n_mounts; i++) {
        struct mount_source *src = &m->sources[i];
        src->mount = &run->mounts[i];
        if (src->mount->from.kind != SOURCE_CONTEXT) {
            src->has_view = open_source_root(s->build, &src->mount->from, &src->view, e);
            if (!src->has_view)
                return false;
        }
        if (!digest_of(m, src, &m->digests[i], e))
            return err_wrap(e, "mount %.*s", STR_ARG(src->mount->target));
    }
    return true;
}

/* --- the mounts --- */

/* A fresh directory in the job's work directory: DIR/<what>-<i>. */
static char *fresh_dir(struct run_mounts *m, const char *what, size_t i, struct err *e) {
    char *path = (char *)arena_printf(&m->stage->arena, "%s/%s-%zu", m->dir, what, i).p;
    if (mkdir(path, 0755) == 0)
        return path;
    err_sys(e, errno, "make %s", path);
    return NULL;
}

static bool mount_overlay(struct run_mounts *m, size_t i, const char *const *lowers, size_t n, struct err *e) {
    struct mount_source *src = &m->sources[i];
    char *target = fresh_dir(m, "mount", i, e);
    char *work = target ? fresh_dir(m, "work", i, e) : NULL;
    char *upper = work && src->mount->writable ? fresh_dir(m, "upper", i, e) : NULL;
    if (!work || (src->mount->writable && !upper) || !overlay_mount(lowers, n, upper, work, target, e))
        return false;
    src->mounted = target;
    return true;
}

static bool mount_view(struct run_mounts *m, size_t i, struct err *e) {
    struct mount_source *src = &m->sources[i];
    const char **lowers = tree_paths(&src->view, &m->stage->arena, e);
    return lowers && mount_overlay(m, i, lowers, src->view.n, e);
}

static bool mount_context(struct run_mounts *m, size_t i, struct err *e) {
    struct build *b = m->stage->build;
    char *hidden = fresh_dir(m, "hidden", i, e);
    if (!hidden || !hide_ignored(b->context_fd, &b->ignore, hidden, e))
        return false;
    const char *lowers[] = {hidden, b->context_path};
    return mount_overlay(m, i, lowers, 2, e);
}

/* The host path that a mount binds: the source inside its overlay, or inside the context where nothing has to be hidden or thrown away. */
static bool bind_path(struct run_mounts *m, size_t i, const char **out, struct err *e) {
    struct build *b = m->stage->build;
    struct mount_source *src = &m->sources[i];
    bool plain = !src->has_view && b->ignore.n == 0 && !src->mount->writable;
    if (!plain && !(src->has_view ? mount_view(m, i, e) : mount_context(m, i, e)))
        return false;
    const char *root = plain ? b->context_path : src->mounted;
    _cleanup_fd_ int root_fd = file_open(root, O_PATH | O_DIRECTORY, 0, e);
    if (root_fd < 0)
        return false;
    struct arena *a = &m->stage->arena;
    _cleanup_fd_ int fd = file_openat_inroot(root_fd, arena_strz(a, src->mount->source), O_PATH, 0);
    char link[40], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = fd < 0 ? -1 : readlink(link, path, sizeof path);
    if (n < 0 || n == (ssize_t)sizeof path)
        return err_sys(e, fd < 0 || n < 0 ? errno : ENAMETOOLONG, "source %.*s", STR_ARG(src->mount->source));
    *out = arena_strz(a, str_n(path, (size_t)n));
    return true;
}

/* The host's file, or a working default where it has none. */
static struct str host_file(struct run_mounts *m, const char *path, struct str fallback) {
    struct err quiet = ERR_INIT;
    struct buf b = BUF_INIT(1 << 20);
    struct str text = file_read(path, &b, &quiet) ? arena_str(&m->stage->arena, buf_str(&b)) : fallback;
    buf_fini(&b);
    err_clear(&quiet);
    return text;
}

bool run_mounts_prepare(struct run_mounts *m, struct err *e) {
    const struct step_run *run = &m->step->run;
    m->list = arena_array(&m->stage->arena, struct sandbox_mount, run->n_mounts + FIXED_MOUNTS);
    if (run->n_mounts && !store_workdir(m->stage->build->store, &m->dir, e))
        return false;
    m->list[m->n++] = (struct sandbox_mount){.kind = SANDBOX_FILE, .target = "/etc/resolv.conf", .writable = true,
                                             .bytes = host_file(m, "/etc/resolv.conf", S("nameserver 127.0.0.1\n"))};
    struct str hosts = host_file(m, "/etc/hosts", S("127.0.0.1 localhost\n::1 localhost\n"));
    struct str newline = str_ends(hosts, S("\n")) ? S("") : S("\n");
    hosts = arena_join3(&m->stage->arena, hosts, newline, S("127.0.0.1 " RUN_HOSTNAME "\n")); /* programs look their own host name up */
    m->list[m->n++] = (struct sandbox_mount){.kind = SANDBOX_FILE, .target = "/etc/hosts", .writable = true, .bytes = hosts};
    if (run->heredoc_script.n)
        m->list[m->n++] = (struct sandbox_mount){.kind = SANDBOX_FILE, .target = arena_strz(&m->stage->arena, run->argv.p[run->argv.n - 1]),
                                                 .bytes = run->heredoc_script, .executable = true};
    for (size_t i = 0; i < run->n_mounts; i++) {
        struct sandbox_mount *to = &m->list[m->n++];
        *to = (struct sandbox_mount){.kind = SANDBOX_BIND, .target = arena_strz(&m->stage->arena, run->mounts[i].target),
                                     .writable = run->mounts[i].writable};
        if (!bind_path(m, i, &to->source, e))
            return err_wrap(e, "mount %.*s", STR_ARG(run->mounts[i].target));
    }
    return true;
}

void run_mounts_close(struct run_mounts *m) {
    for (size_t i = 0; m->sources && i < m->step->run.n_mounts; i++) {
        if (m->sources[i].mounted)
            umount2(m->sources[i].mounted, MNT_DETACH);
        if (m->sources[i].has_view)
            view_close(&m->sources[i].view);
    }
    if (m->dir)
        store_workdir_remove(m->stage->build->store, m->dir);
    free(m->dir);
    m->dir = NULL;
}
