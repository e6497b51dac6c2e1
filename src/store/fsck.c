/* SPDX-License-Identifier: Apache-2.0
 * Checking the store. Damage is what cannot be made again from what is here: a name that does not reach all of its image, a blob that is
 * not what it is called. Leftovers are what a crash or a power cut may leave: half-made files, damaged or dangling records of what can be
 * made again; --repair removes them, and sets damaged blobs aside so that the next pull or build can bring sound ones. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "store/cache_mount.h"
#include "store/log_private.h"

enum severity { NOTE, LEFTOVER, DAMAGE };

struct fsck {
    struct store *store;
    const struct fsck_options *o;
    void (*say)(void *ctx, const char *line);
    void *ctx;
    size_t *bad;
    const char *image; /* being checked */
    struct digest_set visited;
    struct arena arena;
};

__attribute__((format(printf, 3, 4))) static void report(struct fsck *f, enum severity severity, const char *fmt, ...) {
    static const char *const words[] = {[NOTE] = "note", [LEFTOVER] = "leftover", [DAMAGE] = "damage"};
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    _cleanup_(mem_freep) char *line = mem_printf("%s: %s", words[severity], text);
    f->say(f->ctx, line);
    *f->bad += severity == DAMAGE;
}

static const char *removed(const struct fsck *f) {
    return f->o->repair ? "removed" : "--repair removes it";
}

/* Reports something that can be made again, and removes it if asked to. */
static void drop(struct fsck *f, int dir_fd, const char *dir, const char *name, const char *why) {
    struct err late = ERR_INIT;
    report(f, LEFTOVER, "%s/%s: %s (%s)", dir, name, why, removed(f));
    if (f->o->repair && !file_remove_tree(dir_fd, name, &late))
        report(f, NOTE, "%s/%s: %s", dir, name, late.msg);
    err_clear(&late);
}

static int open_dir(struct fsck *f, const char *name, struct err *e) {
    return file_openat(f->store->root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
}

/* --- Names and what they reach --- */

static bool check_reached(void *ctx, const struct reached *r, struct err *e) {
    static const char *const kinds[] = {[REACH_MANIFEST] = "manifest", [REACH_CONFIG] = "configuration", [REACH_LAYER] = "layer"};
    struct fsck *f = ctx;
    char text[DIGEST_TEXT + 1];
    (void)e;
    digest_text(&r->digest, text);
    if (r->state == REACH_MISSING)
        report(f, DAMAGE, "%s: %s %s is missing (pull or build the image again, or croze rmi)", f->image, kinds[r->kind], text);
    else if (r->state == REACH_WRONG_SIZE)
        report(f, DAMAGE, "%s: %s %s does not have the size that it should", f->image, kinds[r->kind], text);
    else if (r->state == REACH_DAMAGED)
        report(f, DAMAGE, "%s: %s %s: %s", f->image, kinds[r->kind], text, r->why);
    else if (r->state == REACH_ABSENT)
        report(f, NOTE, "%s: %s %s is not here, and need not be", f->image, kinds[r->kind], text);
    return true;
}

static bool check_refs(struct fsck *f, struct err *e) {
    struct store_refs refs;
    struct err why = ERR_INIT;
    if (!store_refs_read(f->store, &f->arena, &refs, &why)) {
        report(f, DAMAGE, "%s", why.msg);
        err_clear(&why);
        return true;
    }
    for (size_t i = 0; i < refs.n; i++) {
        f->image = refs.p[i].name.n ? refs.p[i].name.p : "an image without a name";
        if (!reach(f->store, &refs.p[i].manifest, refs.p[i].manifest_bytes, (struct reach_visitor){check_reached, f, &f->visited}, e))
            return false;
    }
    return true;
}

static void check_layout_file(struct fsck *f) {
    struct err why = ERR_INIT;
    struct buf text = BUF_INIT(KIB(4));
    bool ok = file_readat(f->store->root_fd, "oci-layout", &text, &why);
    _cleanup_(json_doc_freep) yyjson_doc *doc = ok ? json_parse(buf_str(&text), KIB(4), "oci-layout", &why) : NULL;
    if (!doc)
        report(f, DAMAGE, "%s", why.msg);
    else if (!str_eq(json_get_str(yyjson_doc_get_root(doc), "imageLayoutVersion"), S("1.0.0")))
        report(f, DAMAGE, "oci-layout: imageLayoutVersion is not 1.0.0");
    err_clear(&why);
    buf_fini(&text);
}

/* --- Blobs --- */

/* The name becomes free for sound bytes; what was there can still be looked at. */
static void set_aside(struct fsck *f, const char *name) {
    struct err why = ERR_INIT;
    _cleanup_(mem_freep) char *to = mem_printf("damaged-%s", name);
    _cleanup_fd_ int kept = open_dir(f, "kept", &why);
    if (kept >= 0 && renameat(f->store->blobs_fd, name, kept, to) == 0)
        report(f, NOTE, "blobs/sha256/%s is now kept/%s", name, to);
    else
        report(f, NOTE, "blobs/sha256/%s cannot be set aside: %s", name, kept < 0 ? why.msg : strerrordesc_np(errno));
    err_clear(&why);
}

static void hash_blob(struct fsck *f, const char *name, const struct digest *want) {
    struct err why = ERR_INIT;
    struct digest is;
    char hex[DIGEST_HEX + 1];
    _cleanup_fd_ int fd = store_open_blob(f->store, want, NULL, &why);
    if (fd < 0 && why.sys == ENOENT) { /* a gc was faster */
        err_clear(&why);
        return;
    }
    if (fd < 0 || !file_digest(fd, name, &is, NULL, &why)) {
        report(f, DAMAGE, "%s", why.msg);
    } else if (!digest_eq(&is, want)) {
        report(f, DAMAGE, "blobs/sha256/%s: its bytes hash to %s", name, digest_hex(&is, hex));
        if (f->o->repair)
            set_aside(f, name);
    }
    err_clear(&why);
}

static bool check_blobs(struct fsck *f, bool hash, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    struct digest d;
    bool ok = file_list(f->store->blobs_fd, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++) {
        bool named = name_is_digest(names.names[i], &d);
        if (hash && named)
            hash_blob(f, names.names[i].p, &d);
        else if (!hash && !named && !str_starts(names.names[i], S(".tmp-")))
            report(f, NOTE, "blobs/sha256/%s is not croze's", names.names[i].p);
    }
    arena_fini(&a);
    return ok;
}

/* --- What can be made again --- */

/* Why a step record is of no use; NULL: it is. */
static const char *step_fault(struct fsck *f, const char *name) {
    struct err why = ERR_INIT;
    struct step_record r;
    uint64_t size;
    bool ok = step_read(f->store, name, &f->arena, &r, &why);
    bool vanished = !ok && why.sys == ENOENT;
    err_clear(&why);
    if (vanished)
        return NULL;
    if (!ok)
        return "not a step record";
    if (r.has_layer && (!store_has_blob(f->store, &r.blob, &size) || size != r.blob_bytes))
        return "its blob is missing";
    return NULL;
}

static bool check_steps(struct fsck *f, struct err *e) {
    struct dir_names names;
    struct digest d;
    if (!file_list(f->store->steps_fd, &f->arena, &names, e))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        const char *name = names.names[i].p;
        if (str_starts(names.names[i], S(".tmp-")))
            continue;
        const char *fault = name_is_digest(names.names[i], &d) ? step_fault(f, name) : "not the name of a step record";
        if (fault)
            drop(f, f->store->steps_fd, "steps", name, fault);
    }
    return true;
}

/* A directory of things named by a digest, all of type `type`. Of files only a download may be empty. */
static bool check_names(struct fsck *f, int dir, const char *label, mode_t type, const char *fault, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    bool ok = file_list(dir, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++) {
        struct digest d;
        struct stat st;
        if (str_starts(names.names[i], S(".tmp-")) || fstatat(dir, names.names[i].p, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        bool torn = S_ISREG(type) && st.st_size == 0 && dir != f->store->downloads_fd;
        if (!name_is_digest(names.names[i], &d) || (st.st_mode & S_IFMT) != type || torn)
            drop(f, dir, label, names.names[i].p, fault);
    }
    arena_fini(&a);
    return ok;
}

/* Records of URLs, the bytes that they gave (these are asked for again if they are gone: no damage), and mirrors of repositories. */
static bool check_records(struct fsck *f, struct err *e) {
    struct dir_names names;
    if (!check_names(f, f->store->urls_fd, "downloads/urls", S_IFREG, "not a record of a URL", e) ||
        !file_list(f->store->urls_fd, &f->arena, &names, e))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        struct err why = ERR_INIT;
        struct download_record r;
        struct digest d;
        if (name_is_digest(names.names[i], &d) && !download_read(f->store, names.names[i].p, &f->arena, &r, &why) && why.sys != ENOENT)
            drop(f, f->store->urls_fd, "downloads/urls", names.names[i].p, "not a record of a URL");
        err_clear(&why);
    }
    return true;
}

/* A store that an older croze made may lack them, and may be one that we may not write. */
static bool keeps_fetched(const struct fsck *f) {
    return f->store->downloads_fd >= 0 && f->store->urls_fd >= 0 && f->store->gits_fd >= 0;
}

static bool check_fetched(struct fsck *f, struct err *e) {
    if (!keeps_fetched(f))
        return true;
    return check_records(f, e) && check_names(f, f->store->downloads_fd, "downloads/sha256", S_IFREG, "not a download", e) &&
           check_names(f, f->store->gits_fd, "gits", S_IFDIR, "not a mirror of a repository", e);
}

static void hash_download(struct fsck *f, const char *name, const struct digest *want) {
    struct err why = ERR_INIT;
    struct digest is;
    _cleanup_fd_ int fd = file_openat(f->store->downloads_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &why);
    if (fd >= 0 && file_digest(fd, name, &is, NULL, &why) && !digest_eq(&is, want))
        drop(f, f->store->downloads_fd, "downloads/sha256", name, "its bytes do not hash to its name");
    else if (why.kind != ERR_NONE && why.sys != ENOENT)
        report(f, NOTE, "downloads/sha256/%s: %s", name, why.msg);
    err_clear(&why);
}

static bool hash_downloads(struct fsck *f, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    struct digest d;
    if (!keeps_fetched(f))
        return true;
    bool ok = file_list(f->store->downloads_fd, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++)
        if (name_is_digest(names.names[i], &d))
            hash_download(f, names.names[i].p, &d);
    arena_fini(&a);
    return ok;
}

static void found_orphan(void *ctx, int dir_fd, const char *name) {
    drop(ctx, dir_fd, "why", name, "its step record is gone");
}

static void found_origin(void *ctx, int dir_fd, const char *name) {
    drop(ctx, dir_fd, "origins", name, "its blob is gone");
}

static void found_log(void *ctx, int dir_fd, const char *name, const char *why) {
    drop(ctx, dir_fd, "logs", name, why);
}

static bool check_whys(struct fsck *f, struct err *e) {
    _cleanup_fd_ int dir = open_dir(f, "why", e);
    return dir >= 0 && check_names(f, dir, "why", S_IFREG, "not a record of a key", e) && why_orphans(f->store, found_orphan, f, e) &&
           origin_orphans(f->store, found_origin, f, e);
}

static bool check_trees(struct fsck *f, struct err *e) {
    struct dir_names flavours;
    _cleanup_fd_ int trees = open_dir(f, "trees", e);
    if (trees < 0 || !file_list(trees, &f->arena, &flavours, e))
        return false;
    for (size_t i = 0; i < flavours.n; i++) {
        _cleanup_(mem_freep) char *label = mem_printf("trees/%s", flavours.names[i].p);
        _cleanup_fd_ int dir = openat(trees, flavours.names[i].p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (dir < 0)
            report(f, NOTE, "%s cannot be looked into: %s", label, strerrordesc_np(errno));
        else if (!check_names(f, dir, label, S_IFDIR, "not an unpacked layer", e))
            return false;
    }
    return true;
}

/* An instance of a cache mount that is used is sound: whoever uses it has looked. */
static void check_cache(struct fsck *f, int dir, const char *label, const char *name) {
    struct stat st;
    bool named = cache_instance_name(str_z(name));
    _cleanup_fd_ int fd = named ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd < 0 || fstatat(fd, "files", &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
        drop(f, dir, label, name, "not a cache mount");
}

static bool check_caches(struct fsck *f, struct err *e) {
    struct dir_names flavours, names;
    _cleanup_fd_ int mounts = open_dir(f, "mounts", e);
    if (mounts < 0 || !file_list(mounts, &f->arena, &flavours, e))
        return false;
    for (size_t i = 0; i < flavours.n; i++) {
        _cleanup_(mem_freep) char *label = mem_printf("mounts/%s", flavours.names[i].p);
        _cleanup_fd_ int dir = openat(mounts, flavours.names[i].p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (dir < 0) {
            report(f, NOTE, "%s cannot be looked into: %s", label, strerrordesc_np(errno));
            continue;
        }
        if (!file_list(dir, &f->arena, &names, e))
            return false;
        for (size_t k = 0; k < names.n; k++)
            check_cache(f, dir, label, names.names[k].p);
    }
    return true;
}

typedef bool (*index_check)(struct str file, const char **why);

static void check_index(struct fsck *f, int dir_fd, const char *dir, const char *name, index_check check) {
    struct err late = ERR_INIT;
    struct str bytes = STR_NULL;
    const char *why = "cannot be read";
    _cleanup_fd_ int fd = file_openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &late);
    bool ok = fd >= 0 && file_map(fd, name, &bytes, &late) && check(bytes, &why);
    if (!ok && late.sys != ENOENT)
        drop(f, dir_fd, dir, name, why);
    err_clear(&late);
    file_unmap(&bytes);
}

static bool check_indexes(struct fsck *f, struct err *e) {
    struct dir_names names;
    _cleanup_fd_ int dir = open_dir(f, "stat", e);
    if (dir < 0 || !file_list(dir, &f->arena, &names, e))
        return false;
    for (size_t i = 0; i < names.n; i++)
        if (names.names[i].p[0] != '.')
            check_index(f, dir, "stat", names.names[i].p, stat_index_check);
    check_index(f, f->store->root_fd, ".", "chunks.idx", chunk_index_check);
    return true;
}

static void found_leftover(void *ctx, const char *dir, const char *name, int dir_fd, const struct stat *st) {
    (void)st;
    drop(ctx, dir_fd, dir, name, "half-made by a command that was killed");
}

/* All that needs a still store. The lock keeps gc away; with --repair also everybody who is about to lease. */
static bool check_quickly(struct fsck *f, struct err *e) {
    struct store *s = f->store;
    _cleanup_fd_ int lock = store_lock(s, LOCK_GC, f->o->repair, true, e);
    if (lock < 0)
        return false;
    struct leftovers l = {s, f->o->repair && store_is_ours_alone(s), found_leftover, f};
    check_layout_file(f);
    return check_refs(f, e) && check_blobs(f, false, e) && check_steps(f, e) &&
           check_names(f, s->toc_fd, "toc", S_IFREG, "not a table of contents", e) &&
           (s->marks_fd < 0 || check_names(f, s->marks_fd, "marks", S_IFREG, "not a file of marks", e)) && check_whys(f, e) &&
           check_trees(f, e) && check_fetched(f, e) && check_caches(f, e) && logs_damaged(f->store, found_log, f, e) &&
           check_indexes(f, e) && leftovers_find(&l, e);
}

bool store_fsck(struct store *s, const struct fsck_options *o, void (*say)(void *, const char *), void *ctx, size_t *bad, struct err *e) {
    struct fsck f = {.store = s, .o = o, .say = say, .ctx = ctx, .bad = bad, .visited = DIGEST_SET_INIT, .arena = ARENA_INIT};
    *bad = 0;
    bool ok = check_quickly(&f, e) && (!o->deep || (check_blobs(&f, true, e) && hash_downloads(&f, e)));
    digest_set_fini(&f.visited);
    arena_fini(&f.arena);
    return ok || err_wrap(e, "fsck of %s", s->root);
}
