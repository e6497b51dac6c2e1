/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: where a list goes on (RFC 8288; distribution-spec, "Listing Tags" and "Listing Referrers"). */
#ifndef CROZE_REGISTRY_LINK_H
#define CROZE_REGISTRY_LINK_H

#include "registry/client.h"

/* The target, as it stands there, of the first link of a Link header whose relation is "next"; "" if there is none. Any bytes are taken. */
struct str link_next(struct str header);
/* The URL of the page behind `page`, or "" at the end. It is where the page itself came from, by scheme, host and port: nobody else is
 * asked, whatever a header says. */
MUST_CHECK bool link_follow(struct arena *a, const struct registry_answer *page, struct str *next, struct err *e);

#endif
