/* SPDX-License-Identifier: Apache-2.0
 *
 * Of which registry an image is, and whether it is among those that images may come from (check_policy.registries). */
#ifndef CROZE_CHECK_REGISTRIES_H
#define CROZE_CHECK_REGISTRIES_H

#include "check/check.h"

/* "example.com" of "example.com/x:1"; "" if it is not named: docker.io. */
struct str registry_of(struct str image);
/* Entries are names, "*", "*.example.com" and "example.*"; all of docker.io's names are one. No entry: any. */
bool registry_is_trusted(const struct str_list *list, struct str registry);

#endif
