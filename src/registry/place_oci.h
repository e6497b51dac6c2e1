/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: an OCI layout directory as a place (place_oci.c), and its index.json (place_oci_index.c). */
#ifndef CROZE_REGISTRY_PLACE_OCI_H
#define CROZE_REGISTRY_PLACE_OCI_H

#include <pthread.h>

#include "base/json.h"
#include "base/map.h"
#include "base/vec.h"
#include "registry/place_kinds.h"

#define REF_NAME "org.opencontainers.image.ref.name"

struct layout_entry {
    struct str name; /* "": none */
    struct descriptor descriptor;
    bool about;              /* another manifest: then `subject`, and its own descriptor with its artifact type */
    struct digest subject;
    struct descriptor own;
};
typedef VEC(struct layout_entry) entry_list;

struct place_oci {
    struct place place;
    pthread_mutex_t lock;    /* guards the place's arena and the lists */
    int dir, blobs;
    entry_list entries;      /* index.json as it was when the place was opened */
    pthread_mutex_t looking; /* guards the two below, and what the entries are about */
    bool looked;             /* at what they are about */
    struct arena subjects;
    entry_list put;
    struct map children;     /* digests that an index that was put names */
    struct map written;      /* digests of the blobs that were put here */
    struct place_hooks hooks;
};

/* index.json, which has a list of manifests; NULL: an error. */
MUST_CHECK yyjson_doc *oci_index_load(int dir, struct err *e);
/* Replaced by itself with what was put. */
MUST_CHECK bool oci_index_write(struct place_oci *o, struct err *e);

#endif
