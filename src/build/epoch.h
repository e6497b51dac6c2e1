/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: the epoch (SOURCE_DATE_EPOCH) where no number says it. */
#ifndef CROZE_BUILD_EPOCH_H
#define CROZE_BUILD_EPOCH_H

#include "build/stage.h"

/* From here on the build has this epoch: its options say so. */
void epoch_apply(struct build *b, int64_t epoch);
/* Settles what the options ask for before the plan is made: the time of a commit, or of the context. The ignore file has been read. */
MUST_CHECK bool epoch_begin(struct build *b, struct err *e);
/* The newest commit if the context is a clean work tree of git, else the newest time of a file that the context has; applied, and said.
 * *found is false where there is neither. */
MUST_CHECK bool epoch_from_context(struct build *b, bool *found, struct err *e);
/* The error of that. Returns false. */
bool epoch_missing(struct err *e);

/* When the commit was made that is checked out in `dir` or above it (git_epoch.c). The repository is read with nobody's configuration but
 * its own, and of that nothing is obeyed that would run a program. Where there is no such time, because it is no work tree, has no commit
 * or has changes below `dir`, *why says so (static, or in the arena), and that is no error. `alone`: do not look above `dir`. */
MUST_CHECK bool git_commit_time(struct arena *a, const char *dir, bool alone, int64_t *epoch, struct str *why, struct err *e);

#endif
