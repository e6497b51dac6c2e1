/* SPDX-License-Identifier: Apache-2.0
 *
 * Marks are what the bytes of a layer's files told the rules that read them (rule.h, READS_CONTENT): a rule, a path, a text. They depend on
 * the bytes alone, so they are made once, while the layer passes into the store (layer/watch.h), and kept as marks/<diffID>; an image that
 * is checked later is not read again. Format: croze-store(5). What was marked by other rules, or other tokens, is out of date. */
#ifndef CROZE_CHECK_MARKS_H
#define CROZE_CHECK_MARKS_H

#include "base/buf.h"
#include "base/vec.h"
#include "check/rule.h"
#include "layer/layer.h"
#include "layer/watch.h"

struct mark {
    const struct rule *rule;
    struct str path, text; /* clean and relative; what the rule said */
};

/* Of one layer, by path, then rule, then text. */
struct marks {
    VEC(struct mark) list;
    size_t n_dropped; /* above LIMIT_MARKS_BYTES */
    struct buf bytes; /* that the texts are in, or none */
};
void marks_fini(struct marks *m);

/* --- Making --- */
struct marker;
/* For the functions of rules; thread-safe. The text is cut at LIMIT_MARK_BYTES. */
void marker_note(struct marker *m, const struct rule *r, const struct watched_file *f, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* To be put into a store: marks of all layers that come in from then on. In one that cannot be written they are made for nobody. */
extern const struct layer_watch marks_watch;

/* --- Reading --- */
/* What was marked of a layer by these rules; *found: false if it has to be read again. */
MUST_CHECK bool marks_open(struct store *s, const struct digest *diff_id, struct marks *out, bool *found, struct err *e);
/* Reads a stored layer for it, and keeps it for the next time where the store can be written. */
MUST_CHECK bool marks_make(struct store *s, struct layer *l, struct marks *out, struct err *e);
/* The bytes of a file of marks, for marks_open and the fuzzer. False: they are not of these rules, or damaged. The bytes must outlive it.
 */
bool marks_parse(struct str bytes, struct marks *out);

#endif
