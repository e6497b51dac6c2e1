/* SPDX-License-Identifier: Apache-2.0
 * One try of a request: its URL, its headers, its redirects, a 401 that is answered. Redirects are followed here: https never becomes http,
 * and credentials stay with the registry's scheme, host and port. See call.h. */
#include "registry/call.h"

#include "net/settings.h"
#include "net/words.h"

enum { HEADERS_MAX = 5, UPLOAD_STALL_FACTOR = 5 }; /* a registry hashes what it got before it says anything */

/* --- The answer's body --- */

static enum net_take begin_body(void *ctx, const struct net_answer *n, struct err *e) {
    struct call *c = ctx;
    uint64_t first = 0, next = c->ask->range_from + c->got;
    if (!c->ask->take || n->status < 200 || n->status > 299)
        return NET_KEEP;
    if (n->status == 206 && (!http_content_range(net_header(n, "Content-Range"), &first) || first > next)) {
        err_set(e, ERR_FAILED, "the server sent another part (%s) than was asked for", SHOWN(net_header(n, "Content-Range")));
        c->wrong_range = true;
        return NET_STOP;
    }
    c->skip = next - first; /* of a server that begins before that, the bytes are the same: they have a digest */
    return NET_TAKE;
}

static bool take_body(void *ctx, const void *p, size_t n, struct err *e) {
    struct call *c = ctx;
    uint64_t skipped = c->skip < n ? c->skip : n;
    c->skip -= skipped;
    n -= (size_t)skipped;
    if (n && !c->ask->take(c->ask->take_ctx, c->ask->range_from + c->got, (const char *)p + skipped, n, e))
        return false;
    c->got += n;
    return true;
}

/* --- The request --- */

static void told_sent(void *ctx, uint64_t bytes) {
    const struct registry_request *ask = ((const struct call *)ctx)->ask;
    progress_bytes(ask->progress, ask->offset + bytes, ask->total);
}

/* `name` with its colon. Nothing is printed: that would leave a copy of a secret behind. */
static void add_header(struct call *c, struct str *headers, size_t *n, const char *name, struct str value) {
    if (value.n)
        headers[(*n)++] = arena_join3(c->arena, str_z(name), value, STR_NULL);
}

static size_t add_headers(struct call *c, struct str *headers) {
    size_t n = 0;
    uint64_t from = c->ask->range_from + c->got;
    add_header(c, headers, &n, "Accept: ", c->ask->accept);
    add_header(c, headers, &n, "Content-Type: ", c->ask->content_type);
    if (from && c->ask->take && !c->no_range)
        add_header(c, headers, &n, "Range: ", arena_printf(c->arena, "bytes=%llu-", (unsigned long long)from));
    if (c->ask->body == BODY_FILE && strcmp(c->ask->method, "PATCH") == 0 && c->ask->length)
        add_header(c, headers, &n, "Content-Range: ",
                   arena_printf(c->arena, "%llu-%llu", (unsigned long long)c->ask->offset,
                                (unsigned long long)(c->ask->offset + c->ask->length - 1)));
    if (c->auth.header.n && !c->elsewhere)
        add_header(c, headers, &n, "Authorization: ", c->auth.header);
    return n;
}

/* No copy of a secret stays behind in the caller's arena. */
static void wipe_headers(struct str *headers, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (str_starts(headers[i], S("Authorization:")))
            mem_wipe((char *)headers[i].p, headers[i].n);
}

static bool send_to(struct call *c, struct str url, const struct net_tls *tls, struct err *e) {
    const struct registry_request *ask = c->ask;
    struct str headers[HEADERS_MAX];
    struct url u;
    if (!url_parse(c->arena, url, URL_HTTP | URL_HTTPS, &u, e)) {
        e->kind = ERR_FAILED;
        return false;
    }
    c->url = u.text;
    c->origin = u.origin;
    struct net_request q = {.method = ask->method, .url = u.text, .headers = headers, .n_headers = add_headers(c, headers), .tls = tls};
    q.direct = url_is_loopback(u.host);
    q.body = ask->body == BODY_BYTES ? NET_BYTES : ask->body == BODY_FILE ? NET_FILE : NET_NO_BODY;
    q.stall_s = ask->body == BODY_FILE || strcmp(ask->method, "PUT") == 0 ? net_timeout_s() * UPLOAD_STALL_FACTOR : 0;
    q.bytes = ask->bytes;
    q.fd = ask->fd;
    q.offset = ask->offset;
    q.length = ask->length;
    q.max_kept = ask->max_bytes > LIMIT_REGISTRY_ERROR_BYTES ? (size_t)ask->max_bytes : LIMIT_REGISTRY_ERROR_BYTES;
    q.begin = begin_body;
    q.take = take_body;
    q.sent = ask->body == BODY_FILE && ask->progress ? told_sent : NULL;
    q.ctx = c;
    bool ok = net_http(&q, c->arena, &c->answer, e);
    wipe_headers(headers, q.n_headers);
    if (c->wrong_range) { /* then all of it, and what was had is passed over */
        c->wrong_range = false;
        c->answer.failure = NET_BROKEN;
        c->answer.transient = !c->no_range;
        c->no_range = true;
    }
    c->transient = !ok && c->answer.transient;
    return ok;
}

/* --- Redirects --- */

static bool may_follow(const struct call *c) {
    const struct net_answer *n = &c->answer;
    bool reads = strcmp(c->ask->method, "GET") == 0 || strcmp(c->ask->method, "HEAD") == 0;
    bool keeps_method = n->status == 307 || n->status == 308;
    bool any = keeps_method || n->status == 301 || n->status == 302 || n->status == 303;
    return n->redirect.n && (keeps_method || (any && reads));
}

static bool check_next(struct call *c, struct str to, struct str own_origin, struct err *e) {
    struct url next;
    bool ok = url_parse(c->arena, to, URL_HTTP | URL_HTTPS, &next, e);
    if (ok && str_starts(c->origin, S("https:")) && next.scheme != URL_HTTPS)
        ok = err_set(e, ERR_FAILED, "https does not become http");
    e->kind = ok ? e->kind : ERR_FAILED;
    c->elsewhere = c->elsewhere || (ok && !str_eq(next.origin, own_origin)); /* for good: another host cannot send us back as ourselves */
    return ok || err_wrap(e, "%.*s redirects to %.*s", STR_ARG(c->origin), STR_ARG(str_first(url_shown(c->arena, to), 500)));
}

/* Another host has certificates of its own. */
static struct host *host_of(struct call *c, struct err *e) {
    struct url u;
    if (!c->elsewhere)
        return c->at->host;
    if (!url_parse(c->arena, c->url, URL_HTTP | URL_HTTPS, &u, e))
        return NULL;
    return host_get(c->r, url_host(&u), c->at->host->says.tls_verify == 0, &c->at->host->says, e);
}

static bool follow(struct call *c, struct str url, struct str own_origin, struct err *e) {
    for (int redirects = 0; redirects <= LIMIT_HTTP_REDIRECTS; redirects++) {
        c->url = url;
        c->to = host_of(c, e);
        if (!c->to || !send_to(c, url, &c->to->tls, e))
            return false;
        if (!may_follow(c))
            return true;
        url = c->answer.redirect;
        if (!check_next(c, url, own_origin, e))
            return false;
    }
    return err_set(e, ERR_FAILED, "more than %d redirects", LIMIT_HTTP_REDIRECTS);
}

/* --- Where it begins --- */

/* The whole URL, and the origin that credentials are for. */
static bool first_url(struct call *c, bool plain, struct str *url, struct str *own_origin, struct err *e) {
    struct url own, u;
    struct str base = host_base(c->arena, c->at->host, plain);
    if (!url_parse(c->arena, base, URL_HTTP | URL_HTTPS, &own, e))
        return false;
    *own_origin = own.origin;
    c->elsewhere = false;
    if (!url_is_url(c->ask->path)) {
        struct str path = c->at->path.n ? arena_join3(c->arena, c->at->path, S("/"), c->ask->path) : c->ask->path;
        *url = arena_join3(c->arena, base, S("/v2/"), path);
        return true;
    }
    *url = c->ask->path;
    if (!url_parse(c->arena, *url, URL_HTTP | URL_HTTPS, &u, e))
        return false;
    c->elsewhere = !str_eq(u.origin, own.origin);
    if (u.scheme == URL_HTTP && own.scheme == URL_HTTPS)
        return err_set(e, ERR_FAILED,
                       "the registry gave %.*s as the place to go on, which is without TLS; if a proxy stands before it, that has to say "
                       "X-Forwarded-Proto: https",
                       STR_ARG(str_first(u.origin, 300)));
    return true;
}

static bool send_by(struct call *c, bool plain, struct err *e) {
    struct str url, own_origin;
    return first_url(c, plain, &url, &own_origin, e) && follow(c, url, own_origin, e);
}

/* Whether to try http where https got nowhere: only where that is allowed, and never after a certificate was seen. */
static bool try_plain(const struct call *c) {
    const struct host *h = c->at->host;
    bool port = str_rindex(h->name, ':') > str_rindex(h->name, ']');
    bool no_tls = c->answer.failure == NET_NO_TLS || (c->answer.failure == NET_NO_CONNECTION && !port);
    return (h->insecure || h->loopback) && no_tls && !c->elsewhere;
}

/* By https, or http, as the host turns out to speak. */
static bool send_any(struct call *c, struct err *e) {
    struct host *h = c->at->host;
    pthread_mutex_lock(&c->r->lock);
    bool known = h->scheme_known, plain = h->plain;
    pthread_mutex_unlock(&c->r->lock);
    if (!known && (h->insecure || h->loopback) && str_starts_nocase(c->ask->path, S("http:"))) /* an earlier command was told so */
        plain = true;
    bool ok = send_by(c, plain, e);
    if (!ok && !known && try_plain(c)) {
        struct err first = ERR_INIT;
        err_move(&first, e);
        enum net_failure failure = c->answer.failure;
        plain = true;
        ok = send_by(c, true, e);
        if (!ok && c->answer.failure == NET_NO_CONNECTION) { /* neither: what https said is the better message */
            err_clear(e);
            err_move(e, &first);
            c->answer.failure = failure;
        }
        err_clear(&first);
    }
    if (ok && !known) {
        pthread_mutex_lock(&c->r->lock);
        h->scheme_known = true;
        h->plain = plain;
        pthread_mutex_unlock(&c->r->lock);
    }
    return ok;
}

bool call_send(struct call *c, struct err *e) {
    c->auth.renewed = false;
    for (;;) {
        bool again = false;
        c->transient = c->has_wait = false;
        c->wait_s = 0;
        c->answer = (struct net_answer){.body = S("")};
        pace_wait(c->r, c->at->host, c->ask->progress);
        if (!auth_prepare(c, e))
            return false;
        if (!send_any(c, e)) {
            struct str origin = c->origin.n ? c->origin : c->at->host->name;
            bool unreached = c->answer.failure != NET_FINE && c->answer.failure != NET_STOPPED;
            if (unreached && c->answer.status == 0)
                e->kind = ERR_UNCHECKED;
            if (unreached)
                words_unreached(c->to, c->answer.failure, e);
            return c->answer.failure == NET_STOPPED ? false : err_wrap(e, "%.*s", STR_ARG(origin));
        }
        if (c->answer.status != 401 || c->elsewhere)
            return true;
        if (!auth_refused(c, &again, e))
            return false;
        if (!again)
            return true;
    }
}
