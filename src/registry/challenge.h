/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: what a 401 asks for (RFC 9110 11.6.1; distribution's token specification), and the scopes of tokens. */
#ifndef CROZE_REGISTRY_CHALLENGE_H
#define CROZE_REGISTRY_CHALLENGE_H

#include "base/arena.h"
#include "base/limits.h"

struct challenge {
    struct str scheme;                        /* "Bearer" */
    struct str realm, service, scope, error;  /* parameters, or "" */
};
struct challenges {
    struct challenge p[LIMIT_CHALLENGES];     /* what is more is left out */
    size_t n;
};
/* Adds those of one WWW-Authenticate header. Any bytes are taken: what is no challenge is passed over. */
void challenges_add(struct arena *a, struct str header, struct challenges *list);
/* The first of that scheme, or NULL. */
const struct challenge *challenges_find(const struct challenges *list, const char *scheme);

/* What a token is to be good for: "repository:demo/product:pull,push", a resource only once. */
struct scopes {
    struct str p[LIMIT_SCOPES];
    size_t n;
};
/* Adds each of the scopes in `text`, which blanks part; actions for a resource that is there are joined, in alphabetical order. What is
 * over the limit is left out. */
void scopes_add(struct arena *a, struct scopes *s, struct str text);
/* All of them, sorted, with blanks between. */
struct str scopes_text(struct arena *a, const struct scopes *s);

#endif
