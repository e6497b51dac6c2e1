/* SPDX-License-Identifier: Apache-2.0
 *
 * pull, push and copy: a graph of manifests goes from one place to another (docs/registry.md). What is named at the far side is complete at
 * any moment. */
#ifndef CROZE_REGISTRY_COPY_H
#define CROZE_REGISTRY_COPY_H

#include "registry/place.h"
#include "report/progress.h"

struct copy_options {
    struct str platform;        /* of an index only this image; "": all of it, as it is */
    bool keep_index;            /* with a platform: the index goes along and is what gets the name; for a place that may hold it in part */
    bool evidence;              /* referrers, fallback tags and cosign's tags of everything that is copied, too */
    bool replace_evidence;      /* what lies under a tag of cosign's at the far side and cannot be joined with ours gives way */
    bool check;                 /* asks the far side for all of it at the end */
    struct progress *progress;  /* may be NULL */
    /* With a platform: looks at the image that was chosen, by its configuration, before anything else is brought; may be NULL. */
    bool (*accepts)(void *ctx, const struct descriptor *config, struct err *e);
    void *ctx;
};
struct copy_result {
    struct manifest_blob root;  /* what is named at the far side (of `platform`: that image's own manifest, unless keep_index) */
    uint64_t blobs, blob_bytes; /* brought */
    uint64_t manifests;         /* put */
    uint64_t evidence;          /* manifests that are about others, in the copy */
    bool changed;               /* something was brought or named anew */
};
/* `reference`: a tag or a digest at the source. `to_reference`: the tag there, or "": by digest alone. */
MUST_CHECK bool copy_image(struct place *from, struct str reference, struct place *to, struct str to_reference,
                           const struct copy_options *o, struct arena *a, struct copy_result *out, struct err *e);

#endif
