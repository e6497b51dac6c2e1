/* SPDX-License-Identifier: Apache-2.0
 * push: pull.h. */
#include "base/limits.h"
#include "registry/document.h"
#include "registry/pull.h"

/* Whether the store has every image of an index. */
static bool has_all(struct store *s, const struct document *d) {
    for (size_t i = 0; i < d->n_children; i++)
        if (!store_has_blob(s, &d->children[i].descriptor.digest, NULL))
            return false;
    return true;
}

static bool is_part(struct store *s, const struct store_ref *ref, bool *part, struct err *e) {
    struct arena a = ARENA_INIT;
    struct document d;
    struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
    bool good = store_lease(s, &ref->manifest, e) && store_get_blob(s, &ref->manifest, &text, e) &&
                document_read(buf_str(&text), &a, &d, e);
    *part = good && d.is_index && !has_all(s, &d);
    buf_fini(&text);
    arena_fini(&a);
    return good;
}

static bool is_there(struct place *to, struct str tag, const struct digest *d, bool *there, struct err *e) {
    struct digest now;
    bool has = to->ops->resolve(to, tag, &now, e);
    *there = has && digest_eq(&now, d);
    return has || place_is_absent(e);
}

static bool push(struct store *s, const struct store_ref *ref, struct place *to, struct str tag, struct copy_options *o, struct arena *a,
                 struct copy_result *out, bool *alone, struct err *e) {
    char digest[DIGEST_TEXT + 1];
    bool there = false;
    _cleanup_(place_closep) struct place *from = place_store(s);
    if (!is_part(s, ref, alone, e))
        return false;
    /* an index that is there must not give way to a part of itself */
    if (*alone && !is_there(to, tag, &ref->manifest, &there, e))
        return false;
    if (there) {
        *alone = false;
        *out = (struct copy_result){0};
        return from->ops->manifest(from, str_z(digest_text(&ref->manifest, digest)), LIMIT_MANIFEST_BYTES, a, &out->root, e);
    }
    if (*alone)
        o->platform = S("linux/" CROZE_ARCH);
    return copy_image(from, str_z(digest_text(&ref->manifest, digest)), to, tag, o, a, out, e);
}

bool push_image_to(struct store *s, struct str image, struct place *to, struct progress *progress, struct arena *a, struct copy_result *out,
                   bool *alone, struct err *e) {
    struct store_ref ref;
    struct copy_options o = {.progress = progress};
    return image_find(s, image, a, &ref, e) &&
           (push(s, &ref, to, to->reference, &o, a, out, alone, e) || err_wrap(e, "push %s to %.*s", SHOWN(image), STR_ARG(to->shown)));
}

bool push_image(struct registries *r, struct store *s, const struct image_name *name, struct progress *progress, struct arena *a,
                struct copy_result *out, bool *alone, struct err *e) {
    struct store_ref ref;
    struct repository repository;
    struct copy_options o = {.progress = progress};
    if (name->digest.n)
        return err_set(e, ERR_USAGE, "an image is pushed under a tag; name it without the digest");
    if (!image_find(s, image_name_text(a, name), a, &ref, e))
        return false;
    repository_of(a, name, &repository);
    _cleanup_(place_closep) struct place *to = place_repository(r, s, &repository, PLACE_WRITE);
    return push(s, &ref, to, name->tag, &o, a, out, alone, e) || err_wrap(e, "push %.*s", STR_ARG(image_name_text(a, name)));
}
