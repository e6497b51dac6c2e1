/* SPDX-License-Identifier: Apache-2.0
 * Section 5, what bounds a container and looks after it: memory, processors, processes, restarts, health, its image. */
#include "check/host_rules.h"

static void memory(struct host_check *c, const struct host_container *k) {
    if (json_get_int(k->host, "Memory", 0) <= 0)
        host_say(c, CIS_FAIL, k->name, "no limit of memory");
}

/* Shares, a quota, or a number of processors. 1024 shares are what everyone has. */
static void processors(struct host_check *c, const struct host_container *k) {
    int64_t shares = json_get_int(k->host, "CpuShares", 0);
    if ((shares <= 0 || shares == 1024) && json_get_int(k->host, "NanoCpus", 0) <= 0 && json_get_int(k->host, "CpuQuota", 0) <= 0)
        host_say(c, CIS_FAIL, k->name, "no limit or share of processors");
}

static void read_only(struct host_check *c, const struct host_container *k) {
    if (!json_get_bool(k->host, "ReadonlyRootfs", false))
        host_say(c, CIS_FAIL, k->name, "its root may be written");
}

static void restarts(struct host_check *c, const struct host_container *k) {
    enum { MOST = 5 };
    yyjson_val *policy = json_get_object(k->host, "RestartPolicy");
    struct str name = json_get_str(policy, "Name");
    int64_t most = json_get_int(policy, "MaximumRetryCount", 0);
    if (name.n == 0 || str_eqz(name, "no"))
        return;
    if (!str_eqz(name, "on-failure"))
        host_say(c, CIS_FAIL, k->name, "is restarted for ever (%s)", SHOWN(name));
    else if (most <= 0 || most > MOST)
        host_say(c, CIS_FAIL, k->name, most <= 0 ? "is restarted after failures without end" : "is restarted more than 5 times");
}

static void ulimits(struct host_check *c, const struct host_container *k) {
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_get_array(k->host, "Ulimits"), i, n, v)
        host_say(c, CIS_MANUAL, k->name, "has a ulimit of its own for %s", SHOWN(json_get_str(v, "Name")));
}

/* podman always names the slice that systemd gives to containers. */
static void cgroup(struct host_check *c, const struct host_container *k) {
    struct str parent = json_get_str(k->host, "CgroupParent");
    bool usual = c->is_podman && (str_eqz(parent, "machine.slice") || str_eqz(parent, "user.slice"));
    if (k->runtime && parent.n)
        host_say(c, CIS_MANUAL, k->name, "lies in the cgroup %s: is that where its engine puts all?", SHOWN(parent));
    else if (parent.n && !usual)
        host_say(c, CIS_FAIL, k->name, "has a cgroup of its own above it: %s", SHOWN(parent));
}

static void processes(struct host_check *c, const struct host_container *k) {
    if (json_get_int(k->host, "PidsLimit", 0) <= 0)
        host_say(c, CIS_FAIL, k->name, "no limit of processes");
}

static void health(struct host_check *c, const struct host_container *k) {
    struct str status = json_get_str(json_get_object(k->state, "Health"), "Status");
    if (status.n == 0 || str_eqz(status, "none"))
        host_say(c, CIS_FAIL, k->name, "nobody looks whether it is well");
    else if (str_eqz(status, "unhealthy"))
        host_say(c, CIS_FAIL, k->name, "it is unhealthy");
}

/* The list names an image by its id once another has taken its name. Whether a registry has a newer one is not asked. */
static void latest(struct host_check *c, const struct host_container *k) {
    struct str named = json_get_str(k->config, "Image");
    if (named.n == 0)
        named = k->image;
    if (!str_starts(named, S("sha256:")) && (str_starts(k->image, S("sha256:")) || host_is_id(k->image)) && !str_eq(named, k->image))
        host_say(c, CIS_FAIL, k->name, "runs what %s was before", SHOWN(named));
    else
        host_say(c, CIS_MANUAL, k->name, "runs %s: compare it with the registry's", SHOWN(named));
}

const struct rule rules_cis_limits[] = {
    CONTAINER_ROW("5.11", "HostContainerMemory", SEVERITY_WARNING, "Each container has a limit of memory", memory, NULL,
                  "One that leaks takes the others and the host with it.", "Start it with --memory."),
    CONTAINER_ROW("5.12", "HostContainerCpu", SEVERITY_INFO, "Each container has its share of the processors", processors, NULL,
                  "One that is busy starves the others.", "Start it with --cpus or --cpu-shares."),
    CONTAINER_ROW("5.13", "HostContainerReadOnly", SEVERITY_WARNING, "Each container's root is read-only", read_only, NULL,
                  "Whoever breaks in can leave programs there.", "Start it with --read-only, and --tmpfs or volumes for what it writes."),
    CONTAINER_ROW("5.15", "HostContainerRestarts", SEVERITY_INFO, "A container that fails is restarted five times at most", restarts,
                  "how often it is restarted", "Endless restarts hide what is wrong, and cost as much.",
                  "Start it with --restart=on-failure:5."),
    CONTAINER_ROW("5.19", "HostContainerUlimits", SEVERITY_INFO, "Limits that differ from the daemon's are meant to", ulimits, NULL,
                  "A limit of one's own passes over what the host decided.", "Drop --ulimit where the daemon's default will do."),
    CONTAINER_ROW("5.25", "HostContainerCgroup", SEVERITY_INFO, "Containers lie in the cgroup that the engine gives them", cgroup, NULL,
                  "Limits of another cgroup are not those that were looked at.", "Drop --cgroup-parent, or look at that cgroup's limits."),
    CONTAINER_ROW("5.27", "HostContainerHealth", SEVERITY_INFO, "Somebody looks whether each container is well", health,
                  "whether anybody looks how it is", "A program that hangs is running all the same.",
                  "Give it a --health-cmd, or HEALTHCHECK in its image."),
    CONTAINER_ROW("5.28", "HostContainerLatest", SEVERITY_INFO, "Containers run the newest build of their image", latest,
                  "which build of its image it runs", "An old build has the holes that the new one mends.",
                  "Pull the image and start the container anew."),
    CONTAINER_ROW("5.29", "HostContainerPidsLimit", SEVERITY_WARNING, "Each container has a limit of processes", processes, NULL,
                  "A fork bomb in one stops the host.", "Start it with --pids-limit."),
    {0},
};
