/* SPDX-License-Identifier: Apache-2.0
 * Section 5, the ways into containers: swarm, ports, ssh, exec. */
#include "check/host_rules.h"

static void no_swarm(struct host_check *c) {
    struct str state = json_get_str(json_get_object(c->info.root, "Swarm"), "LocalNodeState");
    if (c->is_podman)
        host_say(c, CIS_NA, STR_NULL, "podman has no swarm");
    else if (!c->info.root)
        host_say_unseen(c, "whether swarm is on", c->info.why);
    else if (state.n == 0)
        host_say(c, CIS_MANUAL, STR_NULL, "the engine does not say whether swarm is on");
    else
        host_say(c, str_eqz(state, "inactive") ? CIS_PASS : CIS_FAIL, STR_NULL, "swarm is %s", SHOWN(state));
}

static void ssh(struct host_check *c, const struct host_container *k) {
    host_find_ssh(c);
    if (k->has_ssh)
        host_say(c, CIS_FAIL, k->name, "an ssh server runs in it");
    else if (k->ssh_unknown.n)
        host_say(c, CIS_MANUAL, k->name, "what runs in it is not known: %.*s", STR_ARG(k->ssh_unknown));
}

/* --- Ports --------------------------------------------------------------------------------------------------------------------------- */

static void low_ports(struct host_check *c, const struct host_container *k) {
    for (size_t i = 0; i < k->n_ports; i++)
        if (k->ports[i].port && k->ports[i].port < 1024)
            host_say(c, CIS_FAIL, k->name, "port %llu of the host", (unsigned long long)k->ports[i].port);
}

static bool is_published(const struct host_container *k, struct str inside) {
    for (size_t i = 0; i < k->n_ports; i++)
        if (str_eq(k->ports[i].inside, inside))
            return true;
    return false;
}

static void say_unused(struct host_check *c, const struct host_container *k, struct str message) {
    host_say(c, CIS_MANUAL, k->name, "%.*s", STR_ARG(message));
    host_find(c, rule_find(S("ContainerExposeUnused")), k->name, message);
}

/* A port on which nothing listens now nobody needs now. */
static void open_ports(struct host_check *c, const struct host_container *k) {
    struct host_listening l = {0};
    size_t i, n;
    yyjson_val *key, *v;
    for (i = 0; i < k->n_ports; i++) {
        struct str inside = k->ports[i].inside, text;
        text = arena_printf(c->arena, "%s is open as port %llu", SHOWN(inside), (unsigned long long)k->ports[i].port);
        if (host_is_idle(c, k, &l, inside))
            say_unused(c, k, arena_join3(c->arena, text, S(", and nothing listens on it"), STR_NULL));
        else
            host_say(c, CIS_MANUAL, k->name, "%.*s: is it needed?", STR_ARG(text));
    }
    json_obj_foreach(json_get_object(k->config, "ExposedPorts"), i, n, key, v) {
        struct str inside = str_n(yyjson_get_str(key), yyjson_get_len(key));
        if (!is_published(k, inside) && host_is_idle(c, k, &l, inside))
            say_unused(c, k, arena_printf(c->arena, "%s is exposed, and nothing listens on it", SHOWN(inside)));
    }
}

static bool is_everywhere(struct str address) {
    return address.n == 0 || str_eqz(address, "0.0.0.0") || str_eqz(address, "::") || str_eqz(address, "[::]");
}

static void interfaces(struct host_check *c, const struct host_container *k) {
    for (size_t i = 0; i < k->n_ports; i++)
        if (is_everywhere(k->ports[i].address))
            host_say(c, CIS_FAIL, k->name, "%s is open on every address (%s)", SHOWN(k->ports[i].inside),
                     k->ports[i].address.n ? SHOWN(k->ports[i].address) : "none is given");
}

/* --- exec ---------------------------------------------------------------------------------------------------------------------------- */

static const struct host_shape exec_shapes[] = {{TYPE_BOOL, "Running"},
                                                {TYPE_OBJECT, "ProcessConfig"},
                                                {TYPE_BOOL, "ProcessConfig.privileged"},
                                                {TYPE_TEXT, "ProcessConfig.user"},
                                                {TYPE_END, NULL}};

/* Calls `look` for each that runs now. What was executed before is in no engine's memory. */
static void each_exec(struct host_check *c, void (*look)(struct host_check *, const struct host_container *, yyjson_val *process)) {
    enum { MOST = 100 };
    size_t asked = 0;
    if (!host_has_containers(c))
        return;
    for (size_t k = 0; k < c->n_containers; k++) {
        const struct host_container *x = &c->containers[k];
        size_t i, n;
        yyjson_val *v;
        yyjson_arr_foreach(json_get_array(x->whole, "ExecIDs"), i, n, v) {
            struct str id = str_n(yyjson_get_str(v), yyjson_get_len(v));
            if (x->unread.n || !host_is_id(id) || asked++ >= MOST)
                continue;
            struct host_document d = host_ask(c, arena_printf(c->arena, "/exec/%.*s/json", STR_ARG(id)).p, exec_shapes);
            if (d.root && json_get_bool(d.root, "Running", false))
                look(c, x, json_get_object(d.root, "ProcessConfig"));
        }
    }
    if (c->n_said == 0)
        host_say(c, CIS_MANUAL, STR_NULL, "%zu processes were asked for; earlier ones are in the audit's log at most: ausearch -k docker",
                 asked < MOST ? asked : (size_t)MOST);
}

static void privileged_one(struct host_check *c, const struct host_container *k, yyjson_val *process) {
    if (json_get_bool(process, "privileged", false))
        host_say(c, CIS_FAIL, k->name, "exec --privileged runs in it");
}
static void exec_privileged(struct host_check *c) {
    each_exec(c, privileged_one);
}

static void root_one(struct host_check *c, const struct host_container *k, yyjson_val *process) {
    struct str user = json_get_str(process, "user"), own = json_get_str(k->config, "User");
    bool is_root = str_eqz(user, "root") || str_eqz(user, "0") || str_starts(user, S("0:")) || str_starts(user, S("root:"));
    if (is_root && !str_eq(user, own))
        host_say(c, CIS_FAIL, k->name, "exec --user %s runs in it", SHOWN(user));
}
static void exec_root(struct host_check *c) {
    each_exec(c, root_one);
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_cis_access[] = {
    {.id = "ContainerExposeUnused",
     .reads = READS_OTHER,
     .severity = SEVERITY_INFO,
     .also = "5.9",
     .why = "A port that is opened for nothing is open to whatever comes to listen there.",
     .fix = "Drop it from EXPOSE and -p, or start what is to listen on it.",
     .url = ""},
    HOST_ROW("5.1", "HostSwarmOff", SEVERITY_INFO, "Swarm is off where nobody needs it", no_swarm, NULL,
             "It opens ports and gives other nodes a say.", "docker swarm leave."),
    CONTAINER_ROW("5.7", "HostContainerSsh", SEVERITY_WARNING, "No ssh server runs in a container", ssh, NULL,
                  "One more door, with keys and logs of its own.", "Use exec to look inside."),
    CONTAINER_ROW("5.8", "HostContainerLowPorts", SEVERITY_INFO, "No container has a port of the host below 1024", low_ports,
                  "which ports are published", "Those are for services of the host that users trust.",
                  "Publish a port above 1023, behind a proxy."),
    CONTAINER_ROW("5.9", "HostContainerPorts", SEVERITY_INFO, "Only ports that are needed are published", open_ports,
                  "which ports are published", "Each one is a way in.", "Drop -P, and every -p that nobody uses."),
    CONTAINER_ROW("5.14", "HostContainerInterface", SEVERITY_WARNING, "Ports are published on one address of the host", interfaces,
                  "which ports are published", "On all addresses it is open to networks that were not meant.",
                  "Publish it as ADDRESS:PORT:PORT."),
    HOST_ROW("5.23", "HostExecPrivileged", SEVERITY_ERROR, "Nobody uses exec --privileged", exec_privileged, NULL,
             "It gives a process what the container was denied.", "Drop --privileged from exec."),
    HOST_ROW("5.24", "HostExecRoot", SEVERITY_WARNING, "Nobody uses exec as root", exec_root, NULL,
             "It gives a process what USER took away.", "Drop --user root from exec."),
    {0},
};
