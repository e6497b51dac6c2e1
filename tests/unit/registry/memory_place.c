/* SPDX-License-Identifier: Apache-2.0
 * See memory_place.h. */
#include "memory_place.h"

#include <errno.h>

static struct memory_place *of(struct place *p) {
    return (struct memory_place *)p;
}

/* False where the operation is to fail. */
static bool note(struct memory_place *p, const char *what, struct str about, struct err *e) {
    char line[300];
    snprintf(line, sizeof line, "%s:%.*s", what, STR_ARG(about));
    pthread_mutex_lock(&p->lock);
    buf_printf(&p->log, "%s\n", line);
    pthread_mutex_unlock(&p->lock);
    return !p->fails_on || strncmp(line, p->fails_on, strlen(p->fails_on)) != 0 || err_set(e, ERR_FAILED, "%s fails", line);
}

static struct str shown(const struct digest *d, char hex[DIGEST_HEX + 1]) {
    return str_n(digest_hex(d, hex), 8);
}

static struct memory_blob *find(struct memory_place *p, const struct digest *d) {
    for (size_t i = 0; i < p->blobs.n; i++)
        if (digest_eq(&p->blobs.p[i].digest, d))
            return &p->blobs.p[i];
    return NULL;
}

static bool find_reference(struct memory_place *p, struct str reference, struct memory_blob *out, struct err *e) {
    struct digest d = {0};
    pthread_mutex_lock(&p->lock);
    if (!reference_is_digest(reference) || !digest_parse_hex(str_from(reference, 7), &d))
        for (size_t i = 0; i < p->tags.n; i++)
            if (str_eq(p->tags.p[i].name, reference))
                d = p->tags.p[i].digest;
    struct memory_blob *found = find(p, &d);
    if (found)
        *out = *found;
    pthread_mutex_unlock(&p->lock);
    return found || place_absent(e, "%.*s is not there", STR_ARG(reference));
}

static bool manifest(struct place *p, struct str reference, size_t most, struct arena *a, struct manifest_blob *out, struct err *e) {
    struct memory_blob b;
    if (!note(of(p), "get", reference, e) || !find_reference(of(p), reference, &b, e))
        return false;
    if (b.bytes.n > most)
        return err_set(e, ERR_FAILED, "it is too large") || manifest_too_large(most, e);
    *out = (struct manifest_blob){b.digest, arena_str(a, b.media_type), arena_str(a, b.bytes)};
    return true;
}

static bool resolve(struct place *p, struct str reference, struct digest *out, struct err *e) {
    struct memory_blob b;
    if (!note(of(p), "head", reference, e) || !find_reference(of(p), reference, &b, e))
        return false;
    *out = b.digest;
    return true;
}

static bool blob(struct place *p, const struct descriptor *d, struct blob_sink sink, struct err *e) {
    struct memory_blob *b = find(of(p), &d->digest);
    return (b || place_absent(e, "no such blob")) && sink.take(sink.ctx, b->bytes.p, b->bytes.n, e);
}

static bool tags(struct place *p, struct arena *a, struct str **out, size_t *n, struct err *e) {
    if (!note(of(p), "tags", STR_NULL, e))
        return false;
    *n = of(p)->tags.n;
    *out = arena_array(a, struct str, *n);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = of(p)->tags.p[i].name;
    return true;
}

static bool referrers(struct place *p, const struct digest *subject, struct arena *a, struct descriptor **out, size_t *n, struct err *e) {
    char hex[DIGEST_HEX + 1];
    if (!note(of(p), "referrers", shown(subject, hex), e))
        return false;
    *n = 0;
    *out = arena_array(a, struct descriptor, of(p)->blobs.n);
    for (size_t i = 0; i < of(p)->blobs.n; i++) {
        const struct memory_blob *b = &of(p)->blobs.p[i];
        struct manifest_blob m = {b->digest, b->media_type, b->bytes};
        if (b->media_type.n && manifest_is_about(&m, subject) && !manifest_describe(&m, a, &(*out)[(*n)++], e))
            return false;
    }
    return true;
}

static bool has_blob(struct place *p, const struct descriptor *d, bool *has, struct err *e) {
    char hex[DIGEST_HEX + 1];
    pthread_mutex_lock(&of(p)->lock);
    *has = find(of(p), &d->digest) != NULL;
    pthread_mutex_unlock(&of(p)->lock);
    return note(of(p), "has", shown(&d->digest, hex), e);
}

static bool take(void *ctx, const void *bytes, size_t n, struct err *e) {
    (void)e;
    buf_add(ctx, bytes, n);
    return true;
}

static bool restart(void *ctx, struct err *e) {
    (void)e;
    buf_reset(ctx);
    return true;
}

static void keep(struct memory_place *p, const struct digest *d, struct str bytes, struct str type) {
    pthread_mutex_lock(&p->lock);
    struct memory_blob b = {*d, arena_str(&p->place.arena, bytes), arena_str(&p->place.arena, type)};
    vec_push(&p->blobs, b);
    pthread_mutex_unlock(&p->lock);
}

static bool put_blob(struct place *p, const struct descriptor *d, struct place *from, struct progress_step *progress, struct err *e) {
    char hex[DIGEST_HEX + 1];
    struct buf bytes = BUF_INIT(1 << 20);
    (void)progress;
    bool good = from->ops->blob(from, d, (struct blob_sink){take, restart, &bytes}, e) && note(of(p), "blob", shown(&d->digest, hex), e);
    if (good)
        keep(of(p), &d->digest, buf_str(&bytes), STR_NULL);
    buf_fini(&bytes);
    return good;
}

static bool put_manifest(struct place *p, struct str reference, const struct manifest_blob *m, struct err *e) {
    char hex[DIGEST_HEX + 1];
    if (!note(of(p), reference.n ? "tag" : "put", reference.n ? reference : shown(&m->digest, hex), e))
        return false;
    keep(of(p), &m->digest, m->bytes, m->media_type);
    pthread_mutex_lock(&of(p)->lock);
    struct memory_tag t = {arena_str(&p->arena, reference), m->digest};
    if (reference.n)
        vec_push(&of(p)->tags, t);
    pthread_mutex_unlock(&of(p)->lock);
    return true;
}

static void close_place(struct place *p) {
    vec_fini(&of(p)->blobs);
    vec_fini(&of(p)->tags);
    buf_fini(&of(p)->log);
    pthread_mutex_destroy(&of(p)->lock);
    arena_fini(&p->arena);
    free(p);
}

static const struct place_ops ops = {
    .manifest = manifest, .resolve = resolve, .blob = blob, .tags = tags, .referrers = referrers,
    .has_blob = has_blob, .put_blob = put_blob, .put_manifest = put_manifest, .close = close_place,
};

struct memory_place *memory_place_new(bool asks) {
    struct memory_place *p = mem_zalloc(1, sizeof *p);
    *p = (struct memory_place){.place = {.ops = &ops, .shown = S("memory"), .asks = asks}, .log = BUF_INIT(1 << 20)};
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

struct digest memory_add(struct memory_place *p, struct str bytes, const char *media_type, const char *tag) {
    struct digest d = sha256_of(bytes.p, bytes.n);
    keep(p, &d, bytes, str_z(media_type));
    struct memory_tag t = {str_z(tag), d};
    if (tag)
        vec_push(&p->tags, t);
    return d;
}

size_t memory_count(const struct memory_place *p, const char *begins) {
    struct str rest = buf_str(&p->log), line;
    size_t n = 0;
    while (str_next(&rest, '\n', &line))
        n += str_starts(line, str_z(begins));
    return n;
}

ptrdiff_t memory_at(const struct memory_place *p, const char *begins) {
    struct str rest = buf_str(&p->log), line;
    for (ptrdiff_t i = 0; str_next(&rest, '\n', &line); i++)
        if (str_starts(line, str_z(begins)))
            return i;
    return -1;
}

bool memory_has_tag(const struct memory_place *p, const char *tag, const struct digest *d) {
    for (size_t i = p->tags.n; i-- > 0;)
        if (str_eqz(p->tags.p[i].name, tag))
            return digest_eq(&p->tags.p[i].digest, d);
    return false;
}
