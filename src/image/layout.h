/* SPDX-License-Identifier: Apache-2.0
 *
 * What archives and layout directories share (image-spec image-layout.md): the images that go out, the blobs that they need, and how
 * index.json names them. */
#ifndef CROZE_IMAGE_LAYOUT_H
#define CROZE_IMAGE_LAYOUT_H

#include "base/json.h"
#include "base/vec.h"
#include "image/image.h"

#define LAYOUT_FILE "{\"imageLayoutVersion\":\"1.0.0\"}"

struct outgoing_image {
    struct str name;             /* "": none */
    struct image image;
};
struct outgoing {
    struct store *store;
    VEC(struct outgoing_image) images;
    VEC(struct digest) blobs;    /* sorted, each once */
};

/* Reads the images, leases them, and lists their blobs. */
MUST_CHECK bool outgoing_gather(struct outgoing *o, struct store *s, const struct archive_item *items, size_t n, struct err *e);
void outgoing_fini(struct outgoing *o);

/* Copies a blob of `size` bytes from `from` to fd. Bytes that leave the store are hashed once more: rot must not be handed on. */
MUST_CHECK bool outgoing_copy(int from, const struct digest *d, uint64_t size, int to, const char *what, struct err *e);

/* Appends the descriptors of the images to the array "manifests" of an index. */
void outgoing_describe(const struct outgoing *o, yyjson_mut_doc *d, yyjson_mut_val *list);

#endif
