/* SPDX-License-Identifier: Apache-2.0
 * registry_ask: a request goes to the mirrors of its repository and to its host, is tried again while what fails may pass, and ends in an
 * answer or in an error that says all. See client.h. */
#include <errno.h>

#include "base/log.h"
#include "net/settings.h"
#include "net/words.h"
#include "registry/call.h"
#include "registry/link.h"

enum { MUCH_BYTES = 1 << 20 };

/* --- The answer --- */

static bool is_expected(const struct call *c) {
    long status = c->answer.status;
    if (status >= 200 && status < 300)
        return true;
    for (const int *x = c->expect; x && *x && !c->at->mirror; x++)
        if (*x == status)
            return true;
    return false;
}

static size_t most_kept(const struct call *c) {
    return c->ask->max_bytes > LIMIT_REGISTRY_ERROR_BYTES ? (size_t)c->ask->max_bytes : LIMIT_REGISTRY_ERROR_BYTES;
}

/* Of many headers, and many links in each. */
static struct str next_link(const struct net_answer *n) {
    struct str next = S("");
    for (const struct net_header *h = n->headers; h && !next.n; h = h->next)
        if (str_eq_nocase(h->name, S("Link")))
            next = link_next(h->value);
    return next;
}

static bool give(const struct call *c, struct registry_answer *out, struct err *e) {
    const struct net_answer *n = &c->answer;
    struct str location = net_header(n, "Location");
    bool success = n->status >= 200 && n->status < 300;
    *out = (struct registry_answer){
        .status = n->status,
        .url = c->url,
        .location = S(""),
        .digest = net_header(n, "Docker-Content-Digest"),
        .media_type = net_header(n, "Content-Type"),
        .range = net_header(n, "Range"),
        .link = next_link(n),
        .subject = net_header(n, "OCI-Subject"),
        .upload_id = net_header(n, "Docker-Upload-UUID"),
        .content_length = n->length,
        .has_length = n->has_length,
        .body = n->body,
    };
    if (success && n->cut && !c->ask->take) {
        err_set(e, ERR_FAILED, "%.*s answers with more than %zu bytes", STR_ARG(c->origin), most_kept(c));
        e->sys = EFBIG;
        return false;
    }
    if (location.n == 0 || n->status == 201) /* what was made has the name that we gave it */
        return true;
    if (!url_resolve(c->arena, c->url, location, &out->location, e))
        return err_wrap(e, "%.*s: Location", STR_ARG(c->origin));
    return url_is_url(out->location) ||
           err_set(e, ERR_FAILED, "%.*s gives %s as the place to go on, which is neither http nor https: it is not asked",
                   STR_ARG(c->origin), SHOWN(out->location));
}

/* --- One endpoint --- */

/* What an unwelcome status means for the next try. */
static void judge(struct call *c) {
    long status = c->answer.status;
    c->transient = http_status_is_transient(status);
    if (status == 416 && !c->no_range && (c->ask->range_from + c->got)) {
        c->no_range = true; /* then all of it, and what was had is passed over */
        c->transient = true;
    }
    c->has_wait = http_retry_after(net_header(&c->answer, "Retry-After"), (int64_t)time(NULL), &c->wait_s);
    if (status == 429 && !c->elsewhere)
        pace_close(c->r, c->at->host, c->has_wait && c->wait_s <= LIMIT_REGISTRY_WAIT_S ? c->wait_s : 1);
    if (c->has_wait && c->wait_s > LIMIT_REGISTRY_WAIT_S)
        c->transient = false;
}

static bool try_once(struct call *c, struct registry_answer *out, struct err *e) {
    if (!call_send(c, e))
        return false;
    words_rate_limit(c);
    if (is_expected(c))
        return give(c, out, e);
    judge(c);
    return words_refused(c, e);
}

/* How long was waited, in milliseconds. Of a 429 the rest of it is the bucket's to wait, for all. */
static uint64_t wait_for_next(struct call *c, unsigned n) {
    uint64_t ms = pace_backoff_ms(n), asked = c->has_wait ? c->wait_s * 1000 : 0, now = asked > ms && c->answer.status != 429 ? asked : ms;
    pace_tell(c->at->host, c->answer.status == 429 ? "is busy" : "does not answer as it should", now, c->ask->progress);
    net_wait_ms(now);
    return asked > ms ? asked : ms;
}

/* A registry that is busy is not one that fails: how often it says so does not count, for a minute. */
static bool is_busy(const struct call *c, uint64_t waited_ms) {
    return c->answer.failure == NET_FINE && c->answer.status == 429 && waited_ms < LIMIT_REGISTRY_WAIT_S * UINT64_C(1000);
}

static bool ask_endpoint(struct call *c, struct registry_answer *out, struct err *e) {
    unsigned tries = c->ask->once || c->at->mirror ? 1 : net_tries();
    uint64_t waited_ms = 0;
    for (unsigned n = 1, total = 1;; total++) {
        uint64_t had = c->got;
        if (try_once(c, out, e))
            return true;
        if (c->got - had >= MUCH_BYTES) /* it goes forward: every try is a first one */
            n = 1;
        bool again = c->transient && tries > 1 && (n < tries || is_busy(c, waited_ms));
        if (c->transient && !again && total > 1)
            err_append(e, " (tried %u times)", total);
        if (!again)
            return false;
        log_debug("%s; trying again", e->msg);
        err_clear(e);
        n += !is_busy(c, waited_ms);
        waited_ms += wait_for_next(c, total);
    }
}

/* --- All of them --- */

static bool is_by_digest(struct str path) {
    return str_find(path, S("sha256:")) >= 0 || str_find(path, S("sha512:")) >= 0;
}

static bool skips(struct registries *r, const struct endpoint *at) {
    pthread_mutex_lock(&r->lock);
    bool skip = at->mirror && at->host->out_of_reach;
    pthread_mutex_unlock(&r->lock);
    return skip;
}

/* A mirror that failed: the next one is asked, and this one not again if it is not there. */
static void give_up_mirror(struct call *c, struct err *e) {
    log_debug("mirror %.*s: %s", STR_ARG(c->at->host->name), e->msg);
    if (e->kind == ERR_UNCHECKED) {
        pthread_mutex_lock(&c->r->lock);
        c->at->host->out_of_reach = true;
        pthread_mutex_unlock(&c->r->lock);
    }
    err_clear(e);
}

static bool ask_all(struct registries *r, struct endpoints *to, struct call *c, struct registry_answer *out, struct err *e) {
    for (size_t i = 0; i < to->n; i++) {
        if (skips(r, &to->p[i]))
            continue;
        c->at = &to->p[i];
        auth_forget(c);
        c->auth = (struct auth){.header = S("")};
        c->no_range = false;
        if (ask_endpoint(c, out, e))
            return true;
        if (!c->at->mirror || c->answer.failure == NET_STOPPED)
            return false;
        give_up_mirror(c, e);
    }
    return false; /* the last one is no mirror */
}

/* Mirrors have manifests and blobs. Lists they have as of yesterday: a tag that is missing there may be at the origin. */
static bool may_mirror(const struct registry_request *q) {
    bool reads = strcmp(q->method, "GET") == 0 || strcmp(q->method, "HEAD") == 0;
    bool pulls = q->actions && strcmp(q->actions, "pull") == 0;
    return !q->from_origin && reads && pulls && (str_starts(q->path, S("manifests/")) || str_starts(q->path, S("blobs/")));
}

bool registry_ask(struct registries *r, const struct registry_request *q, const int *expect, struct arena *a, struct registry_answer *out,
                  struct err *e) {
    bool whole = url_is_url(q->path);
    struct endpoints to;
    struct call c = {.r = r, .ask = q, .expect = expect, .arena = a, .auth = {.header = S("")}, .origin = S(""), .answer = {.body = S("")}};
    uint64_t began = log_now_ns();
    *out = (struct registry_answer){0};
    bool ok = endpoints_find(r, q->repository, may_mirror(q), is_by_digest(q->path), a, &to, e) && ask_all(r, &to, &c, out, e);
    if (!ok)
        *out = (struct registry_answer){.status = c.answer.failure == NET_FINE ? c.answer.status : 0, .may_pass = c.transient};
    log_span(q->method, began);
    auth_forget(&c);
    struct str shown = whole ? str_first(url_shown(a, q->path), 300) : q->path.n ? q->path : S("/v2/");
    return ok || err_wrap(e, "%.*s: %s %.*s", STR_ARG(repository_text(a, q->repository)), q->method, STR_ARG(shown));
}

/* --- Answers that are held --- */

bool registry_ask_held(struct registries *r, const struct registry_request *q, const int *expect, struct held_answer *out, struct err *e) {
    struct registry_request first = *q;
    *out = (struct held_answer){0};
    first.max_bytes = q->max_bytes < LIMIT_MANIFEST_SMALL_BYTES ? q->max_bytes : LIMIT_MANIFEST_SMALL_BYTES;
    bool good = registry_ask(r, &first, expect, &out->arena, &out->is, e);
    if (good || e->sys != EFBIG || first.max_bytes == q->max_bytes)
        return good;
    err_clear(e);
    arena_fini(&out->arena);
    pthread_mutex_lock(&r->large);
    out->turn = r;
    return registry_ask(r, q, expect, &out->arena, &out->is, e);
}

void held_answer_fini(struct held_answer *h) {
    arena_fini(&h->arena);
    if (h->turn)
        pthread_mutex_unlock(&h->turn->large);
    h->turn = NULL;
}
