/* SPDX-License-Identifier: Apache-2.0
 * Private to container/: what the files of this room tell each other. */
#ifndef CROZE_CONTAINER_OCI_H
#define CROZE_CONTAINER_OCI_H

#include <signal.h>

#include "container/container.h"

/* A container in the making. All text lives in the arena. */
struct container {
    const struct container_spec *spec;
    struct arena arena;
    char id[13];               /* 12 hex digits, as docker's short ids */
    int work_fd;               /* spec->work, which is the bundle */
    const char *rootfs, *upper, *log_path, *state_dir;
    const char *hosts, *resolv_conf, *hostname_file; /* files bound to /etc */
    const char *hostname;
    struct str_list argv, env; /* of its process */
    const char *cwd;
    bool terminal;
    bool user_namespace;       /* we are root of one: tier T1 */
    const char *runtime;       /* path of the program */
    bool crun, runc;
};

/* argv, env and cwd from the image's configuration and the command line. */
MUST_CHECK bool process_fill(struct container *c, struct err *e);
/* Writes the bundle's config.json. */
MUST_CHECK bool oci_write(struct container *c, struct err *e);
/* Fails with 126 or 127 if the program is not in the mounted root, or is none. */
MUST_CHECK bool program_check(struct container *c, struct err *e);
/* Chooses the runtime. */
MUST_CHECK bool runtime_choose(struct container *c, struct err *e);
/* The signals that the container gets instead of us; to be blocked while it is prepared and runs. */
void runtime_signals(sigset_t *set);
/* Starts it, forwards signals, waits, tells the container's end from its own failure. */
MUST_CHECK bool runtime_run(struct container *c, int *code, struct err *e);

#endif
