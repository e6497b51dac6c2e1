/* SPDX-License-Identifier: Apache-2.0
 * Manifests into a repository, and what is about one (distribution-spec 1.1, "Pushing Manifests with Subject", "Listing Referrers").
 * A registry that knows the referrers' API says so when it takes a manifest with a subject (OCI-Subject). Elsewhere an index under a
 * fallback tag says what there is (place_fallback.c). */
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "image/media_types.h"
#include "net/settings.h"
#include "registry/pages.h"
#include "registry/repository.h"

enum { LOOKS_AWAY_TRIES = 5 };

/* --- Listing --- */

struct descriptor_list {
    VEC(struct descriptor) all;
    struct arena *arena; /* of their texts */
    size_t began_bytes;  /* what the arena had before */
};

static bool take_page(void *ctx, struct str body, struct err *e) {
    struct descriptor_list *l = ctx;
    struct arena scratch = ARENA_INIT;
    struct descriptor *page;
    size_t n;
    bool good = referrers_read(body, &scratch, &page, &n, e);
    if (good && l->all.n + n > LIMIT_REFERRERS)
        good = err_set(e, ERR_FAILED, "more than %d referrers", LIMIT_REFERRERS);
    for (size_t i = 0; good && i < n; i++) {
        page[i].media_type = arena_str(l->arena, page[i].media_type);
        page[i].artifact_type = arena_str(l->arena, page[i].artifact_type);
        vec_push(&l->all, page[i]);
        if (l->arena->total_bytes - l->began_bytes > LIMIT_REFERRERS_BYTES)
            good = err_set(e, ERR_FAILED, "the types of its referrers take more than %zu bytes", LIMIT_REFERRERS_BYTES);
    }
    arena_fini(&scratch);
    return good;
}

/* *known false: the registry has not this part of the API. */
static bool list_by_api(struct place_repository *p, const struct digest *subject, struct descriptor_list *out, bool *known, struct err *e) {
    static const int expect[] = {404, 405, 0};
    struct arena a = ARENA_INIT;
    char text[DIGEST_TEXT + 1];
    long status = 0;
    struct pages pages = {.expect = expect,
                          .most = LIMIT_REFERRER_PAGES,
                          .what = "the list of referrers",
                          .take = take_page,
                          .ctx = out,
                          .kept = &out->all.n};
    pages.first = repository_request(p, "GET", arena_join3(&a, S("referrers/"), str_z(digest_text(subject, text)), STR_NULL), "pull");
    pages.first.accept = S(MEDIA_INDEX);
    pages.first.max_bytes = LIMIT_MANIFEST_BYTES;
    bool good = pages_read(p->registries, &pages, &status, e);
    *known = !good || status < 300;
    arena_fini(&a);
    return good;
}

static bool list_by_tag(struct place_repository *p, const struct digest *subject, struct descriptor_list *out, struct err *e) {
    struct arena a = ARENA_INIT;
    struct manifest_blob m;
    char tag[REFERENCE_TAG_BYTES];
    bool there = p->place.ops->manifest(&p->place, str_z(reference_tag(subject, "", tag)), LIMIT_MANIFEST_BYTES, &a, &m, e);
    bool good = there ? take_page(out, m.bytes, e) || err_wrap(e, "%.*s: tag %s", STR_ARG(p->place.shown), tag) : place_is_absent(e);
    arena_fini(&a);
    return good;
}

/* Some registries know the API and give an empty list, while the tag has entries. */
bool repository_referrers(struct place *place, const struct digest *subject, struct arena *a, struct descriptor **out, size_t *n,
                          struct err *e) {
    struct place_repository *p = repository_place(place);
    struct descriptor_list list = {.arena = a, .began_bytes = a->total_bytes};
    bool known = !atomic_load(&p->no_referrers);
    bool good = !known || list_by_api(p, subject, &list, &known, e);
    if (good && !known)
        atomic_store(&p->no_referrers, true);
    if (good && list.all.n == 0)
        good = list_by_tag(p, subject, &list, e);
    *n = list.all.n;
    *out = arena_array(a, struct descriptor, list.all.n);
    for (size_t i = 0; i < list.all.n; i++)
        (*out)[i] = list.all.p[i];
    vec_fini(&list.all);
    return good;
}

/* --- Putting --- */

/* All blobs are there when a manifest is put. A registry that says otherwise may be in the middle of writing what another client put, too:
 * docker's rewrites its links in place, and who looks meanwhile sees nothing. */
static bool looks_away(const struct err *e) {
    return e->sys == 0 && (str_find(str_z(e->msg), S("BLOB_UNKNOWN")) >= 0 || str_find(str_z(e->msg), S("DIGEST_INVALID")) >= 0);
}

static bool ask_put(struct place_repository *p, const struct registry_request *q, struct arena *a, struct registry_answer *answer,
                    struct err *e) {
    for (unsigned tries = 0;; tries++) {
        if (registry_ask(p->registries, q, NULL, a, answer, e))
            return true;
        if (tries == LOOKS_AWAY_TRIES || !looks_away(e))
            return false;
        log_debug("%s; it is put again", e->msg);
        err_clear(e);
        net_wait_ms(100u << tries);
    }
}

static bool lacks(const struct place_repository *p, struct str reference, const struct digest *d, long status, struct err *e) {
    char text[DIGEST_TEXT + 1];
    return err_set(e, ERR_FAILED, "%.*s: the registry answers %ld to %s, and does not have it under %.*s", STR_ARG(p->place.shown), status,
                   digest_text(d, text), STR_ARG(reference));
}

/* 201 says that it is there. Whatever else is no failure, may say anything. */
static bool is_taken(struct place_repository *p, struct str reference, const struct digest *d, long status, struct err *e) {
    struct digest there;
    char text[DIGEST_TEXT + 1];
    if (status == 201)
        return true;
    if (p->place.ops->resolve(&p->place, reference, &there, e))
        return digest_eq(&there, d) || lacks(p, reference, d, status, e);
    if (!place_is_absent(e))
        return err_wrap(e, "%.*s: the registry answers %ld to %s; whether it has it", STR_ARG(p->place.shown), status,
                        digest_text(d, text));
    return lacks(p, reference, d, status, e);
}

bool repository_put_bytes(struct place_repository *p, struct str reference, const struct manifest_blob *m, struct arena *a,
                          struct registry_answer *answer, struct err *e) {
    struct registry_request q = repository_request(p, "PUT", arena_join3(a, S("manifests/"), reference, STR_NULL), "pull,push");
    char text[DIGEST_TEXT + 1];
    q.content_type = m->media_type;
    q.body = BODY_BYTES;
    q.bytes = m->bytes;
    q.max_bytes = LIMIT_MANIFEST_BYTES;
    if (!ask_put(p, &q, a, answer, e))
        return false;
    bool same = !str_starts(answer->digest, S("sha256:")) || str_eqz(answer->digest, digest_text(&m->digest, text));
    if (!same)
        return err_set(e, ERR_FAILED, "%.*s: the registry says that it took %s instead of %s", STR_ARG(p->place.shown),
                       SHOWN(answer->digest), digest_text(&m->digest, text));
    return is_taken(p, reference, &m->digest, answer->status, e);
}

bool repository_put_manifest(struct place *place, struct str reference, const struct manifest_blob *m, struct err *e) {
    struct place_repository *p = repository_place(place);
    struct arena a = ARENA_INIT;
    struct registry_answer answer;
    struct document d;
    char text[DIGEST_TEXT + 1];
    bool good = document_read(m->bytes, &a, &d, e) &&
                repository_put_bytes(p, reference.n ? reference : str_z(digest_text(&m->digest, text)), m, &a, &answer, e);
    if (good && d.has_subject && !answer.subject.n)
        good = fallback_add(p, &d.subject.digest, m, e);
    arena_fini(&a);
    return good;
}
