/* SPDX-License-Identifier: Apache-2.0
 * Mirrors: gits/<key>/ is a directory in which git keeps what was fetched from one repository. Who works in it holds a lock on the
 * directory itself; gc takes it away only if it gets that lock. Its mtime is when it was last used. */
#include <errno.h>

#include "base/log.h"
#include "store/store_private.h"

/* The directory, made if need be, and locked. Between its opening and the lock a gc may have moved it away: then *gone. */
static int lock_dir(struct store *s, const char *name, bool *gone, struct err *e) {
    bool got;
    *gone = false;
    if (mkdirat(s->gits_fd, name, 0755) < 0 && errno != EEXIST) {
        err_sys(e, errno, "make directory gits/%s", name);
        return -1;
    }
    _cleanup_fd_ int fd = openat(s->gits_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT) {
        err_sys(e, errno, "open gits/%s", name);
        return -1;
    }
    if (fd >= 0 && !file_lock(fd, true, true, &got, name, e))
        return -1;
    *gone = fd < 0 || !file_is_at(fd, s->gits_fd, name);
    return *gone ? -1 : take_fd(&fd);
}

bool store_mirror_open(struct store *s, const struct digest *key, struct store_mirror *m, struct err *e) {
    enum { TRIES = 100 };
    char name[DIGEST_HEX + 1];
    bool gone = true;
    *m = (struct store_mirror)STORE_MIRROR_INIT;
    digest_hex(key, name);
    for (int tries = 0; gone && tries < TRIES; tries++)
        m->lock_fd = lock_dir(s, name, &gone, e);
    if (m->lock_fd < 0)
        return gone ? err_set(e, ERR_FAILED, "gits/%s of %s is removed again and again", name, s->root) : err_wrap(e, "%s", s->root);
    if (futimens(m->lock_fd, NULL) < 0)
        log_debug("gits/%s: its time of use cannot be set", name);
    m->path = mem_printf("%s/gits/%s", s->root, name);
    return true;
}

void store_mirror_close(struct store_mirror *m) {
    fd_closep(&m->lock_fd);
    mem_freep(&m->path);
}
