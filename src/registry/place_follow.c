/* SPDX-License-Identifier: Apache-2.0
 * A layer that arrives in the store is inflated, and unpacked where that is wanted, while it arrives: a thread of its own reads the
 * draft as far as it has grown (layer/ingest.h). What it makes is published when the blob's digest has turned out right. */
#include <pthread.h>

#include "base/limits.h"
#include "registry/place_follow.h"

struct follower {
    struct store *store;
    enum ingest_what what;
    int fd;                  /* the draft's; borrowed */
    struct ingest *ingest;
    struct layer layer;
    struct err error;
    bool good;               /* the thread came to the end */
    uint64_t taken;          /* by the thread alone */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;    /* guards the rest */
    pthread_cond_t changed;
    uint64_t arrived;
    bool ended, broken;      /* no more comes; what came is void */
};

/* Waits for more. */
static uint64_t wait_for(struct follower *f, bool *broken) {
    pthread_mutex_lock(&f->lock);
    while (f->arrived == f->taken && !f->ended && !f->broken)
        pthread_cond_wait(&f->changed, &f->lock);
    uint64_t arrived = f->arrived;
    *broken = f->broken;
    pthread_mutex_unlock(&f->lock);
    return arrived;
}

static ptrdiff_t read_draft(void *ctx, void *to, size_t n, struct err *e) {
    struct follower *f = ctx;
    bool broken;
    uint64_t left = wait_for(f, &broken) - f->taken;
    if (broken) {
        err_set(e, ERR_FAILED, "the blob did not come to its end");
        return -1;
    }
    n = left < n ? (size_t)left : n;
    if (n && !file_pread_all(f->fd, to, n, f->taken, "a layer that arrives", e))
        return -1;
    f->taken += n;
    return (ptrdiff_t)n;
}

static void *follow(void *ctx) {
    struct follower *f = ctx;
    f->good = ingest_read(f->ingest, read_draft, f, &f->layer, &f->error);
    return NULL;
}

static void begin(struct follower *f, const struct descriptor *d) {
    f->ingest = ingest_new(f->store, f->what);
    f->layer = (struct layer){.blob = d->digest, .blob_bytes = d->bytes};
    f->taken = 0;
    f->good = false;
}

struct follower *follower_start(struct store *s, enum ingest_what what, int fd, const struct descriptor *d) {
    struct follower *f = mem_zalloc(1, sizeof *f);
    f->store = s;
    f->what = what;
    f->fd = fd;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    begin(f, d);
    f->has_thread = pthread_create(&f->thread, NULL, follow, f) == 0; /* without one it is read when it is here */
    return f;
}

static void change(struct follower *f, uint64_t more, bool ended, bool broken) {
    pthread_mutex_lock(&f->lock);
    f->arrived += more;
    f->ended = f->ended || ended;
    f->broken = f->broken || broken;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

void follower_grew(struct follower *f, size_t n) {
    change(f, n, false, false);
}

void follower_restarted(struct follower *f) {
    change(f, 0, false, true);
}

static void join(struct follower *f) {
    if (f->has_thread)
        pthread_join(f->thread, NULL);
    f->has_thread = false;
}

/* What was read is void, or nothing was read: the whole draft from its beginning. */
static bool read_again(struct follower *f, const struct descriptor *d, struct err *e) {
    err_clear(&f->error);
    ingest_free(f->ingest);
    begin(f, d);
    f->arrived = d->bytes;
    f->ended = true;
    f->broken = false;
    f->good = ingest_read(f->ingest, read_draft, f, &f->layer, e);
    return f->good;
}

bool follower_end(struct follower *f, const struct descriptor *d, struct err *e) {
    bool whole = f->has_thread && !f->broken;
    change(f, 0, true, false);
    join(f);
    if (!whole)
        return read_again(f, d, e);
    if (!f->good)
        err_move(e, &f->error);
    return f->good;
}

bool follower_commit(struct follower *f, struct digest *diff_id, struct err *e) {
    *diff_id = f->layer.diff_id;
    return ingest_commit(f->ingest, e);
}

void follower_free(struct follower *f) {
    if (!f)
        return;
    change(f, 0, true, true);
    join(f);
    ingest_free(f->ingest);
    err_clear(&f->error);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
}
