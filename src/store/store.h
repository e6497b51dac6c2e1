/* SPDX-License-Identifier: Apache-2.0
 *
 * store/ is everything on disk: an OCI image layout (oci-layout, index.json, blobs/sha256/) that other tools read as it lies, and beside it
 * croze's own, rebuildable things (toc/, marks/, trees/, steps/, stat/, chunks.idx, downloads/, gits/, leases/, work/, locks). Formats and
 * rules: croze-store(5).
 *
 * Crash rule: a name is visible only when what it names is complete. Every writer uses a draft (sys/files.h) and publishes it; kill -9 or a
 * full disk at any moment leaves the old state or the new one. What lies under work/ belongs to a lease; without a living one it is swept.
 * gc rule: whoever relies on a digest leases it (store_lease) BEFORE asking whether it exists; gc reads all leases under the exclusive
 * lock. */
#ifndef CROZE_STORE_STORE_H
#define CROZE_STORE_STORE_H

#include "base/digest.h"
#include "sys/files.h"

struct layer_watch;
struct store {
    char *root;              /* absolute path */
    int root_fd, blobs_fd, toc_fd, steps_fd, trees_fd, work_fd; /* directories */
    int marks_fd;                                               /* or -1: a store that is only read may have none */
    int downloads_fd, urls_fd, gits_fd;                         /* downloads/sha256, downloads/urls, gits */
    const char *flavour;     /* of trees/: "host-trusted" (T0) or "<uid map>-user" (T1), see croze-store(5) */
    bool sync;               /* fsync before publishing (default true; tests of many builds may turn it off with CROZE_NO_SYNC=1) */
    struct lease *lease;     /* this process's, opened with the store; NULL if it is read_only */
    int read_only;           /* 0, or why nothing can be written (an errno): then store_open_to_read opened it */
    const struct layer_watch *watch; /* who looks at files of layers that come in (layer/watch.h), or NULL; set by who opened the store */
    int reading;             /* locks/gc, held shared as long as a read_only store is open; -1: there is none to hold */
};

/* Opens or makes the store at `root` (NULL: $CROZE_ROOT, else $XDG_DATA_HOME/croze or ~/.local/share/croze; /var/lib/croze for root). A
 * directory that holds something else is refused. */
MUST_CHECK bool store_open(struct store *s, const char *root, const char *flavour, struct err *e);
/* The same for who only reads: a store that this process may not write is opened all the same, if it is there. No gc runs while it is
 * open. */
MUST_CHECK bool store_open_to_read(struct store *s, const char *root, const char *flavour, struct err *e);
void store_close(struct store *s);
/* Whether there is one, for who would not make one to look into it. */
bool store_exists(const char *root);

/* --- Blobs --- */
MUST_CHECK bool store_lease(struct store *s, const struct digest *d, struct err *e); /* thread-safe */
bool store_has_blob(struct store *s, const struct digest *d, uint64_t *size /* may be NULL */);
/* Opens it for reading; *size may be NULL. e->sys = ENOENT when it is not there. */
MUST_CHECK int store_open_blob(struct store *s, const struct digest *d, uint64_t *size, struct err *e);
/* Publishes a complete draft (its fd at any position) whose digest the caller computed while writing it. */
MUST_CHECK bool store_publish_blob(struct store *s, struct file_draft *draft, const struct digest *d, struct err *e);
MUST_CHECK bool store_draft(struct store *s, struct file_draft *draft, struct err *e); /* in blobs/sha256 */
MUST_CHECK bool store_put_blob(struct store *s, struct str bytes, struct digest *out, struct err *e);
/* Reads a small blob (a manifest, a configuration) whole, re-hashes it, refuses a mismatch. */
MUST_CHECK bool store_get_blob(struct store *s, const struct digest *d, struct buf *out, struct err *e);

/* The turn to bring a blob from elsewhere, which one has at a time, of all threads and commands: a descriptor, to be closed when the blob
 * has its name, or will not get it. -1 without an error: somebody else has it. Who has it looks (again) whether the blob is there.
 * Thread-safe. */
MUST_CHECK int store_arrival_try(struct store *s, const struct digest *d, struct err *e);

/* --- Where blobs came from: origins/ (croze-store(5)) --- */
/* Repositories ("docker.io/library/alpine") that the blob was pulled from or pushed to, the newest first; false: none is known. */
bool store_origins(struct store *s, const struct digest *d, struct arena *a, struct str **out, size_t *n);
MUST_CHECK bool store_origin_add(struct store *s, const struct digest *d, struct str repository, struct err *e);

/* --- Names: index.json --- */
struct store_ref {
    struct str name;         /* org.opencontainers.image.ref.name, normalised ("demo/product:1.0"); "" for an untagged image */
    struct digest manifest;
    uint64_t manifest_bytes;
    struct str media_type;
};
struct store_refs {
    struct store_ref *p;
    size_t n;
};
MUST_CHECK bool store_refs_read(struct store *s, struct arena *a, struct store_refs *out, struct err *e);
/* Under the index lock: sets name to the manifest (an image that loses its last name stays as untagged); name "" just adds the image. */
MUST_CHECK bool store_refs_set(struct store *s, struct str name, const struct store_ref *image, struct err *e);
/* Removes one name; *last tells that no other name is left for its manifest, and then the image entry is gone too unless keep_image. */
MUST_CHECK bool store_refs_remove(struct store *s, struct str name, bool keep_image, bool *last, struct err *e);
/* Removes every entry of a manifest that has at most `most` names; *names tells how many it had, or has. */
MUST_CHECK bool store_refs_remove_image(struct store *s, const struct digest *manifest, size_t most, size_t *names, struct err *e);

/* --- Step records: steps/<key> --- */
struct step_record {
    struct digest diff_id, blob;
    uint64_t blob_bytes, tar_bytes;
    struct str compression, encoder_id;
    int64_t created_s;       /* when the step was carried out */
    uint32_t created_ns;
    bool has_layer;          /* false: a record of a time only (docs/design.md "Times") */
    struct str title;        /* for people: what it was */
    int64_t took_ms;         /* for people: how long */
};
/* *found false: no record, or one whose blob is gone or damaged in size. Marks the record as used now. Leases the blob. */
MUST_CHECK bool store_step_get(struct store *s, const struct digest *key, struct arena *a, struct step_record *out, bool *found,
                               struct err *e);
MUST_CHECK bool store_step_put(struct store *s, const struct digest *key, const struct step_record *r, struct err *e);
/* Only looks: no lease, and the record does not count as used. `out` is filled in unless STEP_ABSENT. */
enum step_state { STEP_ABSENT, STEP_BLOB_GONE, STEP_USABLE };
enum step_state store_step_look(struct store *s, const struct digest *key, struct arena *a, struct step_record *out);

/* --- What keys were made of: why/<key>, for people (croze-store(5)) --- */
struct why_field {
    struct str name, value;
    bool hidden;             /* there is a value, which is not told */
};
struct why_record {
    struct digest key;
    struct str dockerfile, context, stage, kind, title; /* where the step stands, and its text */
    int64_t step;            /* its number in the stage */
    struct digest base;      /* ChainID of what the stage began with */
    struct why_field *fields;
    size_t n_fields;
    struct timespec used;    /* when the step's own record was last used */
};
/* Long values are cut and end in their digest; too many become one digest. */
MUST_CHECK bool store_why_put(struct store *s, const struct why_record *r, struct err *e);
/* The record as reading it back would give it. */
MUST_CHECK bool store_why_normal(struct why_record *r, struct arena *a, struct err *e);
/* The records of steps that are still there and stood in a Dockerfile of this name. Damaged ones are passed over. */
MUST_CHECK bool store_why_list(struct store *s, struct str dockerfile, struct arena *a, struct why_record **out, size_t *n, struct err *e);

/* --- Downloads: what URLs gave (croze-store(5) "downloads/") --- */
/* Leases d, then tells whether the bytes are held, and marks them as used now. They lie in downloads_fd under the digest's hex digits. */
MUST_CHECK bool store_has_download(struct store *s, const struct digest *d, uint64_t *size, bool *found, struct err *e);
MUST_CHECK bool store_download_draft(struct store *s, struct file_draft *draft, struct err *e);
/* As store_publish_blob. */
MUST_CHECK bool store_publish_download(struct store *s, struct file_draft *draft, const struct digest *d, struct err *e);
/* What one URL gave last. Texts hold no credentials. */
struct download_record {
    struct str url, effective_url; /* for people: asked, and behind all redirects */
    struct str etag, last_modified; /* as the server gave them; "" if it did not */
    struct str name;               /* what the file is called */
    struct digest digest;
    uint64_t bytes;
};
/* Of the URL whose SHA-256 is `key`. *found false: no record, or its bytes are not held. Leases them, and marks both as used now. */
MUST_CHECK bool store_download_get(struct store *s, const struct digest *key, struct arena *a, struct download_record *out, bool *found,
                                   struct err *e);
MUST_CHECK bool store_download_put(struct store *s, const struct digest *key, const struct download_record *r, struct err *e);

/* --- Mirrors of repositories: gits/<key>/, one a URL --- */
struct store_mirror {
    char *path;  /* absolute; an empty directory at first */
    int lock_fd; /* the directory, locked exclusively: nobody else works in it, and no gc removes it */
};
#define STORE_MIRROR_INIT {NULL, -1}
/* Waits for the lock; marks the mirror as used now. */
MUST_CHECK bool store_mirror_open(struct store *s, const struct digest *key, struct store_mirror *m, struct err *e);
void store_mirror_close(struct store_mirror *m); /* also as cleanup attribute */

/* --- Stat index: what a context's files hashed to (croze-store(5) "stat/"). One a context directory. Thread-safe get and put. --- */
struct stat_index;
MUST_CHECK struct stat_index *stat_index_open(struct store *s, int context_fd, struct err *e);
/* True with the digest if this very file (device, inode, ctime, mtime, size, mode) was hashed before and could not have changed since. */
bool stat_index_get(struct stat_index *x, const struct stat *st, struct digest *out);
/* Learns a digest. `st` was taken by fstat before the bytes were read, `read_at` (CLOCK_REALTIME_COARSE) before that: a file touched at or
 * after read_at less the clock's grain is racy and is not learned. */
void stat_index_put(struct stat_index *x, const struct stat *st, struct timespec read_at, const struct digest *d);
/* Writes it back if something was learned (entries that eight such runs in a row did not see are dropped), then frees it. Failure to
 * write is only a warning. */
void stat_index_close(struct stat_index *x);

/* --- Chunk index: compressed pieces that exist already (croze-store(5) "chunks.idx") --- */
struct chunk_record {
    struct digest blob;
    uint64_t offset;
    uint32_t length, raw_length, crc32; /* crc over the compressed bytes */
};
/* The state of both hashes behind a beginning of a layer, which is named by the key of all its chunks so far. */
struct prefix_record {
    struct digest blob;          /* a blob that begins with these bytes */
    uint64_t blob_offset;        /* how many compressed bytes */
    struct sha256 tar, compressed;
};
struct chunk_index;
MUST_CHECK struct chunk_index *chunk_index_open(struct store *s, struct err *e);
bool chunk_index_get(struct chunk_index *x, const struct digest *key, struct chunk_record *out);
bool chunk_index_get_prefix(struct chunk_index *x, const struct digest *key, struct prefix_record *out);
void chunk_index_put(struct chunk_index *x, const struct digest *key, const struct chunk_record *r);
void chunk_index_put_prefix(struct chunk_index *x, const struct digest *key, const struct prefix_record *r);
/* Appends what is new under its lock, then frees it. A lost append only costs speed: a warning. */
void chunk_index_close(struct chunk_index *x);

/* --- Work directories (upper, work, mounts of one step or container): work/<pid>-<n>/ --- */
const char *store_lease_name(const struct store *s); /* of this opening, unlike that of any other that is open */
MUST_CHECK bool store_workdir(struct store *s, char **path, struct err *e); /* *path to be freed; made mode 0700 */
void store_workdir_remove(struct store *s, const char *path);
/* Keeps a failed step's work directory past this process: work/<id> -> kept/<id>; *kept to be freed. */
MUST_CHECK bool store_workdir_keep(struct store *s, const char *path, char **kept, struct err *e);

/* --- gc and fsck --- */
struct gc_options {
    bool dry_run, all;           /* all: step records, downloads, mirrors and kept directories too */
    int64_t keep_steps_s;        /* records, downloads and mirrors used within this time stay (default 7 days) */
    int64_t grace_s;             /* younger things stay (default 1 hour) */
    bool caches;                 /* all cache mounts that nobody uses now; with `all`: those that were not used for ... */
    int64_t keep_caches_s;       /* ... this time (default 7 days) */
};
#define GC_OPTIONS_INIT {.keep_steps_s = 7 * 86400, .grace_s = 3600, .keep_caches_s = 7 * 86400}
struct gc_result {
    uint64_t blobs, trees, steps, other, bytes;
    uint64_t caches, kept_caches, kept_cache_bytes; /* cache mounts that went, and those that stay */
};
MUST_CHECK bool store_gc(struct store *s, const struct gc_options *o, struct gc_result *r, struct err *e);

/* Checks that every name reaches its manifest, configuration and layers, that blobs hash to their names (deep), that step records, tocs and
 * trees belong to something; cleans what a crash left half-made. Each finding goes to `say`; *bad counts those that are damage. */
struct fsck_options {
    bool deep, repair;
};
MUST_CHECK bool store_fsck(struct store *s, const struct fsck_options *o, void (*say)(void *ctx, const char *line), void *ctx, size_t *bad,
                           struct err *e);

#endif
