/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: who we are to a registry: docs/registry.md, "Credentials". */
#ifndef CROZE_REGISTRY_CREDENTIALS_H
#define CROZE_REGISTRY_CREDENTIALS_H

#include "registry/client.h"

struct credential {
    bool found;
    struct str user, secret;
    struct str identity_token;  /* for the token service (oauth2); then user and secret are "" */
    struct str registry_token;  /* used as it is; then all others are "" */
    struct str source;          /* for messages: "/root/.docker/config.json", "docker-credential-pass", "--creds" */
    struct str problem;         /* why a place that is named could not be asked; "" */
    struct credential *next;    /* of those that a client holds */
};

struct helpers;

/* Looks in all places. Nothing found is no error. It may take as long as a helper does. */
MUST_CHECK bool credentials_find(const struct registry_options *o, struct helpers *h, const struct repository *r, struct arena *a,
                                 struct credential *out, struct err *e);
/* With its texts. */
void credential_copy(struct arena *a, const struct credential *from, struct credential *out);
bool credential_eq(const struct credential *a, const struct credential *b);
void credential_wipe(struct credential *c);

/* One file's text. `legacy`: .dockercfg. *out is set where it has something for the repository. */
MUST_CHECK bool auth_file_find(struct arena *a, struct str text, const char *what, bool legacy, struct helpers *h,
                               const struct repository *r, struct credential *out, struct err *e);
/* "https://index.docker.io/v1/" -> "docker.io", "https://host/v2/" -> "host": how keys are compared. */
struct str auth_key_normal(struct str key);

/* Paths of the files in their order, "" for those that cannot be named here. */
struct auth_places {
    struct str authfile, environment, runtime, config, docker, legacy;
};
void auth_places_find(const struct registry_options *o, struct arena *a, struct auth_places *out);

/* --- helpers.c: what they have said, for the time of a command. Thread-safe. --- */
struct helpers *helpers_new(void);
void helpers_free(struct helpers *h); /* NULL is fine */
/* helper_get, but that each is asked once for a server: who wants the same waits for the answer, and nobody else does. That one failed is
 * warned of once, and an error for everyone. */
MUST_CHECK bool helpers_get(struct helpers *h, struct arena *a, struct str helper, struct str server, struct credential *out,
                            struct err *e);

/* --- helper.c: docker-credential-NAME --- */
/* *found false: it has none. */
MUST_CHECK bool helper_get(struct arena *a, struct str name, struct str server, struct credential *out, struct err *e);
MUST_CHECK bool helper_store(struct str name, struct str server, struct str user, struct str secret, struct err *e);
MUST_CHECK bool helper_erase(struct str name, struct str server, struct err *e);

#endif
