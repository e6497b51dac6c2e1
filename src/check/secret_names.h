/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a variable's name speaks of a secret: tools have lists of their own, and people expect theirs. Private to check/. */
#ifndef CROZE_CHECK_SECRET_NAMES_H
#define CROZE_CHECK_SECRET_NAMES_H

#include "base/str.h"

/* "DB_PASSWORD", and not where one lies: "DB_PASSWORD_FILE". */
bool is_secret_name(struct str name);
/* One of the words between underscores is BuildKit's. */
bool is_secret_for_buildkit(struct str name);
/* A part of it is hadolint's or Trivy's. */
bool is_secret_for_hadolint(struct str name);

#endif
