/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/'s client: what all requests of a command share. */
#ifndef CROZE_REGISTRY_PRIVATE_H
#define CROZE_REGISTRY_PRIVATE_H

#include <pthread.h>

#include "base/map.h"
#include "net/http.h"
#include "registry/challenge.h"
#include "registry/credentials.h"
#include "registry/registries_conf.h"

/* How a host wants to be told who asks. */
enum auth_scheme { AUTH_UNKNOWN, AUTH_BASIC, AUTH_BEARER };

/* One that requests go to. Made once, freed at the end; what changes does so under registries.lock. */
struct host {
    struct str name;                /* "registry-1.docker.io", "localhost:5000" */
    bool insecure;                  /* TLS is not verified, and http will do */
    struct registry_side says;      /* what the command says of it, and of those that it sends us to */
    bool loopback;                  /* http will do */
    struct net_tls tls;
    /* --- under the lock --- */
    bool scheme_known, plain;       /* plain: it speaks http */
    enum auth_scheme auth;
    char *realm, *service;          /* of AUTH_BEARER; owned, or NULL */
    struct token *tokens;           /* tokens.c */
    uint64_t full_at_ns;            /* the bucket: when it will be full again (pace.c) */
    bool out_of_reach;              /* of a mirror: it was not there */
    bool told_limit, told_wait;     /* is said once */
};

struct registries {
    struct arena arena;             /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t token_came;
    pthread_mutex_t large;          /* is held by who holds a large answer; never together with `lock` */
    struct registry_options options;
    struct registries_conf conf;
    struct map hosts;               /* name, or name and "!" if insecure: struct host */
    struct map credentials;         /* credential_key: struct credential, of the list below */
    struct credential *distinct;
    bool told_searches;             /* under the lock */
    struct helpers *helpers;        /* has a lock of its own */
    uint64_t rate;                  /* requests a second and host */
};

/* --- places.c: where a repository is --- */
struct endpoint {
    struct host *host;
    struct repository named;        /* as credentials have it: "docker.io/library/alpine" */
    struct str path;                /* of the repository there */
    bool mirror;
};
enum { ENDPOINTS_MAX = LIMIT_MIRRORS + 1 };
struct endpoints {
    struct endpoint p[ENDPOINTS_MAX]; /* in the order in which they are asked; the last is the origin */
    size_t n;
};
/* `reads`: mirrors will do; `by_digest`: what is asked for has its digest in its name. */
MUST_CHECK bool endpoints_find(struct registries *r, const struct repository *q, bool reads, bool by_digest, struct arena *a,
                               struct endpoints *out, struct err *e);
/* A host by its name; its certificates are looked for. `says`: of whose registry it is a part. */
MUST_CHECK struct host *host_get(struct registries *r, struct str name, bool insecure, const struct registry_side *says, struct err *e);
struct url;
/* What a URL's host is called: with its port, if that is not https's own. */
struct str url_host(const struct url *u);
/* "https://localhost:5000" */
struct str host_base(struct arena *a, const struct host *h, bool plain);

/* Wipes and frees the tokens of a host. */
void tokens_free(struct host *h);

/* What credentials are kept under: "docker.io/library/alpine", of a mirror with another ending. */
struct str credential_key(struct arena *a, const struct repository *named, bool mirror);

/* --- certs.c --- */
MUST_CHECK bool certs_find(struct arena *a, const char *cert_dir, struct str host, struct net_tls *out, struct err *e);

/* --- pace.c --- */
/* Waits until the host's bucket has one. `said`: where a long wait is told of; may be NULL. */
void pace_wait(struct registries *r, struct host *h, struct progress_step *said);
/* Tells people of a wait that they would wonder about; of a short one nothing. `said` as above. */
void pace_tell(const struct host *h, const char *what, uint64_t ms, struct progress_step *said);
/* A 429: nobody asks before `seconds` have passed. */
void pace_close(struct registries *r, struct host *h, uint64_t seconds);
/* How long before try number n (from 1): doubles, with jitter. */
uint64_t pace_backoff_ms(unsigned n);

#endif
