/* SPDX-License-Identifier: Apache-2.0
 * Publishing files: a draft has no name until it is complete (files.h), so a crash at any point shows the old state or the new one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/mem.h"
#include "sys/files.h"

/* A name that nobody else takes: the process, and 64 random bits for its threads and for pid reuse. */
static void private_name(char out[48]) {
    uint64_t r = 0;
    if (getrandom(&r, sizeof r, GRND_NONBLOCK) < 0)
        r = (uint64_t)(uintptr_t)out;
    snprintf(out, 48, ".tmp-%d-%016llx", (int)getpid(), (unsigned long long)r);
}

bool file_draft_open(int dir, mode_t mode, struct file_draft *d, struct err *e) {
    *d = (struct file_draft){.fd = -1, .dir = dir, .tmp = ""};
    d->fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    if (d->fd >= 0)
        return true;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
        return err_sys(e, errno, "create a temporary file");
    private_name(d->tmp);
    d->fd = openat(dir, d->tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    return d->fd >= 0 || err_sys(e, errno, "create %s", d->tmp);
}

void file_draft_discard(struct file_draft *d) {
    if (d->fd >= 0 && d->tmp[0])
        unlinkat(d->dir, d->tmp, 0);
    fd_closep(&d->fd);
}

/* Gives an O_TMPFILE its name. linkat with AT_EMPTY_PATH needs CAP_DAC_READ_SEARCH; the /proc way does not. */
static int link_tmpfile(int fd, int dir, const char *name) {
    char self[40];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW) == 0)
        return 0;
    return errno == ENOENT ? linkat(fd, "", dir, name, AT_EMPTY_PATH) : -1;
}

/* An O_TMPFILE can only be linked to a free name: replacing goes through a private one. */
static bool replace_by_tmpfile(struct file_draft *d, const char *name, struct err *e) {
    char tmp[48];
    private_name(tmp);
    if (link_tmpfile(d->fd, d->dir, tmp) < 0)
        return err_sys(e, errno, "link %s", name);
    if (renameat(d->dir, tmp, d->dir, name) == 0)
        return true;
    int errnum = errno;
    unlinkat(d->dir, tmp, 0);
    return err_sys(e, errnum, "rename %s", name);
}

static bool give_name(struct file_draft *d, const char *name, enum file_publish_mode mode, struct err *e) {
    if (mode == FILE_REPLACE) {
        if (!d->tmp[0])
            return replace_by_tmpfile(d, name, e);
        if (renameat(d->dir, d->tmp, d->dir, name) < 0)
            return err_sys(e, errno, "rename %s", name);
        d->tmp[0] = '\0';
        return true;
    }
    int r = d->tmp[0] ? linkat(d->dir, d->tmp, d->dir, name, 0) : link_tmpfile(d->fd, d->dir, name);
    return r == 0 || errno == EEXIST || err_sys(e, errno, "link %s", name);
}

bool file_publish(struct file_draft *d, const char *name, enum file_publish_mode mode, bool sync, struct err *e) {
    bool ok = (!sync || fdatasync(d->fd) == 0) || err_sys(e, errno, "sync %s", name);
    ok = ok && give_name(d, name, mode, e);
    file_draft_discard(d);
    return ok;
}

bool file_replace(int dir, const char *name, const void *p, size_t n, bool sync, struct err *e) {
    _cleanup_draft_ struct file_draft d = FILE_DRAFT_INIT;
    if (!file_draft_open(dir, 0644, &d, e) || !file_write_all(d.fd, p, n, name, e))
        return false;
    if (!file_publish(&d, name, FILE_REPLACE, sync, e))
        return false;
    if (sync && fsync(dir) < 0)
        return err_sys(e, errno, "sync the directory of %s", name);
    return true;
}

/* Only root may give a file away, and to a group of others; for everyone else it is theirs, as if an editor had written it. */
static bool keep_owner(int fd, const struct stat *old, const char *path, struct err *e) {
    bool kept = fchown(fd, old->st_uid, old->st_gid) == 0 || fchown(fd, (uid_t)-1, old->st_gid) == 0;
    return kept || errno == EPERM || errno == EINVAL || err_sys(e, errno, "set the owner of %s", path);
}

typedef bool (*file_writer)(void *ctx, int fd, struct err *e);

/* A new file takes the name when it is whole, with the old one's permissions if there was one (`old`, else NULL). */
static bool write_anew(const char *path, const struct stat *old, file_writer write_it, void *ctx, struct err *e) {
    struct str dir = path_dir(str_z(path));
    _cleanup_(mem_freep) char *dir_z = mem_strndup(dir.n ? dir.p : path[0] == '/' ? "/" : ".", dir.n ? dir.n : 1);
    _cleanup_fd_ int dir_fd = file_open(dir_z, O_RDONLY | O_DIRECTORY, 0, e);
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    if (dir_fd < 0)
        return false;
    if (!file_draft_open(dir_fd, old ? 0600 : 0644, &draft, e))
        return err_wrap(e, "%s", path);
    if (!write_it(ctx, draft.fd, e))
        return false;
    if (old && fchmod(draft.fd, old->st_mode & 0777) < 0)
        return err_sys(e, errno, "set the mode of %s", path);
    if (old && !keep_owner(draft.fd, old, path, e))
        return false;
    return file_publish(&draft, path_base(str_z(path)).p, FILE_REPLACE, false, e) || err_wrap(e, "%s", path);
}

/* What lies there is opened first, and judged by what was opened: between a look at a name and its opening it may become another file. A
 * pipe is waited for until somebody reads it, as a shell does. */
bool file_write_by(const char *path, file_writer write_it, void *ctx, struct err *e) {
    struct stat st;
    _cleanup_fd_ int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return write_anew(path, NULL, write_it, ctx, e);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(e, errno, "open %s", path);
    if (!S_ISREG(st.st_mode))
        return write_it(ctx, fd, e);
    if (file_is_descriptor(path)) /* another file under its name would not be the one that is open */
        return fcntl(fd, F_SETFL, O_APPEND) == 0 ? write_it(ctx, fd, e) : err_sys(e, errno, "append to %s", path);
    _cleanup_(mem_freep) char *leads_to = realpath(path, NULL);
    return leads_to ? write_anew(leads_to, &st, write_it, ctx, e) : err_sys(e, errno, "open %s", path);
}
