/* SPDX-License-Identifier: Apache-2.0
 *
 * check_origin() says of each regular file that a container of an image sees whether anything proves where its bytes come from: the
 * database of a package manager, a digest that somebody named, a step that checks what it downloads, a commit, a base image. It gives the
 * sums and the list of the rest. What each of them proves, and what it does not: docs/origin.md. Nothing of the image is run or unpacked;
 * its databases are as hostile as all else in it. */
#ifndef CROZE_CHECK_ORIGIN_H
#define CROZE_CHECK_ORIGIN_H

#include "base/map.h"
#include "check/check.h"
#include "image/image.h"

enum origin_class {
    ORIGIN_PACKAGE,               /* its bytes have the checksum that the package's list has */
    ORIGIN_DOWNLOAD,              /* ... a digest that was named where it was downloaded */
    ORIGIN_CONTEXT,               /* ... those of a file that is committed in a git work tree */
    ORIGIN_STEP,                  /* the RUN that made it checks what it downloads */
    ORIGIN_BASE,                  /* it lies in a layer of the base image that was named */
    ORIGIN_PROVEN,                /* so many classes are proven; those below are not */
    ORIGIN_UNVERIFIED = ORIGIN_PROVEN, /* as a package's, but nobody checked that package's signature */
    ORIGIN_GENERATED,             /* package tools write it, and no list has it */
    ORIGIN_UNPROVEN,
    ORIGIN_CLASSES,
};
const char *origin_class_name(enum origin_class c); /* "package" */

/* A set of SHA-256 digests. */
struct origin_digests {
    struct arena arena;
    struct map map;
};
void origin_digests_add(struct origin_digests *s, const struct digest *d);
bool origin_digests_has(const struct origin_digests *s, const struct digest *d);
void origin_digests_fini(struct origin_digests *s);

/* Adds those that a Dockerfile's text names in ADD --checksum, and in what its RUNs give to sha256sum. */
void origin_digests_named(struct origin_digests *s, struct str dockerfile);

struct origin_options {
    struct str name;              /* what findings call the image */
    size_t base_layers;           /* the lowest layers that are a base's */
    const struct origin_digests *committed, *named; /* of a work tree: its files, what its Dockerfiles name; NULL: none was given */
    const struct check_policy *policy;
};

struct origin_sum {
    uint64_t bytes;
    size_t files;
};

/* A file that nothing proves. */
struct origin_rest {
    struct str path;              /* absolute */
    struct str layer, step;       /* the diffID; the line of history, or "" */
    struct str package;           /* that has it in its list with another checksum; or "" */
    uint64_t bytes;
};

struct origin_report {
    struct str name;
    struct origin_sum sums[ORIGIN_CLASSES], all; /* files that are empty do not count; one of several names counts once */
    struct origin_rest *rest;     /* the largest first */
    size_t n_rest;
    struct str_list notes;        /* what could not be read, and what that means */
    struct finding *findings;     /* by path; what concerns the image as a whole last */
    size_t n_findings, n_dropped;
};

/* All texts lie in the arena or in the image. An error: the image could not be read to its end. */
MUST_CHECK bool check_origin(struct arena *a, struct store *s, const struct image *im, const struct origin_options *o,
                             struct origin_report *r, struct err *e);
/* The proven share in thousandths, rounded down; an image without bytes is proven. */
unsigned origin_permille(const struct origin_report *r);
/* A table and the largest of the rest, for people; an object on a line of its own, with all of the rest. */
void origin_print(const struct origin_report *r, struct buf *out);
void origin_json_line(const struct origin_report *r, struct buf *out);

#endif
