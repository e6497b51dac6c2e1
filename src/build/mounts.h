/* SPDX-License-Identifier: Apache-2.0
 *
 * What a RUN sees besides its root: the bind mounts that it asks for (from the context as the ignore file leaves it, from a stage, from an
 * image), and /etc/resolv.conf and /etc/hosts, which are never part of a layer. */
#ifndef CROZE_BUILD_MOUNTS_H
#define CROZE_BUILD_MOUNTS_H

#include "build/stage.h"
#include "sandbox/sandbox.h"

#define RUN_HOSTNAME "buildkitsandbox" /* BuildKit's name: what a program wrote there stays the same */

struct mount_source; /* one opened root or directory */

struct run_mounts {
    struct stage *stage;
    const struct step *step;
    struct mount_source *sources;   /* one a mount of the step */
    struct digest *digests;         /* of what each mount shows, for the key */
    struct sandbox_mount *list;     /* for the sandbox: filled in by run_mounts_prepare */
    size_t n;
    char *dir;                      /* where overlays are mounted, in the store's work directories */
};

/* Opens the sources and computes their digests. */
MUST_CHECK bool run_mounts_open(struct run_mounts *m, struct stage *s, const struct step *step, struct err *e);
/* Unpacks and mounts what the step's mounts show; called on a cache miss only. */
MUST_CHECK bool run_mounts_prepare(struct run_mounts *m, struct err *e);
void run_mounts_close(struct run_mounts *m);

#endif
