/* SPDX-License-Identifier: Apache-2.0
 *
 * The files of a git work tree that are as the checked out commit has them, byte for byte. The repository may be a stranger's: git lists
 * the commit (git_run.h) and reads no file of the tree, so no filter has a say; the files are read here, below their directory. */
#ifndef CROZE_FETCH_GIT_FILES_H
#define CROZE_FETCH_GIT_FILES_H

#include "base/digest.h"

struct git_files_sink {
    /* `fd` is the open file, at no certain position. */
    bool (*take)(void *ctx, struct str path, const struct digest *sha256, int fd, struct err *e);
    void *ctx;
};

/* Those in `dir`, which lies in a work tree, and below it; *n: how many. An error: it is none, or git is not there. */
MUST_CHECK bool git_files_as_committed(const char *dir, struct git_files_sink sink, size_t *n, struct err *e);

#endif
