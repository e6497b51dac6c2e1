/* SPDX-License-Identifier: Apache-2.0
 * croze build's flags for RUN steps: network, hosts, limits, secrets. */
#include "cmd/build_flags.h"

#define NO_CGROUP "a build step runs without a cgroup of its own"

static const char *network = "default", *on_error = "fail", *shm_size;
static struct opt_list add_hosts, ulimits, secrets, agents, allow;
static const char *const network_words[] = {"default", "host", "none", NULL}, *const on_error_words[] = {"fail", "sh", NULL};

const struct opt build_run_rows[] = {
    OPT_ENUM(0, "network", network_words, &network, "Network of RUN steps: default (the host's) or none"),
    OPT_LIST(0, "add-host", "HOST:IP", &add_hosts, "Add a line to /etc/hosts; host-gateway as IP is this host's own address"),
    OPT_LIST(0, "allow", "WHAT", &allow,
             "security.insecure: let RUN --security=insecure have all capabilities (network.host is allowed anyway)"),
    OPT_UNSUPPORTED('m', "memory", "BYTES", NO_CGROUP),
    OPT_UNSUPPORTED(0, "memory-swap", "BYTES", NO_CGROUP),
    OPT_UNSUPPORTED('c', "cpu-shares", "N", NO_CGROUP),
    OPT_UNSUPPORTED(0, "cpu-period", "N", NO_CGROUP),
    OPT_UNSUPPORTED(0, "cpu-quota", "N", NO_CGROUP),
    OPT_UNSUPPORTED(0, "cpuset-cpus", "LIST", NO_CGROUP),
    OPT_UNSUPPORTED(0, "cpuset-mems", "LIST", NO_CGROUP),
    OPT_UNSUPPORTED(0, "cgroup-parent", "PATH", NO_CGROUP),
    OPT_UNSUPPORTED(0, "isolation", "WORD", "all steps have one sandbox"),
    OPT_UNSUPPORTED(0, "security-opt", "WHAT", "all steps have one sandbox; --allow security.insecure opens it to those that ask"),
    OPT_LIST(0, "secret", "id=ID[,src=FILE|,env=NAME]", &secrets, "A secret for RUN --mount=type=secret: a file or a variable"),
    OPT_ENUM(0, "on-error", on_error_words, &on_error,
             "When a RUN fails: fail, or sh, a shell in its root (without a terminal: commands from standard input)"),
    OPT_STR(0, "shm-size", "BYTES", &shm_size, "Size of /dev/shm, with k, m or g (default 64m)"),
    OPT_LIST(0, "ssh", "ID[=SOCKET|KEY[,KEY]]", &agents,
             "An ssh agent, or keys for one, for RUN --mount=type=ssh; \"default\" alone is the running agent"),
    OPT_LIST(0, "ulimit", "NAME=SOFT[:HARD]", &ulimits, "Set a resource limit of RUN steps; -1 is none"),
    OPT_END,
};

static bool parse_each(struct run_options *o, const struct opt_list *list, bool (*parse)(struct run_options *, struct str, struct err *),
                       struct err *e) {
    for (size_t i = 0; i < list->n; i++)
        if (!parse(o, str_z(list->p[i]), e))
            return false;
    return true;
}

static bool read_hostname(struct build_options *o, struct err *e) {
    struct str name;
    return !pair_list_get(&o->build_args, S("BUILDKIT_SANDBOX_HOSTNAME"), &name) || run_hostname_parse(&o->run, name, e);
}

bool build_run_read(struct arena *a, struct build_options *o, struct err *e) {
    (void)a;
    o->run.shell_on_error = strcmp(on_error, "sh") == 0;
    o->network_none = strcmp(network, "none") == 0;
    return read_hostname(o, e) && (!shm_size || run_shm_parse(&o->run, str_z(shm_size), e)) &&
           parse_each(&o->run, &add_hosts, run_host_parse, e) && parse_each(&o->run, &ulimits, run_ulimit_parse, e) &&
           parse_each(&o->run, &secrets, run_secret_parse, e) && parse_each(&o->run, &agents, run_agent_parse, e) &&
           parse_each(&o->run, &allow, run_allow_parse, e);
}
