/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: what one copy is about. The graph is read whole from the source before anything is brought: manifests are
 * small, and only who has seen all of them knows what is missing. They lie in one arena, whose size is the limit: who reads one looks first
 * whether there is room (LIMIT_COPY_BYTES), and keeps nothing else of it.
 *
 *   copy.c           the order of things
 *   graph.c          the manifests, from the root down
 *   graph_about.c    what is about them: referrers, cosign's tags
 *   graph_known.c    what the far side has already
 *   copy_blobs.c     brings blobs
 *   copy_puts.c      puts manifests and names
 *   copy_check.c     asks for all of it at the end */
#ifndef CROZE_REGISTRY_GRAPH_H
#define CROZE_REGISTRY_GRAPH_H

#include <pthread.h>

#include "base/map.h"
#include "base/vec.h"
#include "registry/copy.h"
#include "registry/document.h"

/* A tag that a manifest bears besides its digest: cosign's. One manifest may be about several, and then bears as many. */
struct node_tag {
    struct str name;
    struct node_tag *next;
};

/* One manifest or index. */
struct node {
    struct descriptor descriptor; /* as it was named; of the root: nothing */
    struct manifest_blob m;
    struct document document;
    bool read;
    bool named;          /* by an index, a tag, or the user; else something only lists it as being about another manifest */
    bool gone;           /* it is listed, and not there */
    struct node_tag *tags;
    bool about;          /* it is in the copy because it is about another one */
    bool there;          /* the far side has it, with all that it reaches */
    unsigned depth;      /* from the root */
    unsigned height;     /* above what it stands on; put in this order */
    struct descriptor *referrers; /* found for it */
    size_t n_referrers;
};

struct graph {
    struct place *from, *to;
    const struct copy_options *options;
    pthread_mutex_t large;        /* is held by who holds a large manifest; taken before the lock */
    pthread_mutex_t lock;         /* guards the four below while many read; what is in the arena stays where it is */
    struct arena arena;           /* of all nodes */
    VEC(struct node *) nodes;     /* the root is the first */
    struct map by_digest;         /* 32 bytes -> struct node */
    struct node *root;            /* what gets the name: the first node, or the image that was chosen of it */
    struct map known;             /* digests of blobs that the far side's own manifests name: 32 bytes -> anything */
    VEC(struct descriptor) blobs; /* that are brought, unless they are there */
    uint64_t n_brought, bytes_brought, n_put;
    bool tag_is_there;            /* the far side's tag has the root already */
};

void graph_init(struct graph *g); /* what begins with other than zeros */
void graph_fini(struct graph *g);
MUST_CHECK bool graph_read(struct graph *g, struct str reference, struct err *e);
/* Whether the far side lists a node among what is about its subject. */
MUST_CHECK bool graph_is_listed(struct graph *g, const struct node *n, bool *listed, struct err *e);
/* A manifest of the source while it is looked at. Large ones are held one at a time, until they are in the graph. */
struct fetched {
    struct arena arena;
    struct manifest_blob m;
    bool turn;
};
/* `bytes`: what a descriptor says that it has, or 0. ENOENT: it is not there. To be given back in any case. */
MUST_CHECK bool graph_fetch(struct graph *g, struct str reference, uint64_t bytes, struct fetched *out, struct err *e);
void graph_give_back(struct graph *g, struct fetched *f);
/* --- Under the lock, where others read --- */
/* A node of that digest, new or not; NULL: over a limit. */
struct node *graph_add(struct graph *g, const struct descriptor *d, unsigned depth, struct err *e);
/* The same, of a manifest that is at hand, which is copied. */
struct node *graph_add_read(struct graph *g, const struct manifest_blob *m, unsigned depth, struct err *e);
struct node *graph_find(const struct graph *g, const struct digest *d);
/* --- */
/* Finds what is about the nodes from..end, and adds it. */
MUST_CHECK bool graph_find_about(struct graph *g, size_t from, size_t end, struct err *e);
/* Marks what the far side has. */
MUST_CHECK bool graph_find_known(struct graph *g, struct str to_reference, struct err *e);
/* What the far side has under a reference: this manifest, another one (readable or not), or nothing. */
enum bears { BEARS_NOTHING, BEARS_IT, BEARS_OTHER };
MUST_CHECK bool graph_look(struct graph *g, struct str reference, const struct node *n, enum bears *out, struct err *e);
/* Refuses the copy where the far side has another document under a tag of cosign's that holds one alone, unless that is to give way. */
MUST_CHECK bool graph_may_tag(struct graph *g, struct str tag, enum bears there, struct err *e);
/* Lists the blobs of what is not there, each once. */
MUST_CHECK bool graph_list_blobs(struct graph *g, struct err *e);

MUST_CHECK bool copy_blobs(struct graph *g, struct err *e);
MUST_CHECK bool copy_puts(struct graph *g, struct str to_reference, struct err *e);
MUST_CHECK bool copy_check(struct graph *g, struct str to_reference, struct err *e);

/* Appends to an error about a tag which there are (nearest.c). */
void say_nearest_tags(struct place *from, struct str wanted, struct err *e);

/* Whether something besides cosign's tags leads to it: an index, its subject. */
static inline bool stands_by_digest(const struct node *n) {
    return n->named || n->document.has_subject;
}

#endif
