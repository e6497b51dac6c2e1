/* SPDX-License-Identifier: Apache-2.0
 *
 * What a RUN sees besides its root: the mounts that it asks for, each kind in a file of its own (mount_kinds.h), and /etc/resolv.conf and
 * /etc/hosts, which are never part of a layer. */
#ifndef CROZE_BUILD_MOUNTS_H
#define CROZE_BUILD_MOUNTS_H

#include "build/stage.h"
#include "sandbox/sandbox.h"

struct mount_source; /* one mount of the step, opened: mount_kinds.h */

struct run_mounts {
    struct stage *stage;
    const struct step *step;
    struct mount_source *sources;   /* one a mount of the step */
    struct digest *digests;         /* of what each mount shows or begins with, for the key; zero for kinds that show nothing of a source */
    struct sandbox_mount *list;     /* for the sandbox: filled in by run_mounts_prepare */
    size_t n;
    char *dir;                      /* where overlays are mounted, in the store's work directories; NULL: nothing needed it yet */
};

/* Opens the sources and computes their digests. */
MUST_CHECK bool run_mounts_open(struct run_mounts *m, struct stage *s, const struct step *step, struct err *e);
/* Makes what the step's mounts show; called on a miss only. It may wait for a cache mount, and tells `p` so. */
MUST_CHECK bool run_mounts_prepare(struct run_mounts *m, struct progress_step *p, struct err *e);
/* Adds the variables that mounts give to an environment; it must have room for as many as the step has mounts. */
size_t run_mounts_env(const struct run_mounts *m, const char **env);
/* Whether such a variable has this name. */
bool run_mounts_sets(const struct run_mounts *m, struct str name);
/* Whether a context that the step reads shows something else by now than what the key is of. */
MUST_CHECK bool run_mounts_changed(struct run_mounts *m, bool *changed, struct err *e);
/* Lets others use the step's cache mounts: its process has ended. */
void run_mounts_release(struct run_mounts *m);
void run_mounts_close(struct run_mounts *m);

#endif
