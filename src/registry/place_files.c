/* SPDX-License-Identifier: Apache-2.0
 * Blobs and manifests that lie in files: read with the digest checked, written as drafts. Directories may be anyone's: files are opened
 * below them without following links, and only regular ones. */
#include <errno.h>
#include <stdarg.h>

#include "base/limits.h"
#include "registry/place_kinds.h"

enum { PIECE_BYTES = 256 << 10 };

bool place_absent(struct err *e, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    err_set(e, ERR_FAILED, "%s", text);
    free(text);
    e->sys = ENOENT;
    return false;
}

/* --- Reading --- */

static bool pass_pieces(int fd, const struct descriptor *d, struct blob_sink sink, struct sha256 *hash, struct err *e) {
    _cleanup_(mem_freep) unsigned char *piece = mem_alloc(PIECE_BYTES);
    while (hash->bytes < d->bytes) {
        size_t n = d->bytes - hash->bytes < PIECE_BYTES ? (size_t)(d->bytes - hash->bytes) : (size_t)PIECE_BYTES;
        if (!file_pread_all(fd, piece, n, hash->bytes, "blob", e))
            return false;
        sha256_update(hash, piece, n);
        if (!sink.take(sink.ctx, piece, n, e))
            return false;
    }
    return true;
}

bool file_pass(int fd, const struct descriptor *d, struct blob_sink sink, struct str shown, struct err *e) {
    char want[DIGEST_TEXT + 1], is[DIGEST_TEXT + 1];
    struct sha256 hash;
    sha256_init(&hash);
    if (!pass_pieces(fd, d, sink, &hash, e))
        return err_wrap(e, "%.*s: blob %s", STR_ARG(shown), digest_text(&d->digest, want));
    struct digest got = sha256_final(&hash);
    return digest_eq(&got, &d->digest) || err_set(e, ERR_FAILED, "%.*s: blob %s is damaged: its bytes hash to %s", STR_ARG(shown),
                                                  digest_text(&d->digest, want), digest_text(&got, is));
}

static int open_regular(int dir, const char *name, uint64_t *size, struct err *e) {
    struct stat st;
    _cleanup_fd_ int fd = file_openat_nolinks(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0 && errno == ENOENT) {
        place_absent(e, "%s is not there", name);
        return -1;
    }
    if (fd < 0 || fstat(fd, &st) < 0) {
        err_sys(e, errno, "%s", name);
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        err_set(e, ERR_FAILED, "%s is not a regular file", name);
        return -1;
    }
    *size = (uint64_t)st.st_size;
    return take_fd(&fd);
}

int file_blob(int dir, const char *name, const struct descriptor *d, struct err *e) {
    uint64_t size;
    _cleanup_fd_ int fd = open_regular(dir, name, &size, e);
    if (fd >= 0 && size != d->bytes) {
        err_set(e, ERR_FAILED, "%s has %llu bytes, its descriptor says %llu", name, (unsigned long long)size, (unsigned long long)d->bytes);
        return -1;
    }
    return take_fd(&fd);
}

bool file_is_blob(int dir, const char *name, const struct descriptor *d) {
    struct err ignored = ERR_INIT;
    struct digest got;
    _cleanup_fd_ int fd = file_blob(dir, name, d, &ignored);
    bool same = fd >= 0 && file_digest(fd, name, &got, NULL, &ignored) && digest_eq(&got, &d->digest);
    err_clear(&ignored);
    return same;
}

bool file_has_size(int dir, const char *name, const struct descriptor *d) {
    struct err ignored = ERR_INIT;
    _cleanup_fd_ int fd = file_blob(dir, name, d, &ignored);
    err_clear(&ignored);
    return fd >= 0;
}

bool file_manifest(int dir, const char *name, const struct digest *wanted, struct str said_type, struct arena *a, struct manifest_blob *out,
                   struct err *e) {
    uint64_t size;
    struct document doc;
    _cleanup_fd_ int fd = open_regular(dir, name, &size, e);
    if (fd < 0)
        return false;
    struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
    bool good = file_read_fd(fd, name, &text, e);
    out->bytes = arena_str(a, buf_str(&text));
    buf_fini(&text);
    out->digest = sha256_of(out->bytes.p, out->bytes.n);
    if (good && wanted && !digest_eq(&out->digest, wanted))
        good = err_set(e, ERR_FAILED, "it does not hash to its name: it is damaged");
    else if (good || e->sys == EFBIG)
        good = (good && document_read(out->bytes, a, &doc, e) && document_type(&doc, said_type, &out->media_type, e)) ||
               place_unreadable(e);
    return good || err_wrap(e, "%s", name);
}

/* --- Writing --- */

static bool draft_take(void *ctx, const void *p, size_t n, struct err *e) {
    struct draft_sink *s = ctx;
    if (!file_write_all(s->fd, p, n, "blob", e))
        return false;
    s->bytes += n;
    if (s->progress)
        progress_bytes(s->progress, s->bytes, s->total);
    return true;
}

static bool draft_restart(void *ctx, struct err *e) {
    struct draft_sink *s = ctx;
    s->bytes = 0;
    return (ftruncate(s->fd, 0) == 0 && lseek(s->fd, 0, SEEK_SET) == 0) || err_sys(e, errno, "begin a blob again");
}

struct blob_sink draft_sink(struct draft_sink *s, int fd, uint64_t total, struct progress_step *progress) {
    *s = (struct draft_sink){fd, 0, total, progress};
    return (struct blob_sink){draft_take, draft_restart, s};
}

bool file_put_blob(int dir, const char *name, const struct descriptor *d, struct place *from, struct progress_step *progress,
                   struct err *e) {
    struct draft_sink sink;
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    return file_draft_open(dir, 0644, &draft, e) && from->ops->blob(from, d, draft_sink(&sink, draft.fd, d->bytes, progress), e) &&
           file_publish(&draft, name, FILE_REPLACE, false, e);
}

int place_spool(struct place *from, const struct descriptor *d, int dir, struct err *e) {
    struct draft_sink sink;
    if (from->ops->open_blob)
        return from->ops->open_blob(from, d, e);
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    if (!file_draft_open(dir, 0600, &draft, e) || !from->ops->blob(from, d, draft_sink(&sink, draft.fd, d->bytes, NULL), e))
        return -1;
    int fd = fcntl(draft.fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        err_sys(e, errno, "duplicate a descriptor");
    return fd;
}

/* --- Documents --- */

bool manifest_is_about(const struct manifest_blob *m, const struct digest *subject) {
    struct arena a = ARENA_INIT;
    struct document d;
    struct err unread = ERR_INIT;
    bool about = document_read(m->bytes, &a, &d, &unread) && d.has_subject && digest_eq(&d.subject.digest, subject);
    err_clear(&unread);
    arena_fini(&a);
    return about;
}

bool manifest_describe(const struct manifest_blob *m, struct arena *a, struct descriptor *out, struct err *e) {
    struct document d;
    if (!document_read(m->bytes, a, &d, e))
        return false;
    *out = (struct descriptor){m->digest, m->bytes.n, m->media_type, d.artifact_type};
    return true;
}
