/* SPDX-License-Identifier: Apache-2.0
 * Instances of cache mounts: see cache_mount.h. */
#include "store/cache_mount.h"

#include <errno.h>
#include <sys/file.h>

#include "base/limits.h"
#include "store/store_private.h"

enum { NAME_MAX_BYTES = DIGEST_HEX + 12 };

bool cache_instance_name(struct str name) {
    struct digest d;
    uint64_t number;
    return name.n > DIGEST_HEX + 1 && name_is_digest(str_first(name, DIGEST_HEX), &d) && name.p[DIGEST_HEX] == '-' &&
           str_to_u64(str_from(name, DIGEST_HEX + 1), 10, LIMIT_CACHE_INSTANCES - 1, &number);
}

static void name_instance(const struct digest *identity, unsigned number, char out[NAME_MAX_BYTES]) {
    char hex[DIGEST_HEX + 1];
    snprintf(out, NAME_MAX_BYTES, "%s-%u", digest_hex(identity, hex), number);
}

/* mounts/<flavour>, made if need be. */
static int open_flavour(struct store *s, struct err *e) {
    _cleanup_fd_ int mounts = file_openat(s->root_fd, "mounts", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    if (mounts < 0)
        return -1;
    if (mkdirat(mounts, s->flavour, 0755) < 0 && errno != EEXIST) {
        err_sys(e, errno, "make directory %s/mounts/%s", s->root, s->flavour);
        return -1;
    }
    return file_openat(mounts, s->flavour, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
}

/* The open and locked instance; -1: busy, or (errno ENOENT) not there. What gc took away between opening and locking has another name by
 * now. */
static int lock_instance(int dir, const char *name, bool exclusive) {
    _cleanup_fd_ int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    while (flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0)
        if (errno != EINTR)
            return -1;
    errno = ENOENT;
    return file_is_at(fd, dir, name) ? take_fd(&fd) : -1;
}

int cache_instance_lock_unused(int flavour_dir, const char *name) {
    return lock_instance(flavour_dir, name, true);
}

static void mark_used(int fd) {
    (void)!futimens(fd, NULL); /* a time that cannot be set only makes gc early */
}

/* One that lost its files to a power cut is none; fsck removes it. */
static bool has_files(int fd) {
    struct stat st;
    return fstatat(fd, "files", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static void become(struct store *s, const char *name, int *fd, struct cache_instance *out) {
    mark_used(*fd);
    *out = (struct cache_instance){take_fd(fd), mem_printf("%s/mounts/%s/%s/files", s->root, s->flavour, name)};
}

/* The numbers of the identity's instances, whatever state they are in. */
static bool find_numbers(int dir, const struct digest *identity, bool there[LIMIT_CACHE_INSTANCES], struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    char hex[DIGEST_HEX + 1];
    struct str prefix = str_z(digest_hex(identity, hex));
    bool ok = file_list(dir, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++) {
        uint64_t number;
        if (str_starts(names.names[i], prefix) && cache_instance_name(names.names[i]) &&
            str_to_u64(str_from(names.names[i], prefix.n + 1), 10, LIMIT_CACHE_INSTANCES - 1, &number))
            there[number] = true;
    }
    arena_fini(&a);
    return ok;
}

bool cache_instance_take(struct store *s, const struct digest *identity, bool exclusive, struct cache_instance *out,
                         struct cache_found *found, struct err *e) {
    bool there[LIMIT_CACHE_INSTANCES] = {false};
    _cleanup_fd_ int dir = open_flavour(s, e);
    *found = (struct cache_found){.next = LIMIT_CACHE_INSTANCES};
    if (dir < 0 || !find_numbers(dir, identity, there, e))
        return false;
    for (unsigned i = LIMIT_CACHE_INSTANCES; i-- > 0;)
        if (!there[i])
            found->next = i;
    for (unsigned i = 0; i < LIMIT_CACHE_INSTANCES && !found->taken; i++) {
        char name[NAME_MAX_BYTES];
        name_instance(identity, i, name);
        _cleanup_fd_ int fd = there[i] ? lock_instance(dir, name, exclusive) : -1;
        found->busy = found->busy || (there[i] && fd < 0 && errno != ENOENT);
        found->taken = fd >= 0 && has_files(fd);
        if (found->taken)
            become(s, name, &fd, out);
    }
    return found->taken || found->busy || found->next < LIMIT_CACHE_INSTANCES ||
           err_set(e, ERR_FAILED, "all %d instances of a cache mount are damaged (croze fsck --repair)", LIMIT_CACHE_INSTANCES);
}

bool cache_instance_make(struct store *s, const struct digest *identity, unsigned number, const char *work, bool exclusive,
                         struct cache_instance *out, bool *made, struct err *e) {
    char name[NAME_MAX_BYTES];
    const char *from = path_base(str_z(work)).p;
    _cleanup_fd_ int dir = open_flavour(s, e);
    _cleanup_fd_ int fd = dir < 0 ? -1 : file_openat(s->work_fd, from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    bool got;
    *made = false;
    if (fd < 0 || !file_lock(fd, exclusive, false, &got, from, e))
        return false;
    name_instance(identity, number, name);
    if (renameat2(s->work_fd, from, dir, name, RENAME_NOREPLACE) < 0)
        return errno == EEXIST || err_sys(e, errno, "rename %s to mounts/%s", work, name);
    become(s, name, &fd, out);
    *made = true;
    return true;
}

void cache_instance_release(struct cache_instance *c) {
    if (c->fd >= 0)
        mark_used(c->fd);
    fd_closep(&c->fd);
    mem_freep(&c->files);
}

void cache_instances_remove(struct store *s, const struct digest *identity) {
    bool there[LIMIT_CACHE_INSTANCES] = {false};
    struct err why = ERR_INIT;
    _cleanup_fd_ int dir = open_flavour(s, &why);
    bool found = dir >= 0 && find_numbers(dir, identity, there, &why);
    for (unsigned i = 0; found && i < LIMIT_CACHE_INSTANCES; i++) {
        char name[NAME_MAX_BYTES], ours[LEASE_NAME_MAX + 16];
        name_instance(identity, i, name);
        _cleanup_fd_ int lock = there[i] ? lock_instance(dir, name, true) : -1;
        if (lock < 0)
            continue;
        workdir_name(s, ours);
        if (renameat(dir, name, s->work_fd, ours) == 0)
            store_workdir_remove(s, ours);
    }
    err_clear(&why);
}
