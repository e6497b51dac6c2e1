/* SPDX-License-Identifier: Apache-2.0
 * Garbage collection. Mark: what index.json's entries, the leases of living processes and recently used step records reach. Records of
 * steps that an image was made of stay as long as it does: they cost nothing, and without them a rebuild would get other times. Sweep,
 * still under the exclusive lock: blobs, tocs and trees without a mark that are older than the grace time (with `all` every tree that no
 * running command relies on), and what was not used for its time: step records, stat indexes, downloads, mirrors, cache mounts. What is a
 * directory is renamed into work/ under the lock; it is measured and removed behind it, and what stays is measured there too, so that
 * nobody waits for a large one. If anything that could hold references cannot be read, nothing at all is removed. */
#include <errno.h>

#include "base/log.h"
#include "base/vec.h"
#include "store/cache_mount.h"
#include "store/log_private.h"
#include "sys/clock.h"

/* A tree that is to be measured, and perhaps removed, when no lock is held. */
struct later {
    int dir;
    struct str name;
    uint64_t *bytes; /* what its size is added to */
    bool remove;
};

struct gc {
    struct store *store;
    const struct gc_options *o;
    struct gc_result *r;
    struct digest_set marks, visited, visited_leased;
    struct digest_set times; /* that images bear: each as the bytes of a digest */
    struct digest_set in_use; /* what running commands rely on: with `all` no other tree stays */
    bool marking_leases;
    VEC(struct digest) leased;
    struct arena arena;
    struct dir_names steps; /* records that are to go: name.n > 0 */
    struct orphans trash;   /* work directories of dead processes */
    VEC(struct later) later;
    VEC(int) dirs;          /* that `later` names things in */
    const char *image; /* being marked, for errors */
};

/* --- Mark --- */

static struct digest time_mark(struct timespec t) {
    struct digest d = {0};
    int64_t parts[2] = {t.tv_sec, t.tv_nsec};
    memcpy(d.b, parts, sizeof parts);
    return d;
}

static bool mark(void *ctx, const struct reached *r, struct err *e) {
    struct gc *g = ctx;
    char text[DIGEST_TEXT + 1];
    if (r->state == REACH_DAMAGED)
        return err_set(e, ERR_FAILED, "%s: %s is damaged: %s; nothing was removed (run croze fsck --repair)", g->image,
                       digest_text(&r->digest, text), r->why);
    struct digest time = time_mark(r->created);
    if (r->kind == REACH_CREATED)
        digest_set_add(&g->times, &time);
    else
        digest_set_add(&g->marks, &r->digest);
    if (g->marking_leases && r->kind != REACH_CREATED)
        digest_set_add(&g->in_use, &r->digest);
    return true;
}

static bool mark_from(struct gc *g, const char *image, const struct digest *d, struct err *e) {
    g->image = image;
    struct digest_set *visited = g->marking_leases ? &g->visited_leased : &g->visited;
    return reach(g->store, d, UINT64_MAX, (struct reach_visitor){mark, g, visited}, e);
}

static bool mark_refs(struct gc *g, struct err *e) {
    struct store_refs refs;
    if (!store_refs_read(g->store, &g->arena, &refs, e))
        return false;
    for (size_t i = 0; i < refs.n; i++)
        if (!mark_from(g, refs.p[i].name.n ? refs.p[i].name.p : "an image without a name", &refs.p[i].manifest, e))
            return false;
    return true;
}

static void note_lease(void *ctx, const struct digest *d) {
    struct gc *g = ctx;
    vec_push(&g->leased, *d);
}

static bool mark_leases(struct gc *g, struct err *e) {
    if (!lease_each(g->store, note_lease, g, e))
        return false;
    g->marking_leases = true;
    bool ok = true;
    for (size_t i = 0; ok && i < g->leased.n; i++)
        ok = mark_from(g, "in use by a running command", &g->leased.p[i], e);
    g->marking_leases = false;
    return ok;
}

/* Whether an image was made with this record: it bears its time, and has its layer. Asked before records mark anything. */
static bool is_of_image(struct gc *g, const char *name) {
    struct step_record r = {0};
    struct err ignored = ERR_INIT;
    bool ok = step_read(g->store, name, &g->arena, &r, &ignored);
    struct digest time = time_mark((struct timespec){r.created_s, r.created_ns});
    err_clear(&ignored);
    return ok && digest_set_has(&g->times, &time) &&
           (!r.has_layer || (digest_set_has(&g->marks, &r.blob) && digest_set_has(&g->marks, &r.diff_id)));
}

/* Marks what a record needs; false: the record has had its time. A damaged one needs nothing. */
static bool keep_step(struct gc *g, const char *name) {
    struct stat st;
    struct digest key;
    struct step_record record;
    struct err why = ERR_INIT;
    if (!name_is_digest(str_z(name), &key) || fstatat(g->store->steps_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return true; /* not ours, or gone */
    if (g->o->all || (int64_t)clock_now().tv_sec - (int64_t)st.st_mtim.tv_sec >= g->o->keep_steps_s)
        return false;
    if (!step_read(g->store, name, &g->arena, &record, &why)) {
        err_clear(&why);
        return stat_age_s(&st) < g->o->grace_s;
    }
    if (record.has_layer) {
        digest_set_add(&g->marks, &record.blob);
        digest_set_add(&g->marks, &record.diff_id);
    }
    return true;
}

static bool mark_steps(struct gc *g, struct err *e) {
    if (!file_list(g->store->steps_fd, &g->arena, &g->steps, e))
        return false;
    for (size_t i = 0; i < g->steps.n; i++)
        if (is_of_image(g, g->steps.names[i].p))
            g->steps.names[i].n = 0;
    for (size_t i = 0; i < g->steps.n; i++)
        if (g->steps.names[i].n && keep_step(g, g->steps.names[i].p))
            g->steps.names[i].n = 0;
    return true;
}

/* --- Sweep --- */

static void remove_file(struct gc *g, int dir, const char *name, uint64_t *count) {
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (!g->o->dry_run && unlinkat(dir, name, 0) < 0) {
        log_warn("gc: %s cannot be removed: %s", name, strerrordesc_np(errno));
        return;
    }
    ++*count;
    g->r->bytes += (uint64_t)st.st_blocks * 512;
}

/* A directory that changes its parent must be writable, which that of a layer need not be (unless we are root). */
static bool move_dir(int dir, const char *name, int to_dir, const char *to) {
    if (renameat(dir, name, to_dir, to) == 0)
        return true;
    return errno == EACCES && fchmodat(dir, name, 0700, 0) == 0 && renameat(dir, name, to_dir, to) == 0;
}

/* `dir` stays open until the end: it is the store's, or of open_dir. */
static void leave_for_later(struct gc *g, int dir, const char *name, uint64_t *bytes, bool remove) {
    struct later l = {dir, arena_str(&g->arena, str_z(name)), bytes, remove};
    vec_push(&g->later, l);
}

/* A directory of the store that stays open until the end; -1 if it cannot be opened (errno). */
static int open_dir(struct gc *g, int above, const char *name) {
    int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        vec_push(&g->dirs, fd);
    return fd;
}

/* Takes a tree out of sight; it is removed when no lock is held. */
static void move_tree(struct gc *g, int dir, const char *name, uint64_t *count) {
    if (g->o->dry_run) {
        leave_for_later(g, dir, name, &g->r->bytes, false);
    } else {
        char ours[LEASE_NAME_MAX + 16];
        workdir_name(g->store, ours);
        if (!move_dir(dir, name, g->store->work_fd, ours)) {
            log_warn("gc: %s cannot be removed: %s", name, strerrordesc_np(errno));
            return;
        }
        leave_for_later(g, g->store->work_fd, ours, &g->r->bytes, true);
    }
    ++*count;
}

typedef void (*remover)(struct gc *g, int dir, const char *name, uint64_t *count);

/* Removes what bears the name of a digest that is not marked and is old enough. */
static bool sweep_unmarked(struct gc *g, int dir, const struct digest_set *marks, int64_t grace_s, remover how, uint64_t *count,
                           struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    bool ok = file_list(dir, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++) {
        struct digest d;
        struct stat st;
        if (name_is_digest(names.names[i], &d) && !digest_set_has(marks, &d) &&
            fstatat(dir, names.names[i].p, &st, AT_SYMLINK_NOFOLLOW) == 0 && stat_age_s(&st) >= grace_s)
            how(g, dir, names.names[i].p, count);
    }
    arena_fini(&a);
    return ok;
}

static bool sweep_digests(struct gc *g, int dir, remover how, uint64_t *count, struct err *e) {
    return sweep_unmarked(g, dir, &g->marks, g->o->grace_s, how, count, e);
}

/* With `all` also those of images: they are made again when they are needed, and hold what a user could not remove (subordinate ids own
 * it). Whoever relies on a tree has leased it before it looked. */
static bool sweep_trees(struct gc *g, struct err *e) {
    struct dir_names flavours;
    const struct digest_set *marks = g->o->all ? &g->in_use : &g->marks;
    int64_t grace_s = g->o->all ? 0 : g->o->grace_s;
    _cleanup_fd_ int trees = file_openat(g->store->root_fd, "trees", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    if (trees < 0 || !file_list(trees, &g->arena, &flavours, e))
        return false;
    for (size_t i = 0; i < flavours.n; i++) {
        int dir = open_dir(g, trees, flavours.names[i].p);
        if (dir >= 0 && !sweep_unmarked(g, dir, marks, grace_s, move_tree, &g->r->trees, e))
            return false;
    }
    return true;
}

static void sweep_steps(struct gc *g) {
    for (size_t i = 0; i < g->steps.n; i++)
        if (g->steps.names[i].n)
            remove_file(g, g->store->steps_fd, g->steps.names[i].p, &g->r->steps);
}

static void remove_orphan(void *ctx, int dir_fd, const char *name) {
    struct gc *g = ctx;
    remove_file(g, dir_fd, name, &g->r->other);
}

/* What was last used (its mtime says when) for as long ago as step records are kept, unless a running command relies on it. */
static bool sweep_unused(struct gc *g, int dir, remover how, struct err *e) {
    struct dir_names names;
    if (!file_list(dir, &g->arena, &names, e))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        struct stat st;
        struct digest d;
        bool marked = name_is_digest(names.names[i], &d) && digest_set_has(&g->marks, &d);
        if (names.names[i].p[0] != '.' && !marked && fstatat(dir, names.names[i].p, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            (g->o->all || (int64_t)clock_now().tv_sec - (int64_t)st.st_mtim.tv_sec >= g->o->keep_steps_s))
            how(g, dir, names.names[i].p, &g->r->other);
    }
    return true;
}

/* Stat indexes of contexts that nobody has built from. */
static bool sweep_stats(struct gc *g, struct err *e) {
    _cleanup_fd_ int dir = file_openat(g->store->root_fd, "stat", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    return dir >= 0 && sweep_unused(g, dir, remove_file, e);
}

/* A mirror in which somebody works has its lock; who waits for it meanwhile will see that it is gone (store_mirror_open). */
static void move_mirror(struct gc *g, int dir, const char *name, uint64_t *count) {
    struct err why = ERR_INIT;
    bool got = false;
    _cleanup_fd_ int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && file_lock(fd, true, false, &got, name, &why) && got)
        move_tree(g, dir, name, count);
    err_clear(&why);
}

static bool sweep_fetched(struct gc *g, struct err *e) {
    return sweep_unused(g, g->store->urls_fd, remove_file, e) && sweep_unused(g, g->store->downloads_fd, remove_file, e) &&
           sweep_unused(g, g->store->gits_fd, move_mirror, e);
}

static bool sweep_kept(struct gc *g, struct err *e) {
    struct dir_names names;
    if (!g->o->all)
        return true;
    int dir = open_dir(g, g->store->root_fd, "kept");
    if (dir < 0)
        return err_sys(e, errno, "open kept");
    if (!file_list(dir, &g->arena, &names, e))
        return false;
    for (size_t i = 0; i < names.n; i++)
        move_tree(g, dir, names.names[i].p, &g->r->other);
    return true;
}

/* A cache mount that nobody uses now, and that nobody has used for its time. It is locked while it is renamed: whoever opened it just
 * before sees that it has gone. What a cache that stays holds is counted. */
static void sweep_cache(struct gc *g, int dir, const char *name) {
    struct stat st;
    _cleanup_fd_ int lock = cache_instance_lock_unused(dir, name);
    bool unused = lock >= 0 && fstat(lock, &st) == 0;
    int64_t age = unused ? (int64_t)clock_now().tv_sec - (int64_t)st.st_mtim.tv_sec : 0;
    if (unused && (g->o->caches || (g->o->all && age >= g->o->keep_caches_s))) {
        move_tree(g, dir, name, &g->r->caches);
        return;
    }
    g->r->kept_caches++;
    leave_for_later(g, dir, name, &g->r->kept_cache_bytes, false);
}

static bool sweep_caches(struct gc *g, struct err *e) {
    struct dir_names flavours, names;
    _cleanup_fd_ int mounts = file_openat(g->store->root_fd, "mounts", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    if (mounts < 0 || !file_list(mounts, &g->arena, &flavours, e))
        return false;
    for (size_t i = 0; i < flavours.n; i++) {
        int dir = open_dir(g, mounts, flavours.names[i].p);
        if (dir < 0)
            continue;
        if (!file_list(dir, &g->arena, &names, e))
            return false;
        for (size_t k = 0; k < names.n; k++)
            if (cache_instance_name(names.names[k]))
                sweep_cache(g, dir, names.names[k].p);
    }
    return true;
}

static void remove_leftover(void *ctx, const char *dir, const char *name, int dir_fd, const struct stat *st) {
    struct gc *g = ctx;
    (void)dir;
    (void)st;
    remove_file(g, dir_fd, name, &g->r->other);
}

static bool sweep_leftovers(struct gc *g, struct err *e) {
    struct leftovers l = {g->store, store_is_ours_alone(g->store), remove_leftover, g};
    return leftovers_find(&l, e) && (g->o->dry_run || lease_sweep(g->store, &g->trash, e));
}

static bool collect(struct gc *g, struct err *e) {
    _cleanup_fd_ int lock = store_lock(g->store, LOCK_GC, true, true, e);
    if (lock < 0 || !mark_refs(g, e) || !mark_leases(g, e) || !mark_steps(g, e))
        return false;
    sweep_steps(g);
    return sweep_digests(g, g->store->blobs_fd, remove_file, &g->r->blobs, e) &&
           sweep_digests(g, g->store->toc_fd, remove_file, &g->r->other, e) &&
           sweep_digests(g, g->store->marks_fd, remove_file, &g->r->other, e) && sweep_trees(g, e) && sweep_stats(g, e) &&
           sweep_fetched(g, e) && why_orphans(g->store, remove_orphan, g, e) && origin_orphans(g->store, remove_orphan, g, e) &&
           sweep_kept(g, e) && sweep_caches(g, e) && sweep_leftovers(g, e);
}

/* --- Behind the lock --- */

static void finish_later(struct gc *g) {
    orphans_remove(g->store, &g->trash);
    for (size_t i = 0; i < g->later.n; i++) {
        const struct later *l = &g->later.p[i];
        struct err why = ERR_INIT;
        *l->bytes += tree_size(l->dir, l->name.p);
        if (l->remove && !file_remove_tree(l->dir, l->name.p, &why))
            log_warn("gc: work/%s is left behind: %s", l->name.p, why.msg);
        err_clear(&why);
    }
}

static void remove_log(void *ctx, int dir_fd, const char *name) {
    struct gc *g = ctx;
    struct err why = ERR_INIT;
    uint64_t bytes = tree_size(dir_fd, name);
    if (g->o->dry_run || file_remove_tree(dir_fd, name, &why)) {
        g->r->bytes += bytes;
        g->r->other++;
    } else {
        log_warn("gc: logs/%s is left behind: %s", name, why.msg);
    }
    err_clear(&why);
}

/* Which logs go depends on the size of all. Nothing refers to them, and the lease of a build that runs keeps its own. */
static bool sweep_logs(struct gc *g, struct err *e) {
    return logs_stale(g->store, true, g->o->all ? g->o->grace_s : g->o->keep_steps_s, remove_log, g, e);
}

bool store_gc(struct store *s, const struct gc_options *o, struct gc_result *r, struct err *e) {
    struct gc g = {.store = s, .o = o, .r = r, .marks = DIGEST_SET_INIT, .visited = DIGEST_SET_INIT, .visited_leased = DIGEST_SET_INIT,
                   .times = DIGEST_SET_INIT, .in_use = DIGEST_SET_INIT, .arena = ARENA_INIT};
    *r = (struct gc_result){0};
    bool ok = collect(&g, e);
    finish_later(&g);
    if (ok && r->blobs > 0 && !o->dry_run)
        ok = chunk_index_compact(s, e);
    ok = ok && sweep_logs(&g, e);
    digest_set_fini(&g.marks);
    digest_set_fini(&g.visited);
    digest_set_fini(&g.visited_leased);
    digest_set_fini(&g.times);
    digest_set_fini(&g.in_use);
    vec_fini(&g.leased);
    for (size_t i = 0; i < g.dirs.n; i++)
        fd_closep(&g.dirs.p[i]);
    vec_fini(&g.later);
    vec_fini(&g.dirs);
    arena_fini(&g.arena);
    return ok || err_wrap(e, "gc of %s", s->root);
}
