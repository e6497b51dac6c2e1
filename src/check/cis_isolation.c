/* SPDX-License-Identifier: Apache-2.0
 * Section 5, what keeps a container apart from the host: confinement, capabilities, namespaces, mounts. */
#include "base/limits.h"
#include "check/engine_sockets.h"
#include "check/host_rules.h"

/* --- Mandatory access control ------------------------------------------------------------------------------------------------------- */

static bool is_on(struct host_check *c, const char *path) {
    struct str text;
    const char *why;
    return c->source->read(c->source->ctx, path, 64, c->arena, &text, &why) == HOST_READ && str_starts(text, S("Y"));
}

static bool host_confines_by(struct host_check *c, const char *what) {
    struct host_file f;
    const char *why;
    if (c->info.root)
        return host_has_text(json_get_array(c->info.root, "SecurityOptions"), what);
    if (strcmp(what, "name=apparmor") == 0)
        return is_on(c, "/sys/module/apparmor/parameters/enabled");
    return strcmp(what, "name=selinux") == 0 && c->source->stat(c->source->ctx, "/sys/fs/selinux/enforce", &f, &why) == HOST_READ;
}

/* One of the two is enough, and a kernel has one of them at most. */
static void apparmor(struct host_check *c, const struct host_container *k) {
    struct str profile = json_get_str(k->whole, "AppArmorProfile");
    if (profile.n && !str_eqz(profile, "unconfined"))
        return;
    if (!profile.n && host_confines_by(c, "name=selinux") && !host_confines_by(c, "name=apparmor"))
        host_say(c, CIS_NA, k->name, "the host confines by SELinux");
    else if ((c->info.root || k->runtime) && !host_confines_by(c, "name=apparmor"))
        host_say(c, CIS_FAIL, k->name, "no AppArmor profile: the host has neither AppArmor nor SELinux");
    else
        host_say(c, CIS_FAIL, k->name, "no AppArmor profile");
}

static void selinux(struct host_check *c, const struct host_container *k) {
    yyjson_val *options = json_get_array(k->host, "SecurityOpt");
    bool disabled = host_has_text(options, "label=disable") || host_has_text(options, "label:disable");
    struct str label = json_get_str(k->whole, "ProcessLabel");
    if (!c->info.root && !k->runtime)
        host_say(c, CIS_MANUAL, k->name, "whether the host has SELinux only its engine tells");
    else if (!host_confines_by(c, "name=selinux"))
        host_say(c, CIS_NA, k->name, "the engine has no SELinux");
    else if (disabled || label.n == 0)
        host_say(c, CIS_FAIL, k->name, disabled ? "its labels are disabled" : "no SELinux label");
    else if (str_find(label, S(":spc_t:")) >= 0)
        host_say(c, CIS_FAIL, k->name, "its label (spc_t) is one that may do everything");
}

static void seccomp(struct host_check *c, const struct host_container *k) {
    struct str mode;
    yyjson_val *options = json_get_array(k->host, "SecurityOpt");
    if (k->runtime) {
        bool known = host_status(c, k, "Seccomp", &mode);
        if (known ? str_eqz(mode, "0") : host_has_text(options, "seccomp=unconfined"))
            host_say(c, CIS_FAIL, k->name, known ? "its first process runs unfiltered" : "its bundle has no filter");
    } else if (host_has_text(options, "seccomp=unconfined") || host_has_text(options, "seccomp:unconfined"))
        host_say(c, CIS_FAIL, k->name, "seccomp=unconfined");
    else if (json_get_bool(k->host, "Privileged", false))
        host_say(c, CIS_FAIL, k->name, "privileged, and so without seccomp");
    else if (c->info.root && !host_confines_by(c, "name=seccomp"))
        host_say(c, CIS_FAIL, k->name, "the engine has no seccomp");
    else if (host_confines_by(c, "name=seccomp,profile=unconfined") && !host_has_text(options, "seccomp="))
        host_say(c, CIS_FAIL, k->name, "the engine's own profile is unconfined, and it has no other");
    else if (!c->info.root && !host_has_text(options, "seccomp="))
        host_say(c, CIS_MANUAL, k->name, "the engine's profile is not known");
    else if (host_status(c, k, "Seccomp", &mode) && str_eqz(mode, "0"))
        host_say(c, CIS_FAIL, k->name, "its first process runs unfiltered");
}

/* --- Privilege --------------------------------------------------------------------------------------------------------------------- */

static bool is_default_capability(struct str name) {
    static const char *const defaults[] = {"AUDIT_WRITE", "CHOWN",   "DAC_OVERRIDE",     "FOWNER",     "FSETID",
                                           "KILL",        "MKNOD",   "NET_BIND_SERVICE", "NET_RAW",    "SETFCAP",
                                           "SETGID",      "SETPCAP", "SETUID",           "SYS_CHROOT", NULL};
    if (str_starts_nocase(name, S("CAP_")))
        name = str_from(name, 4);
    for (size_t k = 0; defaults[k]; k++)
        if (str_eq_nocase(name, str_z(defaults[k])))
            return true;
    return false;
}

static void capabilities(struct host_check *c, const struct host_container *k) {
    static const uint64_t default_capabilities = 0xa80425fb; /* those above, as the kernel numbers them */
    struct str added = STR_NULL, bound;
    uint64_t bits;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_get_array(k->host, "CapAdd"), i, n, v) {
        struct str name = str_n(yyjson_get_str(v), yyjson_get_len(v));
        if (!is_default_capability(name))
            added = added.n ? arena_join3(c->arena, added, S(", "), name) : name;
    }
    if (added.n)
        host_say(c, CIS_FAIL, k->name, "adds capabilities: %s", SHOWN(added));
    else if (!json_get_bool(k->host, "Privileged", false) && host_status(c, k, "CapBnd", &bound) &&
             str_to_u64(bound, 16, UINT64_MAX, &bits) && bits & ~default_capabilities)
        host_say(c, CIS_FAIL, k->name, "its processes can have more capabilities than docker gives: 0x%llx", (unsigned long long)bits);
}

static void privileged(struct host_check *c, const struct host_container *k) {
    if (json_get_bool(k->host, "Privileged", false))
        host_say(c, CIS_FAIL, k->name, "privileged");
}

/* What the container says counts before what the daemon gives to all. */
static void new_privileges(struct host_check *c, const struct host_container *k) {
    yyjson_val *options = json_get_array(k->host, "SecurityOpt");
    bool off = host_has_text(options, "no-new-privileges=false") || host_has_text(options, "no-new-privileges:false");
    if (!off && host_has_text(options, "no-new-privileges"))
        return;
    struct host_setting s = {0};
    struct str is_set;
    if (host_status(c, k, "NoNewPrivs", &is_set)) {
        if (!str_eqz(is_set, "1"))
            host_say(c, CIS_FAIL, k->name, "its programs may gain privileges");
        return;
    }
    bool is_dockers = !c->is_podman && !k->runtime;
    if (!off && is_dockers)
        s = host_setting(c, "no-new-privileges", 0, "no-new-privileges", SETTING_BOOL);
    if (!off && is_dockers && s.state == SETTING_UNKNOWN)
        host_say(c, CIS_MANUAL, k->name, "it does not say so itself, and the daemon's settings are not known: %.*s", STR_ARG(s.from));
    else if (off || s.state != SETTING_SET || !str_eqz(s.value, "true"))
        host_say(c, CIS_FAIL, k->name, "its programs may gain privileges");
}

/* --- Namespaces -------------------------------------------------------------------------------------------------------------------- */

static void is_not_hosts(struct host_check *c, const struct host_container *k, const char *member, const char *what) {
    struct str mode = json_get_str(k->host, member);
    if (str_eqz(mode, "host"))
        host_say(c, CIS_FAIL, k->name, "has the host's %s", what);
    else if (str_starts(mode, S(HOST_JOINED)))
        host_say(c, CIS_MANUAL, k->name, "shares what %s is of: is that the host's %s?", SHOWN(str_from(mode, strlen(HOST_JOINED))), what);
}
static void network(struct host_check *c, const struct host_container *k) {
    is_not_hosts(c, k, "NetworkMode", "network");
}
static void pids(struct host_check *c, const struct host_container *k) {
    is_not_hosts(c, k, "PidMode", "processes");
}
static void ipc(struct host_check *c, const struct host_container *k) {
    is_not_hosts(c, k, "IpcMode", "IPC");
}
static void uts(struct host_check *c, const struct host_container *k) {
    is_not_hosts(c, k, "UTSMode", "UTS namespace");
}
static void users(struct host_check *c, const struct host_container *k) {
    is_not_hosts(c, k, "UsernsMode", "user namespace");
}

static void default_bridge(struct host_check *c, const struct host_container *k) {
    yyjson_val *networks = host_member(k->whole, "NetworkSettings.Networks");
    struct str mode = json_get_str(k->host, "NetworkMode");
    bool by_default = yyjson_obj_size(networks) == 0 && (str_eqz(mode, "default") || str_eqz(mode, "bridge"));
    if (yyjson_obj_get(networks, "bridge") || by_default)
        host_say(c, CIS_FAIL, k->name, "on the default bridge");
}

/* --- Mounts and devices ------------------------------------------------------------------------------------------------------------- */

static bool is_sensitive(struct str path, bool *below) {
    static const char *const dirs[] = {"/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr", NULL};
    *below = false;
    if (str_eqz(path, "/"))
        return true;
    for (size_t k = 0; dirs[k]; k++) {
        struct str dir = str_z(dirs[k]);
        if (str_eq(path, dir))
            return true;
        *below |= str_starts(path, dir) && path.p[dir.n] == '/';
    }
    return *below;
}

static void sensitive_mounts(struct host_check *c, const struct host_container *k) {
    for (size_t i = 0; i < k->n_mounts; i++) {
        const struct host_mount *m = &k->mounts[i];
        bool below;
        if (!is_sensitive(m->source, &below) || (below && !m->writable))
            continue;
        if (m->writable && !below)
            host_say(c, CIS_FAIL, k->name, "may write the host's %s", SHOWN(m->source));
        else
            host_say(c, CIS_MANUAL, k->name, "may %s the host's %s", m->writable ? "write" : "read", SHOWN(m->source));
    }
}

static bool reaches(struct str mounted, struct str socket) {
    return socket.n && (str_eq(mounted, socket) || str_eqz(mounted, "/") ||
                        (str_starts(socket, mounted) && mounted.n < socket.n && socket.p[mounted.n] == '/'));
}

/* A directory above the socket has it too. */
static void engine_socket(struct host_check *c, const struct host_container *k) {
    for (size_t i = 0; i < k->n_mounts; i++) {
        struct str source = below_run(k->mounts[i].source);
        if (is_engine_socket(source) || holds_engine_sockets(source) || reaches(source, below_run(c->source->socket)))
            host_say(c, CIS_FAIL, k->name, "has an engine's socket, by %s", SHOWN(k->mounts[i].source));
    }
}

static void propagation(struct host_check *c, const struct host_container *k) {
    for (size_t i = 0; i < k->n_mounts; i++)
        if (str_eqz(k->mounts[i].propagation, "shared") || str_eqz(k->mounts[i].propagation, "rshared"))
            host_say(c, CIS_FAIL, k->name, "mounts below %s reach the host", SHOWN(k->mounts[i].destination));
}

static void devices(struct host_check *c, const struct host_container *k) {
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_get_array(k->host, "Devices"), i, n, v) {
        struct str path = json_get_str(v, "PathOnHost");
        host_say(c, CIS_MANUAL, k->name, "has the host's device %s", path.n ? SHOWN(path) : "of an unknown name");
    }
    if (yyjson_arr_size(json_get_array(k->host, "DeviceRequests")) || yyjson_arr_size(json_get_array(k->host, "DeviceCgroupRules")))
        host_say(c, CIS_MANUAL, k->name, "asks for devices by a rule");
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_cis_isolation[] = {
    CONTAINER_ROW("5.2", "HostContainerAppArmor", SEVERITY_WARNING, "AppArmor confines each container", apparmor, NULL,
                  "A profile bounds what a broken program can reach.",
                  "Leave docker's profile on, or give one: --security-opt apparmor=NAME."),
    CONTAINER_ROW("5.3", "HostContainerSelinux", SEVERITY_WARNING, "SELinux labels each container", selinux, NULL,
                  "A label keeps a container from files that are not its own.",
                  "Start dockerd with --selinux-enabled, and do not disable labels."),
    CONTAINER_ROW("5.4", "HostContainerCapabilities", SEVERITY_ERROR, "No container has more capabilities than by default", capabilities,
                  NULL, "Some of them are as good as root on the host.",
                  "Drop --cap-add, or add the one that is needed and drop all others."),
    CONTAINER_ROW("5.5", "HostContainerPrivileged", SEVERITY_ERROR, "No container is privileged", privileged, NULL,
                  "It has every capability and device: it is the host.", "Drop --privileged; give single capabilities or devices."),
    CONTAINER_ROW("5.6", "HostContainerMounts", SEVERITY_ERROR, "No container may write the host's system directories", sensitive_mounts,
                  NULL, "Whoever writes there decides what the host runs.", "Mount a directory of its own, or mount read-only."),
    CONTAINER_ROW("5.10", "HostContainerNetwork", SEVERITY_WARNING, "No container has the host's network", network, NULL,
                  "It can speak to whatever listens on loopback alone.", "Give it a network, and publish its ports."),
    CONTAINER_ROW("5.16", "HostContainerPids", SEVERITY_WARNING, "No container sees the host's processes", pids, NULL,
                  "It can see and perhaps signal or trace them.", "Drop --pid=host."),
    CONTAINER_ROW("5.17", "HostContainerIpc", SEVERITY_WARNING, "No container has the host's IPC", ipc, NULL,
                  "It shares memory with programs of the host.", "Drop --ipc=host."),
    CONTAINER_ROW("5.18", "HostContainerDevices", SEVERITY_WARNING, "Containers have no devices of the host", devices, NULL,
                  "A device can be the host's disk or memory.", "Drop --device where the program can do without."),
    CONTAINER_ROW("5.20", "HostContainerPropagation", SEVERITY_WARNING, "No mount of a container propagates to the host", propagation, NULL,
                  "What it mounts there, the host sees.", "Use private or slave propagation."),
    CONTAINER_ROW("5.21", "HostContainerUts", SEVERITY_WARNING, "No container has the host's UTS namespace", uts, NULL,
                  "It can change the host's name.", "Drop --uts=host."),
    CONTAINER_ROW("5.22", "HostContainerSeccomp", SEVERITY_ERROR, "Seccomp filters each container's system calls", seccomp, NULL,
                  "Unfiltered, every bug of the kernel is in reach.",
                  "Drop seccomp=unconfined; write a profile if the default is too narrow."),
    CONTAINER_ROW("5.26", "HostContainerNewPrivileges", SEVERITY_WARNING, "No container's programs may gain privileges", new_privileges,
                  NULL, "A set-user-ID file makes a process root again.",
                  "Start it with --security-opt no-new-privileges, or set that in daemon.json."),
    CONTAINER_ROW("5.30", "HostContainerDefaultBridge", SEVERITY_WARNING, "No container is on the default bridge", default_bridge,
                  "on which networks it is", "All that are there can reach one another.", "Make a network for those that belong together."),
    CONTAINER_ROW("5.31", "HostContainerUsers", SEVERITY_WARNING, "No container has the host's user namespace", users, NULL,
                  "Its root is the host's root.", "Drop --userns=host."),
    CONTAINER_ROW("5.32", "HostContainerSocket", SEVERITY_ERROR, "No container has an engine's socket", engine_socket, NULL,
                  "Who may write to it is root on the host.", "Do not mount it; put a filtering proxy in between if it must be."),
    {0},
};
