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
    bool evidence;              /* referrers, fallback tags and cosign's tags of everything that is copied, too */
    bool check;                 /* asks the far side for all of it at the end */
    struct progress *progress;  /* may be NULL */
};
struct copy_result {
    struct manifest_blob root;  /* what the reference names at the source (of `platform`: that image's own manifest) */
    uint64_t blobs, blob_bytes; /* brought */
    uint64_t manifests;         /* put */
    bool changed;               /* something was brought or named anew */
};
/* `to_reference`: the tag there, or "": by digest alone. */
MUST_CHECK bool copy_image(struct place *from, struct str reference, struct place *to, struct str to_reference,
                           const struct copy_options *o, struct arena *a, struct copy_result *out, struct err *e);

#endif
