/* SPDX-License-Identifier: Apache-2.0
 * The token service (distribution's token and oauth2 specifications): by GET with user and password, or by POST with an identity token.
 * Where it may be: https, this machine if the registry is on it, or the registry's own host where that may do without TLS. Its
 * redirects are not followed: they would carry a secret to someone whom nobody named. See call.h. */
#include <errno.h>

#include "base/json.h"
#include "base/log.h"
#include "net/settings.h"
#include "net/words.h"
#include "registry/call.h"

enum { GOOD_FOR_S = 60, GOOD_FOR_MAX_S = 86400 };

struct asking {
    struct registries *r;
    struct host *h;             /* the registry's */
    struct url realm;
    const struct credential *who;
    struct str service;
    const struct scopes *scopes;
    struct arena *arena;
    struct host *to;            /* the service's own */
    bool loopback;
    bool transient;
    uint64_t wait_s;
};

/* --- Its answer --- */

static bool fits_header(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
            return false;
    return s.n > 0;
}

bool token_parse(struct arena *a, struct str json, struct str *token, uint64_t *good_for_s, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(json, LIMIT_TOKEN_BYTES, "its answer", e);
    if (!doc)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct str text = json_get_str(root, "token");
    text = text.n ? text : json_get_str(root, "access_token");
    int64_t seconds = json_get_int(root, "expires_in", GOOD_FOR_S);
    if (!fits_header(text))
        return err_set(e, ERR_FAILED, "its answer holds no usable token");
    *token = arena_str(a, text);
    *good_for_s = seconds <= 0 ? GOOD_FOR_S : seconds > GOOD_FOR_MAX_S ? GOOD_FOR_MAX_S : (uint64_t)seconds;
    return true;
}

/* --- The request --- */

static void add_field(struct buf *to, struct arena *a, char *first, const char *name, struct str value) {
    if (value.n == 0)
        return;
    if (*first)
        buf_add_char(to, *first);
    *first = '&';
    buf_add_str(to, str_z(name));
    buf_add_char(to, '=');
    buf_add_str(to, url_encode(a, value));
}

/* What is cut off would be asked for, or believed, in another sense. */
static bool finish(const struct asking *k, struct buf *b, struct str *out, struct err *e) {
    bool whole = buf_ok(b) || err_set(e, ERR_FAILED, "what it is to be asked takes more than %zu bytes", b->max_bytes);
    *out = arena_str(k->arena, buf_str(b));
    mem_wipe(b->p, b->capacity);
    buf_fini(b);
    return whole;
}

/* The URL of a GET: what the realm has and ours. */
static bool get_url(const struct asking *k, struct str *out, struct err *e) {
    struct buf url = BUF_INIT(LIMIT_URL_BYTES * 4);
    char first = k->realm.query.n ? '&' : '?';
    buf_add_str(&url, k->realm.text);
    add_field(&url, k->arena, &first, "service", k->service);
    for (size_t i = 0; i < k->scopes->n; i++)
        add_field(&url, k->arena, &first, "scope", k->scopes->p[i]);
    add_field(&url, k->arena, &first, "account", k->who->user);
    return finish(k, &url, out, e);
}

static bool post_body(const struct asking *k, struct str *out, struct err *e) {
    struct buf body = BUF_INIT(LIMIT_CREDENTIAL_BYTES * 4);
    char first = '\0';
    add_field(&body, k->arena, &first, "grant_type", S("refresh_token"));
    add_field(&body, k->arena, &first, "service", k->service);
    add_field(&body, k->arena, &first, "client_id", S("croze"));
    add_field(&body, k->arena, &first, "scope", scopes_text(k->arena, k->scopes));
    add_field(&body, k->arena, &first, "refresh_token", k->who->identity_token);
    return finish(k, &body, out, e);
}

static bool refused(struct asking *k, const struct net_answer *n, struct err *e) {
    char words[64];
    struct str said = words_said(k->arena, n->body);
    k->transient = http_status_is_transient(n->status);
    if (!http_retry_after(net_header(n, "Retry-After"), (int64_t)time(NULL), &k->wait_s))
        k->wait_s = 0;
    if (n->redirect.n)
        return err_set(e, ERR_FAILED, "HTTP %s: it sends us elsewhere (%.*s), where credentials do not go",
                       http_status_words(n->status, words), STR_ARG(str_first(url_shown(k->arena, n->redirect), 300)));
    err_set(e, ERR_FAILED, "HTTP %s%s%.*s", http_status_words(n->status, words), said.n ? ": " : "", STR_ARG(said));
    e->sys = n->status == 401 || n->status == 403 ? EACCES : n->status == 429 ? EBUSY : 0;
    return false;
}

static bool ask_once(struct asking *k, struct str *token, uint64_t *good_for_s, struct err *e) {
    bool post = k->who->identity_token.n;
    struct str headers[2] = {S("Accept: application/json")}, secret = STR_NULL;
    struct net_answer n;
    struct net_request q = {.method = post ? "POST" : "GET", .url = k->realm.text, .headers = headers, .n_headers = 1};
    k->transient = false;
    k->wait_s = 0;
    if (!(post ? post_body(k, &secret, e) : get_url(k, &q.url, e)))
        return false;
    if (post) {
        headers[q.n_headers++] = S("Content-Type: application/x-www-form-urlencoded");
        q.body = NET_BYTES;
        q.bytes = secret;
    } else if (k->who->secret.n) {
        struct str basic = http_basic(k->arena, k->who->user, k->who->secret);
        secret = headers[q.n_headers++] = arena_join3(k->arena, S("Authorization: "), basic, STR_NULL);
        mem_wipe((char *)basic.p, basic.n);
    }
    q.tls = &k->to->tls;
    q.direct = k->loopback;
    q.max_kept = LIMIT_TOKEN_BYTES;
    bool ok = net_http(&q, k->arena, &n, e);
    mem_wipe((char *)secret.p, secret.n);
    k->transient = !ok && n.transient;
    if (!ok) {
        e->kind = ERR_UNCHECKED;
        return words_unreached(k->to, n.failure, e);
    }
    if (n.status != 200)
        return refused(k, &n, e);
    if (n.cut)
        return err_set(e, ERR_FAILED, "its answer is over the limit of %zu bytes", LIMIT_TOKEN_BYTES);
    ok = token_parse(k->arena, n.body, token, good_for_s, e);
    mem_wipe((char *)n.body.p, n.body.n);
    return ok;
}

/* The service's own certificates, and whether it may be spoken to as the registry says. */
static bool admit(struct asking *k, struct str realm, struct err *e) {
    struct url own;
    if (!url_parse(k->arena, realm, URL_HTTP | URL_HTTPS, &k->realm, e) ||
        !url_parse(k->arena, host_base(k->arena, k->h, false), URL_HTTP | URL_HTTPS, &own, e)) {
        e->kind = ERR_FAILED;
        return err_wrap(e, "%.*s", STR_ARG(str_first(url_shown(k->arena, realm), 300)));
    }
    bool careless = k->h->says.tls_verify == 0;
    bool same = str_eq_nocase(k->realm.host, own.host) && k->h->insecure;
    k->loopback = url_is_loopback(k->realm.host);
    bool here = k->loopback && k->h->loopback; /* a registry elsewhere has no business with who listens on this machine */
    if (k->realm.scheme == URL_HTTP && !here && !same && !careless)
        return err_set(e, ERR_FAILED, "the token service that %.*s names is asked without TLS (%.*s): nothing is sent there",
                       STR_ARG(k->h->name), STR_ARG(str_first(k->realm.origin, 300)));
    k->to = host_get(k->r, url_host(&k->realm), same || careless, &k->h->says, e);
    return k->to != NULL;
}

bool token_fetch(struct registries *r, struct host *h, struct str realm, struct str service, const struct scopes *scopes,
                 const struct credential *who, struct arena *a, struct str *token, uint64_t *good_for_s, struct err *e) {
    struct asking k = {.r = r, .h = h, .who = who, .service = service, .scopes = scopes, .arena = a};
    uint64_t began = log_now_ns();
    if (!admit(&k, realm, e))
        return false;
    bool ok = false;
    unsigned tries = net_tries();
    for (unsigned n = 1;; n++) {
        ok = ask_once(&k, token, good_for_s, e);
        if (ok || !k.transient || n >= tries || k.wait_s > LIMIT_REGISTRY_WAIT_S)
            break;
        log_debug("%.*s: %s; trying again", STR_ARG(k.realm.origin), e->msg);
        err_clear(e);
        uint64_t ms = pace_backoff_ms(n);
        ms = k.wait_s * 1000 > ms ? k.wait_s * 1000 : ms;
        pace_tell(k.to, "is not ready to give a token", ms, NULL);
        net_wait_ms(ms);
    }
    log_span("registry token", began);
    if (ok)
        return true;
    struct str what = scopes_text(a, scopes);
    return err_wrap(e, "the token service %.*s, asked %.*s%s%.*s", STR_ARG(k.realm.origin), STR_ARG(words_identity(a, who)),
                    what.n ? " for " : "", STR_ARG(what));
}
