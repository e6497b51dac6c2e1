/* SPDX-License-Identifier: Apache-2.0
 *
 * The flags that every verb has which speaks to registries, as podman's users type them. */
#ifndef CROZE_CMD_REGISTRY_FLAGS_H
#define CROZE_CMD_REGISTRY_FLAGS_H

#include "cmd/opt.h"
#include "registry/client.h"

extern const struct opt registry_rows[]; /* as OPT_TABLE(registry_rows, "Registries") */
extern const struct opt registry_login_rows[]; /* the same for login, which keeps credentials and takes none */

/* All but the credentials. */
MUST_CHECK bool registry_flags_read(struct registry_options *out, struct err *e);
/* --creds, for the registry of `image`; without one it is wrong usage. */
MUST_CHECK bool registry_creds_read(struct str image, struct arena *a, struct registry_options *out, struct err *e);
bool registry_creds_given(void);
/* What is typed of one side of a copy; each may be NULL. */
struct registry_side_flags {
    const char *side;            /* "src", "dest" */
    const char *tls_verify, *cert_dir;
};
/* The same for the registry of `image`; given without one it is wrong usage. */
MUST_CHECK bool registry_side_read(const struct registry_side_flags *f, struct str image, struct arena *a, struct registry_side *out,
                                   struct err *e);
/* The same for another flag's value; NULL: it was not given. */
MUST_CHECK bool registry_creds_bind(const char *flag, const char *given, struct str image, struct arena *a, struct registry_creds *out,
                                    struct err *e);
/* What was typed -> the client, with --creds for the registry of `image`; NULL: an error. */
MUST_CHECK struct registries *registries_of_flags(struct str image, struct err *e);
static inline void registries_freep(struct registries **r) {
    registries_free(*r);
    *r = NULL;
}

#endif
