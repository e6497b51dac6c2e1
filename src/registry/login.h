/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials that stay: what `login` and `logout` change in the files and helpers of docker and podman (docs/registry.md,
 * "Credentials"). */
#ifndef CROZE_REGISTRY_LOGIN_H
#define CROZE_REGISTRY_LOGIN_H

#include "registry/client.h"

/* "https://host:5000/v2/" -> "host:5000"; "", "index.docker.io" -> "docker.io". An error if it is no host, with or without a path behind
 * it, which narrows what the credentials are for (podman's). */
MUST_CHECK bool login_key(struct arena *a, struct str text, struct repository *out, struct err *e);

/* Keeps them: in --authfile, else REGISTRY_AUTH_FILE, else podman's file if it is there, else docker's; by the helper that is configured
 * there. *where says in what, for people. Files are replaced whole, with mode 0600; what else they hold stays. */
MUST_CHECK bool login_store(const struct registry_options *o, const struct repository *key, struct str user, struct str secret,
                            struct arena *a, struct str *where, struct err *e);
/* Takes them out of --authfile, else of every file that is there. *removed: there was something. */
MUST_CHECK bool login_erase(const struct registry_options *o, const struct repository *key, struct arena *a, bool *removed, struct err *e);
/* All of them: every host that the files know. */
MUST_CHECK bool login_erase_all(const struct registry_options *o, struct arena *a, bool *removed, struct err *e);
/* Who is logged in, "" if nobody is, and where that was found. */
MUST_CHECK bool login_user(const struct registry_options *o, const struct repository *key, struct arena *a, struct str *user,
                           struct str *where, struct err *e);

#endif
