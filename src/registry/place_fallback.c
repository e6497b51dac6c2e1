/* SPDX-License-Identifier: Apache-2.0
 * The index under the fallback tag of a registry without the referrers' API (distribution-spec 1.1): read, changed and written whole, by
 * anyone at any moment, and no registry keeps writers apart. So it is read again after it was written, until our entry is in it; and at the
 * end once more, after a time in which a writer who had read it before us must have written: whoever's entry he overwrote puts it back. */
#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "image/media_types.h"
#include "net/settings.h"
#include "registry/repository.h"

enum {
    TRIES = 50,              /* as many others may be faster */
    SETTLE_LOOKS = 2,        /* so often all must be there */
    SETTLE_MIN_MS = 50, SETTLE_MAX_MS = 2000,
    SETTLE_ROUNDS = 3,       /* of reading and writing, which another writer is given */
};

/* The index with the entry in it, or without it. What is no index is not replaced, and has no entry that could go. */
static bool change(const struct fallback_entry *x, bool there, struct str old, struct buf *out, bool *changed, struct err *e) {
    *changed = false;
    if (!x->gone)
        return referrers_add(there ? old : STR_NULL, &x->referrer, out, changed, e);
    return !there || referrers_drop(old, &x->referrer.digest, out, changed, e);
}

/* One round: *done when the tag's index is as it should be. */
static bool change_round(struct place_repository *p, struct str tag, const struct fallback_entry *x, bool *done, struct err *e) {
    struct arena a = ARENA_INIT;
    struct manifest_blob old = {0};
    struct registry_answer answer;
    struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
    bool changed = false;
    uint64_t began = log_now_ns();
    bool there = p->place.ops->manifest(&p->place, tag, LIMIT_MANIFEST_BYTES, &a, &old, e);
    bool good = there || e->sys == ENOENT || (x->gone && e->sys == EBADMSG);
    if (good && !there)
        err_clear(e);
    good = good && change(x, there, old.bytes, &text, &changed, e);
    *done = good && !changed;
    if (good && changed) {
        struct manifest_blob index = {.media_type = S(MEDIA_INDEX), .bytes = buf_str(&text)};
        index.digest = sha256_of(text.p, text.n);
        good = repository_put_bytes(p, tag, &index, &a, &answer, e);
    }
    p->slowest_ns = log_now_ns() - began > p->slowest_ns ? log_now_ns() - began : p->slowest_ns;
    buf_fini(&text);
    arena_fini(&a);
    return good;
}

/* Under the lock. *news: something had to be written. */
static bool ensure(struct place_repository *p, const struct fallback_entry *x, bool *news, struct err *e) {
    char tag[REFERENCE_TAG_BYTES];
    bool done = false, good = true;
    int rounds = 0;
    reference_tag(&x->subject, "", tag);
    for (; good && !done && rounds < TRIES; rounds++)
        good = change_round(p, str_z(tag), x, &done, e);
    *news = rounds > 1;
    if (good && !done)
        good = err_set(e, ERR_FAILED, "others changed it %d times at the same moment", TRIES);
    return good || err_wrap(e, "%.*s: index of referrers %s", STR_ARG(p->place.shown), tag);
}

static bool remember(struct place_repository *p, const struct digest *subject, const struct manifest_blob *referrer, bool gone,
                     bool *news, struct err *e) {
    pthread_mutex_lock(&p->fallback);
    struct arena *a = &p->place.arena;
    struct manifest_blob kept = {referrer->digest, arena_str(a, referrer->media_type), arena_str(a, referrer->bytes)};
    struct fallback_entry x = {*subject, kept, gone};
    for (size_t i = 0; i < p->entries.n; i++) /* the last word counts */
        if (digest_eq(&p->entries.p[i].referrer.digest, &x.referrer.digest) && digest_eq(&p->entries.p[i].subject, subject))
            p->entries.p[i] = p->entries.p[--p->entries.n];
    vec_push(&p->entries, x);
    bool good = ensure(p, &x, news, e);
    pthread_mutex_unlock(&p->fallback);
    return good;
}

bool fallback_add(struct place_repository *p, const struct digest *subject, const struct manifest_blob *referrer, struct err *e) {
    bool news;
    return remember(p, subject, referrer, false, &news, e);
}

bool fallback_drop(struct place_repository *p, const struct digest *subject, const struct manifest_blob *referrer, bool *dropped,
                   struct err *e) {
    return remember(p, subject, referrer, true, dropped, e);
}

static void settle(const struct place_repository *p) {
    uint64_t ms = p->slowest_ns * SETTLE_ROUNDS / 1000000;
    net_wait_ms(ms < SETTLE_MIN_MS ? (uint64_t)SETTLE_MIN_MS : ms > SETTLE_MAX_MS ? (uint64_t)SETTLE_MAX_MS : ms);
}

bool fallback_settle(struct place *place, struct err *e) {
    struct place_repository *p = repository_place(place);
    for (int looks = 0, rounds = 0; p->entries.n && looks < SETTLE_LOOKS; looks++, rounds++) {
        settle(p);
        for (size_t i = 0; i < p->entries.n; i++) {
            bool news = false;
            if (!ensure(p, &p->entries.p[i], &news, e))
                return false;
            looks = news ? -1 : looks;
        }
        if (rounds > TRIES)
            return err_set(e, ERR_FAILED, "%.*s: others change its indexes of referrers all the time", STR_ARG(p->place.shown));
    }
    return true;
}

void fallback_fini(struct place_repository *p) {
    vec_fini(&p->entries);
}
