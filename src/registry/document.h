/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: what a manifest or an index names (image-spec manifest.md, image-index.md; docker's schema 2, which differs in
 * media types only). Takes bytes that anyone may have made, gives what a copy needs; all else stays in the bytes, which travel as they
 * are. */
#ifndef CROZE_REGISTRY_DOCUMENT_H
#define CROZE_REGISTRY_DOCUMENT_H

#include "base/json.h"
#include "registry/place.h"

#define REFERENCE_TAG_BYTES (7 + 64 + 16) /* "sha256-<hex>" and a suffix */

struct child {
    struct descriptor descriptor;
    struct str os, architecture, variant; /* "": the index does not say */
};
struct document {
    bool is_index;
    struct str media_type;       /* that the document says of itself; "" if it does not */
    struct child *children;      /* of an index */
    size_t n_children;
    struct descriptor *blobs;    /* of a manifest: the configuration, then the layers */
    size_t n_blobs;
    bool is_image;               /* it has an image's configuration */
    bool has_subject;
    struct descriptor subject;
    struct str artifact_type;    /* its own, or else its configuration's media type */
};
/* Texts are copied. Refuses by name what cannot be copied: docker's schema 1, keys that stand twice, descriptors without a size, layers
 * that lie elsewhere, and what is over base/limits.h. */
MUST_CHECK bool document_read(struct str bytes, struct arena *a, struct document *out, struct err *e);
/* A manifest, or what should be one, as JSON: bounded in bytes and values. */
yyjson_doc *manifest_parse(struct str bytes, const char *what, struct err *e);
/* Large documents are looked at one at a time: six at once would take six times the memory. Small ones pass. */
void manifest_turn(size_t bytes);
void manifest_turn_ends(size_t bytes);
/* The media type that the document has: what it says, else what a place says (which may not contradict), else by its members. */
MUST_CHECK bool document_type(const struct document *d, struct str said, struct str *out, struct err *e);
/* The child of `platform` ("linux/arm64/v8"; the variant may be left out), or NULL. */
const struct child *document_choose(const struct document *d, struct str platform);
/* "linux/amd64, linux/arm64/v8": for messages. */
struct str document_platforms(const struct document *d, struct arena *a);

/* Whether the media type is one of a manifest or an index. */
bool is_manifest_type(struct str media_type);
bool is_index_type(struct str media_type);
/* "sha256-<hex><suffix>": the fallback tag of the referrers' API, and cosign's tags (".sig", ".att", ".sbom"). */
const char *reference_tag(const struct digest *d, const char *suffix, char out[REFERENCE_TAG_BYTES]);

/* The index of the fallback tag with one more referrer in it; `old` ("" for none) keeps all that it has. *changed false: it was there, with
 * the digest. */
MUST_CHECK bool referrers_add(struct str old, const struct manifest_blob *referrer, struct buf *out, bool *changed, struct err *e);
/* The same without one. *changed false: it was not in it. */
MUST_CHECK bool referrers_drop(struct str old, const struct digest *referrer, struct buf *out, bool *changed, struct err *e);
/* The descriptors of such an index. */
MUST_CHECK bool referrers_read(struct str bytes, struct arena *a, struct descriptor **out, size_t *n, struct err *e);

/* The manifest of cosign's tag with the signatures of another in it, behind those that `old` has. *changed false: it had all of them.
 * Refuses what has no layers (e->sys EBADMSG). */
MUST_CHECK bool signatures_add(struct str old, struct str more, struct buf *out, bool *changed, struct err *e);
/* Whether a tag of cosign's collects what several parties say (".sig", ".att"); an SBOM's has one document. */
static inline bool tag_collects(struct str tag) {
    return str_ends(tag, S(".sig")) || str_ends(tag, S(".att"));
}

#endif
