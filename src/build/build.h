/* SPDX-License-Identifier: Apache-2.0
 *
 * build/ carries a plan out: it reads the Dockerfile and the ignore file, schedules the stages, looks every step up in the step cache or
 * does it, and writes the image. Takes a store, options and a progress display; gives the image's digests. Nothing of a failed build gets a
 * name. */
#ifndef CROZE_BUILD_BUILD_H
#define CROZE_BUILD_BUILD_H

#include "build/output.h"
#include "build/run_options.h"
#include "check/check.h"
#include "fetch/fetch.h"
#include "image/image.h"
#include "registry/pull.h"
#include "report/progress.h"

/* Which of the image's layers become one. */
enum squash { SQUASH_NO, SQUASH_ALL, SQUASH_NEW /* those that this build added to its base */ };
/* Where the epoch comes from if no number is given. */
enum epoch_rule {
    EPOCH_NONE,         /* the Dockerfile may set one */
    EPOCH_COMMIT,       /* --reproducible: the newest commit of the context; that it is none, or changed, is an error */
    EPOCH_CONTEXT,      /* SOURCE_DATE_EPOCH=context: the newest commit of a clean work tree, else the newest file */
    EPOCH_LAST_RESORT,  /* the same, if the Dockerfile sets none either */
};

/* Looks at a build's Dockerfile instead of carrying it out (--call): it gets what a check would be told. */
struct build_call {
    bool (*look)(void *ctx, struct arena *a, struct str text, struct str name, const struct check_options *o, struct err *e);
    void *ctx;
};
/* Paths of the context of which to say whether they are in it, and why (--explain-ignore). */
struct build_explain {
    const struct str *paths;
    size_t n;
    struct buf *out;
};
enum lockfile_mode { LOCKFILE_NONE, LOCKFILE_WRITE /* --lock */, LOCKFILE_CHECK /* --locked */ };

struct build_options {
    const struct build_call *call;  /* NULL: build */
    const struct build_explain *explain; /* not NULL: only this */
    const char *context;            /* a directory, "-", a URL, a repository */
    const struct named_context *named; /* --build-context */
    size_t n_named;
    const char *dockerfile;         /* path, or NULL: Dockerfile (else dockerfile, Containerfile) in the context */
    const struct str *tags;         /* names to give, parsed by build_run */
    size_t n_tags;
    struct pair_list build_args, labels;
    struct str target;
    bool no_cache, network_none;
    const struct str *no_cache_stages; /* --no-cache-filter: names or numbers of stages whose steps are all done */
    size_t n_no_cache_stages;
    const struct url_map *url_maps; /* --url-map: where URLs and repositories are really fetched from */
    size_t n_url_maps;
    enum lockfile_mode lock;
    const char *lock_path;          /* NULL: croze.lock beside the Dockerfile */
    bool why;                       /* say why each step that is done was not taken from the cache */
    struct run_options run;         /* what RUN steps see and may do */
    bool modes_git;                 /* context modes become git's */
    struct output_encoder encoder;  /* of the layers that steps make; outputs with another have them packed again */
    const struct build_output *outputs; /* settled; none: an image is made and nothing becomes of it */
    size_t n_outputs;
    struct pair_list annotations;   /* of every image's manifest */
    enum squash squash;
    bool has_epoch;
    int64_t epoch;                  /* SOURCE_DATE_EPOCH */
    enum epoch_rule epoch_rule;     /* if has_epoch is not set */
    bool apart;                     /* a build that stands for itself (--verify): nothing known is used but base images, and none is left */
    int64_t later_s;                /* it takes now to be so much later */
    const struct digest *must_equal; /* not NULL: the manifest that has to come out, else it is an error and nothing becomes of it */
    const struct image_gate *gate;  /* not NULL: an image that does not pass is not named, written or sent */
    bool quiet;                     /* notes that are no warnings are not wanted */
    enum pull_when pull;            /* --pull: whether base images are asked for at their registry */
    const struct registry_options *registry; /* how registries are spoken to; NULL: by their defaults */
};

struct build_result {
    bool has_image;                 /* false: no output is one. Else the first that is: */
    struct digest manifest, config;
    uint64_t manifest_bytes;
    struct str media_type;
};

/* With a call *r is left alone. */
MUST_CHECK bool build_run(struct store *s, const struct build_options *o, struct progress *p, struct build_result *r, struct err *e);

#endif
