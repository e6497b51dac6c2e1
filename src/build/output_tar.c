/* SPDX-License-Identifier: Apache-2.0
 * The target's root file system as a tar stream (outputs.h): the layers merged, in croze's normal form. No whiteout is left; owners, modes,
 * times and extended attributes are as in the layers, with an epoch no time is newer than it. Equal roots give equal bytes. */
#include <string.h>

#include "build/outputs.h"
#include "layer/merge.h"
#include "layer/tar.h"
#include "sys/files.h"

enum { WRITE_BYTES = 256 << 10 };

struct tar_output {
    int fd;
    bool has_epoch;
    int64_t epoch;
    struct buf headers;
    char *bytes;                   /* not written yet: most files are smaller than a write should be */
    size_t n;
};

static bool flush(struct tar_output *t, struct err *e) {
    bool good = file_write_all(t->fd, t->bytes, t->n, "the tar file", e);
    t->n = 0;
    return good;
}

static bool put(struct tar_output *t, const char *p, size_t n, struct err *e) {
    while (n > 0) {
        size_t k = n < WRITE_BYTES - t->n ? n : WRITE_BYTES - t->n;
        memcpy(t->bytes + t->n, p, k);
        t->n += k;
        p += k;
        n -= k;
        if (t->n == WRITE_BYTES && !flush(t, e))
            return false;
    }
    return true;
}

static bool put_content(struct tar_output *t, const struct entry *en, const struct content *c, struct err *e) {
    static const char zeros[TAR_BLOCK];
    for (uint64_t left = c->kind == CONTENT_STREAM ? en->size : 0; left > 0;) {
        size_t room = WRITE_BYTES - t->n;
        ptrdiff_t got = c->pull(c->pull_ctx, t->bytes + t->n, left < room ? (size_t)left : room, e);
        if (got <= 0)
            return got == 0 && err_set(e, ERR_FAILED, "%.*s: its content ends early", STR_ARG(en->path));
        t->n += (size_t)got;
        left -= (uint64_t)got;
        if (t->n == WRITE_BYTES && !flush(t, e))
            return false;
    }
    return put(t, zeros, en->type == ENTRY_FILE ? tar_padding(en->size) : 0, e);
}

static bool add(void *ctx, const struct entry *given, const struct content *c, struct err *e) {
    struct tar_output *t = ctx;
    struct entry en = *given;
    if (en.type != ENTRY_FILE)
        en.size = 0;
    if (t->has_epoch)
        entry_clamp_time(&en, t->epoch);
    buf_reset(&t->headers);
    return tar_header(&en, &t->headers, e) && put(t, t->headers.p, t->headers.n, e) && put_content(t, &en, c, e);
}

bool output_tar_write(struct build *b, const struct view *root, int fd, struct err *e) {
    static const char zeros[TAR_END_BYTES];
    _cleanup_(mem_freep) char *bytes = mem_alloc(WRITE_BYTES);
    struct tar_output t = {.fd = fd, .has_epoch = b->options->has_epoch, .epoch = b->options->epoch, .headers = BUF_INIT(TAR_HEADERS_MAX),
                           .bytes = bytes};
    bool good = view_merge(root, 0, (struct entry_sink){add, &t}, e) && put(&t, zeros, sizeof zeros, e) && flush(&t, e);
    buf_fini(&t.headers);
    return good;
}
