/* SPDX-License-Identifier: Apache-2.0
 * croze's store as a place (place.h). What is brought is leased before it is looked for, so that no gc takes it before a name reaches it;
 * names are given by put_manifest, which a copy calls when all is there. What is about another manifest (a signature) gets an entry without
 * a name, since nothing else leads to it. */
#include <pthread.h>

#include "base/limits.h"
#include "base/vec.h"
#include "net/settings.h"
#include "registry/place_follow.h"

struct followed_layer {
    struct digest blob, diff_id;
};

struct place_store {
    struct place place;
    struct store *store;
    struct str name;         /* references are tags of it; "": they are whole names */
    bool nameless;           /* what is in it is in the store without a name */
    struct str *listed;      /* nameless: its tags */
    size_t n_listed;
    struct digest *root;     /* nameless: what was put last with a reference */
    struct place_hooks hooks;
    bool bare;               /* what is about another manifest gets no entry: a name is given later, or never */
    bool follows;            /* layers are inflated while they arrive */
    enum ingest_what follow;
    pthread_mutex_t lock;    /* guards `layers` */
    VEC(struct followed_layer) layers;
};

static struct place_store *of(struct place *p) {
    return (struct place_store *)p;
}

static struct str whole_name(const struct place_store *p, struct str tag, struct arena *a) {
    return p->name.n ? arena_join3(a, p->name, S(":"), tag) : tag;
}

/* --- Reading --- */

static bool read_manifest(struct store *s, const struct digest *d, struct str said, struct arena *a, struct manifest_blob *out,
                          struct err *e) {
    char text[DIGEST_TEXT + 1];
    struct buf bytes = BUF_INIT(LIMIT_MANIFEST_BYTES);
    bool good = store_lease(s, d, e) && store_get_blob(s, d, &bytes, e);
    out->digest = *d;
    out->bytes = arena_str(a, buf_str(&bytes));
    buf_fini(&bytes);
    return good && (manifest_type(out, said, a, e) || err_wrap(e, "manifest %s", digest_text(d, text)));
}

/* What a name leads to. */
static bool find_name(struct place_store *p, struct str reference, struct arena *a, struct store_ref *out, struct err *e) {
    struct store_refs refs;
    struct str name = whole_name(p, reference, a);
    if (!store_refs_read(p->store, a, &refs, e))
        return false;
    for (size_t i = 0; i < refs.n; i++)
        if (str_eq(refs.p[i].name, name)) {
            *out = refs.p[i];
            return true;
        }
    return place_absent(e, "no image of the store is named %s", SHOWN(name));
}

static bool find(struct place_store *p, struct str reference, struct arena *a, struct store_ref *out, struct err *e) {
    *out = (struct store_ref){0};
    if (!reference_is_digest(reference))
        return find_name(p, reference, a, out, e);
    return digest_parse(reference, &out->manifest, e);
}

static bool store_manifest(struct place *p, struct str reference, size_t most, struct arena *a, struct manifest_blob *out, struct err *e) {
    struct store_ref ref;
    if (!find(of(p), reference, a, &ref, e) || !read_manifest(of(p)->store, &ref.manifest, ref.media_type, a, out, e))
        return false;
    return out->bytes.n <= most || err_set(e, ERR_FAILED, "%.*s has %zu bytes", STR_ARG(reference), out->bytes.n) ||
           manifest_too_large(most, e);
}

static bool store_resolve(struct place *p, struct str reference, struct digest *out, struct err *e) {
    struct arena a = ARENA_INIT;
    struct store_ref ref;
    char text[DIGEST_TEXT + 1];
    bool good = find(of(p), reference, &a, &ref, e) && store_lease(of(p)->store, &ref.manifest, e) &&
                (store_has_blob(of(p)->store, &ref.manifest, NULL) ||
                 place_absent(e, "manifest %s is not in the store", digest_text(&ref.manifest, text)));
    *out = ref.manifest;
    arena_fini(&a);
    return good;
}

static int store_open_file(struct place *p, const struct descriptor *d, struct err *e) {
    uint64_t size;
    char text[DIGEST_TEXT + 1];
    if (!store_lease(of(p)->store, &d->digest, e))
        return -1;
    _cleanup_fd_ int fd = store_open_blob(of(p)->store, &d->digest, &size, e);
    if (fd >= 0 && size != d->bytes) {
        err_set(e, ERR_FAILED, "blob %s has %llu bytes in the store, its descriptor says %llu", digest_text(&d->digest, text),
                (unsigned long long)size, (unsigned long long)d->bytes);
        return -1;
    }
    return take_fd(&fd);
}

static bool store_pass_blob(struct place *p, const struct descriptor *d, struct blob_sink sink, struct err *e) {
    _cleanup_fd_ int fd = store_open_file(p, d, e);
    return fd >= 0 && file_pass(fd, d, sink, p->shown, e);
}

/* The names in an archive: the store's are no concern of who asks for those. */
static bool listed_tags(const struct place_store *p, struct arena *a, struct str **out, size_t *n) {
    *n = p->n_listed;
    *out = arena_array(a, struct str, p->n_listed);
    for (size_t i = 0; i < p->n_listed; i++)
        (*out)[i] = arena_str(a, p->listed[i]);
    return true;
}

static bool store_tags(struct place *p, struct arena *a, struct str **out, size_t *n, struct err *e) {
    struct store_refs refs;
    struct str prefix = of(p)->name.n ? arena_join3(a, of(p)->name, S(":"), STR_NULL) : STR_NULL;
    if (of(p)->nameless)
        return listed_tags(of(p), a, out, n);
    if (!store_refs_read(of(p)->store, a, &refs, e))
        return false;
    *out = arena_array(a, struct str, refs.n);
    *n = 0;
    for (size_t i = 0; i < refs.n; i++)
        if (refs.p[i].name.n && str_starts(refs.p[i].name, prefix))
            (*out)[(*n)++] = str_from(refs.p[i].name, prefix.n);
    return *n || !prefix.n || place_absent(e, "no image of the store is named %.*s", STR_ARG(of(p)->name));
}

/* Every entry is looked at: what is about another manifest has one, and there are few. What cannot be read is about nothing. */
static bool store_referrers(struct place *p, const struct digest *subject, struct arena *a, struct descriptor **out, size_t *n,
                            struct err *e) {
    struct store_refs refs;
    if (!store_refs_read(of(p)->store, a, &refs, e))
        return false;
    *out = arena_array(a, struct descriptor, refs.n);
    *n = 0;
    for (size_t i = 0; i < refs.n; i++) {
        struct arena scratch = ARENA_INIT;
        struct manifest_blob m;
        struct err unread = ERR_INIT;
        bool about = read_manifest(of(p)->store, &refs.p[i].manifest, refs.p[i].media_type, &scratch, &m, &unread) &&
                     manifest_is_about(&m, subject);
        err_clear(&unread);
        bool good = !about || manifest_describe(&m, a, &(*out)[(*n)++], e);
        arena_fini(&scratch);
        if (!good)
            return false;
    }
    return true;
}

/* --- Writing --- */

static bool store_has(struct place *p, const struct descriptor *d, bool *has, struct err *e) {
    uint64_t size;
    if (!store_lease(of(p)->store, &d->digest, e))
        return false;
    *has = store_has_blob(of(p)->store, &d->digest, &size) && size == d->bytes;
    return true;
}

static bool is_layer(struct str type) {
    return str_find(type, S(".image.layer.v1.tar")) >= 0 || str_find(type, S(".image.rootfs.diff.tar")) >= 0;
}

/* A draft that somebody follows. */
struct followed {
    struct blob_sink draft;
    struct follower *follower;
};

static bool followed_take(void *ctx, const void *bytes, size_t n, struct err *e) {
    struct followed *f = ctx;
    if (!f->draft.take(f->draft.ctx, bytes, n, e))
        return false;
    follower_grew(f->follower, n);
    return true;
}

static bool followed_restart(void *ctx, struct err *e) {
    struct followed *f = ctx;
    follower_restarted(f->follower);
    return f->draft.restart(f->draft.ctx, e);
}

static bool note_diff_id(struct place_store *p, const struct digest *blob, const struct digest *diff_id) {
    struct followed_layer layer = {*blob, *diff_id};
    pthread_mutex_lock(&p->lock);
    vec_push(&p->layers, layer);
    pthread_mutex_unlock(&p->lock);
    return true;
}

static bool put_followed(struct place_store *p, const struct descriptor *d, struct place *from, struct file_draft *draft,
                         struct blob_sink sink, struct err *e) {
    struct digest diff_id;
    char text[DIGEST_TEXT + 1];
    _cleanup_(follower_freep) struct follower *f = follower_start(p->store, p->follow, draft->fd, d);
    struct followed followed = {sink, f};
    /* publishing closes the draft: what follows it has come to its end before */
    return from->ops->blob(from, d, (struct blob_sink){followed_take, followed_restart, &followed}, e) &&
           (follower_end(f, d, e) || err_wrap(e, "layer %s", digest_text(&d->digest, text))) &&
           store_publish_blob(p->store, draft, &d->digest, e) && follower_commit(f, &diff_id, e) && note_diff_id(p, &d->digest, &diff_id);
}

static bool put_now(struct place *p, const struct descriptor *d, struct place *from, struct progress_step *progress, struct err *e) {
    struct draft_sink draft_ctx;
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    if (!store_draft(of(p)->store, &draft, e))
        return false;
    struct blob_sink sink = draft_sink(&draft_ctx, draft.fd, d->bytes, progress);
    if (of(p)->follows && is_layer(d->media_type))
        return put_followed(of(p), d, from, &draft, sink, e);
    return from->ops->blob(from, d, sink, e) && store_publish_blob(of(p)->store, &draft, &d->digest, e);
}

/* Waits for whoever brings the same blob, be it another pull of this build or another command: what it brings need not come twice. Where
 * that takes too long *turn stays -1, and the blob is brought all the same. */
static bool wait_for_turn(struct store *s, const struct digest *d, struct progress_step *progress, int *turn, struct err *e) {
    enum { LOOK_MS = 50, TOLD_AT_MS = 2000 };
    for (uint64_t ms = 0; ms < LIMIT_ARRIVAL_WAIT_S * UINT64_C(1000); ms += LOOK_MS) {
        *turn = store_arrival_try(s, d, e);
        if (*turn >= 0 || e->kind != ERR_NONE)
            return *turn >= 0;
        if (ms == TOLD_AT_MS && progress)
            progress_log(progress, S("somebody else brings it already: waiting\n"));
        net_wait_ms(LOOK_MS);
    }
    return true;
}

static bool store_put(struct place *p, const struct descriptor *d, struct place *from, struct progress_step *progress, struct err *e) {
    bool has = false;
    _cleanup_fd_ int turn = -1;
    return wait_for_turn(of(p)->store, &d->digest, progress, &turn, e) && store_has(p, d, &has, e) &&
           (has || put_now(p, d, from, progress, e));
}

static bool has_subject(const struct manifest_blob *m) {
    struct arena a = ARENA_INIT;
    struct document d;
    struct err unread = ERR_INIT;
    bool has = document_read(m->bytes, &a, &d, &unread) && d.has_subject;
    err_clear(&unread);
    arena_fini(&a);
    return has;
}

static bool store_put_manifest(struct place *p, struct str reference, const struct manifest_blob *m, struct err *e) {
    struct place_store *s = of(p);
    struct digest stored;
    struct store_ref ref = {STR_NULL, m->digest, m->bytes.n, m->media_type};
    if (!store_put_blob(s->store, m->bytes, &stored, e))
        return false;
    if (reference.n && s->root) {
        *s->root = m->digest;
        return store_refs_set(s->store, STR_NULL, &ref, e);
    }
    if (!reference.n && (s->bare || !has_subject(m)))
        return true; /* something else names it */
    struct arena a = ARENA_INIT;
    struct str name = reference.n && !reference_is_digest(reference) ? whole_name(s, reference, &a) : STR_NULL;
    bool good = store_refs_set(s->store, name, &ref, e);
    arena_fini(&a);
    return good;
}

static bool store_finish(struct place *p, struct err *e) {
    return !of(p)->hooks.finished || of(p)->hooks.finished(of(p)->hooks.ctx, e);
}

static void store_place_close(struct place *p) {
    struct place_store *s = of(p);
    if (s->hooks.closed)
        s->hooks.closed(s->hooks.ctx);
    vec_fini(&s->layers);
    pthread_mutex_destroy(&s->lock);
    arena_fini(&s->place.arena);
    free(s);
}

static const struct place_ops store_ops = {
    .manifest = store_manifest,
    .resolve = store_resolve,
    .blob = store_pass_blob,
    .open_blob = store_open_file,
    .tags = store_tags,
    .referrers = store_referrers,
    .has_blob = store_has,
    .put_blob = store_put,
    .put_manifest = store_put_manifest,
    .finish = store_finish,
    .close = store_place_close,
};

static struct place_store *new_place(struct store *s, struct str shown, struct str reference) {
    struct place_store *p = mem_zalloc(1, sizeof *p);
    p->place = (struct place){.ops = &store_ops, .store = s};
    p->place.shown = arena_str(&p->place.arena, shown);
    p->place.reference = arena_str(&p->place.arena, reference);
    p->store = s;
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

struct place *place_store(struct store *s) {
    return &new_place(s, S("the store"), STR_NULL)->place;
}

void place_store_bare(struct place *p) {
    of(p)->bare = true;
}

void place_store_follow(struct place *p, bool unpack) {
    of(p)->follows = true;
    of(p)->follow = unpack ? INGEST_TREE : INGEST_TOC;
}

bool place_store_fits(struct place *p, const struct image *im, struct err *e) {
    char blob[DIGEST_TEXT + 1], is[DIGEST_TEXT + 1], want[DIGEST_TEXT + 1];
    for (size_t i = 0; i < im->n_layers; i++)
        for (size_t k = 0; k < of(p)->layers.n; k++) {
            const struct followed_layer *l = &of(p)->layers.p[k];
            if (digest_eq(&l->blob, &im->layers[i].blob) && !digest_eq(&l->diff_id, &im->layers[i].diff_id))
                return err_set(e, ERR_FAILED, "layer %s unpacks to %s, and the configuration names %s (diff_ids)",
                               digest_text(&l->blob, blob), digest_text(&l->diff_id, is), digest_text(&im->layers[i].diff_id, want));
        }
    return true;
}

struct place *place_store_named(struct store *s, struct str name, struct str reference) {
    struct place_store *p = new_place(s, STR_NULL, reference);
    p->name = arena_str(&p->place.arena, name);
    p->place.shown = arena_join3(&p->place.arena, S("store:"), name, STR_NULL);
    return &p->place;
}

struct place *place_store_nameless(struct store *s, struct str shown, struct str reference, struct digest *root,
                                   const struct place_hooks *hooks) {
    struct place_store *p = new_place(s, shown, reference);
    p->nameless = true;
    p->root = root;
    p->place.one_image = true;
    if (hooks)
        p->hooks = *hooks;
    return &p->place;
}

void place_store_lists(struct place *p, const struct archive_items *items) {
    struct place_store *s = of(p);
    s->listed = arena_array(&p->arena, struct str, items->n);
    for (size_t i = 0; i < items->n; i++)
        if (items->p[i].name.n)
            s->listed[s->n_listed++] = arena_str(&p->arena, items->p[i].name);
}
