/* SPDX-License-Identifier: Apache-2.0
 *
 * What a RUN changed, from its overlay upper directory alone: an entry is given iff it differs from the lower root (view), plus its parents;
 * whiteout devices and opaque directories become explicit whiteouts; overlay's own xattrs are dropped, and redirect or metacopy xattrs are errors
 * (such mounts are never made). Mount stubs that the sandbox left are taken out by name. */
#ifndef CROZE_LAYER_DIFF_H
#define CROZE_LAYER_DIFF_H

#include "layer/view.h"

struct diff_spec {
    int upper_fd;                   /* stays open until the sink is finished */
    const struct view *lower;
    const struct str *ignore_paths; /* mount points that the sandbox made: clean relative paths, sorted */
    size_t n_ignore;
    bool has_epoch;                 /* times are compared as the layer will have them (writer.h): a lower tree that a RUN left bears */
    int64_t epoch;                  /* real times, the same tree unpacked from its blob clamped ones, and both must give one layer */
};
MUST_CHECK bool diff_entries(const struct diff_spec *d, struct entry_sink sink, struct err *e);

#endif
