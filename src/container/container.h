/* SPDX-License-Identifier: Apache-2.0
 *
 * container/ runs an image: takes its layers' trees, its configuration and what the command line changes, gives the exit code. The root
 * is an overlay (sandbox/), the isolation an OCI runtime's (runc or crun, by the OCI runtime specification 1.0.2): a whole container is
 * their subject, a build step is sandbox_run's. Nothing is kept of a container once it has ended, and nothing runs on once this process
 * is gone, even by kill -9: the runtime lives in a pid namespace of its own that dies with us. */
#ifndef CROZE_CONTAINER_CONTAINER_H
#define CROZE_CONTAINER_CONTAINER_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "layer/entry.h"
#include "plan/config.h"

struct container_volume {
    const char *source;        /* absolute, on the host */
    const char *target;        /* absolute, in the container; made if missing */
    bool read_only;
};

/* Borrowed throughout; NULL and 0 mean "as the image says" where an image can say it. */
struct container_spec {
    const char *const *lowers; /* the layers' trees, top first */
    size_t n_lowers;
    const struct entry *root;  /* owner, mode and time of the root itself; NULL: root's, 0755, now */
    const struct container_config *config;
    const char *work;          /* an empty private directory on the trees' file system; left empty */

    const char *entrypoint;    /* one program instead of the image's entry point and command; "": no entry point */
    const char *const *args;   /* instead of the image's command */
    size_t n_args;
    const char *const *env;    /* KEY=value, or KEY: from our own environment if set there */
    size_t n_env;
    const char *workdir;
    uid_t uid;                 /* of --user or the image's USER, resolved by the caller */
    gid_t gid;
    const gid_t *groups;
    size_t n_groups;
    const char *home;          /* of that user; NULL: "/" */

    const struct container_volume *volumes;
    size_t n_volumes;
    const char *hostname;      /* NULL: the container's id */
    const char *runtime;       /* name or path; NULL: chosen */
    bool read_only, network_none;
    bool interactive;          /* stdin is ours, else /dev/null */
    bool tty;                  /* a terminal of its own; only if our stdin is one */
    int stop_timeout_s;        /* stop.h */
};

/* Runs it in the foreground to the end; TERM, INT, HUP, QUIT, USR1, USR2 and WINCH sent to us reach its process meanwhile. *code: its
 * exit status, 128 + signal; 137 if it was killed because it did not stop (stop.h). False, with e->exit_code as docker has it: 125 croze
 * or the runtime failed, 126 the program cannot be executed, 127 it is not there. Call sandbox_enter first; SIGCHLD must have its default
 * action. */
MUST_CHECK bool container_run(const struct container_spec *s, int *code, struct err *e);

/* "/host/path:/path[:ro|rw[,...]]" of -v. A source without a slash would be a named volume: refused by name. Text in `a`. */
MUST_CHECK bool container_parse_volume(struct arena *a, const char *text, struct container_volume *out, struct err *e);
/* "[address:]port:port[/proto]" of -p. The container has the host's network, so equal ports need nothing done; others are refused by
 * name. */
MUST_CHECK bool container_check_port(const char *text, struct err *e);

#endif
