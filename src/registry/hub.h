/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: Docker Hub's own API, which alone deletes tags there; its registry answers 405. */
#ifndef CROZE_REGISTRY_HUB_H
#define CROZE_REGISTRY_HUB_H

#include "registry/client.h"

bool hub_is(const struct repository *r);
/* Logs in with the credentials that are there for the repository, and deletes the tag. e->sys = ENOENT: there is no such tag. */
MUST_CHECK bool hub_delete_tag(struct registries *r, const struct repository *repository, struct str tag, struct err *e);

#endif
