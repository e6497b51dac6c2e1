/* SPDX-License-Identifier: Apache-2.0
 * Blobs: blobs/sha256/<hex>, complete and unchanging as soon as they have that name. What is published is leased first, so that no gc takes
 * it before something points to it. */
#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "store/store_private.h"

bool store_has_blob(struct store *s, const struct digest *d, uint64_t *size) {
    struct stat st;
    char hex[DIGEST_HEX + 1];
    if (fstatat(s->blobs_fd, digest_hex(d, hex), &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
        return false;
    if (size)
        *size = (uint64_t)st.st_size;
    return true;
}

int store_open_blob(struct store *s, const struct digest *d, uint64_t *size, struct err *e) {
    char hex[DIGEST_HEX + 1];
    _cleanup_fd_ int fd = openat(s->blobs_fd, digest_hex(d, hex), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (fd < 0 && errno == ENOENT) {
        err_set(e, ERR_FAILED, "blob sha256:%s is not in the store", hex);
        e->sys = ENOENT;
        return -1;
    }
    if (fd < 0 || fstat(fd, &st) < 0) {
        err_sys(e, errno, "open blob sha256:%s", hex);
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        err_set(e, ERR_FAILED, "blob sha256:%s is not a regular file", hex);
        return -1;
    }
    if (size)
        *size = (uint64_t)st.st_size;
    return take_fd(&fd);
}

bool store_draft(struct store *s, struct file_draft *draft, struct err *e) {
    return file_draft_open(s->blobs_fd, 0644, draft, e) || err_wrap(e, "blobs of %s", s->root);
}

bool store_publish_blob(struct store *s, struct file_draft *draft, const struct digest *d, struct err *e) {
    char hex[DIGEST_HEX + 1];
    struct stat st;
    uint64_t size;
    digest_hex(d, hex);
    if (!store_lease(s, d, e))
        return false;
    if (fstat(draft->fd, &st) < 0)
        return err_sys(e, errno, "blob sha256:%s", hex);
    enum file_publish_mode mode = FILE_KEEP;
    if (store_has_blob(s, d, &size) && size != (uint64_t)st.st_size) {
        log_warn("blob sha256:%s had %llu bytes instead of %llu; it is replaced", hex, (unsigned long long)size,
                 (unsigned long long)st.st_size);
        mode = FILE_REPLACE;
    }
    return file_publish(draft, hex, mode, s->sync, e) || err_wrap(e, "blobs of %s", s->root);
}

bool store_put_blob(struct store *s, struct str bytes, struct digest *out, struct err *e) {
    uint64_t size;
    *out = sha256_of(bytes.p, bytes.n);
    if (!store_lease(s, out, e))
        return false;
    if (store_has_blob(s, out, &size) && size == bytes.n)
        return true;
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    return store_draft(s, &draft, e) && file_write_all(draft.fd, bytes.p, bytes.n, "a blob", e) && store_publish_blob(s, &draft, out, e);
}

bool store_get_blob(struct store *s, const struct digest *d, struct buf *out, struct err *e) {
    char want[DIGEST_TEXT + 1], is[DIGEST_TEXT + 1];
    _cleanup_fd_ int fd = store_open_blob(s, d, NULL, e);
    size_t before = out->n;
    if (fd < 0 || !file_read_fd(fd, digest_text(d, want), out, e))
        return false;
    struct digest got = sha256_of(out->p + before, out->n - before);
    return digest_eq(&got, d) || err_set(e, ERR_FAILED, "blob %s is damaged: its bytes hash to %s (croze fsck --repair sets it aside)",
                                         digest_text(d, want), digest_text(&got, is));
}
