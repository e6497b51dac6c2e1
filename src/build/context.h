/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: what COPY, ADD and bind mounts read. A build context, or a named one, is given as a directory, as "-" (an archive or
 * a Dockerfile on standard input), as a URL of either, or as a repository; here each becomes a directory, and nothing behind this tells
 * them apart. Archives are unpacked as a layer would be (safe, within its limits, kept in trees/ for the next build). */
#ifndef CROZE_BUILD_CONTEXT_H
#define CROZE_BUILD_CONTEXT_H

#include "dockerfile/dockerfile.h"
#include "store/store.h"

struct build;

struct context {
    struct arena arena;          /* of all that follows; as the rest, guarded by build.contexts until it is open */
    struct str text;             /* as the user gave it */
    int fd;                      /* the directory */
    char *path;                  /* the same, absolute */
    struct stat_index *stats;
    struct ignore ignore;
    bool opened;
    bool is_host_dir;            /* a directory of the host: -f is a path from where the user stands, else one inside the context */
    struct str dockerfile;       /* not a directory but the text of a Dockerfile came; the directory is empty then */
    char *made;                  /* a work directory that goes with the context */
};
#define CONTEXT_INIT {.arena = ARENA_INIT, .fd = -1}

/* Opens what c->text means. The ignore file is not read. */
MUST_CHECK bool context_open(struct build *b, struct context *c, struct err *e);
void context_close(struct build *b, struct context *c);

#endif
