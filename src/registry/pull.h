/* SPDX-License-Identifier: Apache-2.0
 *
 * An image from a registry into the store, and back. In the store the name leads to what it leads to in the registry: to the index, if
 * it is one, of which only this machine's image is brought. So its digest is the one that others see, and one request tells whether it
 * has moved. An image of another platform is named by its own manifest. */
#ifndef CROZE_REGISTRY_PULL_H
#define CROZE_REGISTRY_PULL_H

#include "registry/copy.h"

/* What is made of layers while they arrive. */
enum pull_depth {
    PULL_BLOBS,                  /* nothing: their bytes are kept */
    PULL_CONTENTS,               /* tables of contents: a build that only copies needs no more */
    PULL_TREES,                  /* and trees, for what is run: the caller is in its namespace (sandbox_enter) */
};
struct pull_options {
    struct str platform;         /* what was asked for, which an image must be of; "": this machine's, where there are several */
    enum pull_depth depth;
    struct progress *progress;   /* may be NULL */
    const struct image_gate *gate; /* not NULL: an image that does not pass gets no name, one that is held is refused */
};
struct pull_result {
    struct digest digest;        /* that the name leads to now */
    struct store_ref ref;        /* the same as the store has it */
    bool changed;                /* something was brought, or the name has moved */
};
/* By tag, or by digest if the name has one; that gives no name, and asks for nothing that is held. The name is given when all is here and
 * fits. */
MUST_CHECK bool pull_image(struct registries *r, struct store *s, const struct image_name *name, const struct pull_options *o,
                           struct arena *a, struct pull_result *out, struct err *e);

/* Which base image or image to run is wanted: what is here, or what the registry has now. */
enum pull_when {
    PULL_MISSING,                /* what is here is taken */
    PULL_ALWAYS,                 /* the registry is asked, and has to answer */
    PULL_NEWER,                  /* the same, but that what is here is taken where it does not */
    PULL_NEVER,
};
MUST_CHECK bool pull_when_parse(struct str text, enum pull_when *out); /* words of docker, podman and buildah */
/* image_find, after a pull if `when` says so. */
struct pull_wanted {
    struct registries *(*registries)(void *ctx, struct err *e); /* the client, when a registry is to be asked; called once */
    void *ctx;
    enum pull_when when;
    struct pull_options pull;
};
MUST_CHECK bool image_find_or_pull(struct store *s, struct str text, const struct pull_wanted *w, struct arena *a, struct store_ref *out,
                                   struct err *e);

struct push_options {
    struct progress *progress;   /* may be NULL */
    const struct image_gate *gate; /* not NULL: nothing is sent unless every image that would be passes */
};
/* The image that `name` has in the store to the repository of that name, under its tag. Of an index that the store has in part only this
 * machine's image goes; *alone tells. */
MUST_CHECK bool push_image(struct registries *r, struct store *s, const struct image_name *name, const struct push_options *o,
                           struct arena *a, struct copy_result *out, bool *alone, struct err *e);

/* The same in two steps, of any image of the store, to a place that is open for writing: what the gate stops reaches no place. */
struct push_choice {
    struct str name;             /* as it was asked for */
    struct store_ref ref;
    bool alone;                  /* this machine's image, of an index */
};
MUST_CHECK bool push_choose(struct store *s, struct str image, const struct push_options *o, struct arena *a, struct push_choice *out,
                            struct err *e);
/* *alone: choice.alone, unless the place has all of the index already. */
MUST_CHECK bool push_image_to(struct store *s, const struct push_choice *choice, struct place *to, const struct push_options *o,
                              struct arena *a, struct copy_result *out, bool *alone, struct err *e);

/* "docker.io/library/alpine:latest": as docker prints it last. */
struct str whole_image_name(struct arena *a, const struct image_name *name);

#endif
