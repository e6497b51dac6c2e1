/* SPDX-License-Identifier: Apache-2.0
 * Blobs and manifests that lie in files: read with the digest checked, written as drafts. Directories may be anyone's: files are opened
 * below them without following links, and only regular ones. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
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

bool manifest_type(struct manifest_blob *m, struct str said, struct arena *a, struct err *e) {
    struct arena scratch = ARENA_INIT;
    struct document doc;
    struct str type;
    bool good = document_read(m->bytes, &scratch, &doc, e) && document_type(&doc, said, &type, e);
    if (good)
        m->media_type = arena_str(a, type);
    arena_fini(&scratch);
    return good;
}

bool manifest_too_large(size_t most, struct err *e) {
    e->sys = most < LIMIT_MANIFEST_BYTES ? EFBIG : EBADMSG;
    return false;
}

static bool read_bytes(int fd, const char *name, size_t most, struct arena *a, struct manifest_blob *out, struct err *e) {
    struct buf text = BUF_INIT(most);
    bool good = file_read_fd(fd, name, &text, e);
    if (good)
        *out = (struct manifest_blob){sha256_of(text.p, text.n), STR_NULL, arena_str(a, buf_str(&text))};
    else if (e->sys == EFBIG)
        manifest_too_large(most, e);
    buf_fini(&text);
    return good;
}

bool file_manifest(int dir, const char *name, const struct digest *wanted, struct str said_type, size_t most, struct arena *a,
                   struct manifest_blob *out, struct err *e) {
    uint64_t size;
    _cleanup_fd_ int fd = open_regular(dir, name, &size, e);
    if (fd < 0)
        return false;
    manifest_turn(size);
    bool good = read_bytes(fd, name, most, a, out, e);
    manifest_turn_ends(size);
    if (good && wanted && !digest_eq(&out->digest, wanted))
        good = err_set(e, ERR_FAILED, "it does not hash to its name: it is damaged");
    else if (good)
        good = manifest_type(out, said_type, a, e) || place_unreadable(e);
    return good || err_wrap(e, "%s", name);
}

static bool read_subject(const struct manifest_blob *m, struct arena *a, struct digest *subject, struct descriptor *out) {
    struct arena scratch = ARENA_INIT;
    struct document d;
    struct err unread = ERR_INIT;
    bool about = document_read(m->bytes, &scratch, &d, &unread) && d.has_subject;
    if (about) {
        *subject = d.subject.digest;
        *out = (struct descriptor){m->digest, m->bytes.n, arena_str(a, m->media_type), arena_str(a, d.artifact_type)};
    }
    err_clear(&unread);
    arena_fini(&scratch);
    return about;
}

bool file_subject(int dir, const char *name, const struct digest *wanted, struct str said_type, struct arena *a, struct digest *subject,
                  struct descriptor *out) {
    static pthread_mutex_t one_large = PTHREAD_MUTEX_INITIALIZER; /* several threads may look at all files of a directory */
    struct arena scratch = ARENA_INIT;
    struct manifest_blob m;
    struct stat st;
    struct err unread = ERR_INIT;
    bool large = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > (off_t)LIMIT_MANIFEST_SMALL_BYTES;
    if (large)
        pthread_mutex_lock(&one_large);
    size_t most = large ? LIMIT_MANIFEST_BYTES : LIMIT_MANIFEST_SMALL_BYTES;
    bool about = file_manifest(dir, name, wanted, said_type, most, &scratch, &m, &unread) && read_subject(&m, a, subject, out);
    err_clear(&unread);
    arena_fini(&scratch);
    if (large) {
        malloc_trim(0); /* glibc keeps it for the thread that has freed it: six times */
        pthread_mutex_unlock(&one_large);
    }
    return about;
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

/* Layers may be gigabytes, and /tmp is memory on many machines. */
static int open_temporary(struct err *e) {
    const char *dir = getenv("TMPDIR");
    return file_open(dir && *dir ? dir : "/var/tmp", O_RDONLY | O_DIRECTORY, 0, e);
}

int place_spool(struct place *from, const struct descriptor *d, struct store *s, struct err *e) {
    struct draft_sink sink;
    if (from->ops->open_blob)
        return from->ops->open_blob(from, d, e);
    _cleanup_fd_ int temporary = s ? -1 : open_temporary(e);
    if (!s && temporary < 0)
        return -1;
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    if (!file_draft_open(s ? s->blobs_fd : temporary, 0600, &draft, e) ||
        !from->ops->blob(from, d, draft_sink(&sink, draft.fd, d->bytes, NULL), e))
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
    struct arena scratch = ARENA_INIT;
    struct document d;
    bool good = document_read(m->bytes, &scratch, &d, e);
    if (good)
        *out = (struct descriptor){m->digest, m->bytes.n, arena_str(a, m->media_type), arena_str(a, d.artifact_type)};
    arena_fini(&scratch);
    return good;
}
