/* SPDX-License-Identifier: Apache-2.0
 * A repository of a registry as a place (place.h; OCI distribution-spec 1.1): what is read of it. Everything is hashed as it comes;
 * what does not fit is asked for again, since proxies break things in passing, and is an error if it stays so. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "net/settings.h"
#include "registry/pages.h"
#include "registry/repository.h"

#define ACCEPT_MANIFESTS                                                                                                                   \
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "                                                \
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json, "                    \
    "application/vnd.oci.artifact.manifest.v1+json, */*" /* what else is there is told by name */

struct registry_request repository_request(struct place_repository *p, const char *method, struct str path, const char *actions) {
    return (struct registry_request){
        .repository = &p->repository, .method = method, .path = path, .actions = actions, .from_origin = p->from_origin};
}

static struct registry_request manifest_request(struct place_repository *p, const char *method, struct str reference, struct arena *a) {
    struct registry_request q = repository_request(p, method, arena_join3(a, S("manifests/"), reference, STR_NULL), "pull");
    q.accept = S(ACCEPT_MANIFESTS);
    q.max_bytes = LIMIT_MANIFEST_BYTES;
    return q;
}

/* --- Manifests --- */

/* 404 is an answer: most tags that are asked for need not be there, and who wants to say more does. */
static const int may_be_absent[] = {404, 0};

static bool is_there(const struct place_repository *p, const struct registry_answer *answer, struct str reference, struct err *e) {
    return answer->status != 404 || place_absent(e, "%.*s: %s %.*s is not there (HTTP 404)", STR_ARG(p->place.shown),
                                                 reference_is_digest(reference) ? "manifest" : "the tag", STR_ARG(reference));
}

/* The digest that the bytes should have: the one asked for, else the one that the registry says. */
static bool is_as_said(struct str reference, const struct registry_answer *answer, const struct digest *is, struct err *e) {
    struct str said = reference_is_digest(reference) ? reference : answer->digest;
    struct digest want;
    char text[DIGEST_TEXT + 1];
    if (!str_starts(said, S("sha256:")))
        return true;
    if (!digest_parse(said, &want, e))
        return false;
    return digest_eq(&want, is) ||
           err_set(e, ERR_FAILED, "the registry gave a manifest that hashes to %s instead of %s", digest_text(is, text), SHOWN(said));
}

static bool take_bytes(struct place_repository *p, struct str reference, const struct registry_answer *is, struct arena *a,
                       struct manifest_blob *out, bool *lie, struct err *e) {
    if (!is_there(p, is, reference, e))
        return false;
    struct digest d = sha256_of(is->body.p, is->body.n);
    *lie = !is_as_said(reference, is, &d, e);
    if (*lie)
        return err_wrap(e, "%.*s: manifest %.*s", STR_ARG(p->place.shown), STR_ARG(reference));
    *out = (struct manifest_blob){d, arena_str(a, is->media_type), arena_str(a, is->body)};
    return true;
}

/* `again`: what came before was a lie; a mirror may have told it. */
static bool get_bytes(struct place_repository *p, struct str reference, size_t most, bool again, struct arena *a, struct manifest_blob *out,
                      bool *lie, struct err *e) {
    struct arena scratch = ARENA_INIT;
    struct held_answer h;
    struct registry_request q = manifest_request(p, "GET", reference, &scratch);
    q.from_origin = q.from_origin || again;
    q.max_bytes = most;
    *lie = false;
    bool good = registry_ask_held(p->registries, &q, may_be_absent, &h, e);
    if (!good && e->sys == EFBIG)
        manifest_too_large(most, e);
    good = good && take_bytes(p, reference, &h.is, a, out, lie, e);
    held_answer_fini(&h);
    arena_fini(&scratch);
    return good;
}

/* How often something is asked for that does not have its digest: as often as anything, but more than once. */
static unsigned lies_most(void) {
    return net_tries() > 1 ? net_tries() : 2;
}

bool repository_raw(struct place_repository *p, struct str reference, size_t most, struct arena *a, struct manifest_blob *out,
                    struct err *e) {
    bool lie;
    for (unsigned n = 1;; n++) {
        if (get_bytes(p, reference, most, n > 1, a, out, &lie, e))
            return true;
        if (!lie || n == lies_most())
            return false;
        log_debug("%s; it is asked for once more", e->msg);
        err_clear(e);
    }
}

static bool repository_manifest(struct place *p, struct str reference, size_t most, struct arena *a, struct manifest_blob *out,
                                struct err *e) {
    if (!repository_raw(repository_place(p), reference, most, a, out, e))
        return false;
    if (manifest_type(out, out->media_type, a, e))
        return true;
    err_wrap(e, "%.*s: manifest %.*s", STR_ARG(p->shown), STR_ARG(reference));
    return place_unreadable(e);
}

static bool repository_resolve(struct place *p, struct str reference, struct digest *out, struct err *e) {
    struct arena a = ARENA_INIT;
    struct registry_request q = manifest_request(repository_place(p), "HEAD", reference, &a);
    struct registry_answer answer;
    struct manifest_blob m;
    bool good = registry_ask(repository_place(p)->registries, &q, may_be_absent, &a, &answer, e) &&
                is_there(repository_place(p), &answer, reference, e);
    struct err no_digest = ERR_INIT;
    if (good && reference_is_digest(reference)) {
        good = digest_parse(reference, out, e);
    } else if (good && !digest_parse(answer.digest, out, &no_digest)) { /* old registries do not say it */
        err_clear(&no_digest);
        good = repository_raw(repository_place(p), reference, LIMIT_MANIFEST_BYTES, &a, &m, e);
        if (good)
            *out = m.digest;
    }
    arena_fini(&a);
    return good;
}

/* --- Blobs --- */

struct receiving {
    const struct descriptor *d;
    struct blob_sink sink;
    struct sha256 hash;
    bool too_long;
};

static bool receive(void *ctx, uint64_t first, const void *bytes, size_t n, struct err *e) {
    struct receiving *r = ctx;
    if (first != r->hash.bytes)
        return err_set(e, ERR_FAILED, "bytes from %llu on came, where %llu were here", (unsigned long long)first,
                       (unsigned long long)r->hash.bytes);
    r->too_long = n > r->d->bytes - r->hash.bytes;
    if (r->too_long)
        return err_set(e, ERR_FAILED, "it is longer than the %llu bytes that its descriptor says", (unsigned long long)r->d->bytes);
    sha256_update(&r->hash, bytes, n);
    return r->sink.take(r->sink.ctx, bytes, n, e);
}

static bool check_received(const struct receiving *r, struct err *e) {
    char text[DIGEST_TEXT + 1];
    if (r->hash.bytes != r->d->bytes)
        return err_set(e, ERR_FAILED, "%llu bytes came, its descriptor says %llu", (unsigned long long)r->hash.bytes,
                       (unsigned long long)r->d->bytes);
    struct digest is = sha256_final(&r->hash);
    return digest_eq(&is, &r->d->digest) || err_set(e, ERR_FAILED, "what came hashes to %s", digest_text(&is, text));
}

/* *lie: what came is not it, and may be elsewhere: a proxy's page is as long as it likes. */
static bool get_blob(struct place_repository *p, struct receiving *r, bool again, bool *lie, struct err *e) {
    struct arena a = ARENA_INIT;
    char text[DIGEST_TEXT + 1];
    struct str path = arena_join3(&a, S("blobs/"), str_z(digest_text(&r->d->digest, text)), STR_NULL);
    struct registry_request q = repository_request(p, "GET", path, "pull");
    struct registry_answer answer;
    q.from_origin = q.from_origin || again;
    q.take = receive;
    q.take_ctx = r;
    sha256_init(&r->hash);
    r->too_long = false;
    bool came = registry_ask(p->registries, &q, NULL, &a, &answer, e);
    arena_fini(&a);
    *lie = r->too_long || (came && !check_received(r, e));
    return came && !*lie;
}

static bool repository_blob(struct place *p, const struct descriptor *d, struct blob_sink sink, struct err *e) {
    struct receiving r = {.d = d, .sink = sink};
    char text[DIGEST_TEXT + 1];
    bool lie, good = get_blob(repository_place(p), &r, false, &lie, e);
    for (unsigned n = 1; !good && lie && n < lies_most(); n++) {
        log_debug("blob %s: %s; it is asked for once more", digest_text(&d->digest, text), e->msg);
        err_clear(e);
        lie = false;
        good = sink.restart(sink.ctx, e) && get_blob(repository_place(p), &r, true, &lie, e);
    }
    return good || err_wrap(e, "%.*s: blob %s", STR_ARG(p->shown), digest_text(&d->digest, text));
}

/* --- Tags --- */

struct tag_list {
    VEC(struct str) names;
    struct arena *arena;
    size_t began_bytes; /* what the arena had before */
};

static bool take_tags(void *ctx, struct str body, struct err *e) {
    struct tag_list *l = ctx;
    size_t i, max;
    yyjson_val *v, *tags;
    _cleanup_(json_doc_freep) yyjson_doc *doc = NULL;
    if (!list_read(body, "tags", "list of tags", &doc, &tags, e))
        return false;
    yyjson_arr_foreach(tags, i, max, v) {
        struct str tag = str_n(yyjson_get_str(v), yyjson_get_len(v));
        if (!yyjson_is_str(v) || !image_tag_is_good(tag)) /* it becomes a part of URLs and names */
            return err_set(e, ERR_FAILED, "list of tags: \"%s\" is no tag", SHOWN(tag));
        if (l->names.n >= LIMIT_TAGS || l->arena->total_bytes - l->began_bytes >= LIMIT_TAGS_BYTES)
            return err_set(e, ERR_FAILED, "more than %d tags, or %zu bytes of them", LIMIT_TAGS, LIMIT_TAGS_BYTES);
        vec_push(&l->names, arena_str(l->arena, tag));
    }
    return true;
}

/* Sorted; what a page has that another had too counts once. */
static void give_tags(const struct tag_list *l, struct str **out, size_t *n) {
    const struct str *names = l->names.p;
    *n = 0;
    tags_sort(l->names.p, l->names.n);
    *out = arena_array(l->arena, struct str, l->names.n);
    for (size_t i = 0; i < l->names.n; i++)
        if (i == 0 || !str_eq(names[i], names[i - 1]))
            (*out)[(*n)++] = names[i];
}

static bool repository_tags(struct place *p, struct arena *a, struct str **out, size_t *n, struct err *e) {
    struct tag_list list = {.arena = a, .began_bytes = a->total_bytes};
    struct pages pages = {
        .most = LIMIT_TAG_PAGES, .alone = true, .what = "the list of tags", .take = take_tags, .ctx = &list, .kept = &list.names.n};
    long status = 0;
    pages.first = repository_request(repository_place(p), "GET", S("tags/list?n=1000"), "pull");
    pages.first.accept = S("application/json");
    pages.first.max_bytes = LIMIT_JSON_BYTES;
    bool good = pages_read(repository_place(p)->registries, &pages, &status, e);
    if (good)
        give_tags(&list, out, n);
    else if (status >= 200 && status < 300)
        (void)!err_wrap(e, "%.*s", STR_ARG(p->shown));
    vec_fini(&list.names);
    return good;
}

/* --- Opening and closing --- */

static void repository_close(struct place *p) {
    pthread_mutex_destroy(&repository_place(p)->fallback);
    fallback_fini(repository_place(p));
    arena_fini(&p->arena);
    free(p);
}

static const struct place_ops repository_ops = {
    .manifest = repository_manifest,
    .resolve = repository_resolve,
    .blob = repository_blob,
    .tags = repository_tags,
    .referrers = repository_referrers,
    .has_blob = repository_has_blob,
    .mounts = repository_mounts,
    .put_blob = repository_put_blob,
    .put_manifest = repository_put_manifest,
    .finish = fallback_settle,
    .close = repository_close,
};

struct place *place_repository(struct registries *r, struct store *s, const struct repository *repository, enum place_use use) {
    struct place_repository *p = mem_zalloc(1, sizeof *p);
    p->place = (struct place){.ops = &repository_ops, .asks = true};
    p->registries = r;
    p->from_origin = use == PLACE_WRITE;
    p->store = s;
    p->repository.host = arena_str(&p->place.arena, repository->host);
    p->repository.path = arena_str(&p->place.arena, repository->path);
    p->place.repository = &p->repository;
    p->place.shown = arena_join3(&p->place.arena, S("docker://"), repository_text(&p->place.arena, &p->repository), STR_NULL);
    pthread_mutex_init(&p->fallback, NULL);
    return &p->place;
}
