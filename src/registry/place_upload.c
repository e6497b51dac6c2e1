/* SPDX-License-Identifier: Apache-2.0
 * Blobs into a repository (distribution-spec 1.1, "Pushing a blob"). What another repository of the registry has is mounted from there. A
 * small blob is one POST and one PUT; a large one goes in pieces, and after a failure the session says how much of it has arrived. */
#include <errno.h>
#include <sys/mman.h>

#include "base/limits.h"
#include "base/log.h"
#include "net/settings.h"
#include "net/url.h"
#include "registry/repository.h"

enum {
    UPLOAD_TRIES = 5, /* from the beginning */
    RESUMES = 5,      /* without so much of progress in between: */
    MUCH_BYTES = 1 << 20,
    SMALL_BYTES = 8 << 20,  /* sent at once: to send it again costs less than to ask how far it came */
    PIECE_BYTES = 64 << 20, /* proxies commonly refuse bodies above 100 MB */
};

static struct str blob_path(struct arena *a, const struct digest *d) {
    char text[DIGEST_TEXT + 1];
    return arena_join3(a, S("blobs/"), str_z(digest_text(d, text)), STR_NULL);
}

/* --- Is it there, or next door? --- */

static bool ask_blob(struct place_repository *p, const struct descriptor *d, bool *has, struct err *e) {
    static const int expect[] = {404, 0};
    struct arena a = ARENA_INIT;
    struct registry_request q = repository_request(p, "HEAD", blob_path(&a, &d->digest), "pull,push");
    struct registry_answer answer;
    bool good = registry_ask(p->registries, &q, expect, &a, &answer, e);
    *has = good && answer.status < 300 && (!answer.has_length || answer.content_length == d->bytes);
    arena_fini(&a);
    return good;
}

/* A repository of the same registry that had the blob, by what the store remembers. */
static bool remembered(const struct place_repository *p, const struct digest *d, struct arena *a, struct repository *out) {
    struct str *origins, prefix = arena_join3(a, p->repository.host, S("/"), STR_NULL);
    size_t n;
    if (!p->store)
        return false;
    store_origins(p->store, d, a, &origins, &n);
    for (size_t i = 0; i < n; i++) {
        *out = (struct repository){p->repository.host, str_from(origins[i], prefix.n)};
        if (str_starts(origins[i], prefix) && !repository_eq(out, &p->repository))
            return true;
    }
    return false;
}

bool repository_has_blob(struct place *place, const struct descriptor *d, bool *has, struct err *e) {
    return ask_blob(repository_place(place), d, has, e);
}

/* --- Mounting --- */

static bool find_origin(const struct place_repository *p, const struct descriptor *d, const struct place *from, struct arena *a,
                        struct repository *out) {
    const struct repository *r = from->repository;
    if (!r || !str_eq(r->host, p->repository.host) || repository_eq(r, &p->repository))
        return remembered(p, &d->digest, a, out);
    *out = *r;
    return true;
}

bool repository_mounts(struct place *place, const struct descriptor *d, const struct place *from) {
    struct arena a = ARENA_INIT;
    struct repository origin;
    bool mounts = find_origin(repository_place(place), d, from, &a, &origin);
    arena_fini(&a);
    return mounts;
}

/* Gives up a session; the registry forgets it in time anyway. */
static void cancel(struct place_repository *p, struct str location) {
    struct arena a = ARENA_INIT;
    struct err ignored = ERR_INIT;
    struct registry_answer answer;
    struct registry_request q = repository_request(p, "DELETE", location, "pull,push");
    q.once = true;
    if (!registry_ask(p->registries, &q, NULL, &a, &answer, &ignored))
        log_debug("%s", ignored.msg);
    err_clear(&ignored);
    arena_fini(&a);
}

/* *done: mounted, or there already. Else *location may be a session that the registry opened instead. A registry that does not let us read
 * the other repository says so in many ways; none of them is a reason not to upload. */
static bool mount(struct place_repository *p, const struct descriptor *d, const struct repository *origin, struct arena *a, bool *done,
                  struct str *location, struct err *e) {
    static const int expect[] = {400, 401, 403, 404, 405, 0};
    char text[DIGEST_TEXT + 1];
    struct str path = arena_join3(a, S("blobs/uploads/?mount="), str_z(digest_text(&d->digest, text)), S("&from="));
    struct registry_request q = repository_request(p, "POST", arena_join3(a, path, url_encode(a, origin->path), STR_NULL), "pull,push");
    struct registry_answer answer;
    struct err refused = ERR_INIT;
    q.also_pull = origin;
    bool asked = registry_ask(p->registries, &q, expect, a, &answer, &refused);
    if (!asked)
        log_debug("%s; the blob is sent", refused.msg);
    err_clear(&refused);
    *done = asked && answer.status == 201;
    *location = asked && answer.status == 202 ? answer.location : STR_NULL;
    if (*done)
        return true;
    if (!ask_blob(p, d, done, e))
        return false;
    if (*done && location->n)
        cancel(p, *location);
    return true;
}

/* --- Sending --- */

/* One blob on its way up. */
struct upload {
    struct place_repository *to;
    const struct descriptor *d;
    int fd;
    struct progress_step *progress;
    struct arena arena;  /* of one session */
    struct str location; /* where the session goes on; "": there is none yet */
    bool worthwhile;     /* of a failure: all of it in another session may do */
};

/* What a failure leaves to try: a session that is lost, or in which half a body lies, gives way to another one; what is refused for good
 * stays refused. */
static bool failed(struct upload *u, const struct registry_answer *answer, const struct err *e) {
    bool session_is_gone = answer->status == 404 || answer->status == 416;
    bool is_confused =
        answer->status == 400 && (str_find(str_z(e->msg), S("BLOB_UPLOAD_")) >= 0 || str_find(str_z(e->msg), S("DIGEST_INVALID")) >= 0);
    u->worthwhile = session_is_gone || is_confused || answer->may_pass;
    return false;
}

static bool ask(struct upload *u, const struct registry_request *q, struct registry_answer *answer, struct err *e) {
    return registry_ask(u->to->registries, q, NULL, &u->arena, answer, e) || failed(u, answer, e);
}

static bool open_session(struct upload *u, struct err *e) {
    struct registry_request q = repository_request(u->to, "POST", S("blobs/uploads/"), "pull,push");
    struct registry_answer answer;
    q.body = BODY_BYTES; /* of no bytes: some want a length */
    if (!ask(u, &q, &answer, e))
        return false;
    u->location = answer.location;
    return u->location.n || err_set(e, ERR_FAILED, "the registry opened no upload (no Location)");
}

static struct registry_request body_request(const struct upload *u, const char *method, uint64_t offset, uint64_t length) {
    struct registry_request q = repository_request(u->to, method, u->location, "pull,push");
    q.content_type = S("application/octet-stream");
    q.body = BODY_FILE;
    q.fd = u->fd;
    q.offset = offset;
    q.length = length;
    q.once = true;
    q.progress = u->progress;
    q.total = u->d->bytes;
    return q;
}

/* With the digest in the query, whatever is in it already. */
static struct str closing(struct upload *u) {
    char text[DIGEST_TEXT + 1];
    struct str with = arena_join3(&u->arena, u->location, str_index(u->location, '?') >= 0 ? S("&digest=") : S("?digest="), STR_NULL);
    return arena_join3(&u->arena, with, str_z(digest_text(&u->d->digest, text)), STR_NULL);
}

static bool close_session(struct upload *u, struct registry_request *q, struct err *e) {
    struct registry_answer answer;
    char text[DIGEST_TEXT + 1];
    q->path = closing(u);
    if (!ask(u, q, &answer, e))
        return false;
    if (str_starts(answer.digest, S("sha256:")) && !str_eqz(answer.digest, digest_text(&u->d->digest, text)))
        return err_set(e, ERR_FAILED, "the registry says that it took %s", SHOWN(answer.digest));
    bool there = answer.status == 201; /* whatever else is no failure, may say anything */
    return (there || ask_blob(u->to, u->d, &there, e)) &&
           (there || err_set(e, ERR_FAILED, "the registry answers %ld to the last byte of it, and does not have it", answer.status));
}

/* How many bytes have arrived: "0-1023" says 1024, "0-0" nothing or one byte, which is sent again either way. */
static bool ask_session(struct upload *u, uint64_t *arrived, struct err *e) {
    struct registry_request q = repository_request(u->to, "GET", u->location, "pull,push");
    struct registry_answer answer;
    struct str first, last;
    if (!ask(u, &q, &answer, e))
        return false;
    struct str range = str_starts(answer.range, S("bytes=")) ? str_from(answer.range, 6) : answer.range;
    if (!str_cut(range, '-', &first, &last) || !str_to_u64(last, 10, UINT64_MAX - 1, arrived))
        return err_set(e, ERR_FAILED, "the registry does not say how much of the upload has arrived");
    *arrived += *arrived > 0;
    if (answer.location.n)
        u->location = answer.location;
    return true;
}

/* One piece from *at on. Sent or not, *at is how far it came; *said has what went wrong. False: there is no going on in this session. */
static bool send_piece(struct upload *u, uint64_t *at, struct err *said, struct err *e) {
    uint64_t n = u->d->bytes - *at < PIECE_BYTES ? u->d->bytes - *at : (uint64_t)PIECE_BYTES;
    struct registry_request q = body_request(u, "PATCH", *at, n);
    struct registry_answer answer;
    err_clear(said);
    if (ask(u, &q, &answer, said)) {
        *at += n;
        if (answer.location.n)
            u->location = answer.location;
        return true;
    }
    if (!answer.may_pass && answer.status != 416) { /* refused, or the session is gone: there is nothing to ask */
        err_move(e, said);
        return false;
    }
    log_debug("%s; the session is asked how far it came", said->msg);
    return ask_session(u, at, e);
}

static bool send_pieces(struct upload *u, struct err *said, struct err *e) {
    unsigned stuck = 0;
    uint64_t at = 0, farthest = 0; /* of a session that loses what it had, it is no progress to send that again */
    while (at < u->d->bytes) {
        if (!send_piece(u, &at, said, e))
            return false;
        bool forward = at == u->d->bytes || (at > farthest && at - farthest >= MUCH_BYTES);
        stuck = forward ? 0 : stuck + 1;
        farthest = forward ? at : farthest;
        u->worthwhile = false;
        if (at > u->d->bytes || stuck > RESUMES)
            return err_set(e, ERR_FAILED, "the upload stays at %llu of %llu bytes%s%s", (unsigned long long)at,
                           (unsigned long long)u->d->bytes, said->msg ? "; the last answer: " : "", said->msg ? said->msg : "");
        if (stuck)
            net_wait_ms(100u << stuck);
    }
    struct registry_request q = repository_request(u->to, "PUT", STR_NULL, "pull,push");
    q.body = BODY_BYTES;
    return close_session(u, &q, e);
}

static bool send(struct upload *u, struct err *e) {
    struct err said = ERR_INIT;
    u->worthwhile = false;
    bool good = u->location.n || open_session(u, e);
    if (good && u->d->bytes > SMALL_BYTES) {
        good = send_pieces(u, &said, e);
    } else if (good) {
        struct registry_request q = body_request(u, "PUT", 0, u->d->bytes);
        good = close_session(u, &q, e);
    }
    err_clear(&said);
    return good;
}

/* Everything from the beginning, in a session of its own: half a body in the old one cannot be taken back. The answer that was lost may
 * have said that all of it is there. */
static bool send_again(struct upload *u, struct err *e) {
    bool there = false;
    arena_fini(&u->arena);
    u->location = STR_NULL;
    if (!ask_blob(u->to, u->d, &there, e))
        err_clear(e);
    return there || send(u, e);
}

static bool upload(struct place_repository *p, const struct descriptor *d, int fd, struct str location, struct progress_step *progress,
                   struct err *e) {
    char text[DIGEST_TEXT + 1];
    struct upload u = {.to = p, .d = d, .fd = fd, .progress = progress, .location = location};
    bool good = send(&u, e);
    for (int tries = 1; !good && u.worthwhile && tries < UPLOAD_TRIES; tries++) {
        log_debug("%s; the blob is sent again", e->msg);
        err_clear(e);
        net_wait_ms(100u << tries);
        good = send_again(&u, e);
    }
    arena_fini(&u.arena);
    return good || err_wrap(e, "%.*s: blob %s", STR_ARG(p->place.shown), digest_text(&d->digest, text));
}

bool repository_put_blob(struct place *place, const struct descriptor *d, struct place *from, struct progress_step *progress,
                         struct err *e) {
    struct place_repository *p = repository_place(place);
    struct arena a = ARENA_INIT;
    struct repository origin;
    struct str location = STR_NULL;
    bool done = false, good = true;
    if (find_origin(p, d, from, &a, &origin))
        good = mount(p, d, &origin, &a, &done, &location, e);
    _cleanup_fd_ int fd = good && !done ? place_spool(from, d, p->store, e) : -1;
    good = good && (done || (fd >= 0 && upload(p, d, fd, location, progress, e)));
    arena_fini(&a);
    return good;
}

bool repository_put_text(struct place_repository *p, struct str bytes, struct digest *out, struct err *e) {
    struct descriptor d = {.digest = sha256_of(bytes.p, bytes.n), .bytes = bytes.n};
    bool has;
    *out = d.digest;
    if (!ask_blob(p, &d, &has, e) || has)
        return has;
    _cleanup_fd_ int fd = memfd_create("blob", MFD_CLOEXEC);
    if (fd < 0)
        return err_sys(e, errno, "make a file in memory");
    return file_write_all(fd, bytes.p, bytes.n, "a file in memory", e) && upload(p, &d, fd, STR_NULL, NULL, e);
}
