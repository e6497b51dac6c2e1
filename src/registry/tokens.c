/* SPDX-License-Identifier: Apache-2.0
 * The tokens of a host that are held: one for each combination of scopes and identity, fetched by one thread for all that need it. A mirror
 * job speaks to thousands of repositories, each with a token of its own, and a registry may make tokens as long and as short-lived as it
 * likes: so few are kept, the newest. See call.h. */
#include "base/log.h"
#include "base/mem.h"
#include "registry/call.h"

enum { SPARE_S = 10 }; /* a token that ends this soon is not used any more */

#define NS_IN_S UINT64_C(1000000000)

struct token {
    char *scopes, *identity; /* of what; whose */
    char *value;             /* or NULL: not there yet */
    uint64_t expires_ns;     /* log_now_ns */
    bool coming;             /* somebody fetches it */
    struct token *next;
};

static void forget_value(struct token *t) {
    if (t->value)
        mem_wipe(t->value, strlen(t->value));
    free(t->value);
    t->value = NULL;
}

static void token_free(struct token *t) {
    forget_value(t);
    free(t->scopes);
    free(t->identity);
    free(t);
}

void tokens_free(struct host *h) {
    for (struct token *t = h->tokens, *next; t; t = next) {
        next = t->next;
        token_free(t);
    }
    h->tokens = NULL;
}

/* --- Under the lock of the registries --- */

/* The last one goes that nobody fetches: threads hold no others. */
static void make_room(struct host *h) {
    struct token **last = NULL;
    size_t n = 0;
    for (struct token **t = &h->tokens; *t; t = &(*t)->next, n++)
        if (!(*t)->coming)
            last = t;
    if (n < LIMIT_TOKENS || !last)
        return;
    struct token *gone = *last;
    *last = gone->next;
    token_free(gone);
}

static struct token *find(struct host *h, struct str scopes, struct str identity) {
    for (struct token *t = h->tokens; t; t = t->next)
        if (str_eqz(scopes, t->scopes) && str_eqz(identity, t->identity))
            return t;
    return NULL;
}

static struct token *add(struct host *h, struct str scopes, struct str identity) {
    make_room(h);
    struct token *t = mem_zalloc(1, sizeof *t);
    t->scopes = mem_strndup(scopes.p ? scopes.p : "", scopes.n);
    t->identity = mem_strndup(identity.p ? identity.p : "", identity.n);
    t->next = h->tokens;
    h->tokens = t;
    return t;
}

/* --- */

struct token *token_claim(struct registries *r, struct host *h, struct str scopes, struct str identity, struct arena *a,
                          struct str *value) {
    struct token *t;
    pthread_mutex_lock(&r->lock);
    while ((t = find(h, scopes, identity)) && t->coming) /* which may be gone when that has come */
        pthread_cond_wait(&r->token_came, &r->lock);
    bool usable = t && t->value && t->expires_ns >= log_now_ns();
    if (usable)
        *value = arena_str(a, str_z(t->value));
    else if (!t)
        t = add(h, scopes, identity);
    t->coming = !usable;
    pthread_mutex_unlock(&r->lock);
    return usable ? NULL : t;
}

void token_came(struct registries *r, struct token *t, struct str value, uint64_t good_for_s) {
    pthread_mutex_lock(&r->lock);
    forget_value(t);
    t->coming = false;
    t->value = value.n ? mem_strndup(value.p, value.n) : NULL;
    t->expires_ns = log_now_ns() + (good_for_s > SPARE_S * 2 ? good_for_s - SPARE_S : good_for_s / 2) * NS_IN_S;
    pthread_cond_broadcast(&r->token_came);
    pthread_mutex_unlock(&r->lock);
}

void token_refused(struct registries *r, struct host *h, struct str value) {
    pthread_mutex_lock(&r->lock);
    for (struct token *t = h->tokens; t; t = t->next)
        if (!t->coming && str_eq(str_z(t->value), value))
            forget_value(t);
    pthread_mutex_unlock(&r->lock);
}
