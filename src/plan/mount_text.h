/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of RUN --mount: its fields, which of them belong to which type of mount, and their values. */
#ifndef CROZE_PLAN_MOUNT_TEXT_H
#define CROZE_PLAN_MOUNT_TEXT_H

#include "plan/plan.h"
#include "plan/site.h"

enum mount_key {
    MOUNT_TYPE, MOUNT_FROM, MOUNT_SOURCE, MOUNT_TARGET, MOUNT_READONLY, MOUNT_READWRITE, MOUNT_ID, MOUNT_SHARING, MOUNT_REQUIRED,
    MOUNT_SIZE, MOUNT_MODE, MOUNT_UID, MOUNT_GID, MOUNT_ENV, MOUNT_KEYS,
};

/* What was written, without defaults. */
struct mount_text {
    enum mount_kind kind;
    struct str from;          /* not expanded: source.h */
    struct str source, target, id, env;
    bool readonly, required;
    enum cache_sharing sharing;
    uint64_t size_bytes;
    uint32_t mode, uid, gid;
    unsigned given;           /* a bit for each mount_key that is there */
    unsigned open;            /* of these the ones that are not expanded yet: their values are not here */
};
bool mount_has(const struct mount_text *m, enum mount_key key);

/* `s` expands the values; NULL: before anything runs, when only what has no variables can be judged. `a` is for the texts. */
MUST_CHECK bool mount_read(struct arena *a, const struct site *at, const struct df_flag *mount, struct scope *s, struct mount_text *out,
                           struct err *e);

#endif
