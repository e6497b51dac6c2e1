/* SPDX-License-Identifier: Apache-2.0
 * Shows files of layers to the store's watch (watch.h). */
#include "layer/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void *watch_begin(struct store *s) {
    return s->watch ? s->watch->begin(s) : NULL;
}

bool watch_commit(struct store *s, void *of, const struct digest *diff_id, struct err *e) {
    return !of || s->watch->commit(of, diff_id, e);
}

void watch_end(struct store *s, void *of) {
    if (of)
        s->watch->end(of);
}

/* --- A content that passes --- */

static size_t wanted(const struct watched_content *w) {
    return w->file.size < WATCH_HEAD_BYTES ? (size_t)w->file.size : (size_t)WATCH_HEAD_BYTES;
}

static void show(struct watched_content *w, const char *p) {
    w->file.head = str_n(p, wanted(w));
    w->store->watch->file(w->of, &w->file);
    w->shown = true;
}

/* Most files come in one piece, which is shown where it lies. */
static void pass(struct watched_content *w, const char *p, size_t n) {
    size_t left = wanted(w) - w->n;
    if (w->shown || left == 0)
        return;
    if (w->n == 0 && n >= left) {
        show(w, p);
        return;
    }
    if (!w->head)
        w->head = mem_alloc(wanted(w));
    n = n < left ? n : left;
    memcpy(w->head + w->n, p, n);
    w->n += n;
    if (n == left)
        show(w, w->head);
}

static ptrdiff_t pull_watched(void *ctx, void *to, size_t n, struct err *e) {
    struct watched_content *w = ctx;
    ptrdiff_t got = w->inner->pull(w->inner->pull_ctx, to, n, e);
    if (got > 0)
        pass(w, to, (size_t)got);
    return got;
}

static ptrdiff_t lend_watched(void *ctx, const void **p, struct err *e) {
    struct watched_content *w = ctx;
    ptrdiff_t got = w->inner->lend(w->inner->pull_ctx, p, e);
    if (got > 0)
        pass(w, *p, (size_t)got);
    return got;
}

void watched_content_init(struct watched_content *w, struct store *s, void *of, const struct entry *en, const struct content *inner) {
    *w = (struct watched_content){.inner = inner, .store = s, .of = of, .file = {en->path, en->mode, en->size, STR_NULL}};
    w->content = *inner;
    if (!of)
        return;
    w->content =
        (struct content){.kind = inner->kind, .dir_fd = -1, .pull = pull_watched, .lend = inner->lend ? lend_watched : NULL, .pull_ctx = w};
}

void watched_content_fini(struct watched_content *w) {
    free(w->head);
}
