/* SPDX-License-Identifier: Apache-2.0
 *
 * image/ takes layers and a configuration and gives an image: configuration and manifest as canonical JSON in the store (OCI
 * image-spec 1.1), a name in index.json; reads images back; writes and reads docker-archive and oci-archive files. An image owns its arena.
 */
#ifndef CROZE_IMAGE_IMAGE_H
#define CROZE_IMAGE_IMAGE_H

#include "layer/layer.h"
#include "plan/config.h"
#include "store/store.h"

struct history {
    struct timespec created;
    bool has_created;
    struct str created_by, comment, author;
    bool empty_layer;
    unsigned line, line_end;         /* of the Dockerfile that a build is carrying out, from 1; 0: not known. Not part of the document */
};

struct image {
    struct arena arena;
    struct str os, architecture, variant, author;
    struct timespec created;
    bool has_created;
    struct container_config config;
    struct layer *layers;            /* bottom first */
    size_t n_layers;
    struct history *history;
    size_t n_history;
    struct pair_list annotations;    /* of the manifest, sorted when written */
    bool docker_types;               /* image_write: docker's media types (schema 2) instead of OCI's; then without annotations */
    struct digest manifest, config_digest; /* known after image_read / image_write */
    uint64_t manifest_bytes, config_bytes;
    struct str manifest_media_type;
};

/* What has to let an image pass before anything comes of it: before it gets a name, is written or sent. `name`: what it is to be called;
 * `dockerfile`: what its history's lines are of, or "". False with an error: it does not pass, or nobody could tell. */
struct image_gate {
    bool (*passes)(void *ctx, struct store *s, const struct image *im, struct str name, struct str dockerfile, struct err *e);
    void *ctx;
};

void image_init(struct image *im);
void image_fini(struct image *im);
void image_add_layer(struct image *im, const struct layer *l);
void image_add_history(struct image *im, const struct history *h);

/* Writes configuration and manifest blobs; sets the digests. */
MUST_CHECK bool image_write(struct store *s, struct image *im, struct err *e);
/* Reads a manifest (OCI or docker schema 2; an index is resolved to `platform`, "linux/amd64") with its configuration. Layers get blob,
 * size, media type and diffID; counts must agree. */
MUST_CHECK bool image_read(struct store *s, const struct digest *manifest, struct str platform, struct image *out, struct err *e);

/* The same from a configuration alone: no manifest is asked for, and the image has no layers. */
MUST_CHECK bool image_read_config(struct store *s, const struct digest *config, struct image *out, struct err *e);

/* "linux/arm64/v8", as the configuration says it. */
struct str image_platform(struct arena *a, const struct image *im);

/* Whether the manifest is of something else than an image: a signature, an SBOM, which lie in a store beside what they are about. */
bool image_is_artifact(struct store *s, const struct digest *manifest);

/* Which manifest image_read takes, and its configuration's digest, without reading that. */
MUST_CHECK bool image_resolve(struct store *s, const struct digest *manifest, struct str platform, struct digest *resolved,
                              struct digest *config, struct err *e);

/* Takes one image of the OCI layout directory at `path` into the store, unnamed: the manifest `digest`, else the one that index.json has
 * under `tag` ("" means "latest", else the only image). All is hashed on its way. image_read(*manifest) reads it then. */
MUST_CHECK bool layout_load(struct store *s, const char *path, struct str tag, const struct digest *digest, struct str platform,
                            struct digest *manifest, struct err *e);

/* --- Names (reference grammar of distribution/reference) --- */
struct image_name {
    struct str name;     /* normalised short form: "debian", "demo/product", "registry:5000/x" */
    struct str tag;      /* "latest" by default unless a digest is given */
    struct str digest;   /* "sha256:..." or "" */
};
MUST_CHECK bool image_name_parse(struct arena *a, struct str text, struct image_name *out, struct err *e);
/* Whether a text is the path of a repository ("team/app", no host before it), or a tag: for lists that strangers send. */
bool image_path_is_good(struct str path);
bool image_tag_is_good(struct str tag);
/* "name:tag" as index.json has it. */
struct str image_name_text(struct arena *a, const struct image_name *n);
/* Such a text with what the short form leaves out, as containerd names images: "docker.io/library/debian:12". */
struct str image_name_full(struct arena *a, struct str name);

/* Finds an image by name, name@digest, manifest digest, configuration digest (image ID), or a unique prefix of one of the two (at least 4
 * hex digits); of an index, its own digest or those of the image that it has for this machine. e->sys = ENOENT when there is none. */
MUST_CHECK bool image_find(struct store *s, struct str text, struct arena *a, struct store_ref *out, struct err *e);

/* --- Archives --- */

/* An image of the store, and the name that it gets in an archive or layout. */
struct archive_item {
    struct str name;     /* "demo/product:1.0", or "" */
    struct digest manifest;
};
struct archive_items {
    struct archive_item *p;
    size_t n, capacity;      /* as a VEC of base/vec.h */
};
enum archive_format { ARCHIVE_DOCKER, ARCHIVE_OCI };
/* Writes the images as one tar to fd: an OCI layout, and in a docker-archive what `docker load` reads beside it (manifest.json, whose
 * layers are the layout's blobs). Every blob is hashed on its way. Deterministic. */
MUST_CHECK bool archive_write(struct store *s, const struct archive_item *items, size_t n, enum archive_format format, int fd,
                              struct err *e);
/* The same for images by what people type: image_find. */
MUST_CHECK bool archive_save(struct store *s, const struct str *names, size_t n, enum archive_format format, int fd, struct err *e);
/* Adds the images to the OCI layout in the directory `dir`, which is made if the directory is empty. Other images of it stay, but lose a
 * name that is given here. index.json is replaced when all blobs are there. */
MUST_CHECK bool layout_write(struct store *s, const struct archive_item *items, size_t n, int dir, struct err *e);
/* Loads every image of a docker-archive or oci-archive (compressed or not). `loaded` is told each name (or digest). */
MUST_CHECK bool archive_load(struct store *s, int fd, const char *what, void (*loaded)(void *ctx, struct str name, const struct digest *id),
                             void *ctx, struct err *e);
/* The same without giving them their names: which image bears which (or ""), in the order of the archive; texts lie in `a`. They are
 * leased. */
MUST_CHECK bool archive_load_nameless(struct store *s, int fd, const char *what, struct arena *a, struct archive_items *out,
                                      struct err *e);

#endif
