/* SPDX-License-Identifier: Apache-2.0
 * croze's store as a place (place.h). What is brought is leased before it is looked for, so that no gc takes it before a name reaches it;
 * names are given by put_manifest, which a copy calls when all is there. What is about another manifest (a signature) gets an entry without
 * a name, since nothing else leads to it. */
#include <errno.h>

#include "base/limits.h"
#include "base/vec.h"
#include "registry/place_kinds.h"

struct place_store {
    struct place place;
    struct store *store;
    struct str name;         /* references are tags of it; "": they are whole names */
    struct digest *root;     /* nameless: what was put last with a reference */
    struct place_hooks hooks;
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
    struct document doc;
    char text[DIGEST_TEXT + 1];
    struct buf bytes = BUF_INIT(LIMIT_MANIFEST_BYTES);
    bool good = store_lease(s, d, e) && store_get_blob(s, d, &bytes, e);
    out->digest = *d;
    out->bytes = arena_str(a, buf_str(&bytes));
    buf_fini(&bytes);
    return good && ((document_read(out->bytes, a, &doc, e) && document_type(&doc, said, &out->media_type, e)) ||
                    err_wrap(e, "manifest %s", digest_text(d, text)));
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
    return place_absent(e, "no image of the store is named %.*s", STR_ARG(name));
}

static bool find(struct place_store *p, struct str reference, struct arena *a, struct store_ref *out, struct err *e) {
    *out = (struct store_ref){0};
    if (!reference_is_digest(reference))
        return find_name(p, reference, a, out, e);
    return digest_parse(reference, &out->manifest, e);
}

static bool store_manifest(struct place *p, struct str reference, struct arena *a, struct manifest_blob *out, struct err *e) {
    struct store_ref ref;
    return find(of(p), reference, a, &ref, e) && read_manifest(of(p)->store, &ref.manifest, ref.media_type, a, out, e);
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

static bool store_tags(struct place *p, struct arena *a, struct str **out, size_t *n, struct err *e) {
    struct store_refs refs;
    struct str prefix = of(p)->name.n ? arena_join3(a, of(p)->name, S(":"), STR_NULL) : STR_NULL;
    if (!store_refs_read(of(p)->store, a, &refs, e))
        return false;
    *out = arena_array(a, struct str, refs.n);
    *n = 0;
    for (size_t i = 0; i < refs.n; i++)
        if (refs.p[i].name.n && str_starts(refs.p[i].name, prefix))
            (*out)[(*n)++] = str_from(refs.p[i].name, prefix.n);
    return true;
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
        struct manifest_blob m;
        struct err unread = ERR_INIT;
        bool about = read_manifest(of(p)->store, &refs.p[i].manifest, refs.p[i].media_type, a, &m, &unread) &&
                     manifest_is_about(&m, subject);
        err_clear(&unread);
        if (about && !manifest_describe(&m, a, &(*out)[(*n)++], e))
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

static bool store_put(struct place *p, const struct descriptor *d, struct place *from, struct progress_step *progress, struct err *e) {
    struct draft_sink sink;
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    return store_draft(of(p)->store, &draft, e) &&
           from->ops->blob(from, d, draft_sink(&sink, draft.fd, d->bytes, progress), e) &&
           store_publish_blob(of(p)->store, &draft, &d->digest, e);
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
    if (!reference.n && !has_subject(m))
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
    return p;
}

struct place *place_store(struct store *s) {
    return &new_place(s, S("the store"), STR_NULL)->place;
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
    p->root = root;
    p->place.one_image = true;
    if (hooks)
        p->hooks = *hooks;
    return &p->place;
}
