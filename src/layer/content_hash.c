/* SPDX-License-Identifier: Apache-2.0
 * The key of a COPY (copy.h): a sink that hashes entries as they will be written, times apart. Every field has its length before it or a
 * fixed size, so that no two lists of entries give the same bytes. */
#include <errno.h>

#include "layer/copy.h"
#include "layer/spool.h"
#include "sys/files.h"

static void put_u64(uint8_t *to, uint64_t v) {
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

static bool digest_of_file(const struct content *c, struct digest *out, struct err *e) {
    _cleanup_(mem_freep) char *path = mem_strndup(c->path.p, c->path.n);
    _cleanup_fd_ int fd = file_openat_nolinks(c->dir_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return err_sys(e, errno, "read %s", path);
    return file_digest(fd, path, out, NULL, e);
}

static bool digest_of(const struct content *c, struct digest *out, struct err *e) {
    if (c->has_digest) {
        *out = c->digest;
        return true;
    }
    switch (c->kind) {
    case CONTENT_NONE:
        *out = sha256_of("", 0);
        return true;
    case CONTENT_BYTES:
        *out = sha256_of(c->bytes.p, c->bytes.n);
        return true;
    case CONTENT_FILE:
        return digest_of_file(c, out, e);
    case CONTENT_STREAM:
        return spool_hash(c, out, NULL, e);
    }
    return false;
}

static bool add(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct content_hash *h = ctx;
    struct digest d;
    if (en->type == ENTRY_FILE && !digest_of(c, &d, e))
        return false;
    const uint64_t numbers[] = {en->type, en->mode, en->uid, en->gid, en->size, en->major, en->minor, en->n_xattrs, en->path.n, en->link.n};
    uint8_t fixed[sizeof numbers + sizeof d.b]; /* in one piece: an update costs more than what it hashes here */
    size_t n = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++, n += 8)
        put_u64(fixed + n, numbers[i]);
    if (en->type == ENTRY_FILE) {
        memcpy(fixed + n, d.b, sizeof d.b);
        n += sizeof d.b;
    }
    sha256_update(&h->state, fixed, n);
    sha256_update(&h->state, en->path.p, en->path.n);
    sha256_update(&h->state, en->link.p, en->link.n);
    if (h->has_epoch) {
        struct entry clamped = *en;
        entry_clamp_time(&clamped, h->epoch);
        sha256_u64(&h->state, (uint64_t)clamped.mtime_s);
        sha256_u64(&h->state, clamped.mtime_ns);
    }
    for (size_t i = 0; i < en->n_xattrs; i++) {
        sha256_field(&h->state, en->xattrs[i].name);
        sha256_field(&h->state, en->xattrs[i].value);
    }
    return true;
}

struct entry_sink content_hash_sink(struct content_hash *h) {
    return (struct entry_sink){add, h};
}

void content_hash_init(struct content_hash *h) {
    *h = (struct content_hash){0};
    sha256_init(&h->state);
}

struct digest content_hash_final(const struct content_hash *h) {
    return sha256_final(&h->state);
}
