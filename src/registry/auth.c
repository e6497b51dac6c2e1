/* SPDX-License-Identifier: Apache-2.0
 * Who we are in a request: what a host wants is learnt from its first 401 and remembered; tokens are kept by their scopes, and one that
 * many threads need is fetched by one of them. See call.h. */
#include "base/log.h"
#include "net/words.h"
#include "registry/call.h"

enum { SPARE_S = 10 }; /* a token that ends this soon is not used any more */

#define NS_IN_S UINT64_C(1000000000)

struct str credential_key(struct arena *a, const struct repository *named, bool mirror) {
    return arena_join3(a, repository_text(a, named), mirror ? S(" mirror") : S(""), STR_NULL);
}

static struct credential *known_who(struct registries *r, struct str key) {
    pthread_mutex_lock(&r->lock);
    struct credential *who = map_get(&r->credentials, key);
    pthread_mutex_unlock(&r->lock);
    return who;
}

/* Another thread may have found the same meanwhile: the first one stays, since requests use it. */
static struct credential *keep_who(struct registries *r, struct str key, const struct credential *found) {
    pthread_mutex_lock(&r->lock);
    struct credential *who = map_get(&r->credentials, key);
    if (!who) {
        who = arena_new(&r->arena, struct credential);
        credential_copy(&r->arena, found, who);
        map_put(&r->credentials, arena_str(&r->arena, key), who);
    }
    pthread_mutex_unlock(&r->lock);
    return who;
}

/* --creds are for the registry that was named, wherever registries.conf has it, and not for its mirrors. Looked for without the
 * lock: a helper may take its time, and other hosts do not wait for it. */
static struct credential *find_who(struct registries *r, const struct repository *asked, const struct endpoint *at, struct err *e) {
    struct registry_options options = r->options;
    for (size_t i = 0; i < 2; i++) {
        bool meant = !at->mirror && str_eq(options.creds[i].host, asked->host);
        if (meant)
            options.creds[i].host = at->named.host;
        else
            options.creds[i] = (struct registry_creds){0};
    }
    struct arena scratch = ARENA_INIT;
    struct credential found = {0};
    struct str key = credential_key(&scratch, &at->named, at->mirror);
    struct credential *who = known_who(r, key);
    if (!who && credentials_find(&options, r->helpers, &at->named, &scratch, &found, e))
        who = keep_who(r, key, &found);
    credential_wipe(&found);
    arena_fini(&scratch);
    return who;
}

/* --- Scopes --- */

static void ask_scope(struct call *c, struct str path, const char *actions) {
    if (path.n)
        scopes_add(c->arena, &c->auth.scopes, arena_printf(c->arena, "repository:%.*s:%s", STR_ARG(path), actions));
}

static void ask_scopes(struct call *c) {
    if (c->auth.scopes.n || !c->ask->actions)
        return;
    ask_scope(c, c->at->path, c->ask->actions);
    if (c->ask->also_pull)
        ask_scope(c, c->ask->also_pull->path, "pull");
}

/* --- Tokens --- */

/* Ours for these scopes, if it is there or on its way. Under the lock. */
static struct token *find_token(struct host *h, struct str scopes, struct str identity) {
    for (struct token *t = h->tokens; t; t = t->next)
        if (str_eq(t->scopes, scopes) && str_eq(t->identity, identity))
            return t;
    return NULL;
}

static struct token *new_token(struct registries *r, struct host *h, struct str scopes, struct str identity) {
    struct token *t = arena_new(&r->arena, struct token);
    *t = (struct token){.scopes = arena_str(&r->arena, scopes), .identity = arena_str(&r->arena, identity), .next = h->tokens};
    h->tokens = t;
    return t;
}

/* Under the lock: the token, to be fetched if *fetch. */
static struct token *claim_token(struct call *c, struct str scopes, struct str identity, bool *fetch) {
    struct host *h = c->at->host;
    struct token *t = find_token(h, scopes, identity);
    if (!t)
        t = new_token(c->r, h, scopes, identity);
    while (t->coming)
        pthread_cond_wait(&c->r->token_came, &c->r->lock);
    *fetch = t->value.n == 0 || t->expires_ns < log_now_ns();
    t->coming = *fetch;
    return t;
}

static void keep_token(struct call *c, struct token *t, bool came, struct str value, uint64_t good_for_s) {
    pthread_mutex_lock(&c->r->lock);
    t->coming = false;
    t->value = came ? arena_str(&c->r->arena, value) : S("");
    t->expires_ns = log_now_ns() + (good_for_s > SPARE_S * 2 ? good_for_s - SPARE_S : good_for_s / 2) * NS_IN_S;
    pthread_cond_broadcast(&c->r->token_came);
    pthread_mutex_unlock(&c->r->lock);
}

static struct str bearer(struct arena *a, struct str token) {
    return arena_join3(a, S("Bearer "), token, STR_NULL);
}

static bool use_token(struct call *c, struct str realm, struct str service, struct err *e) {
    struct auth *auth = &c->auth;
    struct str scopes = scopes_text(c->arena, &auth->scopes), value = S("");
    struct str identity = arena_join3(c->arena, auth->who->source, S(" "), auth->who->user);
    uint64_t good_for_s = 0;
    bool fetch = false;
    pthread_mutex_lock(&c->r->lock);
    auth->token = claim_token(c, scopes, identity, &fetch);
    if (!fetch)
        auth->header = bearer(c->arena, auth->token->value);
    pthread_mutex_unlock(&c->r->lock);
    if (!fetch)
        return true;
    bool came = token_fetch(c->r, c->at->host, realm, service, &auth->scopes, auth->who, c->arena, &value, &good_for_s, e);
    keep_token(c, auth->token, came, value, good_for_s);
    if (came)
        auth->header = bearer(c->arena, value);
    mem_wipe((char *)value.p, value.n);
    return came;
}

/* Another thread may have a new one already: only the one that was refused is dropped. */
static void drop_token(struct call *c) {
    struct token *t = c->auth.token;
    if (!t)
        return;
    pthread_mutex_lock(&c->r->lock);
    if (!t->coming && str_starts(c->auth.header, S("Bearer ")) && str_eq(str_from(c->auth.header, 7), t->value))
        t->value = S("");
    pthread_mutex_unlock(&c->r->lock);
}

/* --- The request --- */

void auth_forget(struct call *c) {
    if (c->auth.header.n)
        mem_wipe((char *)c->auth.header.p, c->auth.header.n);
    c->auth.header = S("");
}

bool auth_prepare(struct call *c, struct err *e) {
    struct host *h = c->at->host;
    pthread_mutex_lock(&c->r->lock);
    enum auth_scheme scheme = h->auth;
    struct str realm = h->realm, service = h->service;
    pthread_mutex_unlock(&c->r->lock);
    auth_forget(c);
    ask_scopes(c);
    if (scheme == AUTH_UNKNOWN)
        return true;
    if (!c->auth.who && !(c->auth.who = find_who(c->r, c->ask->repository, c->at, e)))
        return false;
    if (c->auth.who->registry_token.n)
        c->auth.header = bearer(c->arena, c->auth.who->registry_token);
    else if (scheme == AUTH_BEARER)
        return use_token(c, realm, service, e);
    else if (c->auth.who->secret.n)
        c->auth.header = http_basic(c->arena, c->auth.who->user, c->auth.who->secret);
    return true;
}

static void learn(struct call *c, enum auth_scheme scheme, const struct challenge *bearer_challenge) {
    struct host *h = c->at->host;
    pthread_mutex_lock(&c->r->lock);
    h->auth = scheme;
    if (bearer_challenge && !(str_eq(h->realm, bearer_challenge->realm) && str_eq(h->service, bearer_challenge->service))) {
        h->realm = arena_str(&c->r->arena, bearer_challenge->realm);
        h->service = arena_str(&c->r->arena, bearer_challenge->service);
    }
    pthread_mutex_unlock(&c->r->lock);
}

bool auth_refused(struct call *c, bool *again, struct err *e) {
    struct challenges list = {0};
    struct auth *auth = &c->auth;
    *again = false;
    for (const struct net_header *h = c->answer.headers; h; h = h->next)
        if (str_eq_nocase(h->name, S("WWW-Authenticate")))
            challenges_add(c->arena, h->value, &list);
    if (!auth->who && !(auth->who = find_who(c->r, c->ask->repository, c->at, e)))
        return false;
    const struct challenge *b = challenges_find(&list, "Bearer"), *basic = challenges_find(&list, "Basic");
    bool tried = auth->header.n && !auth->token; /* the secret itself, or a token that we cannot renew */
    if (auth->renewed || (tried && !b) || (!b && !basic))
        return true;
    if (b && b->realm.n) {
        drop_token(c);
        scopes_add(c->arena, &auth->scopes, b->scope);
        learn(c, AUTH_BEARER, b);
    } else if (basic) {
        learn(c, AUTH_BASIC, NULL);
    } else {
        return err_set(e, ERR_FAILED, "the registry wants a token, and names no service that gives one");
    }
    auth->renewed = true;
    *again = b || auth->who->secret.n || auth->who->registry_token.n;
    return true;
}
