/* SPDX-License-Identifier: Apache-2.0
 *
 * What a RUN changed, from its overlay upper directory alone: an entry is given iff it differs from the lower root (view), plus its
 * parents; whiteout devices and opaque directories become explicit whiteouts; overlay's own xattrs are dropped, and redirect or metacopy
 * xattrs are errors (such mounts are never made). Mount stubs that the sandbox left are taken out by name. */
#ifndef CROZE_LAYER_DIFF_H
#define CROZE_LAYER_DIFF_H

#include "layer/view.h"

struct diff_spec {
    int upper_fd;                   /* stays open until the sink is finished */
    bool has_epoch;                 /* as in layer_options: times newer than this are this in layers */
    int64_t epoch;
    const struct view *lower;
    const struct str *ignore_paths; /* mount points that the sandbox made: clean relative paths, sorted */
    size_t n_ignore;
};
MUST_CHECK bool diff_entries(const struct diff_spec *d, struct entry_sink sink, struct err *e);

#endif
