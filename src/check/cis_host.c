/* SPDX-License-Identifier: Apache-2.0
 * Section 1: the host itself, its partition for containers, who controls the daemon, what is audited. */
#include "base/limits.h"
#include "check/host_rules.h"

static struct str data_root(struct host_check *c) {
    struct str told = json_get_str(c->info.root, "DockerRootDir");
    struct host_setting s = {0};
    if (told.n)
        return told;
    s = host_setting(c, "data-root", 0, "data-root", SETTING_TEXT);
    return s.state == SETTING_SET ? s.value : S("/var/lib/docker");
}

/* --- The partition ------------------------------------------------------------------------------------------------------------------- */

/* "\040" is a blank. */
static struct str unescaped(struct arena *a, struct str text) {
    char *out = arena_alloc(a, text.n + 1, 1);
    size_t n = 0;
    for (size_t k = 0; k < text.n; k++) {
        uint64_t code;
        bool escape = text.p[k] == '\\' && k + 3 < text.n && str_to_u64(str_n(text.p + k + 1, 3), 8, 255, &code);
        out[n++] = escape ? (char)code : text.p[k];
        k += escape ? 3 : 0;
    }
    return str_n(out, n);
}

/* Of a line of mountinfo: the device, and where it is mounted. */
static bool next_mount(struct arena *a, struct str *rest, struct str *device, struct str *target) {
    enum { DEVICE = 2, TARGET = 4 };
    struct str line, field[TARGET + 1] = {{0}};
    if (!str_next(rest, '\n', &line))
        return false;
    for (size_t k = 0; k <= TARGET && str_next(&line, ' ', &field[k]); k++)
        continue;
    *device = field[DEVICE];
    *target = unescaped(a, field[TARGET]);
    return true;
}

static bool lies_in(struct str path, struct str dir) {
    return str_eqz(dir, "/") || (str_starts(path, dir) && (path.n == dir.n || path.p[dir.n] == '/'));
}

/* The device of what is mounted on a path, or nearest above it; the last one that is mounted there counts. */
static struct str device_of(struct arena *a, struct str mounts, struct str path, struct str *on) {
    struct str device, target, found = STR_NULL;
    *on = STR_NULL;
    while (next_mount(a, &mounts, &device, &target))
        if (lies_in(path, target) && target.n >= on->n) {
            *on = target;
            found = device;
        }
    return found;
}

/* As the first process has them: the daemon's own namespace may differ, and ours. */
static bool read_mounts(struct host_check *c, struct str *mounts, const char **why) {
    static const char *const paths[] = {"/proc/1/mountinfo", "/proc/self/mountinfo", NULL};
    for (size_t k = 0; paths[k]; k++)
        if (c->source->read(c->source->ctx, paths[k], LIMIT_HOST_FILE_BYTES, c->arena, mounts, why) == HOST_READ)
            return true;
    return false;
}

static void partition(struct host_check *c) {
    struct str mounts, dir = data_root(c), target;
    const char *why = "";
    struct host_file f;
    enum host_read there = c->source->stat(c->source->ctx, arena_strz(c->arena, dir), &f, &why);
    if (there == HOST_ABSENT) {
        host_say(c, CIS_NA, dir, "not there");
        return;
    }
    if (c->source->link(c->source->ctx, arena_strz(c->arena, dir), c->arena, &target, &why) == HOST_READ && target.n)
        dir = str_starts(target, S("/")) ? target : arena_join3(c->arena, path_dir(dir), S("/"), target);
    dir = arena_join3(c->arena, S("/"), path_clean(c->arena, dir, true), STR_NULL);
    if (!read_mounts(c, &mounts, &why)) {
        host_say(c, CIS_MANUAL, dir, "whether it is a mount is not known: %s", why);
        return;
    }
    struct str on, above, own = device_of(c->arena, mounts, dir, &on);
    struct str around = device_of(c->arena, mounts, path_dir(dir).n ? path_dir(dir) : S("/"), &above);
    if (own.n == 0 || around.n == 0)
        host_say(c, CIS_MANUAL, dir, "the table of mounts does not tell what it lies on");
    else if (!str_eq(on, dir))
        host_say(c, CIS_FAIL, dir, "shares the file system of %s", SHOWN(on));
    else if (str_eq(own, around)) /* dockerd mounts its directory onto itself, which makes no partition of it */
        host_say(c, CIS_FAIL, dir, "is a mount of the file system that it lies in");
    else
        host_say(c, CIS_PASS, dir, "has a file system of its own");
}

/* --- Who controls the daemon --------------------------------------------------------------------------------------------------------- */

/* Users whose own group it is are no members in /etc/group. */
static void say_members(struct host_check *c, const char *name, struct str members, gid_t gid) {
    struct str unread, others = host_other_users(c), primary = host_primary_members(c, gid, &unread);
    if (members.n && primary.n)
        members = arena_join3(c->arena, members, S(","), primary);
    members = members.n ? members : primary;
    if (members.n)
        host_say(c, CIS_MANUAL, STR_NULL, "members of %s are as good as root: %s", name, SHOWN(members));
    if (unread.n || others.n)
        host_say(c, CIS_MANUAL, STR_NULL, "whether group %s has other members is not known: %.*s", name,
                 STR_ARG(unread.n ? unread : others));
    if (c->n_said == 0)
        host_say(c, CIS_PASS, STR_NULL, "group %s has no members", name);
}

static void trusted_users(struct host_check *c) {
    struct host_setting told = host_setting(c, "group", 'G', "group", SETTING_TEXT);
    const char *name = host_engine_group(c);
    struct str members = STR_NULL, why;
    gid_t gid = 0;
    if (c->is_rootless)
        host_say(c, CIS_NA, STR_NULL, "the engine is rootless: it is its user's alone");
    else if (told.state == SETTING_UNKNOWN && !host_daemon(c)->is_absent)
        host_say_unknown(c, "whose group its socket is", &told);
    else if (host_group(c, name, &gid, &members, &why))
        say_members(c, name, members, gid);
    else if (!str_starts(why, S("there is no")))
        host_say(c, CIS_MANUAL, STR_NULL, "%.*s", STR_ARG(why));
    else if (host_other_users(c).n)
        host_say(c, CIS_MANUAL, STR_NULL, "group %s is not in /etc/group: %.*s", name, STR_ARG(host_other_users(c)));
    else
        host_say(c, CIS_NA, STR_NULL, "%.*s", STR_ARG(why));
}

/* --- What is audited ----------------------------------------------------------------------------------------------------------------- */

/* The daemon's own program, wherever it lies. One that an update has replaced runs on, and the new one lies where it was. */
static struct str daemon_program(struct host_check *c) {
    static const struct str gone = S(" (deleted)");
    struct str path;
    const char *why;
    pid_t pid = host_daemon(c)->pid;
    if (pid && c->source->link(c->source->ctx, arena_printf(c->arena, "/proc/%d/exe", (int)pid).p, c->arena, &path, &why) == HOST_READ &&
        str_starts(path, S("/")))
        return str_ends(path, gone) ? str_first(path, path.n - gone.n) : path;
    return S("/usr/bin/dockerd");
}

static struct str audited_path(struct host_check *c, const char *object) {
    if (strcmp(object, "dockerd") == 0)
        return daemon_program(c);
    if (strcmp(object, "data-root") == 0)
        return data_root(c);
    if (strcmp(object, "daemon.json") == 0)
        return host_daemon(c)->config_path;
    if (object[0] == '/')
        return str_z(object);
    return host_unit_path(c, object);
}

static void audited(struct host_check *c) {
    struct str path = audited_path(c, c->rule->object);
    struct host_file f;
    const char *why = "";
    enum host_read got = path.n ? c->source->stat(c->source->ctx, arena_strz(c->arena, path), &f, &why) : HOST_ABSENT;
    if (path.n == 0 && strcmp(c->rule->object, "daemon.json") == 0)
        host_say(c, CIS_MANUAL, STR_NULL, "%.*s", STR_ARG(host_daemon(c)->config.why));
    else if (path.n == 0)
        host_say(c, CIS_NA, STR_NULL, "systemd has no %s here", c->rule->object);
    else if (got == HOST_ABSENT)
        host_say(c, CIS_NA, path, "not there");
    else
        host_say_audited(c, path);
}

/* --- For people ---------------------------------------------------------------------------------------------------------------------- */

static void hardened(struct host_check *c) {
    struct str os = json_get_str(c->info.root, "OperatingSystem"), kernel = json_get_str(c->info.root, "KernelVersion");
    host_say(c, CIS_MANUAL, STR_NULL, "%s%s%s: has it been hardened by a benchmark of its own?", os.n ? SHOWN(os) : "the host",
             kernel.n ? ", kernel " : "", kernel.n ? SHOWN(kernel) : "");
}

static void up_to_date(struct host_check *c) {
    struct str version = json_get_str(c->version.root, "Version");
    if (version.n)
        host_say(c, CIS_MANUAL, STR_NULL, "version %s: is it the newest of its line?", SHOWN(version));
    else
        host_say_unseen(c, "the engine's version", c->version.why);
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

#define AUDITED(number, name, text, what)                                                                                                  \
    HOST_ROW(number, name, SEVERITY_INFO, text " is audited", audited, what, "Who changed it when is known afterwards.",                   \
             "Write \"-w PATH -k docker\" to /etc/audit/rules.d/docker.rules, and run augenrules --load.")

const struct rule rules_cis_host[] = {
    HOST_ROW("1.1.1", "HostPartition", SEVERITY_INFO, "Containers have a file system of their own", partition, NULL,
             "Images and logs that grow fill the host's.", "Mount a partition where the engine keeps its data."),
    HOST_ROW("1.1.2", "HostTrustedUsers", SEVERITY_WARNING, "Only trusted users may speak to the daemon", trusted_users, NULL,
             "Each of them can be root on this host.", "Take users out of the group who need not be in it."),
    AUDITED("1.1.3", "HostAuditDaemon", "The daemon's program", "dockerd"),
    AUDITED("1.1.4", "HostAuditContainerdDir", "/run/containerd", "/run/containerd"),
    AUDITED("1.1.5", "HostAuditData", "The engine's data", "data-root"),
    AUDITED("1.1.6", "HostAuditConfigDir", "/etc/docker", "/etc/docker"),
    AUDITED("1.1.7", "HostAuditService", "docker.service", "docker.service"),
    AUDITED("1.1.8", "HostAuditContainerdSocket", "containerd's socket", "/run/containerd/containerd.sock"),
    AUDITED("1.1.9", "HostAuditSocketUnit", "docker.socket", "docker.socket"),
    AUDITED("1.1.10", "HostAuditDefaults", "/etc/default/docker", "/etc/default/docker"),
    AUDITED("1.1.11", "HostAuditDaemonJson", "daemon.json", "daemon.json"),
    AUDITED("1.1.12", "HostAuditContainerdConfig", "containerd's configuration", "/etc/containerd/config.toml"),
    AUDITED("1.1.13", "HostAuditSysconfig", "/etc/sysconfig/docker", "/etc/sysconfig/docker"),
    AUDITED("1.1.14", "HostAuditContainerd", "containerd", "/usr/bin/containerd"),
    AUDITED("1.1.15", "HostAuditShim", "containerd-shim", "/usr/bin/containerd-shim"),
    AUDITED("1.1.16", "HostAuditRuncShimOld", "containerd-shim-runc-v1", "/usr/bin/containerd-shim-runc-v1"),
    AUDITED("1.1.17", "HostAuditRuncShim", "containerd-shim-runc-v2", "/usr/bin/containerd-shim-runc-v2"),
    AUDITED("1.1.18", "HostAuditRunc", "runc", "/usr/bin/runc"),
    HOST_ROW("1.2.1", "HostHardened", SEVERITY_INFO, "The host itself has been hardened", hardened, NULL,
             "What runs beside the containers is a way to them.", "Go through the benchmark of its distribution."),
    HOST_ROW("1.2.2", "HostDockerVersion", SEVERITY_INFO, "The engine is up to date", up_to_date, NULL,
             "Old versions have holes that are known.", "Compare it with the distributor's, and update it."),
    {0},
};
