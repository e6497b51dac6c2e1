/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a COPY goes: the destination resolved in the root that is copied onto, and what the operands make of it. */
#ifndef CROZE_LAYER_COPY_DEST_H
#define CROZE_LAYER_COPY_DEST_H

#include "layer/copy_operand.h"

struct dest {
    struct str path;           /* no symlink in it */
    enum { DEST_ABSENT, DEST_DIR, DEST_FILE } what;
    bool made_for_archive;     /* what is first put there is an archive: unpacking makes directories as it always does */
    int64_t mtime_s;           /* of the directory, if it is made */
    uint32_t mtime_ns;
    VEC(struct source_dir) dirs; /* what is merged into the directory */
    struct source_dir file;    /* DEST_FILE: what becomes of it */
};

MUST_CHECK bool dest_open(const struct copy_spec *c, struct arena *a, struct dest *d, struct err *e);
void dest_fini(struct dest *d);
/* Takes the next match into account, by BuildKit's rules: a file goes into a directory that is there or becomes the destination, a
 * directory gives its contents. */
MUST_CHECK bool dest_take(struct dest *d, const struct match *m, struct err *e);
/* Writes the directories on the way, then everything. */
MUST_CHECK bool dest_write(struct dest *d, const struct copy_spec *c, bool digests, struct entry_sink sink, struct err *e);

#endif
