/* SPDX-License-Identifier: Apache-2.0
 * What a worker does to a chunk (pipeline.h): reads the files into the places kept for them, makes sure that they are still what was
 * listed, and compresses the whole, or takes the compressed bytes from a blob that has them. Touches nothing but its chunk, its own
 * state, and what a lock guards. */
#include <errno.h>

#include "base/mem.h"
#include "layer/pipeline.h"
#include "layer/watch.h"

/* --- Reading --- */

bool pack_changed(const char *path, const char *how, struct err *e) {
    err_set(e, ERR_FAILED, "%s changed while it was read (%s)", path, how);
    e->sys = ESTALE;
    return false;
}

/* Errors of open that mean "not the file that was listed" rather than "may not be read". */
static bool is_gone(int errnum) {
    return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP || errnum == ENXIO;
}

static bool read_range(int fd, const char *path, uint64_t offset, void *to, size_t length, struct err *e) {
    for (size_t done = 0; done < length;) {
        ssize_t n = pread(fd, (char *)to + done, length - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == ESPIPE || errno == EISDIR))
            return pack_changed(path, "it is no file any more", e);
        if (n < 0)
            return err_sys(e, errno, "read %s", path);
        if (n == 0)
            return pack_changed(path, "it became shorter", e);
        done += (size_t)n;
    }
    return true;
}

/* Looks at the file behind the read: whatever wrote to it meanwhile has moved its times, and what took its place has another inode. */
bool pack_read_file(const struct piece *p, const char *path, uint64_t offset, void *to, size_t length, struct err *e) {
    /* not blocking: something else than a file may have taken the name */
    _cleanup_fd_ int fd = file_openat_nolinks(p->dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return is_gone(errno) ? pack_changed(path, "it is gone", e) : err_sys(e, errno, "open %s", path);
    struct stat st;
    if (!read_range(fd, path, offset, to, length, e))
        return false;
    if (fstat(fd, &st) < 0)
        return err_sys(e, errno, "stat %s", path);
    return file_is_same(&st, &p->seen) || pack_changed(path, "its size, times or inode are not what was listed", e);
}

static bool read_piece(struct chunk *c, struct piece *p, struct err *e) {
    const char *path = chunk_path(c, p);
    if (!pack_read_file(p, path, p->offset, c->raw + p->at, p->length, e))
        return false;
    if (!piece_is_whole(p))
        return true; /* its digest is made in order: order.c */
    struct digest d = sha256_of(c->raw + p->at, p->length);
    if (p->has_digest && !digest_eq(&d, &p->digest))
        return pack_changed(path, "its bytes are not what was listed", e);
    p->digest = d;
    p->has_digest = true;
    return true;
}

/* What was pulled was shown when it was (writer.c). */
static void show_piece(const struct chunk *c, const struct piece *p) {
    const struct layer_writer *w = c->writer;
    struct str head = str_n((const char *)c->raw + p->at, p->length);
    if (w->watched && p->offset == 0)
        w->store->watch->file(w->watched,
                              &(struct watched_file){str_z(c->paths.p + p->entry_path), p->entry_mode, (uint64_t)p->seen.st_size, head});
}

static bool read_pieces(struct chunk *c, struct err *e) {
    for (size_t i = 0; i < c->pieces.n; i++) {
        if (c->pieces.p[i].filled)
            continue;
        if (!read_piece(c, &c->pieces.p[i], e))
            return false;
        show_piece(c, &c->pieces.p[i]);
    }
    return true;
}

/* --- Compressing --- */

static bool open_blob(struct layer_writer *w, struct worker_state *s, const struct digest *blob, struct err *e) {
    if (s->blob_fd >= 0 && digest_eq(&s->blob, blob))
        return true;
    fd_closep(&s->blob_fd);
    s->blob = *blob;
    if (!store_lease(w->store, blob, e))
        return false;
    s->blob_fd = store_open_blob(w->store, blob, NULL, e);
    return s->blob_fd >= 0;
}

/* Takes the chunk's compressed bytes from an older blob. Whatever is wrong with them only means that they are made again. */
static bool take_known(struct layer_writer *w, struct worker_state *s, struct chunk *c) {
    struct chunk_record r;
    if (!c->has_key || w->options.no_reuse)
        return false;
    pthread_mutex_lock(&w->shared);
    bool found = chunk_index_get(w->index, &c->key, &r);
    pthread_mutex_unlock(&w->shared);
    if (!found || r.raw_length != c->raw_n || r.length > c->packed_capacity)
        return false;
    struct err e = ERR_INIT;
    if (!open_blob(w, s, &r.blob, &e) || !file_pread_all(s->blob_fd, c->packed, r.length, r.offset, "a known chunk", &e)) {
        err_clear(&e);
        return false;
    }
    c->packed_n = r.length;
    c->crc32 = crc32_update(0, c->packed, c->packed_n);
    return c->crc32 == r.crc32;
}

static void compress(struct layer_writer *w, struct worker_state *s, struct chunk *c) {
    if (!s->encoder)
        s->encoder = encoder_new(w->options.compression, w->options.level);
    if (!c->packed) {
        c->packed_capacity = encoder_bound(s->encoder, CHUNK_MAX);
        c->packed = mem_alloc(c->packed_capacity);
    }
    if (take_known(w, s, c)) {
        atomic_fetch_add(&w->reused, 1);
        return;
    }
    c->packed_n = encoder_run(s->encoder, c->raw, c->raw_n, c->packed, c->packed_capacity);
    c->crc32 = crc32_update(0, c->packed, c->packed_n);
}

void pack_job(void *chunk, unsigned worker) {
    struct chunk *c = chunk;
    struct layer_writer *w = c->writer;
    if (!atomic_load(&w->failed) && read_pieces(c, &c->error) && !w->options.hash_only) {
        chunk_find_key(w, c);
        if (w->options.compression != COMPRESSION_NONE)
            compress(w, &w->workers[worker], c);
    }
    order_chunk_done(w, c);
}
