/* SPDX-License-Identifier: Apache-2.0
 *
 * `croze build --why`: says for each step that is done what differs from the time it was done before. Takes the fields of the step's key
 * (plan/key.h) and the records of earlier ones (store/why.c); gives a line a step, in words. Without --why only the records are written. */
#ifndef CROZE_BUILD_WHY_H
#define CROZE_BUILD_WHY_H

#include "layer/layer.h"
#include "plan/key.h"

struct build;
struct stage;

/* Of a stage. */
struct stage_why {
    struct key_fields fields; /* of the key that was made last */
    struct digest base;       /* ChainID of what the stage began with */
    size_t done_step;         /* the first step that was done since one came from the cache; 0: none */
    bool compare;             /* the step at hand is a COPY whose files are to be compared with those of `earlier` when it is done */
    struct digest earlier;    /* a layer's diffID */
};

/* The step was not taken from the cache: says why, if that can be told now. */
void why_missed(struct stage *s, const struct step *step, const struct digest *key);
/* It was. */
void why_cached(struct stage *s);
/* It is done: keeps the fields of its key, and says what is left to say. */
void why_done(struct stage *s, const struct step *step, const struct digest *key, const struct layer *l);

/* The records that a build compares with, read once. */
struct why_records {
    bool read;
    struct arena arena;
    struct why_record *p;
    size_t n;
};
void why_records_fini(struct why_records *r);

#endif
