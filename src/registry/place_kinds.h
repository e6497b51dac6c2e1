/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: the kinds of places, one file each, and what they share.
 *
 *   place.c              TRANSPORT:TEXT -> a place
 *   place_repository.c   a repository of a registry: reading; place_upload.c: writing; place_referrers.c: what is about a manifest
 *   place_store.c        croze's store; place_follow.c: layers that are inflated while they arrive
 *   place_oci.c          an OCI layout directory; place_oci_index.c: its index.json
 *   place_dir.c          a directory as skopeo's dir:
 *   place_archive.c      archives: of a layout, through a directory; docker's, through the store
 *   place_daemon.c       a dockerd, through a docker-archive
 *   place_files.c        blobs that are files, on their way in and out */
#ifndef CROZE_REGISTRY_PLACE_KINDS_H
#define CROZE_REGISTRY_PLACE_KINDS_H

#include <errno.h>

#include "image/image.h"
#include "registry/document.h"
#include "sys/files.h"

/* What a kind that stands on another one does besides. */
struct place_hooks {
    bool (*finished)(void *ctx, struct err *e); /* after it was finished */
    void (*closed)(void *ctx);
    void *ctx;
};

/* --- Layouts and directories. `tag`: what the text ends in, perhaps a digest --- */
MUST_CHECK struct place *place_oci(const char *path, struct str tag, enum place_use use, const struct place_hooks *hooks, struct err *e);
MUST_CHECK struct place *place_dir(const char *path, enum place_use use, struct err *e);
MUST_CHECK struct place *place_oci_archive(struct store *s, const char *path, struct str tag, enum place_use use, struct err *e);
MUST_CHECK struct place *place_docker_archive(struct store *s, const char *path, struct str name, enum place_use use, struct err *e);
MUST_CHECK struct place *place_daemon(struct store *s, struct str name, enum place_use use, struct progress *progress, struct err *e);

/* --- The store (place_store.c) --- */
/* Its images of one name: references are tags of `name`. */
struct place *place_store_named(struct store *s, struct str name, struct str reference);
/* What is put has no name; the root's digest is *root when it is finished. `reference`: the digest of an image that is there. */
struct place *place_store_nameless(struct store *s, struct str shown, struct str reference, struct digest *root,
                                   const struct place_hooks *hooks);

/* The names of the images are its tags; without this it has none. */
void place_store_lists(struct place *p, const struct archive_items *items);

/* Layers that arrive get their tables of contents on the way, and their trees if they are to be unpacked. */
void place_store_follow(struct place *p, bool unpack);
/* Manifests with a subject get no entry of their own: what comes is named later, or never. */
void place_store_bare(struct place *p);
/* Whether the layers that were followed are those that the image's configuration means. */
MUST_CHECK bool place_store_fits(struct place *p, const struct image *im, struct err *e);

/* --- Blobs that are files (place_files.c) --- */
/* Passes all of the file on, verified. `shown` begins messages. */
MUST_CHECK bool file_pass(int fd, const struct descriptor *d, struct blob_sink sink, struct str shown, struct err *e);
/* A manifest from a file of an untrusted directory: bounded, hashed; `wanted` may be NULL. e->sys = ENOENT where there is none, EFBIG
 * where it has more than `most` bytes. */
MUST_CHECK bool file_manifest(int dir, const char *name, const struct digest *wanted, struct str said_type, size_t most,
                              struct arena *a, struct manifest_blob *out, struct err *e);
/* Whether such a file holds what is about another manifest, then about which, and its descriptor, whose texts are in the arena; nothing
 * else is kept. What cannot be read is about nothing. */
bool file_subject(int dir, const char *name, const struct digest *wanted, struct str said_type, struct arena *a, struct digest *subject,
                  struct descriptor *out);
/* After a failure: what is over `most` bytes is larger than was asked for, or larger than any may be. */
bool manifest_too_large(size_t most, struct err *e);
/* Opens a blob of such a directory, which must be a regular file of that size. */
MUST_CHECK int file_blob(int dir, const char *name, const struct descriptor *d, struct err *e);
/* Whether the file there is the blob: it is hashed. */
bool file_is_blob(int dir, const char *name, const struct descriptor *d);
/* Whether it is there with its size: enough for one that was hashed on its way into that very file. Reading it again would read memory
 * (the page cache), not the disk. */
bool file_has_size(int dir, const char *name, const struct descriptor *d);

/* A draft that a blob is written to. */
struct draft_sink {
    int fd;
    uint64_t bytes, total;
    struct progress_step *progress;
};
struct blob_sink draft_sink(struct draft_sink *s, int fd, uint64_t total, struct progress_step *progress);
/* The blob under a name of the directory. */
MUST_CHECK bool file_put_blob(int dir, const char *name, const struct descriptor *d, struct place *from, struct progress_step *progress,
                              struct err *e);
/* The blob as a file for an upload: the place's own, or a nameless copy, verified, in the store, or without one (NULL) in TMPDIR or
 * /var/tmp. */
MUST_CHECK int place_spool(struct place *from, const struct descriptor *d, struct store *s, struct err *e);

/* A result that is not there. */
bool place_absent(struct err *e, const char *fmt, ...) ERR_PRINTF(2, 3);
/* An error about what is there, and cannot be read. */
static inline bool place_unreadable(struct err *e) {
    e->sys = EBADMSG;
    return false;
}
static inline struct descriptor descriptor_copy(const struct descriptor *d, struct arena *a) {
    return (struct descriptor){d->digest, d->bytes, arena_str(a, d->media_type), arena_str(a, d->artifact_type)};
}
/* Whether the reference is a digest; a tag has no colon. */
static inline bool reference_is_digest(struct str reference) {
    return str_starts(reference, S("sha256:"));
}
/* Whether what says that it is about `subject` does: a manifest of any kind. */
bool manifest_is_about(const struct manifest_blob *m, const struct digest *subject);
/* Sets the media type: what the manifest says of itself, else what is said of it, which must not contradict. Nothing else of what it names
 * is kept. */
MUST_CHECK bool manifest_type(struct manifest_blob *m, struct str said, struct arena *a, struct err *e);
/* As a descriptor, with its artifact type; texts are copied. */
MUST_CHECK bool manifest_describe(const struct manifest_blob *m, struct arena *a, struct descriptor *out, struct err *e);

#endif
