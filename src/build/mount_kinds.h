/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: one mount of a RUN, and what each kind does with it. A kind's *_prepare fills in `to`, which is zeroed but for its
 * target; what it opened is released by mount_source_close. */
#ifndef CROZE_BUILD_MOUNT_KINDS_H
#define CROZE_BUILD_MOUNT_KINDS_H

#include "build/mounts.h"

struct mount_source {
    const struct step_mount *mount;
    struct view view;     /* of another stage or image */
    bool has_view;
    char *mounted;        /* where an overlay stands, to be unmounted; NULL: none */
};

/* A fresh directory of the step's own, in the store's work directories: <what>-<i>. In the stage's arena; NULL with an error. */
char *mounts_fresh_dir(struct run_mounts *m, const char *what, size_t i, struct err *e);

/* bind: the context as the ignore file leaves it, a stage, an image (mount_bind.c). The digest is of what is shown, as COPY sees it. */
MUST_CHECK bool mount_bind_open(struct run_mounts *m, size_t i, struct err *e);
MUST_CHECK bool mount_bind_prepare(struct run_mounts *m, size_t i, struct sandbox_mount *to, struct err *e);

#endif
