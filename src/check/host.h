/* SPDX-License-Identifier: Apache-2.0
 *
 * What a host is read through: its files below a root, and an engine that speaks docker's API on a Unix socket. Nothing is written, and
 * nothing is run. Whatever comes from there is hostile.
 *
 * host_source_open() gives the real one. The checks know no other way to the host, so tests and fuzzers hand them one of their own. */
#ifndef CROZE_CHECK_HOST_H
#define CROZE_CHECK_HOST_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/* What became of a look. */
enum host_read { HOST_READ, HOST_ABSENT, HOST_DENIED };

struct host_file {
    mode_t mode;                  /* with its type */
    uid_t uid;
    gid_t gid;
};

struct host_names {
    struct str *p;
    size_t n;
};

struct host_question {
    struct str path;              /* "/info" */
    struct str body;              /* the answer's; NULL: see failure */
    struct str failure;
    struct arena arena;           /* where these lie: the asker ends it */
};

struct host_source {
    void *ctx;
    /* Symlinks are followed, inside the root. *why: what the system says of a look that was denied. */
    enum host_read (*stat)(void *ctx, const char *path, struct host_file *out, const char **why);
    enum host_read (*read)(void *ctx, const char *path, size_t max_bytes, struct arena *a, struct str *out, const char **why);
    /* The same of a file that is that user's: it is looked at and read by one descriptor. */
    enum host_read (*read_own)(void *ctx, const char *path, uid_t uid, size_t max_bytes, struct arena *a, struct str *out,
                               const char **why);
    enum host_read (*list)(void *ctx, const char *path, struct arena *a, struct host_names *out, const char **why);
    enum host_read (*link)(void *ctx, const char *path, struct arena *a, struct str *out, const char **why);
    /* GETs all of these, several at once. */
    void (*ask)(void *ctx, struct host_question *questions, size_t n);
    /* Whether the kernel audits ("-e 1") and by what rules, a line each as auditctl writes them; false: it may not be asked. */
    bool (*audit)(void *ctx, struct arena *a, struct str *rules);

    struct str socket;            /* the engine's; "" with `no_engine`, which says why there is none to ask */
    struct str no_engine;
    bool engine_denied;           /* there is one, but not for us */
    pid_t peer;                   /* who listens there; 0: not known */
    uid_t uid;                    /* who we are */
};

/* `root`: the directory that is the host's root; NULL: ours, where DOCKER_HOST counts too. */
MUST_CHECK bool host_source_open(const char *root, struct host_source *out, struct err *e);
void host_source_close(struct host_source *s);

#endif
