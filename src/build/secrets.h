/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of secrets: read once, when a build begins, into pages that no core dump shows, and wiped when it ends. They are written only
 * into a sandbox: a file on a tmpfs of its own, or a variable of its process. Read-only once loaded, so any thread may look. */
#ifndef CROZE_BUILD_SECRETS_H
#define CROZE_BUILD_SECRETS_H

#include "build/run_options.h"

struct secrets;

/* NULL with an error that names id and source (never the value): no such file, over LIMIT_SECRET_BYTES. */
MUST_CHECK struct secrets *secrets_load(const struct run_options *o, struct err *e);
void secrets_free(struct secrets *s); /* NULL is fine */
/* The value, which lives as long as the secrets do. False: none of that id was given. */
bool secrets_get(const struct secrets *s, struct str id, struct str *value);

/* "NAME=value" in pages of the same kind, for a sandbox's environment; to be freed with secret_text_free. */
struct secret_text {
    char *p;
    size_t pages_bytes;
};
struct secret_text secret_variable(struct str name, struct str value);
void secret_text_free(struct secret_text *t); /* wipes it; a zeroed one is fine */

#endif
