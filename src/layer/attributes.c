/* SPDX-License-Identifier: Apache-2.0
 * Attributes of unpacked files (attributes.h), in the one order that keeps them: chown clears set-user-id bits and capabilities, writing
 * an xattr moves no mtime, so owner, mode, xattrs, times. */
#include "layer/attributes.h"

#include <errno.h>
#include <sys/xattr.h>
#include <time.h>

#include "base/mem.h"
#include "layer/names.h"
#include "layer/upper.h"
#include "sys/files.h"

/* By trial: umask(2) tells it only by changing it, for all threads. */
static uint32_t find_kept_mode(int root) {
    struct stat st;
    _cleanup_fd_ int fd = openat(root, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0777);
    return fd >= 0 && fstat(fd, &st) == 0 ? st.st_mode & 0777 : 0;
}

bool attributes_prepare(struct attributes_how *how, int root, const char *flavour, struct err *e) {
    struct stat st;
    if (fstat(root, &st) < 0)
        return err_sys(e, errno, "stat the new tree");
    bool user = upper_marks_of(flavour) == UPPER_USER;
    *how = (struct attributes_how){st.st_uid, st.st_gid, find_kept_mode(root), user ? "user.overlay.opaque" : "trusted.overlay.opaque"};
    return true;
}

static bool owner_failed(int errnum, const struct entry *en, struct err *e) {
    err_sys(e, errnum, "give it to uid %u, gid %u", en->uid, en->gid);
    if (errnum == EINVAL)
        err_append(e, ": this user namespace has no such ids; the user's range in /etc/subuid or /etc/subgid is too small for the image");
    else if (errnum == EPERM)
        err_append(e, ": only root, or a user namespace with a range in /etc/subuid and /etc/subgid, can unpack files of other users");
    return false;
}

static bool xattr_failed(int errnum, struct str name, struct err *e) {
    err_sys(e, errnum, "set the extended attribute %s", SHOWN(name));
    if (errnum == EOPNOTSUPP)
        err_append(e, " (the store's file system has none of this kind; put the store on ext4, xfs or btrfs)");
    return false;
}

/* names in an entry may lack the NUL that the system call wants */
static bool set_xattr(int fd, struct str name, struct str value, struct err *e) {
    char z[256];
    if (name.n >= sizeof z)
        return xattr_failed(ERANGE, name, e);
    memcpy(z, name.p, name.n);
    z[name.n] = '\0';
    return fsetxattr(fd, z, value.n ? value.p : "", value.n, 0) == 0 || xattr_failed(errno, name, e);
}

static bool set_xattrs(int fd, const struct entry *en, struct err *e) {
    for (size_t i = 0; i < en->n_xattrs; i++)
        if (!set_xattr(fd, en->xattrs[i].name, en->xattrs[i].value, e))
            return false;
    if (en->type != ENTRY_CHAR && en->type != ENTRY_BLOCK)
        return true;
    char text[32];
    int n = snprintf(text, sizeof text, "%c %u %u", en->type == ENTRY_CHAR ? 'c' : 'b', en->major, en->minor);
    return set_xattr(fd, S("user.croze.dev"), str_n(text, (size_t)n), e);
}

static bool own(const struct attributes_how *how, const struct entry *en) {
    return how->own_uid == en->uid && how->own_gid == en->gid;
}

/* Whether it has its mode already. */
static bool has_mode(const struct attributes_how *how, const struct entry *en) {
    return en->type != ENTRY_DIR && (en->mode & 07777 & ~how->kept_mode) == 0;
}

static void times_of(const struct entry *en, struct timespec t[2]) {
    t[0] = t[1] = (struct timespec){.tv_sec = en->mtime_s, .tv_nsec = en->mtime_ns};
}

bool attributes_set_fd(const struct attributes_how *how, int fd, const struct entry *en, struct err *e) {
    struct timespec t[2];
    times_of(en, t);
    if (!own(how, en) && fchown(fd, en->uid, en->gid) < 0)
        return owner_failed(errno, en, e);
    if (!has_mode(how, en) && fchmod(fd, en->mode & 07777) < 0)
        return err_sys(e, errno, "set its mode %04o", en->mode & 07777);
    return set_xattrs(fd, en, e) && (futimens(fd, t) == 0 || err_sys(e, errno, "set its time"));
}

bool attributes_set_at(const struct attributes_how *how, int dir, const char *base, const struct entry *en, struct err *e) {
    struct timespec t[2];
    times_of(en, t);
    if (!own(how, en) && fchownat(dir, base, en->uid, en->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return owner_failed(errno, en, e);
    if (en->type != ENTRY_SYMLINK && fchmodat(dir, base, en->mode & 07777, 0) < 0)
        return err_sys(e, errno, "set its mode %04o", en->mode & 07777);
    return utimensat(dir, base, t, AT_SYMLINK_NOFOLLOW) == 0 || err_sys(e, errno, "set its time");
}

bool attributes_set_opaque(const struct attributes_how *how, int dir, const char *base, struct err *e) {
    _cleanup_fd_ int fd = openat(dir, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, errno, "open %s", base);
    return fsetxattr(fd, how->opaque_xattr, "y", 1, 0) == 0 || xattr_failed(errno, str_z(how->opaque_xattr), e);
}
