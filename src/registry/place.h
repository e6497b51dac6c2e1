/* SPDX-License-Identifier: Apache-2.0
 *
 * A place is where images lie: a repository of a registry, croze's store, an OCI layout, an archive, a directory, a dockerd. All are used
 * through the functions here; which kind it is, nobody but place_open asks. Thread-safe but for opening, finishing and closing.
 *
 * Names in a place: `reference` is a tag ("1.0", or what the layout calls it) or a digest ("sha256:..."). Texts of results lie in the
 * caller's arena. "Is not there" is an error with e->sys == ENOENT; EBADMSG: it is there, and no manifest that can be read (docker's schema
 * 1, an unknown kind, what is over base/limits.h). */
#ifndef CROZE_REGISTRY_PLACE_H
#define CROZE_REGISTRY_PLACE_H

#include "registry/client.h"
#include "store/store.h"

/* A manifest or index as it lies there: bytes whose digest was checked. */
struct manifest_blob {
    struct digest digest;
    struct str media_type;
    struct str bytes;
};

/* A descriptor (image-spec descriptor.md). */
struct descriptor {
    struct digest digest;
    uint64_t bytes;
    struct str media_type, artifact_type;
};

/* Takes a blob's bytes as they come, in order. `restart`: all that was taken is void, the first byte comes again. */
struct blob_sink {
    bool (*take)(void *ctx, const void *p, size_t n, struct err *e);
    bool (*restart)(void *ctx, struct err *e);
    void *ctx;
};

struct place;

struct place_ops {
    /* --- reading --- */
    /* Of at most `most` bytes (which are no more than LIMIT_MANIFEST_BYTES); e->sys EFBIG: it is larger. */
    bool (*manifest)(struct place *p, struct str reference, size_t most, struct arena *a, struct manifest_blob *out, struct err *e);
    /* The digest that a tag has now, or that a digest is there, without the manifest's bytes where the place can do that. */
    bool (*resolve)(struct place *p, struct str reference, struct digest *out, struct err *e);
    /* The whole blob, verified: size and digest fit, or it is an error. */
    bool (*blob)(struct place *p, const struct descriptor *d, struct blob_sink sink, struct err *e);
    /* The blob as a file of d->bytes bytes, which are not verified; NULL where blobs are no files. -1: an error. */
    int (*open_blob)(struct place *p, const struct descriptor *d, struct err *e);
    bool (*tags)(struct place *p, struct arena *a, struct str **out, size_t *n, struct err *e);
    /* What says of itself that it is about `subject`: by the API, else by the fallback tag. None is no error. */
    bool (*referrers)(struct place *p, const struct digest *subject, struct arena *a, struct descriptor **out, size_t *n, struct err *e);
    /* --- writing; NULL where the place cannot be written --- */
    bool (*has_blob)(struct place *p, const struct descriptor *d, bool *has, struct err *e);
    /* Whether put_blob asks and brings at once, so that has_blob need not be asked before: it can be mounted. NULL: never. */
    bool (*mounts)(struct place *p, const struct descriptor *d, const struct place *from);
    /* `from` may be asked for the bytes, more than once; a place that can take the blob from its own side (mount, link) does so. `progress`
     * is told of the bytes; may be NULL. */
    bool (*put_blob)(struct place *p, const struct descriptor *d, struct place *from, struct progress_step *progress, struct err *e);
    /* `reference`: a tag, or "" for by its digest alone. All that it names is there. */
    bool (*put_manifest)(struct place *p, struct str reference, const struct manifest_blob *m, struct err *e);
    /* Makes what was put last: an archive is complete, an index.json replaced. Not called after a failure. */
    bool (*finish)(struct place *p, struct err *e);
    void (*close)(struct place *p);
};

struct place {
    const struct place_ops *ops;
    struct arena arena;         /* of its texts */
    struct str shown;           /* for messages: "docker://localhost:5000/demo/product" */
    struct str reference;       /* that the user's text ends in: a tag, a digest (where it is read), or "" */
    struct str must_be;         /* where it is written: the digest that the user's text has for what comes there; or "" */
    const struct repository *repository; /* of a registry, or NULL */
    struct store *store;        /* it is this one, or NULL */
    bool one_image;             /* takes an image and no index: a docker-archive, a dockerd */
    bool asks;                  /* a question costs a request: what is implied is not asked for */
};

/* Whether an error says that something is not there. That is an answer: the error is cleared. */
bool place_is_absent(struct err *e);

/* Sorts tags, and looks for one among those that are sorted. */
void tags_sort(struct str *tags, size_t n);
bool tags_have(const struct str *sorted, size_t n, struct str tag);

/* Whether the tag only holds what is about an image: the fallback of the referrers' API, and cosign's. */
bool tag_is_about(struct str tag);

/* Where `copy` and its kin may read and write: TRANSPORT:TEXT, as skopeo has them. A text without a transport is docker://.
 *   docker://NAME[:TAG][@DIGEST]   oci:DIR[:TAG][@DIGEST]   oci-archive:FILE[:TAG]   docker-archive:FILE[:NAME]   dir:DIR
 *   docker-daemon:NAME[:TAG]       store:IMAGE (croze's own)
 * docker-archives and a dockerd are read into, and written from, the store: what they give is in it, without a name. The tags of a
 * docker-archive are the whole names of its images. `progress` is told of
 * what a dockerd takes its time for, now and when the place is finished; may be NULL. */
enum place_use {
    PLACE_READ,
    PLACE_WRITE,
    PLACE_LIST,                  /* its tags alone: a text that names one of them is refused, and nothing is chosen or brought */
};
MUST_CHECK struct place *place_open(struct registries *r, struct store *s, struct str text, enum place_use use, struct progress *progress,
                                    struct err *e);
/* Whether what the text names is read from, or written to, by way of the store; place_open takes NULL for it else. */
bool place_needs_store(struct str text);
/* Whether the text says which transport; "localhost:5000/x" does not. */
bool place_has_transport(struct str text);
/* NAME[:TAG][@DIGEST] for a verb that speaks to registries alone: docker:// may stand before it, other transports are refused. */
MUST_CHECK bool registry_name_parse(struct arena *a, struct str text, struct image_name *out, struct err *e);
void place_close(struct place *p); /* NULL is fine */
static inline void place_closep(struct place **p) {
    place_close(*p);
    *p = NULL;
}

/* The kinds that are asked for directly. Of a repository that is written to, or changed (PLACE_WRITE), no mirror is asked. `repository`'s
 * texts are copied; the store knows where blobs came from, and holds what is on its way from one registry to another; without one (NULL)
 * nothing is known of that, and TMPDIR, else /var/tmp, holds it. Names in the store are whole ("demo/product:1.0"). */
struct place *place_repository(struct registries *r, struct store *s, const struct repository *repository, enum place_use use);
struct place *place_store(struct store *s);

#endif
