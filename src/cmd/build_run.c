/* SPDX-License-Identifier: Apache-2.0
 * croze build's flags for RUN steps: network, hosts, limits, secrets. */
#include "cmd/build_flags.h"

static const char *network = "default";
static const char *const network_words[] = {"default", "host", "none", NULL};

const struct opt build_run_rows[] = {
    OPT_ENUM(0, "network", network_words, &network, "Network of RUN steps: default (the host's) or none"),
    OPT_UNSUPPORTED(0, "add-host", "HOST:IP", "extra hosts belong to a later version"),
    OPT_UNSUPPORTED(0, "allow", "WHAT", "entitlements belong to a later version"),
    OPT_UNSUPPORTED('m', "memory", "BYTES", "a build step runs without a cgroup of its own"),
    OPT_UNSUPPORTED(0, "secret", "WHAT", "secrets belong to a later version"),
    OPT_UNSUPPORTED(0, "shm-size", "BYTES", "it belongs to a later version"),
    OPT_UNSUPPORTED(0, "ssh", "WHAT", "ssh forwarding belongs to a later version"),
    OPT_UNSUPPORTED(0, "ulimit", "WHAT", "it belongs to a later version"),
    OPT_END,
};

bool build_run_read(struct arena *a, struct build_options *o, struct err *e) {
    (void)a, (void)e;
    o->network_none = strcmp(network, "none") == 0;
    return true;
}
