/* SPDX-License-Identifier: Apache-2.0
 *
 * Directories that RUN's cache mounts show, kept from build to build: mounts/<flavour>/<identity>-<n> (croze-store(5)). Of one identity
 * there may be several, its instances, since one that somebody has to himself makes the next one take another.
 *
 * Who uses an instance holds a lock on its directory (flock(2), so it ends with the process): shared, or exclusive. gc removes only what it
 * can lock. A name appears when the directory is complete and is locked by whoever made it. */
#ifndef CROZE_STORE_CACHE_MOUNT_H
#define CROZE_STORE_CACHE_MOUNT_H

#include "store/store.h"

struct cache_instance {
    int fd;            /* of the instance, with the lock; -1: none */
    char *files;       /* host path of the directory that is mounted */
};
#define CACHE_INSTANCE_INIT {-1, NULL}

/* What a look for an instance found. */
struct cache_found {
    bool taken;        /* *out is locked and ours */
    bool busy;         /* not taken, but there are some that others use */
    unsigned next;     /* not taken: the number that a new one would have */
};
/* Takes the first instance that can be locked without waiting. */
MUST_CHECK bool cache_instance_take(struct store *s, const struct digest *identity, bool exclusive, struct cache_instance *out,
                                    struct cache_found *found, struct err *e);
/* Makes `work`, a store_workdir() that holds files/ and info.json, the instance of that number. *made false: another process was faster,
 * look again; then `work` is as it was. */
MUST_CHECK bool cache_instance_make(struct store *s, const struct digest *identity, unsigned number, const char *work, bool exclusive,
                                    struct cache_instance *out, bool *made, struct err *e);
/* Marks it as used now and lets it go. */
void cache_instance_release(struct cache_instance *c);

/* Removes all of an identity that nobody uses. */
void cache_instances_remove(struct store *s, const struct digest *identity);

/* Whether the name is one of an instance. */
bool cache_instance_name(struct str name);
/* The lock that says that nobody uses mounts/<flavour>/<name>, to be released by close(2); -1: somebody does, or it is gone. */
int cache_instance_lock_unused(int flavour_dir, const char *name);

#endif
