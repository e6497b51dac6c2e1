/* SPDX-License-Identifier: Apache-2.0
 *
 * check_image() looks at a built image without running or unpacking it: its configuration, its history, the tables of contents of
 * its layers, and the bytes of files, each read once. Rules look at what a container would see and at each layer alone, since what a later
 * layer deletes still ships. Findings have a path, a layer and bytes where there are such (finding.h). */
#ifndef CROZE_CHECK_IMAGE_CHECK_H
#define CROZE_CHECK_IMAGE_CHECK_H

#include "check/check.h"
#include "check/rule.h"
#include "image/image.h"

struct image_check_options {
    struct str name;              /* what findings call the image */
    struct str dockerfile;        /* of whose lines the image's history speaks (history.line), or "" */
    size_t base_layers;           /* the lowest layers that are another's: rules over files and history pass them over */
    bool no_contents;             /* files are not read: rules that need their bytes are silent */
    const struct check_policy *policy;
};

struct image_check_result {
    struct finding *findings;     /* by layer, then by path */
    size_t n_findings;
    size_t n_dropped;             /* above LIMIT_FINDINGS, the least bad ones; and marks that are not kept (marks.h) */
};

/* All texts lie in the arena or in the image. An error: the image could not be read to its end. */
MUST_CHECK bool check_image(struct arena *a, struct store *s, const struct image *im, const struct image_check_options *o,
                            struct image_check_result *r, struct err *e);

/* How many of an image's lowest layers are all the layers of `base`; 0: it does not stand on it. */
size_t check_base_layers(const struct image *im, const struct image *base);

#endif
