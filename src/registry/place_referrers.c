/* SPDX-License-Identifier: Apache-2.0
 * Manifests into a repository, and what is about one (distribution-spec 1.1, "Pushing Manifests with Subject", "Listing Referrers").
 * A registry that knows the referrers' API says so when it takes a manifest with a subject (OCI-Subject). Elsewhere an index under a fallback
 * tag says what there is; several writers may change it at once and no registry keeps them apart, so it is read again after it was written,
 * until our entry is in it. */
#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "image/media_types.h"
#include "registry/repository.h"

enum { FALLBACK_TRIES = 50 }; /* as many others may be faster */

static bool is_absent(struct err *e) {
    if (e->sys != ENOENT)
        return false;
    err_clear(e);
    return true;
}

/* --- Listing --- */

typedef VEC(struct descriptor) descriptor_list;

static bool take_page(struct str body, struct arena *a, descriptor_list *out, struct err *e) {
    struct descriptor *page;
    size_t n;
    if (!referrers_read(body, a, &page, &n, e))
        return false;
    if (out->n + n > LIMIT_REFERRERS)
        return err_set(e, ERR_FAILED, "more than %d referrers", LIMIT_REFERRERS);
    for (size_t i = 0; i < n; i++)
        vec_push(out, page[i]);
    return true;
}

/* *known false: the registry has not this part of the API. */
static bool list_by_api(struct place_repository *p, const struct digest *subject, struct arena *a, descriptor_list *out, bool *known,
                        struct err *e) {
    static const int expect[] = {404, 405, 0};
    char text[DIGEST_TEXT + 1];
    struct str page = arena_join3(a, S("referrers/"), str_z(digest_text(subject, text)), STR_NULL);
    for (unsigned pages = 0; page.n; pages++) {
        struct registry_request q = repository_request(p, "GET", page, "pull");
        struct registry_answer answer;
        q.accept = S(MEDIA_INDEX);
        q.max_bytes = LIMIT_MANIFEST_BYTES;
        if (!registry_ask(p->registries, &q, expect, a, &answer, e))
            return false;
        *known = answer.status < 300;
        if (!*known)
            return true;
        struct str next = repository_next_page(a, p, page, answer.link);
        if (!take_page(answer.body, a, out, e))
            return false;
        if (pages >= LIMIT_REFERRERS || str_eq(next, page))
            return err_set(e, ERR_FAILED, "the list of referrers has no end");
        page = next;
    }
    return true;
}

static bool list_by_tag(struct place_repository *p, const struct digest *subject, struct arena *a, descriptor_list *out, struct err *e) {
    struct manifest_blob m;
    char tag[REFERENCE_TAG_BYTES];
    if (!p->place.ops->manifest(&p->place, str_z(reference_tag(subject, "", tag)), a, &m, e))
        return is_absent(e);
    return take_page(m.bytes, a, out, e) || err_wrap(e, "%.*s: tag %s", STR_ARG(p->place.shown), tag);
}

/* Some registries know the API and give an empty list, while the tag has entries. */
bool repository_referrers(struct place *place, const struct digest *subject, struct arena *a, struct descriptor **out, size_t *n,
                          struct err *e) {
    struct place_repository *p = repository_place(place);
    descriptor_list list = {0};
    bool known = !atomic_load(&p->no_referrers);
    bool good = !known || list_by_api(p, subject, a, &list, &known, e);
    if (good && !known)
        atomic_store(&p->no_referrers, true);
    if (good && list.n == 0)
        good = list_by_tag(p, subject, a, &list, e);
    *n = list.n;
    *out = arena_array(a, struct descriptor, list.n);
    for (size_t i = 0; i < list.n; i++)
        (*out)[i] = list.p[i];
    vec_fini(&list);
    return good;
}

/* --- Putting --- */

static bool put(struct place_repository *p, struct str reference, const struct manifest_blob *m, struct arena *a,
                struct registry_answer *answer, struct err *e) {
    struct registry_request q = repository_request(p, "PUT", arena_join3(a, S("manifests/"), reference, STR_NULL), "pull,push");
    char text[DIGEST_TEXT + 1];
    q.content_type = m->media_type;
    q.body = BODY_BYTES;
    q.bytes = m->bytes;
    q.max_bytes = LIMIT_MANIFEST_BYTES;
    if (!registry_ask(p->registries, &q, NULL, a, answer, e))
        return false;
    bool same = !str_starts(answer->digest, S("sha256:")) || str_eqz(answer->digest, digest_text(&m->digest, text));
    return same || err_set(e, ERR_FAILED, "%.*s: the registry says that it took %.*s instead of %s", STR_ARG(p->place.shown),
                           STR_ARG(answer->digest), digest_text(&m->digest, text));
}

/* One round: *done when the tag's index has the entry. */
static bool add_round(struct place_repository *p, struct str tag, const struct manifest_blob *referrer, bool *done, struct err *e) {
    struct arena a = ARENA_INIT;
    struct manifest_blob old = {0};
    struct registry_answer answer;
    struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
    bool changed = false;
    bool good = p->place.ops->manifest(&p->place, tag, &a, &old, e) || is_absent(e);
    if (good && !old.media_type.n)
        old.bytes = STR_NULL;
    good = good && referrers_add(old.bytes, referrer, &text, &changed, e);
    *done = good && !changed;
    if (good && changed) {
        struct manifest_blob index = {.media_type = S(MEDIA_INDEX), .bytes = buf_str(&text)};
        index.digest = sha256_of(text.p, text.n);
        good = put(p, tag, &index, &a, &answer, e);
    }
    buf_fini(&text);
    arena_fini(&a);
    return good;
}

static bool add_to_fallback(struct place_repository *p, const struct digest *subject, const struct manifest_blob *referrer, struct err *e) {
    char tag[REFERENCE_TAG_BYTES];
    bool done = false, good = true;
    reference_tag(subject, "", tag);
    pthread_mutex_lock(&p->fallback);
    for (int i = 0; good && !done && i < FALLBACK_TRIES; i++)
        good = add_round(p, str_z(tag), referrer, &done, e);
    pthread_mutex_unlock(&p->fallback);
    if (good && !done)
        good = err_set(e, ERR_FAILED, "others changed it %d times at the same moment", FALLBACK_TRIES);
    return good || err_wrap(e, "%.*s: index of referrers %s", STR_ARG(p->place.shown), tag);
}

bool repository_put_manifest(struct place *place, struct str reference, const struct manifest_blob *m, struct err *e) {
    struct place_repository *p = repository_place(place);
    struct arena a = ARENA_INIT;
    struct registry_answer answer;
    struct document d;
    char text[DIGEST_TEXT + 1];
    bool good = document_read(m->bytes, &a, &d, e) &&
                put(p, reference.n ? reference : str_z(digest_text(&m->digest, text)), m, &a, &answer, e);
    if (good && d.has_subject && !answer.subject.n)
        good = add_to_fallback(p, &d.subject.digest, m, e);
    arena_fini(&a);
    return good;
}
