/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/'s client: one request of a caller on its way to one endpoint, tried as often as it takes. */
#ifndef CROZE_REGISTRY_CALL_H
#define CROZE_REGISTRY_CALL_H

#include "net/url.h"
#include "registry/private.h"

/* Who we were in a request, and what was asked of the token service: for the next try, and for words. */
struct auth {
    struct scopes scopes;
    struct credential *who;         /* NULL: not looked for yet */
    struct str header;              /* the value of Authorization, or "" */
    bool by_token;                  /* of a token service, which gives another one */
    bool renewed;                   /* a 401 was answered once: the next one is final */
};

struct call {
    struct registries *r;
    const struct registry_request *ask;
    const int *expect;
    struct arena *arena;
    const struct endpoint *at;
    struct auth auth;
    uint64_t got;                   /* bytes that `take` has had, over all tries */
    bool no_range, wrong_range;     /* the server will not, or cannot, go on in the middle */
    /* --- of the last try --- */
    struct str url;                 /* that answered */
    struct str origin;              /* its scheme, host and port */
    bool elsewhere;                 /* it is another host than the registry, or was on the way */
    struct host *to;                /* which */
    struct net_answer answer;
    uint64_t skip;                  /* bytes of the body that the taker has had */
    bool transient, has_wait;       /* of a failure */
    uint64_t wait_s;
};

/* --- auth.c --- */
/* Sets auth.header by what is known of the host. */
MUST_CHECK bool auth_prepare(struct call *c, struct err *e);
/* Wipes auth.header. */
void auth_forget(struct call *c);
/* After a 401: learns from it. *again: it is worth another try. */
MUST_CHECK bool auth_refused(struct call *c, bool *again, struct err *e);

/* --- tokens.c: those that are held. Thread-safe --- */
struct token;
/* NULL: one that is held, or that another thread has fetched meanwhile, is in *value (in the arena). Else the caller is to fetch it, and
 * calls token_came, whatever comes of that: others wait for it. */
struct token *token_claim(struct registries *r, struct host *h, struct str scopes, struct str identity, struct arena *a,
                          struct str *value);
/* value "": it did not come. */
void token_came(struct registries *r, struct token *t, struct str value, uint64_t good_for_s);
/* It is not used any more. */
void token_refused(struct registries *r, struct host *h, struct str value);

/* --- token.c: the token service --- */
/* `h`: the registry that named it. The token's text is in the arena. */
MUST_CHECK bool token_fetch(struct registries *r, struct host *h, struct str realm, struct str service, const struct scopes *scopes,
                            const struct credential *who, struct arena *a, struct str *token, uint64_t *good_for_s, struct err *e);
/* Reads its answer. */
MUST_CHECK bool token_parse(struct arena *a, struct str json, struct str *token, uint64_t *good_for_s, struct err *e);

/* --- send.c --- */
/* One try, with its redirects and a renewed token: true when an answer came, whatever its status. */
MUST_CHECK bool call_send(struct call *c, struct err *e);

/* --- words.c --- */
/* Says of an answer that is no success what there is to say; returns false. */
bool words_refused(const struct call *c, struct err *e);
/* Appends the next step to a message about a failure of the network; returns false. */
bool words_unreached(const struct host *h, enum net_failure failure, struct err *e);
/* What an error's body says, shown clean and cut, or "": registries' "errors", token services' "details", plain text. */
struct str words_said(struct arena *a, struct str body);
/* "as user \"bob\" from /root/.docker/config.json" / "without credentials". */
struct str words_identity(struct arena *a, const struct credential *who);
/* Tells once of a host that its limit is near. */
void words_rate_limit(struct call *c);

#endif
