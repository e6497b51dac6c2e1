/* SPDX-License-Identifier: Apache-2.0
 *
 * Outputs: what becomes of the target stage. -o/--output in docker's words, read into what they mean; pure, nothing is opened here. */
#ifndef CROZE_BUILD_OUTPUT_H
#define CROZE_BUILD_OUTPUT_H

#include "base/codec.h"
#include "plan/config.h"

enum output_kind {
    OUTPUT_IMAGE,     /* an image of the store, named */
    OUTPUT_OCI,       /* an OCI image layout, as an archive or a directory */
    OUTPUT_DOCKER,    /* the same archive, with what `docker load` reads */
    OUTPUT_TAR,       /* the root file system as a tar file */
    OUTPUT_LOCAL,     /* ... in a directory */
    OUTPUT_CACHEONLY, /* the steps are carried out, and that is all */
};

/* How layers are packed. */
struct output_encoder {
    enum compression compression;
    int level;
};

struct build_output {
    enum output_kind kind;
    struct str text;               /* as it was typed, for messages */
    const char *dest;              /* file or directory; NULL: standard output, or (OUTPUT_IMAGE) nothing */
    bool layout;                   /* OUTPUT_OCI: a directory */
    struct str_list names;         /* empty: those that -t gave */
    bool has_compression, has_level;
    struct output_encoder encoder; /* parts that were not given: output_settle */
    bool force_compression;        /* the base's layers too */
    bool push;                     /* OUTPUT_IMAGE: it goes to the registries of its names, too */
    bool docker_types;             /* oci-mediatypes=false */
    struct pair_list annotations;  /* of the manifest */
};

/* "type=oci,dest=x.tar,...", "DIR" (local), "-" (tar on standard output). Texts are kept in the arena. What croze does not carry out is an
 * error that names it. */
MUST_CHECK bool output_parse(struct arena *a, struct str text, struct build_output *out, struct err *e);
/* Fills in the encoder from the build's own, and checks the level. */
MUST_CHECK bool output_settle(struct build_output *o, const struct output_encoder *general, struct err *e);
/* Whether the level is one that the compression has; `what` begins the message. */
MUST_CHECK bool output_check_level(const char *what, const struct output_encoder *encoder, struct err *e);

/* "KEY=VALUE" or "manifest[linux/amd64]:KEY=VALUE" (--annotation) into the list. Another level than the manifest is an error that names
 * it. */
MUST_CHECK bool annotation_parse(struct arena *a, struct str text, struct pair_list *out, struct err *e);

static inline bool output_is_image(const struct build_output *o) {
    return o->kind == OUTPUT_IMAGE || o->kind == OUTPUT_OCI || o->kind == OUTPUT_DOCKER;
}

#endif
