/* SPDX-License-Identifier: Apache-2.0
 * Who we are in a request: what a host wants is learnt from its first 401 and remembered, and so is who we are. See call.h. */
#include "base/log.h"
#include "net/words.h"
#include "registry/call.h"

struct str credential_key(struct arena *a, const struct repository *named, bool mirror) {
    return arena_join3(a, repository_text(a, named), mirror ? S(" mirror") : S(""), STR_NULL);
}

static struct credential *known_who(struct registries *r, struct str key) {
    pthread_mutex_lock(&r->lock);
    struct credential *who = map_get(&r->credentials, key);
    pthread_mutex_unlock(&r->lock);
    return who;
}

/* One copy of each, since thousands of repositories may have the same. */
static struct credential *copy_of(struct registries *r, const struct credential *found) {
    for (struct credential *had = r->distinct; had; had = had->next)
        if (credential_eq(had, found))
            return had;
    struct credential *who = arena_new(&r->arena, struct credential);
    credential_copy(&r->arena, found, who);
    who->next = r->distinct;
    r->distinct = who;
    return who;
}

/* Another thread may have found the same meanwhile: the first one stays, since requests use it. */
static struct credential *keep_who(struct registries *r, struct str key, const struct credential *found) {
    pthread_mutex_lock(&r->lock);
    struct credential *who = map_get(&r->credentials, key);
    if (!who) {
        who = copy_of(r, found);
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

static struct str bearer(struct arena *a, struct str token) {
    return arena_join3(a, S("Bearer "), token, STR_NULL);
}

static bool use_token(struct call *c, struct str realm, struct str service, struct err *e) {
    struct auth *auth = &c->auth;
    struct str scopes = scopes_text(c->arena, &auth->scopes), value = S("");
    struct str identity = arena_join3(c->arena, auth->who->source, S(" "), auth->who->user);
    uint64_t good_for_s = 0;
    struct token *fetch = token_claim(c->r, c->at->host, scopes, identity, c->arena, &value);
    bool good = !fetch || token_fetch(c->r, c->at->host, realm, service, &auth->scopes, auth->who, c->arena, &value, &good_for_s, e);
    if (fetch)
        token_came(c->r, fetch, good ? value : S(""), good_for_s);
    if (good)
        auth->header = bearer(c->arena, value);
    auth->by_token = good;
    mem_wipe((char *)value.p, value.n);
    return good;
}

/* Another thread may have a new one already: only the one that was refused is dropped. */
static void drop_token(struct call *c) {
    if (c->auth.by_token)
        token_refused(c->r, c->at->host, str_from(c->auth.header, S("Bearer ").n));
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
    struct str realm = arena_str(c->arena, str_z(h->realm)), service = arena_str(c->arena, str_z(h->service));
    pthread_mutex_unlock(&c->r->lock);
    auth_forget(c);
    c->auth.by_token = false;
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

static void replace(char **to, struct str by) {
    free(*to);
    *to = mem_strndup(by.p ? by.p : "", by.n);
}

static void learn(struct call *c, enum auth_scheme scheme, const struct challenge *bearer_challenge) {
    struct host *h = c->at->host;
    pthread_mutex_lock(&c->r->lock);
    h->auth = scheme;
    if (bearer_challenge) {
        replace(&h->realm, bearer_challenge->realm);
        replace(&h->service, bearer_challenge->service);
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
    bool tried = auth->header.n && !auth->by_token; /* the secret itself, or a token that we cannot renew */
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
