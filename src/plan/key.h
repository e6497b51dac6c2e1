/* SPDX-License-Identifier: Apache-2.0
 *
 * Cache keys (docs/design.md "Cache keys"): a step and what it depends on -> a digest, and on demand the names of what went into it. */
#ifndef CROZE_PLAN_KEY_H
#define CROZE_PLAN_KEY_H

#include "plan/plan.h"

/* What a key is made of, by name, for people who ask why a step is done again (build/why.h). Texts are those of the step, or lie in the
 * arena. */
struct key_field {
    const char *what;             /* "environment", "the command": with the name it can be the subject of a sentence */
    struct str name, value;
    bool hidden;                  /* the value is a proxy or is called a secret: it is not given */
};
struct key_fields {
    struct arena *arena;
    struct key_field *p;
    size_t n, capacity;
};
#define KEY_FIELD_FILES "the files" /* COPY: the digest of its entries */
#define KEY_FIELD_LAYERS "the layers below" /* the ChainID */
#define KEY_FIELD_EPOCH "SOURCE_DATE_EPOCH"
#define KEY_FIELD_MOUNT "the content of mount" /* with an epoch its times, too */

struct key_context {
    struct digest chain;          /* ChainID of the parent layers (base/digest.h); zero on scratch, and for COPY --link */
    struct str platform;
    bool has_epoch;
    int64_t epoch;
    bool modes_git;
    struct str extra;             /* RUN: what the build's options let the command see besides (hosts, limits, /dev/shm), as one text in
                                     a fixed order; "" for none */
    struct key_fields *fields;    /* not NULL: key_* write here what they hash */
};
/* RUN: `mount_digests` are the content digests of the used subtrees, one a mount; those of mounts without content are not looked at. */
struct digest key_run(const struct key_context *k, const struct step_run *run, const struct digest *mount_digests);
/* COPY: `content` covers the entries as they will be written, mtimes apart (layer/copy.h computes it). */
struct digest key_copy(const struct key_context *k, const struct digest *content);
struct digest key_workdir(const struct key_context *k, struct str path, uint32_t uid, uint32_t gid);

#endif
