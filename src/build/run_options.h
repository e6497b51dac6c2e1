/* SPDX-License-Identifier: Apache-2.0
 *
 * What the command line says about RUN steps, read from docker's words into what they mean. Pure: nothing is opened or asked here. */
#ifndef CROZE_BUILD_RUN_OPTIONS_H
#define CROZE_BUILD_RUN_OPTIONS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "sandbox/sandbox.h"

/* A line of /etc/hosts. */
struct run_host {
    struct str name;
    struct str address;           /* IPv4 or IPv6, or "host-gateway": this host's own, found when it is needed */
};

/* A secret: where its value is. Neither of the two: the variable of its id, if there is one, else the file of that name. */
struct run_secret {
    struct str id;
    struct str path;              /* of a file; relative to where the command was called */
    struct str env;               /* a variable of the caller's environment */
};

/* An ssh agent: no path: the one that SSH_AUTH_SOCK names; a socket; or keys in files. */
struct run_agent {
    struct str id;
    const char **paths;
    size_t n_paths;
};

struct run_options {
    struct arena arena;           /* all texts that are kept */
    VEC(struct run_host) hosts;
    struct str hostname;          /* "": BuildKit's */
    VEC(struct sandbox_rlimit) ulimits;
    uint64_t shm_bytes;           /* 0: the default */
    bool shell_on_error;          /* --on-error=sh */
    bool allow_insecure;          /* RUN --security=insecure may have what it asks for */
    VEC(struct run_secret) secrets;
    VEC(struct run_agent) agents;
};
void run_options_fini(struct run_options *o);

/* Each adds what one flag's value says. Errors are ERR_USAGE and name flag and value. */
/* --add-host NAME:ADDRESS or NAME=ADDRESS; several addresses separated by commas; IPv6 with or without brackets. */
MUST_CHECK bool run_host_parse(struct run_options *o, struct str text, struct err *e);
/* The build argument BUILDKIT_SANDBOX_HOSTNAME. */
MUST_CHECK bool run_hostname_parse(struct run_options *o, struct str text, struct err *e);
/* --ulimit NAME=SOFT[:HARD]; -1 is none; the last of a name counts. */
MUST_CHECK bool run_ulimit_parse(struct run_options *o, struct str text, struct err *e);
/* --shm-size: a size as docker writes it ("64m", "1.5g"). */
MUST_CHECK bool run_shm_parse(struct run_options *o, struct str text, struct err *e);
/* --secret id=ID[,src=FILE|,env=NAME|,type=file|env], quoted as CSV; the last of an id counts. */
MUST_CHECK bool run_secret_parse(struct run_options *o, struct str text, struct err *e);
/* --ssh ID[=SOCKET|KEY[,KEY...]]; the last of an id counts. */
MUST_CHECK bool run_agent_parse(struct run_options *o, struct str text, struct err *e);
/* --allow security.insecure, network.host: the second is what every RUN has anyway. */
MUST_CHECK bool run_allow_parse(struct run_options *o, struct str text, struct err *e);

#endif
