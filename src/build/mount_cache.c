/* SPDX-License-Identifier: Apache-2.0
 * Cache mounts of a RUN (mount_kinds.h). Which directory of the store a mount shows is told by its id, its namespace, and what it begins
 * with: the content of a source, the owner and mode of an empty directory. sharing=shared and a directory that nobody has to himself: it is
 * used by all at once. private: a busy one is left alone, another is used or made. locked: the busy one is waited for.
 *
 * All mounts of a step are taken in the order of their identities, so that two steps that each want what the other has do not wait for
 * each other for ever. */
#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "base/json.h"
#include "base/limits.h"
#include "build/cache_seed.h"
#include "build/mount_kinds.h"
#include "layer/copy.h"
#include "sys/clock.h"

enum { DEFAULT_MODE = 0755 };

/* --- identity --- */

static struct str namespace_of(const struct build *b) {
    struct str value;
    return pair_list_get(&b->plan.options.build_args, S("BUILDKIT_CACHE_MOUNT_NS"), &value) ? value : S("");
}

static struct digest identity_of(const struct run_mounts *m, size_t i) {
    const struct step_mount *mount = m->sources[i].mount;
    struct sha256 h;
    sha256_init(&h);
    sha256_field(&h, S("croze cache mount 1"));
    sha256_field(&h, namespace_of(m->stage->build));
    sha256_field(&h, mount->id);
    sha256_u64(&h, mount->mode);
    sha256_u64(&h, mount->uid);
    sha256_u64(&h, mount->gid);
    sha256_u64(&h, mount->has_from);
    sha256_field(&h, mount->has_from ? mount->source : S(""));
    sha256_field(&h, str_n((const char *)m->digests[i].b, sizeof m->digests[i].b));
    if (m->stage->build->options->apart)
        sha256_field(&h, str_z(store_lease_name(m->stage->build->store)));
    return sha256_final(&h);
}

/* A build that stands for itself has caches of its own, which go with it. */
static void note_apart(struct build *b, const struct digest *identity) {
    pthread_mutex_lock(&b->lock);
    vec_push(&b->apart_caches, *identity);
    pthread_mutex_unlock(&b->lock);
}

void mount_caches_forget(struct build *b) {
    for (size_t i = 0; i < b->apart_caches.n; i++)
        cache_instances_remove(b->store, &b->apart_caches.p[i]);
    vec_fini(&b->apart_caches);
}

bool mount_cache_open(struct run_mounts *m, size_t i, struct err *e) {
    struct mount_source *src = &m->sources[i];
    if (!src->mount->has_from && !str_eqz(src->mount->source, "/") && src->mount->source.n)
        return err_set(e, ERR_FAILED, "source=%.*s: a cache begins empty unless from= names what it begins with",
                       STR_ARG(src->mount->source));
    if (src->mount->has_from && !mount_bind_open(m, i, e))
        return false;
    src->identity = identity_of(m, i);
    return true;
}

/* --- a new one --- */

/* For people who look into the store. */
static bool write_info(struct run_mounts *m, size_t i, int dir, struct err *e) {
    const struct step_mount *mount = m->sources[i].mount;
    char created[CLOCK_TEXT];
    struct buf text = BUF_INIT(LIMIT_STEP_BYTES);
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    yyjson_mut_obj_add_int(d, root, "version", 1);
    json_add_str(d, root, "id", str_first(mount->id, LIMIT_PATH_BYTES));
    json_add_str_opt(d, root, "namespace", str_first(namespace_of(m->stage->build), LIMIT_PATH_BYTES));
    json_add_str(d, root, "created", str_z(clock_rfc3339((struct timespec){.tv_sec = clock_now().tv_sec}, created)));
    json_write(d, false, &text);
    bool good = file_replace(dir, "info.json", text.p, text.n, false, e);
    buf_fini(&text);
    return good;
}

/* The source's own owner and mode, where the mount does not ask for others. */
static bool set_top(const struct mount_source *src, int files, const struct stat *top, struct err *e) {
    const struct step_mount *mount = src->mount;
    bool own = mount->has_from && mount->mode == DEFAULT_MODE && mount->uid == 0 && mount->gid == 0;
    uid_t uid = own ? top->st_uid : mount->uid;
    gid_t gid = own ? top->st_gid : mount->gid;
    mode_t mode = own ? top->st_mode & 07777 : mount->mode;
    if (fchown(files, uid, gid) < 0)
        return err_sys(e, errno, "give a new cache to user %u, group %u (are they in this namespace's range?)", (unsigned)uid,
                       (unsigned)gid);
    return fchmod(files, mode) == 0 || err_sys(e, errno, "set the mode of a new cache");
}

static bool fill(struct run_mounts *m, size_t i, int files, struct err *e) {
    struct mount_source *src = &m->sources[i];
    struct cache_seed seed;
    struct stat top = {.st_mode = S_IFDIR};
    if (!src->mount->has_from)
        return set_top(src, files, &top, e);
    if (!mount_source_stat(m, i, &top, e))
        return false;
    if (!S_ISDIR(top.st_mode))
        return err_set(e, ERR_FAILED, "source=%.*s is not a directory: a cache begins with one", STR_ARG(src->mount->source));
    bool good = cache_seed_begin(&seed, files, m->stage->build->store->flavour, e) &&
                mount_source_entries(m, i, cache_seed_sink(&seed), false, e) && cache_seed_finish(&seed, e);
    cache_seed_fini(&seed);
    return good && set_top(src, files, &top, e);
}

/* Complete in the store's work space before it gets its name. */
static bool make_in(struct run_mounts *m, size_t i, const char *work, struct err *e) {
    _cleanup_fd_ int dir = file_open(work, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    if (dir < 0)
        return false;
    if (mkdirat(dir, "files", 0755) < 0)
        return err_sys(e, errno, "make %s/files", work);
    _cleanup_fd_ int files = file_openat(dir, "files", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    return files >= 0 && fill(m, i, files, e) && write_info(m, i, dir, e);
}

static bool make_new(struct run_mounts *m, size_t i, unsigned number, bool exclusive, bool *made, struct err *e) {
    struct store *s = m->stage->build->store;
    struct mount_source *src = &m->sources[i];
    _cleanup_(mem_freep) char *work = NULL;
    *made = false;
    if (!store_workdir(s, &work, e))
        return false;
    if (m->stage->build->options->apart)
        note_apart(m->stage->build, &src->identity);
    bool good = make_in(m, i, work, e) && cache_instance_make(s, &src->identity, number, work, exclusive, &src->cache, made, e);
    if (!*made)
        store_workdir_remove(s, work);
    return good;
}

/* --- taking one --- */

static bool wait_a_little(struct run_mounts *m, size_t i, struct progress_step *p, bool *told, struct err *e) {
    const struct timespec tenth = {.tv_nsec = 100000000};
    struct str id = m->sources[i].mount->id;
    if (!*told) {
        _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_MESSAGE_BYTES);
        buf_printf(&text, "waiting for cache mount %.*s (sharing=locked): another step uses it\n", STR_ARG(str_first(id, 1000)));
        progress_log(p, buf_str(&text));
    }
    *told = true;
    if (build_failed(m->stage->build))
        return err_set(e, ERR_FAILED, "no longer waiting for a cache mount: the build has failed");
    nanosleep(&tenth, NULL);
    return true;
}

static bool take(struct run_mounts *m, size_t i, enum cache_sharing sharing, struct progress_step *p, struct err *e) {
    struct mount_source *src = &m->sources[i];
    struct store *s = m->stage->build->store;
    bool exclusive = sharing != CACHE_SHARED, told = false, made = false;
    struct cache_found found;
    while (!made) {
        if (!cache_instance_take(s, &src->identity, exclusive, &src->cache, &found, e))
            return false;
        if (found.taken)
            return true;
        bool wait = (sharing == CACHE_LOCKED && found.busy) || found.next == LIMIT_CACHE_INSTANCES;
        if (!(wait ? wait_a_little(m, i, p, &told, e) : make_new(m, i, found.next, exclusive, &made, e)))
            return false;
    }
    return true;
}

/* Files of COPY then bear the time of the epoch, and what lies in a cache is newer than any of them. */
static void warn_of_epoch(const struct run_mounts *m) {
    if (m->stage->build->options->has_epoch)
        progress_note(m->stage->build->progress,
                      "warning: %.*s:%u: with SOURCE_DATE_EPOCH a tool that compares times (make, cargo) may take what is in a cache "
                      "mount for newer than a source that has changed",
                      STR_ARG(m->stage->build->file.name), m->step->pos.line);
}

static int by_identity(const void *a, const void *b) {
    const struct mount_source *x = *(struct mount_source *const *)a, *y = *(struct mount_source *const *)b;
    return memcmp(x->identity.b, y->identity.b, sizeof x->identity.b);
}

/* One step may mount one cache at several places: it is taken once, as its strictest mount asks. */
bool mount_caches_take(struct run_mounts *m, struct progress_step *p, struct err *e) {
    size_t n = 0;
    struct mount_source **sorted = arena_array(&m->stage->arena, struct mount_source *, m->step->run.n_mounts);
    for (size_t i = 0; i < m->step->run.n_mounts; i++)
        if (m->sources[i].mount->kind == MOUNT_CACHE)
            sorted[n++] = &m->sources[i];
    if (n > 1)
        qsort(sorted, n, sizeof *sorted, by_identity);
    if (n > 0)
        warn_of_epoch(m);
    for (size_t from = 0, to; from < n; from = to) {
        enum cache_sharing strictest = sorted[from]->mount->sharing;
        for (to = from + 1; to < n && by_identity(&sorted[from], &sorted[to]) == 0; to++)
            if (sorted[to]->mount->sharing > strictest)
                strictest = sorted[to]->mount->sharing;
        if (!take(m, (size_t)(sorted[from] - m->sources), strictest, p, e))
            return mount_failed(m, sorted[from]->mount, e);
        for (size_t same = from + 1; same < to; same++)
            sorted[same]->same_cache = sorted[from];
    }
    return true;
}

void mount_cache_prepare(struct run_mounts *m, size_t i, struct sandbox_mount *to) {
    const struct mount_source *src = &m->sources[i], *taken = src->same_cache ? src->same_cache : src;
    to->kind = SANDBOX_BIND;
    to->source = taken->cache.files;
    to->writable = src->mount->writable;
}
