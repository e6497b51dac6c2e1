/* SPDX-License-Identifier: Apache-2.0
 * Which tags of a repository need a manifest (repository.h): those that name it, and those that name an index from which it is reached, at
 * any depth. What cannot be read is asked by its text: whatever it is, it names a digest in full or not at all. */
#include "base/limits.h"
#include "base/map.h"
#include "registry/parallel.h"
#include "registry/repository.h"

struct looking {
    struct place_repository *place;
    const struct digest *digest;
    const struct str *tags;
    struct str except;
    bool *needs;
};

/* What is to be read of one tag. */
struct walk {
    const struct looking *looking;
    struct arena arena;           /* of the digests */
    struct map seen;              /* 32 bytes -> anything */
    struct level {
        VEC(struct digest) indexes;
    } now, below;
    bool needs;
};

/* A child that may be an index: it says so, or says nothing that tells. */
static bool may_have_children(struct str media_type) {
    return !is_manifest_type(media_type) || is_index_type(media_type);
}

static bool add(struct walk *w, const struct digest *d, struct err *e) {
    if (map_get(&w->seen, digest_key(d)))
        return true;
    if (w->seen.n >= LIMIT_COPY_MANIFESTS)
        return err_set(e, ERR_FAILED, "it reaches more than %d indexes", LIMIT_COPY_MANIFESTS);
    struct digest *kept = arena_new(&w->arena, struct digest);
    *kept = *d;
    map_put(&w->seen, digest_key(kept), w);
    vec_push(&w->below.indexes, *d);
    return true;
}

static bool look_into(struct walk *w, const struct manifest_blob *m, struct arena *a, struct err *e) {
    struct document d;
    struct err unread = ERR_INIT;
    char text[DIGEST_TEXT + 1];
    if (!document_read(m->bytes, a, &d, &unread)) {
        err_clear(&unread);
        w->needs = str_find(m->bytes, str_z(digest_text(w->looking->digest, text))) >= 0;
        return true;
    }
    for (size_t i = 0; i < d.n_children && !w->needs; i++) {
        const struct descriptor *c = &d.children[i].descriptor;
        w->needs = digest_eq(&c->digest, w->looking->digest);
        if (!w->needs && may_have_children(c->media_type) && !add(w, &c->digest, e))
            return false;
    }
    return true;
}

/* One that has vanished needs nothing. */
static bool read_one(struct walk *w, struct str reference, struct err *e) {
    struct arena a = ARENA_INIT;
    struct manifest_blob m;
    bool there = repository_raw(w->looking->place, reference, LIMIT_MANIFEST_BYTES, &a, &m, e), good = there || place_is_absent(e);
    if (there) {
        w->needs = digest_eq(&m.digest, w->looking->digest);
        good = w->needs || look_into(w, &m, &a, e);
    }
    arena_fini(&a);
    return good;
}

static bool walk_down(struct walk *w, struct str tag, struct err *e) {
    char text[DIGEST_TEXT + 1];
    bool good = read_one(w, tag, e);
    for (unsigned depth = 0; good && !w->needs && w->below.indexes.n; depth++) {
        if (depth == LIMIT_COPY_DEPTH)
            return err_set(e, ERR_FAILED, "indexes nested deeper than %d levels", LIMIT_COPY_DEPTH);
        struct level done = w->now;
        w->now = w->below;
        w->below = done;
        w->below.indexes.n = 0;
        for (size_t i = 0; good && !w->needs && i < w->now.indexes.n; i++)
            good = read_one(w, str_z(digest_text(&w->now.indexes.p[i], text)), e);
    }
    return good;
}

static bool look(void *ctx, size_t i, struct err *e) {
    const struct looking *l = ctx;
    struct walk w = {.looking = l};
    if (str_eq(l->tags[i], l->except))
        return true;
    bool good = walk_down(&w, l->tags[i], e) || err_wrap(e, "whether tag %.*s needs it", STR_ARG(l->tags[i]));
    l->needs[i] = w.needs;
    vec_fini(&w.now.indexes);
    vec_fini(&w.below.indexes);
    map_fini(&w.seen);
    arena_fini(&w.arena);
    return good;
}

bool needed_by(struct place_repository *p, const struct digest *d, struct str except, struct arena *a, struct str *out, struct err *e) {
    struct looking l = {.place = p, .digest = d, .except = except};
    struct str *tags;
    size_t n;
    *out = STR_NULL;
    if (!p->place.ops->tags(&p->place, a, &tags, &n, e))
        return false;
    l.tags = tags;
    l.needs = arena_array(a, bool, n);
    if (!in_parallel(n, look, &l, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (l.needs[i] && out->n < 1000)
            *out = arena_join3(a, *out, out->n ? S(", ") : STR_NULL, tags[i]);
    return true;
}
