/* SPDX-License-Identifier: Apache-2.0
 * What people read when a registry says no: who we were, what was asked, what it and its token service said, what to try. See call.h. */
#include <errno.h>

#include "base/json.h"
#include "base/log.h"
#include "net/words.h"
#include "registry/call.h"

enum { SAID_MAX = 3 };

/* --- What was said --- */

static void add_said(struct buf *out, size_t *n, struct str message, struct str code) {
    if ((!message.n && !code.n) || *n == SAID_MAX)
        return;
    if ((*n)++)
        buf_add_str(out, S("; "));
    buf_add_shown(out, message.n ? message : code);
    if (message.n && code.n && !str_eq_nocase(message, code)) {
        buf_add_str(out, S(" ("));
        buf_add_shown(out, code);
        buf_add_char(out, ')');
    }
}

static void read_errors(struct buf *out, yyjson_val *root) {
    static const char *const names[] = {"details", "message", "error_description", "error", "detail"};
    yyjson_val *errors = json_get_array(root, "errors"), *v;
    size_t i, max, n = 0;
    if (errors)
        yyjson_arr_foreach(errors, i, max, v)
            add_said(out, &n, json_get_str(v, "message"), json_get_str(v, "code"));
    for (size_t k = 0; n == 0 && k < sizeof names / sizeof *names; k++)
        add_said(out, &n, json_get_str(root, names[k]), STR_NULL);
}

/* The first line of what is neither JSON nor a page. */
static void read_text(struct buf *out, struct str body) {
    struct str line, rest;
    (void)str_cut(str_trim(body), '\n', &line, &rest);
    if (line.n && line.p[0] != '<' && line.p[0] != '{')
        buf_add_shown(out, str_first_chars(line, LIMIT_REGISTRY_SAID_BYTES));
}

struct str words_said(struct arena *a, struct str body) {
    struct buf out = BUF_INIT(LIMIT_REGISTRY_ERROR_BYTES * 8);
    struct err ignored = ERR_INIT;
    yyjson_doc *doc = body.n ? json_parse(body, LIMIT_REGISTRY_ERROR_BYTES, "", &ignored) : NULL;
    err_clear(&ignored);
    if (doc && yyjson_is_obj(yyjson_doc_get_root(doc)))
        read_errors(&out, yyjson_doc_get_root(doc));
    else if (!doc)
        read_text(&out, body);
    yyjson_doc_free(doc);
    struct str said = arena_str(a, str_first_chars(buf_str(&out), LIMIT_REGISTRY_SAID_BYTES));
    buf_fini(&out);
    return said;
}

struct str words_identity(struct arena *a, const struct credential *who) {
    if (!who || !who->found)
        return S("without credentials");
    if (who->identity_token.n || who->registry_token.n)
        return arena_printf(a, "with a token from %.*s", STR_ARG(who->source));
    return arena_printf(a, "as user \"%.*s\" from %.*s", STR_ARG(str_first(who->user, 100)), STR_ARG(who->source));
}

/* --- Advice --- */

static bool advise_denied(const struct call *c, struct err *e) {
    struct arena *a = c->arena;
    const struct credential *who = c->auth.who;
    struct str scopes = scopes_text(a, &c->auth.scopes), host = c->at->named.host;
    err_append(e, "; asked %.*s", STR_ARG(words_identity(a, who)));
    if (scopes.n)
        err_append(e, " for %.*s", STR_ARG(str_first(scopes, 500)));
    if (who && who->problem.n)
        err_append(e, " (%.*s)", STR_ARG(str_first(who->problem, 300)));
    if (!who || !who->found)
        return err_append(e, "; try: croze login %.*s", STR_ARG(host));
    if (c->at->path.n == 0) /* a login: what is wrong is plain */
        return false;
    bool given = str_starts(who->source, S("--")); /* a flag */
    return err_append(e, "; the repository may not exist, or %.*s may not have access%s%.*s", STR_ARG(given ? who->source : S("this user")),
                      given ? "" : ": other credentials by: croze login ", STR_ARG(given ? STR_NULL : host));
}

static bool advise_slow(const struct call *c, struct err *e) {
    struct str limit = net_header(&c->answer, "ratelimit-limit"), left = net_header(&c->answer, "ratelimit-remaining");
    if (limit.n || left.n)
        err_append(e, "; its limit is %s, of which are left %s", SHOWN(str_first(limit, 60)), SHOWN(str_first(left, 60)));
    if (c->has_wait && c->wait_s > LIMIT_REGISTRY_WAIT_S)
        err_append(e, "; it asks to come again in %llu seconds", (unsigned long long)c->wait_s);
    bool anonymous = !c->auth.who || !c->auth.who->found;
    return err_append(e, anonymous ? "; who logs in may often ask more: croze login %.*s" : "; CROZE_REGISTRY_RATE asks it more slowly",
                      STR_ARG(c->at->named.host));
}

/* Of what was sent, and will be refused however often it is sent. */
static bool advise_final(const struct call *c, struct err *e) {
    long status = c->answer.status;
    bool sends = c->ask->body == BODY_FILE || (c->ask->body == BODY_BYTES && c->ask->bytes.n);
    if (!sends || status < 400 || status > 499 || status == 404 || status == 416 || http_status_is_transient(status))
        return false;
    if (status == 413)
        return err_append(e, "; it, or a proxy in front of it, takes no body of %llu bytes: its operator can allow that (nginx: "
                             "client_max_body_size)",
                          (unsigned long long)(c->ask->body == BODY_FILE ? c->ask->length : c->ask->bytes.n));
    return err_append(e, "; sent again it would be refused again: what it says is to be mended, or its operator asked");
}

bool words_refused(const struct call *c, struct err *e) {
    char words[64];
    long status = c->answer.status;
    struct str said = words_said(c->arena, c->answer.body);
    err_set(e, ERR_FAILED, "HTTP %s, says %.*s%s%.*s", http_status_words(status, words), STR_ARG(c->origin), said.n ? ": " : "",
            STR_ARG(said));
    if (status == 404)
        e->sys = ENOENT;
    else if (status == 401 || status == 403)
        e->sys = EACCES;
    else if (status == 429)
        e->sys = EBUSY;
    if (c->elsewhere) /* who we are means nothing there */
        return err_append(e, ", to which the registry sent us");
    if (status == 401 || status == 403)
        return advise_denied(c, e);
    if (status == 429)
        return advise_slow(c, e);
    if (status == 405)
        return err_append(e, "; this registry does not offer it%s",
                          strcmp(c->ask->method, "DELETE") == 0 ? ", or its operator has not allowed deletion" : "");
    return advise_final(c, e);
}

bool words_unreached(const struct host *h, enum net_failure failure, struct err *e) {
    switch (failure) {
    case NET_UNTRUSTED:
        return err_append(e, "; put its authority into /etc/containers/certs.d/%.*s/ca.crt or ~/.config/containers/certs.d/%.*s/ca.crt, or "
                             "do without by --tls-verify=false",
                          STR_ARG(h->name), STR_ARG(h->name));
    case NET_NO_TLS:
        return h->insecure || h->loopback
                   ? false
                   : err_append(e, "; it may speak plain http: --tls-verify=false, or insecure = true in registries.conf, allows that");
    case NET_STALLED:
        return err_append(e, "; CROZE_FETCH_TIMEOUT=SECONDS waits longer");
    case NET_NO_HOST:
        return err_append(e, "; is \"%.*s\" the registry's name?", STR_ARG(h->name));
    default:
        return false;
    }
}

/* "98;w=21600" */
static bool first_number(struct str text, uint64_t *n) {
    struct str number, rest;
    (void)str_cut(text, ';', &number, &rest);
    return str_to_u64(str_trim(number), 10, UINT32_MAX, n);
}

void words_rate_limit(struct call *c) {
    uint64_t limit, left;
    if (!first_number(net_header(&c->answer, "ratelimit-limit"), &limit) ||
        !first_number(net_header(&c->answer, "ratelimit-remaining"), &left) || left * 10 > limit || c->elsewhere)
        return;
    pthread_mutex_lock(&c->r->lock);
    bool told = c->at->host->told_limit;
    c->at->host->told_limit = true;
    pthread_mutex_unlock(&c->r->lock);
    if (!told)
        log_warn("%.*s: %llu of %llu requests are left before it refuses more", STR_ARG(c->at->host->name), (unsigned long long)left,
                 (unsigned long long)limit);
}
