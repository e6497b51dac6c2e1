/* SPDX-License-Identifier: Apache-2.0
 * Private to sandbox/: what tier.c asks of userns.c. */
#ifndef CROZE_SANDBOX_USERNS_H
#define CROZE_SANDBOX_USERNS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

/* One line of a uid_map or gid_map. */
struct id_range {
    uint32_t inside, outside, count;
};
typedef VEC(struct id_range) id_ranges;

/* The map of this user: id 0 is the user, 1.. are the ranges of /etc/subuid and /etc/subgid in their order. Errors name what is missing and
 * how it is mended. */
MUST_CHECK bool userns_ranges(id_ranges *uids, id_ranges *gids, struct err *e);
/* The same from the text of such a file; lines of others and broken lines are passed over. */
void subid_parse(struct str text, struct str name, uint32_t id, id_ranges *out);
/* Why the kernel refuses a user namespace, in words; errnum is what it said. */
bool userns_refused(int errnum, struct err *e);

#endif
