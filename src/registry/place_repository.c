/* SPDX-License-Identifier: Apache-2.0
 * A repository of a registry as a place (place.h; OCI distribution-spec 1.1): what is read of it. Everything is hashed as it comes;
  * what does not fit is asked for once more, since proxies break things in passing, and is an error then. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "registry/link.h"
#include "registry/repository.h"

#define ACCEPT_MANIFESTS \
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, " \
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json, " \
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
    return digest_eq(&want, is) || err_set(e, ERR_FAILED, "the registry gave a manifest that hashes to %s instead of %s",
                                           digest_text(is, text), SHOWN(said));
}

/* `again`: what came before was a lie; a mirror may have told it. */
static bool get_bytes(struct place_repository *p, struct str reference, bool again, struct arena *a, struct manifest_blob *out, bool *lie,
                      struct err *e) {
    struct registry_request q = manifest_request(p, "GET", reference, a);
    struct registry_answer answer;
    q.from_origin = q.from_origin || again;
    *lie = false;
    if (!registry_ask(p->registries, &q, may_be_absent, a, &answer, e))
        return e->sys == EFBIG ? place_unreadable(e) : false;
    if (!is_there(p, &answer, reference, e))
        return false;
    *out = (struct manifest_blob){sha256_of(answer.body.p, answer.body.n), answer.media_type, answer.body};
    *lie = !is_as_said(reference, &answer, &out->digest, e);
    return !*lie || err_wrap(e, "%.*s: manifest %.*s", STR_ARG(p->place.shown), STR_ARG(reference));
}

bool repository_raw(struct place_repository *p, struct str reference, struct arena *a, struct manifest_blob *out, struct err *e) {
    bool lie;
    if (get_bytes(p, reference, false, a, out, &lie, e))
        return true;
    if (!lie)
        return false;
    log_debug("%s; it is asked for once more", e->msg);
    err_clear(e);
    return get_bytes(p, reference, true, a, out, &lie, e);
}

static bool repository_manifest(struct place *p, struct str reference, struct arena *a, struct manifest_blob *out, struct err *e) {
    struct document doc;
    if (!repository_raw(repository_place(p), reference, a, out, e))
        return false;
    if (document_read(out->bytes, a, &doc, e) && document_type(&doc, out->media_type, &out->media_type, e))
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
    struct str said = reference_is_digest(reference) ? reference : answer.digest;
    if (good && str_starts(said, S("sha256:"))) {
        good = digest_parse(said, out, e);
    } else if (good) { /* old registries do not say it */
        good = repository_raw(repository_place(p), reference, &a, &m, e);
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
};

static bool receive(void *ctx, uint64_t first, const void *bytes, size_t n, struct err *e) {
    struct receiving *r = ctx;
    if (first != r->hash.bytes)
        return err_set(e, ERR_FAILED, "bytes from %llu on came, where %llu were here", (unsigned long long)first,
                       (unsigned long long)r->hash.bytes);
    if (n > r->d->bytes - r->hash.bytes)
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

/* *lie: all came, and is not it. */
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
    bool came = registry_ask(p->registries, &q, NULL, &a, &answer, e);
    arena_fini(&a);
    *lie = came && !check_received(r, e);
    return came && !*lie;
}

static bool repository_blob(struct place *p, const struct descriptor *d, struct blob_sink sink, struct err *e) {
    struct receiving r = {.d = d, .sink = sink};
    char text[DIGEST_TEXT + 1];
    bool lie, good = get_blob(repository_place(p), &r, false, &lie, e);
    if (!good && lie) {
        log_debug("blob %s: %s; it is asked for once more", digest_text(&d->digest, text), e->msg);
        err_clear(e);
        good = sink.restart(sink.ctx, e) && get_blob(repository_place(p), &r, true, &lie, e);
    }
    return good || err_wrap(e, "%.*s: blob %s", STR_ARG(p->shown), digest_text(&d->digest, text));
}

/* --- Tags --- */

typedef VEC(struct str) tag_list;

static bool read_page(struct str body, struct list_pages *pages, struct arena *a, tag_list *out, struct err *e) {
    size_t i, max;
    yyjson_val *v, *list;
    _cleanup_(json_doc_freep) yyjson_doc *doc = NULL;
    if (!list_read(body, "tags", "list of tags", &doc, &list, e))
        return false;
    yyjson_arr_foreach(list, i, max, v) {
        struct str tag = str_n(yyjson_get_str(v), yyjson_get_len(v));
        if (!yyjson_is_str(v) || !image_tag_is_good(tag)) /* it becomes a part of URLs and names */
            return err_set(e, ERR_FAILED, "list of tags: \"%s\" is no tag", SHOWN(tag));
        if (out->n >= LIMIT_TAGS)
            return err_set(e, ERR_FAILED, "more than %d tags", LIMIT_TAGS);
        if (map_get(&pages->seen, tag))
            continue;
        tag = arena_str(a, tag);
        (void)list_is_new(pages, tag);
        vec_push(out, tag);
    }
    return true;
}

static int by_name(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void give_tags(const tag_list *list, struct arena *a, struct str **out, size_t *n) {
    *n = list->n;
    *out = arena_array(a, struct str, list->n);
    for (size_t i = 0; i < list->n; i++)
        (*out)[i] = list->p[i];
    if (list->n > 1)
        qsort(*out, list->n, sizeof **out, by_name);
}

static bool get_pages(struct place_repository *p, struct list_pages *pages, struct arena *a, tag_list *list, struct err *e) {
    struct str page = S("tags/list?n=1000");
    while (page.n) {
        struct arena scratch = ARENA_INIT;
        struct registry_request q = repository_request(p, "GET", page, "pull");
        struct registry_answer answer;
        q.accept = S("application/json");
        q.max_bytes = LIMIT_JSON_BYTES;
        bool good = registry_ask(p->registries, &q, NULL, &scratch, &answer, e) && read_page(answer.body, pages, a, list, e);
        page = STR_NULL;
        good = good && link_follow(&scratch, &answer, &page, e);
        page = arena_str(a, page);
        arena_fini(&scratch);
        if (!good || !list_goes_on(pages, page, e))
            return err_wrap(e, "%.*s", STR_ARG(p->place.shown));
    }
    return true;
}

static bool repository_tags(struct place *p, struct arena *a, struct str **out, size_t *n, struct err *e) {
    tag_list list = {0};
    struct list_pages pages = {.what = "the list of tags"};
    bool good = get_pages(repository_place(p), &pages, a, &list, e);
    list_pages_fini(&pages);
    if (good)
        give_tags(&list, a, out, n);
    vec_fini(&list);
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
