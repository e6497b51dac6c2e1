/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: one mount of a RUN, and what each kind does with it. A kind's *_prepare fills in `to`, which is zeroed but for its
 * target; what it opened is released by mount_source_close. */
#ifndef CROZE_BUILD_MOUNT_KINDS_H
#define CROZE_BUILD_MOUNT_KINDS_H

#include "build/mounts.h"
#include "layer/entry.h"
#include "store/cache_mount.h"

struct mount_source {
    const struct step_mount *mount;
    struct read_root root; /* what it reads from, if `opened` */
    bool opened;
    char *owned;          /* where the context stands with its owner as 0, to be unmounted; NULL: nowhere */
    char *mounted;        /* where an overlay stands, to be unmounted; NULL: none */
    struct digest identity;               /* cache */
    struct cache_instance cache;          /* cache: taken */
    struct secret_text variable;          /* secret: "NAME=value" */
    struct ssh_relay *relay;              /* ssh */
    const struct mount_source *same_cache; /* cache: the other mount of the step that took it */
};

/* A fresh directory of the step's own, in the store's work directories: <what>-<i>. In the stage's arena; NULL with an error. */
char *mounts_fresh_dir(struct run_mounts *m, const char *what, size_t i, struct err *e);

/* Says which mount an error is about, by its target and by the place of its flag. Returns false. */
bool mount_failed(struct run_mounts *m, const struct step_mount *mount, struct err *e);

/* bind: the context as the ignore file leaves it, a stage, an image (mount_bind.c). The digest is of what is shown, as COPY sees it. */
MUST_CHECK bool mount_bind_open(struct run_mounts *m, size_t i, struct err *e);
/* Whether a context shows something else than when it was opened. */
MUST_CHECK bool mount_bind_changed(struct run_mounts *m, size_t i, bool *changed, struct err *e);
/* The entries below the source, as COPY SOURCE / would write them; the source itself, symlinks followed. */
MUST_CHECK bool mount_source_entries(struct run_mounts *m, size_t i, struct entry_sink sink, bool digests, struct err *e);
MUST_CHECK bool mount_source_stat(struct run_mounts *m, size_t i, struct stat *out, struct err *e);
MUST_CHECK bool mount_bind_prepare(struct run_mounts *m, size_t i, struct sandbox_mount *to, struct err *e);

/* cache: a directory of the store (mount_cache.c). Its digest is of what it begins with. */
MUST_CHECK bool mount_cache_open(struct run_mounts *m, size_t i, struct err *e);
/* Takes, makes or waits for the caches of the whole step; the waiting is told to `p`. */
MUST_CHECK bool mount_caches_take(struct run_mounts *m, struct progress_step *p, struct err *e);
/* At the end of a build that stands for itself (build_options.apart): removes its caches. */
void mount_caches_forget(struct build *b);
void mount_cache_prepare(struct run_mounts *m, size_t i, struct sandbox_mount *to);

/* secret: bytes in memory (mount_secret.c). *is_mount false: it is not mounted, but may be a variable. */
MUST_CHECK bool mount_secret_prepare(struct run_mounts *m, size_t i, struct sandbox_mount *to, bool *is_mount, struct err *e);

/* ssh: a socket before the agent (mount_ssh.c). *is_mount false: there is no agent, and there need not be one. */
MUST_CHECK bool mount_ssh_prepare(struct run_mounts *m, size_t i, struct sandbox_mount *to, bool *is_mount, struct err *e);

#endif
