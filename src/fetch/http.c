/* SPDX-License-Identifier: Apache-2.0
 * One download by HTTP: see http.h. Redirects are followed here: https must stay https along the whole chain, and credentials must stay
 * with their host. */
#include "fetch/http.h"

#include <errno.h>

#include "base/limits.h"
#include "fetch/words.h"
#include "net/http.h"
#include "net/words.h"
#include "sys/clock.h"

/* One request and its answer. */
struct hop {
    struct http_get *get;
    const struct url *url;
    uint64_t resumed_at;      /* asked for from this byte on; 0: all of it */
    struct net_answer answer;
    struct str headers[6];
    size_t n_headers;
};

/* A header that goes into a record, or back to the server. */
static struct str header_of(const struct net_answer *n, const char *name) {
    struct str value = net_header(n, name);
    return value.n <= LIMIT_HTTP_HEADER_BYTES ? value : S("");
}

/* --- The body --- */

/* Weak and strong ETags are compared alike, as BuildKit does: "W/" only says that the server is not sure of every byte. */
static bool same_etag(struct str a, struct str b) {
    a = str_starts(a, S("W/")) ? str_from(a, 2) : a;
    b = str_starts(b, S("W/")) ? str_from(b, 2) : b;
    return a.n > 0 && str_eq(a, b);
}

static bool start_over(struct http_get *g, struct err *e) {
    sha256_init(&g->hash);
    g->done = 0;
    return (ftruncate(g->draft->fd, 0) == 0 && lseek(g->draft->fd, 0, SEEK_SET) == 0) || err_sys(e, errno, "begin the file anew");
}

static bool wants_body(const struct hop *h, const struct net_answer *n) {
    return n->status == 200 || (n->status == 206 && h->resumed_at);
}

static void show_progress(const struct hop *h, const struct net_answer *n) {
    const struct http_get *g = h->get;
    if (g->progress)
        progress_bytes(g->progress, g->done, n->has_length ? (n->status == 206 ? h->resumed_at : 0) + n->length : 0);
}

/* With the headers known: whether the body is what belongs behind what is there. */
static enum net_take begin_body(void *ctx, const struct net_answer *n, struct err *e) {
    struct hop *h = ctx;
    struct http_get *g = h->get;
    struct str etag = header_of(n, "ETag"), range = header_of(n, "Content-Range");
    uint64_t first = 0;
    if (!wants_body(h, n))
        return NET_KEEP;
    if (n->status == 200 && same_etag(etag, g->etag)) {
        g->same = true;
        return NET_STOP;
    }
    if (n->status == 206) {
        if (!http_content_range(range, &first) || first != g->done) {
            err_set(e, ERR_FAILED, "the server sent another part (%.*s) than was asked for", STR_ARG(range));
            return NET_STOP;
        }
    } else if (g->done && !start_over(g, e)) {
        return NET_STOP;
    }
    g->part_etag = str_starts(etag, S("\"")) ? etag : S("");
    if (n->has_length && n->length > g->max_bytes - g->done) {
        err_set(e, ERR_FAILED, "%llu bytes are over the limit of %llu", (unsigned long long)(n->length + g->done),
                (unsigned long long)g->max_bytes);
        return NET_STOP;
    }
    if (n->has_length)
        show_progress(h, n);
    return NET_TAKE;
}

static bool take_body(void *ctx, const void *p, size_t size, struct err *e) {
    struct hop *h = ctx;
    struct http_get *g = h->get;
    if (size > g->max_bytes - g->done)
        return err_set(e, ERR_FAILED, "it is larger than the limit of %llu bytes", (unsigned long long)g->max_bytes);
    if (!file_write_all(g->draft->fd, p, size, "the download", e))
        return false;
    sha256_update(&g->hash, p, size);
    g->done += size;
    show_progress(h, &h->answer);
    return true;
}

/* --- One request --- */

static void add_header(struct hop *h, const char *name, struct str value) {
    if (value.n)
        h->headers[h->n_headers++] = arena_printf(h->get->arena, "%s: %.*s", name, STR_ARG(value));
}

static void add_headers(struct hop *h) {
    struct http_get *g = h->get;
    if ((g->url->user.n || g->url->password.n) && str_eq(h->url->origin, g->url->origin))
        add_header(h, "Authorization", http_basic(g->arena, g->url->user, g->url->password));
    add_header(h, "If-None-Match", g->etag);
    add_header(h, "If-Modified-Since", g->last_modified);
    if (g->done && g->part_etag.n) {
        h->resumed_at = g->done;
        add_header(h, "Range", arena_printf(g->arena, "bytes=%llu-", (unsigned long long)g->done));
        add_header(h, "If-Range", g->part_etag);
    }
}

static bool perform(struct hop *h, struct err *e) {
    add_headers(h);
    struct net_request q = {.method = "GET", .url = h->url->text, .headers = h->headers, .n_headers = h->n_headers};
    q.begin = begin_body;
    q.take = take_body;
    q.ctx = h;
    if (net_http(&q, h->get->arena, &h->answer, e))
        return true;
    h->get->transient = h->answer.transient;
    return words_net_advice(h->answer.failure, e);
}

/* --- The chain --- */

static bool refused(struct hop *h, struct err *e) {
    struct http_get *g = h->get;
    long status = h->answer.status;
    char words[64];
    uint64_t wait;
    g->transient = http_status_is_transient(status);
    if (http_retry_after(net_header(&h->answer, "Retry-After"), clock_now().tv_sec, &wait))
        g->wait_s = wait < LIMIT_HTTP_WAIT_S ? (unsigned)wait : LIMIT_HTTP_WAIT_S;
    if (status == 416) { /* the part that is here is of no use */
        g->part_etag = S("");
        g->transient = true;
    }
    return err_set(e, ERR_FAILED, "HTTP %s, says %.*s%s", http_status_words(status, words), STR_ARG(h->url->origin),
                   words_status_advice(status));
}

static bool is_redirect(const struct net_answer *n) {
    return n->redirect.n && (n->status == 301 || n->status == 302 || n->status == 303 || n->status == 307 || n->status == 308);
}

static bool next_url(struct hop *h, struct url *next, struct err *e) {
    struct http_get *g = h->get;
    struct str shown = url_shown(g->arena, h->answer.redirect);
    bool ok = url_parse(g->arena, h->answer.redirect, URL_HTTP | URL_HTTPS, next, e);
    if (ok && h->url->scheme == URL_HTTPS && next->scheme != URL_HTTPS)
        ok = err_set(e, ERR_FAILED, "https does not become http");
    e->kind = ok ? e->kind : ERR_FAILED; /* what a server says is no fault of the command line */
    return ok || err_wrap(e, "%.*s redirects to %.*s", STR_ARG(h->url->origin), STR_ARG(str_first(shown, 500)));
}

static bool conclude(struct hop *h, struct err *e) {
    struct http_get *g = h->get;
    struct str etag = header_of(&h->answer, "ETag"), last_modified = header_of(&h->answer, "Last-Modified");
    bool asked = g->etag.n || g->last_modified.n;
    if (h->answer.status == 304 && asked)
        g->same = true;
    else if (!wants_body(h, &h->answer) && !g->same)
        return refused(h, e);
    g->got_etag = etag.n || !g->same ? etag : g->etag;
    g->got_last_modified = last_modified.n || !g->same ? last_modified : g->last_modified;
    g->effective_url = h->url->text;
    return true;
}

bool http_get(struct http_get *g, struct err *e) {
    struct url url = *g->url;
    g->same = g->transient = false;
    g->wait_s = 0;
    for (int redirects = 0; redirects <= LIMIT_HTTP_REDIRECTS; redirects++) {
        struct hop h = {.get = g, .url = &url};
        struct url next;
        if (!perform(&h, e))
            return err_wrap(e, "%.*s", STR_ARG(url.origin));
        if (!is_redirect(&h.answer))
            return conclude(&h, e);
        if (!next_url(&h, &next, e))
            return false;
        url = next;
    }
    return err_set(e, ERR_FAILED, "more than %d redirects", LIMIT_HTTP_REDIRECTS);
}
