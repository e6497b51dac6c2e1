/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking tags and manifests out of a repository. Registries differ: most take a tag off when asked to; docker's own (2.x) deletes by digest
 * only, and with the digest every tag that names it; Docker Hub deletes through an API of its own. */
#ifndef CROZE_REGISTRY_DELETE_H
#define CROZE_REGISTRY_DELETE_H

#include "registry/place.h"

/* Takes the tag off, and nothing else: what it names stays for other tags. e->sys = ENOENT: there is no such tag. */
MUST_CHECK bool delete_tag(struct place *repository, struct str tag, struct err *e);
/* Deletes a manifest. Refused while a tag names it, or an index that a tag names. */
MUST_CHECK bool delete_manifest(struct place *repository, const struct digest *d, struct err *e);

#endif
