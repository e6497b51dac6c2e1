/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to fetch/: running git. Its configuration is what stands here, and for commands that reach the network what the user has under
 * credential.*, http.* and core.sshCommand. It never asks on the terminal, runs no hook, no filter, no file system monitor, and speaks no
 * protocol but the one that the remote's text has. */
#ifndef CROZE_FETCH_GIT_RUN_H
#define CROZE_FETCH_GIT_RUN_H

#include "fetch/git_ref.h"

enum { GIT_ARGS_MAX = 24 };

struct git {
    struct arena *arena;
    const char *git_dir;        /* --git-dir, or NULL */
    const char *index;          /* GIT_INDEX_FILE, or NULL */
    const char *dir;            /* where it runs, and the work tree; NULL: in none */
    const char *protocols;      /* GIT_ALLOW_PROTOCOL: "https"; "" for commands without a network */
    struct str secret_url, secret_header; /* http.<url>.extraHeader, or "" */
    const struct user_config *user; /* for commands with a network */
    struct str said;            /* what the last failure printed, masked, on one line */
};

/* What the user has configured for reaching hosts: "key\nvalue" as git prints them. */
struct user_config {
    struct str *keys, *values;
    size_t n;
};
MUST_CHECK bool git_read_user_config(struct arena *a, struct user_config *out, struct err *e);

/* Runs `git ARGS...` (NULL-terminated, at most GIT_ARGS_MAX). *out (may be NULL) gets its output, NUL-terminated, in the arena. False: it
 * could not be run, or failed; then the error has what it said, and *failed (may be NULL) tells that it ran. */
MUST_CHECK bool git_run(struct git *g, const char *const *args, struct str *out, bool *failed, struct err *e);
#define GIT(...) ((const char *const[]){__VA_ARGS__, NULL})

/* "Authorization: Basic ..." */
struct str git_basic_header(struct arena *a, struct str user, struct str password);

#endif
