/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of store/ share: the store's locks, the lease of this process, sets of digests, and the walk from an image to all it
 * reaches.
 *
 * Order of locks, outermost first: the lease's mutex, locks/gc, locks/index, locks/chunks. */
#ifndef CROZE_STORE_PRIVATE_H
#define CROZE_STORE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/mem.h"
#include "store/store.h"

/* --- Locks (store.c): files under locks/, never removed or replaced; flock(2) ends with the process --- */
enum store_lock_name { LOCK_GC, LOCK_INDEX, LOCK_CHUNKS };
/* The lock, to be released by close(2); -1 with an error, or without one if it is held elsewhere and `wait` is false. */
int store_lock(struct store *s, enum store_lock_name which, bool exclusive, bool wait, struct err *e);

/* --- Sets of digests --- */
struct digest_set {
    struct map map;
    struct arena arena;
};
#define DIGEST_SET_INIT {MAP_INIT, ARENA_INIT}
void digest_set_fini(struct digest_set *set);
bool digest_set_has(const struct digest_set *set, const struct digest *d);
bool digest_set_add(struct digest_set *set, const struct digest *d); /* false: was there */

/* --- Leases (lease.c) --- */
enum { LEASE_NAME_MAX = 32 };
struct lease {
    int fd; /* leases/<name>, locked exclusively as long as we live */
    char name[LEASE_NAME_MAX];
    pthread_mutex_t mutex; /* guards the rest: a flock belongs to an open file, so our threads take turns on gc_fd */
    int gc_fd;
    struct digest_set held;
    uint64_t bytes; /* length of the lease file */
    atomic_uint next_workdir;
};
MUST_CHECK bool lease_open(struct store *s, struct err *e);
void lease_close(struct store *s);
/* Between begin and end no gc runs. What must not fall between a look and a lease is done there; nothing that takes long is. */
MUST_CHECK bool lease_begin(struct store *s, struct err *e);
MUST_CHECK bool lease_add(struct store *s, const struct digest *d, struct err *e);
void lease_end(struct store *s);
/* Whether the process that made leases/<name> lives. When in doubt: yes. */
bool lease_is_alive(struct store *s, const char *name);
/* The same for the owner of work/<name>. */
bool workdir_is_alive(struct store *s, struct str name);
/* Calls `leased` for each digest of each living lease. */
MUST_CHECK bool lease_each(struct store *s, void (*leased)(void *ctx, const struct digest *d), void *ctx, struct err *e);
/* Removes what dead processes left: leases at once, and their work directories become ours (`dead`, to be removed when no lock is held).
 * The caller holds locks/gc exclusively. */
struct orphans {
    struct arena arena;
    struct str *names; /* in work/ */
    size_t n;
};
MUST_CHECK bool lease_sweep(struct store *s, struct orphans *dead, struct err *e);
void orphans_remove(struct store *s, struct orphans *dead); /* and frees the list */

/* --- Work directories (work.c) --- */
/* A name in work/ that is ours and free. */
void workdir_name(struct store *s, char out[LEASE_NAME_MAX + 16]);

/* --- Steps (step.c) --- */
MUST_CHECK bool step_read(struct store *s, const char *name, struct arena *a, struct step_record *out, struct err *e);

/* --- Downloads (download.c) --- */
MUST_CHECK bool download_read(struct store *s, const char *name, struct arena *a, struct download_record *out, struct err *e);
/* --- What keys were made of (why.c) --- */
/* Whether why/<name> is a record of that key, also for fsck and the fuzz target. */
MUST_CHECK bool why_parse(struct str json, const char *name, struct arena *a, struct why_record *out, struct err *e);
/* Calls `found` for each record whose step has none any more. */
MUST_CHECK bool why_orphans(struct store *s, void (*found)(void *ctx, int dir_fd, const char *name), void *ctx, struct err *e);

/* --- Where blobs came from (origin.c) --- */
/* Calls `found` for each record whose blob is gone. */
MUST_CHECK bool origin_orphans(struct store *s, void (*found)(void *ctx, int dir_fd, const char *name), void *ctx, struct err *e);

/* --- index.json (refs.c) --- */
/* The references that index.json holds; entries with digests that the store cannot hold (sha512) are left out. */
MUST_CHECK bool refs_parse(struct str json, struct arena *a, struct store_refs *out, struct err *e);

/* --- Index files (stat_index.c, chunk_index.c), also for fsck and the fuzz targets --- */
/* Whether the bytes are a sound index; *why (static) says what is wrong. */
bool stat_index_check(struct str file, const char **why);
bool chunk_index_check(struct str file, const char **why);
/* Rewrites chunks.idx without records whose blob is gone. */
MUST_CHECK bool chunk_index_compact(struct store *s, struct err *e);

/* --- Reaching (reach.c): from a manifest or index to everything that it names --- */
enum reach_kind { REACH_MANIFEST, REACH_CONFIG, REACH_LAYER, REACH_DIFF_ID, REACH_CHAIN_ID, REACH_CREATED };
enum reach_state {
    REACH_FINE,    /* always so for diffIDs, chainIDs and times, which name no blob */
    REACH_MISSING, /* the blob is not in the store */
    REACH_ABSENT,  /* so is this one, and may be: a platform of an index, a layer that may not be distributed */
    REACH_WRONG_SIZE,
    REACH_DAMAGED, /* the bytes of a manifest or configuration do not hash to its digest, or cannot be read */
};
struct reached {
    enum reach_kind kind;
    enum reach_state state;
    struct digest digest;
    const char *why;         /* of REACH_DAMAGED */
    struct timespec created; /* REACH_CREATED: when a configuration says that it or one of its steps was made; no digest then */
};
struct reach_visitor {
    bool (*visit)(void *ctx, const struct reached *r, struct err *e);
    void *ctx;
    struct digest_set *visited; /* manifests that were walked already, by this walk or an earlier one */
};
/* `bytes` is what a reference says about the size, UINT64_MAX if nothing does. What is no manifest reaches only itself. */
MUST_CHECK bool reach(struct store *s, const struct digest *d, uint64_t bytes, struct reach_visitor v, struct err *e);

/* --- Leftovers (leftover.c) --- */
/* Files with a draft's private name that have no writer any more: either no other croze uses this store (`alone`, which only holds under
 * locks/gc, exclusively), or nobody has written to them for an hour. */
struct leftovers {
    struct store *store;
    bool alone;
    void (*found)(void *ctx, const char *dir, const char *name, int dir_fd, const struct stat *st);
    void *ctx;
};
MUST_CHECK bool leftovers_find(const struct leftovers *l, struct err *e);
bool store_is_ours_alone(struct store *s);
/* Seconds since it was last written or renamed. */
int64_t stat_age_s(const struct stat *st);
/* Whether the name is a digest's 64 hex digits. */
bool name_is_digest(struct str name, struct digest *d);

/* --- Trees (tree_size.c) --- */
/* Bytes on disk below dir/name; no link is followed; what lies deeper than LIMIT_TREE_SIZE_DEPTH is not counted. */
uint64_t tree_size(int dir, const char *name);

#endif
