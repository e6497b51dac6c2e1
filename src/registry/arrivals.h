/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: blobs that are on their way into the store just now. Pulls that go on at once may want the same layer; one of them
 * brings it, the others wait for it. */
#ifndef CROZE_REGISTRY_ARRIVALS_H
#define CROZE_REGISTRY_ARRIVALS_H

#include <pthread.h>

#include "base/digest.h"
#include "base/vec.h"

struct arrivals {
    pthread_mutex_t lock;       /* guards the list */
    pthread_cond_t ended;
    VEC(struct digest) coming;
};
void arrivals_init(struct arrivals *a);
void arrivals_fini(struct arrivals *a);
/* Whether nobody was bringing it. If somebody was, it has been waited for: it is there now, or that one failed and it is to be brought. In
 * both cases the caller has it until arrivals_end. */
bool arrivals_begin(struct arrivals *a, const struct digest *d);
void arrivals_end(struct arrivals *a, const struct digest *d);

#endif
