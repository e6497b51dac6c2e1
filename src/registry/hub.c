/* SPDX-License-Identifier: Apache-2.0
 * See hub.h. POST /v2/users/login with user and password (or access token) gives a token; DELETE /v2/repositories/NAME/tags/TAG/ wants it.
 * Both go to hub.docker.com, by https, and nowhere else; CROZE_HUB_URL names another one on this machine, for tests. */
#include "registry/hub.h"

#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/settings.h"
#include "net/url.h"
#include "net/words.h"
#include "registry/call.h"

#define HUB_URL "https://hub.docker.com"

bool hub_is(const struct repository *r) {
    return str_eq(r->host, S("docker.io"));
}

static bool base_url(struct arena *a, struct str *out, struct err *e) {
    struct url u;
    struct str own = str_z(getenv("CROZE_HUB_URL"));
    *out = S(HUB_URL);
    if (!own.n)
        return true;
    if (!url_parse(a, own, URL_HTTP | URL_HTTPS, &u, e))
        return err_wrap(e, "CROZE_HUB_URL");
    *out = u.origin; /* without a path */
    return url_is_loopback(u.host) ||
           err_set(e, ERR_USAGE, "CROZE_HUB_URL is for tests on this machine: %.*s is another one", STR_ARG(u.host));
}

/* Any status is an answer. */
static bool ask(const char *method, struct str url, struct str body, struct str authorization, struct arena *a, struct net_answer *out,
                struct err *e) {
    struct str headers[2] = {S("Content-Type: application/json"), authorization};
    struct net_request q = {.method = method, .url = arena_str(a, url), .headers = headers, .n_headers = authorization.n ? 2 : 1};
    q.body = body.n ? NET_BYTES : NET_NO_BODY;
    q.bytes = body;
    q.max_kept = LIMIT_TOKEN_BYTES;
    if (net_http(&q, a, out, e))
        return true;
    e->kind = ERR_UNCHECKED;
    return err_wrap(e, "%.*s", STR_ARG(url));
}

static bool said(const struct net_answer *answer, struct str what, struct arena *a, struct err *e) {
    char words[64];
    struct str text = words_said(a, answer->body);
    return err_set(e, ERR_FAILED, "%.*s: HTTP %s%s%.*s", STR_ARG(what), http_status_words(answer->status, words), text.n ? ": " : "",
                   STR_ARG(text));
}

/* "Authorization: Bearer ..." */
static bool log_in(struct str base, const struct credential *who, struct arena *a, struct str *out, struct err *e) {
    struct net_answer answer = {0};
    struct buf body = BUF_INIT(LIMIT_TOKEN_BYTES);
    struct str url = arena_join3(a, base, S("/v2/users/login"), STR_NULL);
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    json_add_str(d, root, "username", who->user);
    json_add_str(d, root, "password", who->secret);
    json_write(d, false, &body);
    bool good = ask("POST", url, buf_str(&body), STR_NULL, a, &answer, e);
    mem_wipe(body.p, body.capacity);
    buf_fini(&body);
    if (!good)
        return false;
    if (answer.status != 200) {
        said(&answer, url, a, e);
        e->sys = EACCES;
        return err_append(e, " (as user \"%s\" from %s)", SHOWN(who->user), SHOWN(who->source));
    }
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(answer.body, LIMIT_TOKEN_BYTES, "Docker Hub's login", e);
    struct str token = doc ? json_get_str(yyjson_doc_get_root(doc), "token") : STR_NULL;
    *out = arena_join3(a, S("Authorization: Bearer "), token, STR_NULL);
    mem_wipe((char *)answer.body.p, answer.body.n);
    return doc && (token.n || err_set(e, ERR_FAILED, "%.*s gave no token", STR_ARG(url)));
}

static bool find_user(struct registries *r, const struct repository *repository, struct arena *a, struct credential *who, struct err *e) {
    *who = (struct credential){0};
    if (!credentials_find(&r->options, r->helpers, repository, a, who, e))
        return false;
    if (who->user.n && who->secret.n)
        return true;
    err_set(e, ERR_FAILED, "Docker Hub deletes tags for who logs in with a user and an access token: croze login");
    e->sys = EACCES;
    return false;
}

static bool ask_delete(struct str url, struct str authorization, struct arena *a, struct net_answer *answer, struct err *e) {
    for (unsigned tries = 1;; tries++) {
        *answer = (struct net_answer){0};
        bool answered = ask("DELETE", url, STR_NULL, authorization, a, answer, e);
        bool again = answered ? http_status_is_transient(answer->status) : answer->transient;
        if (!again || tries >= net_tries())
            return answered;
        log_debug("%s; it is asked for once more", answered ? "Docker Hub is busy" : e->msg);
        err_clear(e);
        net_wait_ms(pace_backoff_ms(tries));
    }
}

bool hub_delete_tag(struct registries *r, const struct repository *repository, struct str tag, struct err *e) {
    struct arena a = ARENA_INIT;
    struct credential who;
    struct net_answer answer = {0};
    struct str base, authorization = STR_NULL, url = STR_NULL;
    bool good = find_user(r, repository, &a, &who, e) && base_url(&a, &base, e) && log_in(base, &who, &a, &authorization, e);
    if (good) {
        struct str path = arena_join3(&a, S("/v2/repositories/"), repository->path, S("/tags/"));
        url = arena_join3(&a, base, path, arena_join3(&a, url_encode(&a, tag), S("/"), STR_NULL));
        good = ask_delete(url, authorization, &a, &answer, e);
    }
    if (good && answer.status >= 300) {
        good = said(&answer, url, &a, e);
        e->sys = answer.status == 404 ? ENOENT : answer.status == 401 || answer.status == 403 ? EACCES : 0;
    }
    mem_wipe((char *)authorization.p, authorization.n);
    credential_wipe(&who);
    arena_fini(&a);
    return good;
}
