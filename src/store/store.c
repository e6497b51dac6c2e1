/* SPDX-License-Identifier: Apache-2.0
 * Opening and closing the store: where it lies by default, what a directory must look like to be taken for one, its layout, its locks.
 * A store is told by its marker file, which is the first thing made and the only one ever looked at: a crash in between leaves a directory
 * that is empty or a store, whose missing parts the next opening makes. */
#include <assert.h>
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "store/store_private.h"

#define MARKER "croze-store"
#define MARKER_TEXT "croze store, format 1: see croze-store(5)\n"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define EMPTY_INDEX "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]}"
#define SYSTEM_ROOT "/var/lib/croze"

static const char *const layout_dirs[] = {
    "locks",     "leases",           "blobs",          "blobs/sha256", "toc",    "marks", "steps",   "why", "trees", "stat", "work", "kept",
    "downloads", "downloads/sha256", "downloads/urls", "gits",         "mounts", "logs",  "origins",
};

/* Root of the host, not of a user namespace that a user made. */
static bool is_host_root(void) {
    struct buf map = BUF_INIT(KIB(64));
    struct err ignored = ERR_INIT;
    bool host = true; /* without /proc there is nobody else to be */
    if (file_read("/proc/self/uid_map", &map, &ignored)) {
        struct str rest = buf_str(&map), word;
        uint64_t last = 0, value;
        while (str_next(&rest, ' ', &word))
            if (str_to_u64(str_trim(word), 10, UINT64_MAX, &value))
                last = value;
        host = last == UINT32_MAX;
    }
    err_clear(&ignored);
    buf_fini(&map);
    return host && geteuid() == 0;
}

static char *default_root(struct err *e) {
    const char *root = getenv("CROZE_ROOT");
    if (root && *root)
        return mem_strdup(root);
    if (is_host_root())
        return mem_strdup(SYSTEM_ROOT);
    const char *data = getenv("XDG_DATA_HOME");
    if (data && *data == '/') /* the XDG specification has relative ones ignored */
        return mem_printf("%s/croze", data);
    const char *home = getenv("HOME");
    if (home && *home == '/')
        return mem_printf("%s/.local/share/croze", home);
    err_set(e, ERR_USAGE, "no place for the store: HOME is not set (give --root DIR or set CROZE_ROOT)");
    return NULL;
}

static bool is_harmless(struct str name) {
    return str_starts(name, S(".tmp-")) || str_eq(name, S("lost+found"));
}

static bool has_marker(struct store *s) {
    return faccessat(s->root_fd, MARKER, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Refuses a directory with other things in it. Another croze may be making the store meanwhile, marker first: hence the second look. */
static bool check_foreign(struct store *s, struct err *e) {
    if (has_marker(s))
        return true;
    struct arena a = ARENA_INIT;
    struct dir_names names;
    bool ok = file_list(s->root_fd, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++)
        if (!is_harmless(names.names[i]) && !has_marker(s))
            ok = err_set(e, ERR_FAILED, "not a croze store: it holds \"%s\" (give an empty or a new directory)", names.names[i].p);
    arena_fini(&a);
    return ok;
}

static bool check_marker(struct store *s, struct err *e) {
    struct buf text = BUF_INIT(KIB(4));
    bool ok = file_readat(s->root_fd, MARKER, &text, e);
    if (ok && !str_eq(buf_str(&text), S(MARKER_TEXT)))
        ok = err_set(e, ERR_FAILED, "made by another version of croze (its %s file says \"%.*s\", not format 1)", MARKER,
                     STR_ARG(str_first(str_trim(buf_str(&text)), 100)));
    buf_fini(&text);
    return ok;
}

static bool make_file(struct store *s, const char *name, struct str text, struct err *e) {
    if (faccessat(s->root_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    _cleanup_draft_ struct file_draft d = FILE_DRAFT_INIT;
    return file_draft_open(s->root_fd, 0644, &d, e) && file_write_all(d.fd, text.p, text.n, name, e) &&
           file_publish(&d, name, FILE_KEEP, s->sync, e);
}

static bool make_dir(int dir, const char *name, struct err *e) {
    return mkdirat(dir, name, 0755) == 0 || errno == EEXIST || err_sys(e, errno, "make directory %s", name);
}

static bool make_layout(struct store *s, struct err *e) {
    if (!check_foreign(s, e) || !make_file(s, MARKER, S(MARKER_TEXT), e) || !check_marker(s, e))
        return false;
    for (size_t i = 0; i < sizeof layout_dirs / sizeof *layout_dirs; i++)
        if (!make_dir(s->root_fd, layout_dirs[i], e))
            return false;
    return make_file(s, "index.json", S(EMPTY_INDEX), e) && make_file(s, "oci-layout", S(LAYOUT_TEXT), e);
}

static int open_dir(struct store *s, const char *name, struct err *e) {
    return file_openat(s->root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
}

static bool open_trees(struct store *s, struct err *e) {
    _cleanup_fd_ int trees = open_dir(s, "trees", e);
    if (trees < 0 || !make_dir(trees, s->flavour, e))
        return false;
    s->trees_fd = file_openat(trees, s->flavour, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    return s->trees_fd >= 0;
}

/* What came from the network. */
static bool open_fetched(struct store *s, struct err *e) {
    return (s->downloads_fd = open_dir(s, "downloads/sha256", e)) >= 0 && (s->urls_fd = open_dir(s, "downloads/urls", e)) >= 0 &&
           (s->gits_fd = open_dir(s, "gits", e)) >= 0;
}

static bool open_marks(struct store *s, struct err *e) {
    return (s->marks_fd = open_dir(s, "marks", e)) >= 0;
}

static bool is_absent(struct err *e) {
    bool absent = e->sys == ENOENT;
    if (absent)
        err_clear(e);
    return absent;
}

/* A store of an older croze may have some of it, or nothing. */
static bool open_later_if_there(struct store *s, struct err *e) {
    return (open_marks(s, e) || is_absent(e)) && (open_fetched(s, e) || is_absent(e));
}

/* What no image is without. */
static bool open_dirs(struct store *s, struct err *e) {
    return (s->blobs_fd = open_dir(s, "blobs/sha256", e)) >= 0 && (s->toc_fd = open_dir(s, "toc", e)) >= 0 &&
           (s->steps_fd = open_dir(s, "steps", e)) >= 0 && (s->work_fd = open_dir(s, "work", e)) >= 0;
}

static bool open_root(struct store *s, const char *path, struct err *e) {
    s->root = realpath(path, NULL);
    if (!s->root)
        return err_sys(e, errno, "resolve %s", path);
    s->root_fd = file_open(s->root, O_RDONLY | O_DIRECTORY, 0, e);
    return s->root_fd >= 0;
}

/* What killed processes left is removed by the next command, unless a gc runs, which does it itself. */
static bool clean_up(struct store *s, struct err *e) {
    _cleanup_fd_ int lock = store_lock(s, LOCK_GC, true, false, e);
    if (lock < 0)
        return e->kind == ERR_NONE;
    struct orphans dead = {ARENA_INIT, NULL, 0};
    bool ok = lease_sweep(s, &dead, e);
    fd_closep(&lock);
    orphans_remove(s, &dead);
    return ok;
}

static void init(struct store *s, const char *flavour) {
    assert(*flavour && *flavour != '.' && !strchr(flavour, '/'));
    const char *no_sync = getenv("CROZE_NO_SYNC");
    *s = (struct store){.root_fd = -1,
                        .blobs_fd = -1,
                        .toc_fd = -1,
                        .marks_fd = -1,
                        .steps_fd = -1,
                        .trees_fd = -1,
                        .work_fd = -1,
                        .downloads_fd = -1,
                        .urls_fd = -1,
                        .gits_fd = -1,
                        .reading = -1,
                        .flavour = flavour};
    s->sync = !no_sync || strcmp(no_sync, "1") != 0;
}

bool store_open(struct store *s, const char *root, const char *flavour, struct err *e) {
    init(s, flavour);
    _cleanup_(mem_freep) char *path = root && *root ? mem_strdup(root) : default_root(e);
    if (!path)
        return false;
    /* 0700: trees hold set-user-id programs and images may hold secrets, so nobody else enters */
    if (file_mkdirs(path, 0700, e) && open_root(s, path, e) && make_layout(s, e) && open_trees(s, e) && open_dirs(s, e) &&
        open_marks(s, e) && open_fetched(s, e) && lease_open(s, e) && clean_up(s, e))
        return true;
    store_close(s);
    return err_wrap(e, "store %s", path);
}

/* --- Reading what may not be written --- */

/* Where there is no lock to hold, nobody has ever written: croze makes it before anything else that a gc could take. */
static bool hold_gc_off(struct store *s, struct err *e) {
    s->reading = store_lock(s, LOCK_GC, false, true, e);
    if (s->reading < 0 && e->sys == ENOENT)
        err_clear(e);
    return e->kind == ERR_NONE;
}

/* *absent: there is no store at all. */
static bool open_read_only(struct store *s, const char *root, bool *absent, struct err *e) {
    *absent = true;
    _cleanup_(mem_freep) char *path = root && *root ? mem_strdup(root) : default_root(e);
    if (!path)
        return false;
    bool ok = open_root(s, path, e);
    *absent = !ok || !has_marker(s);
    if (ok && *absent)
        ok = err_set(e, ERR_FAILED, "it has no file %s", MARKER);
    ok = ok && check_marker(s, e) && open_dirs(s, e) && open_later_if_there(s, e) && hold_gc_off(s, e);
    if (ok)
        return true;
    store_close(s);
    return err_wrap(e, "store %s, which cannot be written (%s)", path, strerrordesc_np(s->read_only));
}

bool store_open_to_read(struct store *s, const char *root, const char *flavour, struct err *e) {
    if (store_open(s, root, flavour, e))
        return true;
    if (e->sys != EROFS && e->sys != EACCES && e->sys != EPERM && e->sys != ENOSPC && e->sys != EDQUOT)
        return false;
    bool absent;
    struct err first = ERR_INIT;
    int why = e->sys;
    err_move(&first, e);
    init(s, flavour);
    s->read_only = why;
    bool ok = open_read_only(s, root, &absent, e);
    if (!ok && absent) { /* then that it cannot be made is what matters */
        err_clear(e);
        err_move(e, &first);
    }
    err_clear(&first);
    return ok;
}

bool store_exists(const char *root) {
    struct err e = ERR_INIT;
    _cleanup_(mem_freep) char *path = root && *root ? mem_strdup(root) : default_root(&e);
    _cleanup_(mem_freep) char *marker = path ? mem_printf("%s/%s", path, MARKER) : NULL;
    err_clear(&e);
    return marker && access(marker, F_OK) == 0;
}

void store_close(struct store *s) {
    lease_close(s);
    fd_closep(&s->gits_fd);
    fd_closep(&s->urls_fd);
    fd_closep(&s->downloads_fd);
    fd_closep(&s->reading);
    fd_closep(&s->work_fd);
    fd_closep(&s->trees_fd);
    fd_closep(&s->steps_fd);
    fd_closep(&s->marks_fd);
    fd_closep(&s->toc_fd);
    fd_closep(&s->blobs_fd);
    fd_closep(&s->root_fd);
    mem_freep(&s->root);
}

int store_lock(struct store *s, enum store_lock_name which, bool exclusive, bool wait, struct err *e) {
    static const char *const names[] = {[LOCK_GC] = "locks/gc", [LOCK_INDEX] = "locks/index", [LOCK_CHUNKS] = "locks/chunks"};
    if (s->read_only && exclusive) {
        err_sys(e, s->read_only, "store %s cannot be written", s->root);
        return -1;
    }
    int flags = s->read_only ? O_RDONLY : O_RDWR | O_CREAT;
    _cleanup_fd_ int fd = file_openat(s->root_fd, names[which], flags | O_NOFOLLOW, 0644, e);
    bool got;
    if (fd < 0 || !file_lock(fd, exclusive, wait, &got, names[which], e) || !got)
        return -1;
    return take_fd(&fd);
}

void digest_set_fini(struct digest_set *set) {
    map_fini(&set->map);
    arena_fini(&set->arena);
}

bool digest_set_has(const struct digest_set *set, const struct digest *d) {
    return map_get(&set->map, digest_key(d)) != NULL;
}

bool digest_set_add(struct digest_set *set, const struct digest *d) {
    if (digest_set_has(set, d))
        return false;
    struct str key = arena_str(&set->arena, digest_key(d));
    map_put(&set->map, key, set);
    return true;
}
