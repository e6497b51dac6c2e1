/* SPDX-License-Identifier: Apache-2.0
 * Section 2, by the numbers of v1.8.0: how the daemon is set up. What it answers counts before what its settings say, which count as far as
 * they could be read. */
#include "check/host_rules.h"

static const char *shown_from(struct host_check *c, const struct host_setting *s) {
    return s->from.n ? arena_printf(c->arena, " (%s)", SHOWN(s->from)).p : "";
}

static void unknown_setting(struct host_check *c, const char *what, const struct host_setting *s) {
    host_say(c, CIS_MANUAL, STR_NULL, "%s is not known: %s", what, SHOWN(s->from));
}

/* A switch that is to be on or off, and is `by_default` what it is when nobody sets it. */
static void switch_is(struct host_check *c, const char *name, bool wanted, bool by_default) {
    struct host_setting s = host_setting(c, name, 0, name, SETTING_BOOL);
    bool on = s.state == SETTING_UNSET ? by_default : str_eqz(s.value, "true");
    if (s.state == SETTING_UNKNOWN)
        unknown_setting(c, name, &s);
    else
        host_say(c, on == wanted ? CIS_PASS : CIS_FAIL, STR_NULL, "%s is %s%s", name, on ? "true" : "false",
                 s.state == SETTING_UNSET ? " by default" : shown_from(c, &s));
}

/* A setting that is good, or bad, if it is there at all. `none`: what is said where it is not. */
static void is_set(struct host_check *c, const char *flag, const struct host_setting *s, enum cis_verdict if_set, enum cis_verdict if_not,
                   const char *none) {
    if (s->state == SETTING_UNKNOWN)
        unknown_setting(c, flag, s);
    else
        host_say(c, s->value.n ? if_set : if_not, STR_NULL, "%s%s", s->value.n ? SHOWN(s->value) : none, shown_from(c, s));
}

static yyjson_val *security_options(const struct host_check *c) {
    return json_get_array(c->info.root, "SecurityOptions");
}

/* --- Users --------------------------------------------------------------------------------------------------------------------------- */

static void rootless(struct host_check *c) {
    if (c->is_rootless)
        host_say(c, CIS_PASS, STR_NULL, "the engine is rootless, of user %u", c->rootless_uid);
    else if (host_has_daemon(c))
        host_say(c, CIS_MANUAL, STR_NULL,
                 c->info.root ? "the daemon runs as root: could it be rootless?" : "whether it is rootless only the engine tells");
}

static void user_namespaces(struct host_check *c) {
    if (c->is_rootless) {
        host_say(c, CIS_PASS, STR_NULL, "the engine is rootless");
        return;
    }
    if (!host_has_daemon(c))
        return;
    struct host_setting s = host_setting(c, "userns-remap", 0, "userns-remap", SETTING_TEXT);
    if (host_has_text(security_options(c), "name=userns"))
        host_say(c, CIS_PASS, STR_NULL, "containers have user namespaces");
    else if (c->info.root)
        host_say(c, CIS_FAIL, STR_NULL, "root of a container is root of the host");
    else
        is_set(c, "userns-remap", &s, CIS_PASS, CIS_FAIL, "userns-remap is not set");
}

static void authorization(struct host_check *c) {
    if (!host_has_daemon(c))
        return;
    struct host_setting s = host_setting(c, "authorization-plugin", 0, "authorization-plugins", SETTING_LIST);
    size_t n = yyjson_arr_size(json_get_array(json_get_object(c->info.root, "Plugins"), "Authorization"));
    if (n)
        host_say(c, CIS_PASS, STR_NULL, "%zu authorization plugins", n);
    else
        is_set(c, "authorization-plugin", &s, CIS_PASS, CIS_FAIL, "no authorization plugin");
}

/* --- Network ------------------------------------------------------------------------------------------------------------------------- */

static void bridge(struct host_check *c) {
    if (host_has_daemon(c))
        switch_is(c, "icc", false, true);
}
static void iptables(struct host_check *c) {
    if (host_has_daemon(c))
        switch_is(c, "iptables", true, true);
}
static void proxy(struct host_check *c) {
    if (host_has_daemon(c))
        switch_is(c, "userland-proxy", false, true);
}

/* Loopback is always among them. */
static struct str insecure_ranges(struct host_check *c) {
    struct str all = STR_NULL;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(host_member(c->info.root, "RegistryConfig.InsecureRegistryCIDRs"), i, n, v) {
        struct str range = str_n(yyjson_get_str(v), yyjson_get_len(v));
        if (!str_eqz(range, "127.0.0.0/8") && !str_eqz(range, "::1/128"))
            all = all.n ? arena_join3(c->arena, all, S(", "), range) : range;
    }
    return all;
}

static struct str insecure_registries(struct host_check *c) {
    struct str all = insecure_ranges(c);
    size_t i, n;
    yyjson_val *k, *v, *configs = host_member(c->info.root, "RegistryConfig.IndexConfigs");
    json_obj_foreach(configs, i, n, k, v) {
        struct str name = str_n(yyjson_get_str(k), yyjson_get_len(k));
        if (!json_get_bool(v, "Secure", true))
            all = all.n ? arena_join3(c->arena, all, S(", "), name) : name;
    }
    return all;
}

static void registries(struct host_check *c) {
    if (!host_has_daemon(c))
        return;
    struct host_setting s = host_setting(c, "insecure-registry", 0, "insecure-registries", SETTING_LIST);
    struct str told = insecure_registries(c);
    bool answered = host_member(c->info.root, "RegistryConfig") != NULL;
    if (told.n || s.value.n)
        host_say(c, CIS_FAIL, STR_NULL, "not checked by TLS: %s%s", SHOWN(told.n ? told : s.value), told.n ? "" : shown_from(c, &s));
    else if (s.state == SETTING_UNKNOWN && !answered)
        unknown_setting(c, "insecure-registry", &s);
    else
        host_say(c, CIS_PASS, STR_NULL, "no insecure registry");
}

static bool is_unix(struct str host) {
    return str_starts(host, S("unix://")) || str_starts(host, S("npipe://")) || str_starts(host, S("fd://"));
}

/* Of a socket that systemd made and handed over. "/x", "@x" and "%t/x" are of Unix. */
static struct str inherited_port(struct host_check *c, struct str *unknown) {
    struct host_names streams;
    if (!host_unit_listens(c, "docker.socket", &streams, unknown))
        return STR_NULL;
    for (size_t k = 0; k < streams.n; k++)
        if (!str_starts(streams.p[k], S("/")) && !str_starts(streams.p[k], S("@")) && !str_starts(streams.p[k], S("%")))
            return streams.p[k];
    return STR_NULL;
}

static void tls(struct host_check *c) {
    if (!host_has_daemon(c))
        return;
    struct host_setting hosts = host_setting(c, "host", 'H', "hosts", SETTING_LIST);
    struct host_setting verify = host_setting(c, "tlsverify", 0, "tlsverify", SETTING_BOOL);
    struct str rest = hosts.value, host, open = STR_NULL, unknown = STR_NULL;
    bool inherits = false;
    while (str_next(&rest, ',', &host)) {
        inherits |= str_starts(host, S("fd://"));
        open = is_unix(host) ? open : host;
    }
    if (inherits && open.n == 0)
        open = inherited_port(c, &unknown);
    if (hosts.state == SETTING_UNKNOWN || (open.n && verify.state == SETTING_UNKNOWN))
        unknown_setting(c, "where the daemon listens", hosts.state == SETTING_UNKNOWN ? &hosts : &verify);
    else if (unknown.n)
        host_say(c, CIS_MANUAL, STR_NULL, "on what socket systemd lets the daemon listen is not known: %.*s", STR_ARG(unknown));
    else if (open.n == 0)
        host_say(c, CIS_NA, STR_NULL, "the daemon listens on no TCP port");
    else
        host_say(c, str_eqz(verify.value, "true") ? CIS_PASS : CIS_FAIL, STR_NULL, "listens on %s, %s --tlsverify", SHOWN(open),
                 str_eqz(verify.value, "true") ? "with" : "without");
}

/* --- Logs ---------------------------------------------------------------------------------------------------------------------------- */

static void log_level(struct host_check *c) {
    if (!host_has_daemon(c))
        return;
    struct host_setting s = host_setting(c, "log-level", 'l', "log-level", SETTING_TEXT);
    struct host_setting debug = host_setting(c, "debug", 'D', "debug", SETTING_BOOL);
    if (s.state == SETTING_UNKNOWN || debug.state == SETTING_UNKNOWN)
        unknown_setting(c, "the log level", s.state == SETTING_UNKNOWN ? &s : &debug);
    else if (str_eqz(debug.value, "true"))
        host_say(c, CIS_FAIL, STR_NULL, "debug is on%s", shown_from(c, &debug));
    else
        host_say(c, s.value.n == 0 || str_eqz(s.value, "info") ? CIS_PASS : CIS_FAIL, STR_NULL, "log-level is %s%s",
                 s.value.n ? SHOWN(s.value) : "info by default", shown_from(c, &s));
}

static void log_driver(struct host_check *c) {
    static const char *const local[] = {"json-file", "local", "none", NULL};
    if (!host_has_daemon(c))
        return;
    struct str driver = json_get_str(c->info.root, "LoggingDriver");
    struct host_setting s = {0};
    if (driver.n == 0) {
        s = host_setting(c, "log-driver", 0, "log-driver", SETTING_TEXT);
        driver = s.state == SETTING_UNSET ? S("json-file") : s.value;
    }
    bool stays = false;
    for (size_t k = 0; local[k]; k++)
        stays |= str_eqz(driver, local[k]);
    if (driver.n == 0)
        unknown_setting(c, "the log driver", &s);
    else
        host_say(c, stays ? CIS_FAIL : CIS_PASS, STR_NULL, "logs go to %s", SHOWN(driver));
}

/* --- Storage ------------------------------------------------------------------------------------------------------------------------- */

static void driver_is_not(struct host_check *c) {
    if (!host_has_daemon(c))
        return;
    struct str driver = json_get_str(c->info.root, "Driver");
    struct host_setting s = {0};
    if (driver.n == 0)
        s = host_setting(c, "storage-driver", 's', "storage-driver", SETTING_TEXT);
    if (driver.n == 0 && s.state != SETTING_SET)
        host_say(c, CIS_MANUAL, STR_NULL, "which storage driver it chose only the engine tells");
    else
        host_say(c, str_eqz(driver.n ? driver : s.value, c->rule->object) ? CIS_FAIL : CIS_PASS, STR_NULL, "the storage driver is %s",
                 SHOWN(driver.n ? driver : s.value));
}

static void base_size(struct host_check *c) {
    if (!host_has_daemon(c))
        return;
    struct host_setting s = host_setting(c, "storage-opt", 0, "storage-opts", SETTING_LIST);
    if (s.state == SETTING_UNKNOWN)
        unknown_setting(c, "storage-opt", &s);
    else
        host_say(c, str_find(s.value, S("dm.basesize")) >= 0 ? CIS_FAIL : CIS_PASS, STR_NULL, "%s%s",
                 s.value.n ? SHOWN(s.value) : "no storage option is set", shown_from(c, &s));
}

/* --- What containers get ------------------------------------------------------------------------------------------------------------- */

static void default_ulimits(struct host_check *c) {
    if (!host_has_daemon(c))
        return;
    struct host_setting s = host_setting(c, "default-ulimit", 0, "default-ulimits", SETTING_LIST);
    is_set(c, "default-ulimit", &s, CIS_PASS, CIS_MANUAL, "none is set: containers have the limits of the daemon itself");
}

static void cgroup_parent(struct host_check *c) {
    if (!host_has_daemon(c))
        return;
    struct host_setting s = host_setting(c, "cgroup-parent", 0, "cgroup-parent", SETTING_TEXT);
    is_set(c, "cgroup-parent", &s, CIS_FAIL, CIS_PASS, "the default one");
}

static void no_new_privileges(struct host_check *c) {
    if (host_has_daemon(c))
        switch_is(c, "no-new-privileges", true, false);
}

static void live_restore(struct host_check *c) {
    yyjson_val *told = host_member(c->info.root, "LiveRestoreEnabled");
    if (!host_has_daemon(c))
        return;
    if (str_eqz(json_get_str(json_get_object(c->info.root, "Swarm"), "LocalNodeState"), "active"))
        host_say(c, CIS_NA, STR_NULL, "swarm does not allow it");
    else if (told)
        host_say(c, yyjson_get_bool(told) ? CIS_PASS : CIS_FAIL, STR_NULL, "live-restore is %s", yyjson_get_bool(told) ? "on" : "off");
    else
        switch_is(c, "live-restore", true, false);
}

static void seccomp(struct host_check *c) {
    yyjson_val *options = security_options(c);
    if (!host_has_daemon(c))
        return;
    if (!c->info.root)
        host_say(c, CIS_MANUAL, STR_NULL, "which profile is in force only the engine tells");
    else if (!host_has_text(options, "name=seccomp") || host_has_text(options, "name=seccomp,profile=unconfined"))
        host_say(c, CIS_FAIL, STR_NULL, "no seccomp profile is in force");
    else if (host_has_text(options, "name=seccomp,profile=builtin") || host_has_text(options, "name=seccomp,profile=default"))
        host_say(c, CIS_PASS, STR_NULL, "docker's own seccomp profile is in force");
    else
        host_say(c, CIS_MANUAL, STR_NULL, "a seccomp profile of your own is in force: does it deny what docker's does?");
}

static void experimental(struct host_check *c) {
    if (!host_has_daemon(c))
        return;
    if (json_get_bool(c->version.root, "Experimental", false) || json_get_bool(c->info.root, "ExperimentalBuild", false))
        host_say(c, CIS_FAIL, STR_NULL, "experimental features are on");
    else if (c->info.root)
        host_say(c, CIS_PASS, STR_NULL, "experimental features are off");
    else
        switch_is(c, "experimental", false, false);
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_cis_daemon[] = {
    HOST_ROW("2.1", "HostDaemonRootless", SEVERITY_INFO, "The daemon runs as a user where it can", rootless, NULL,
             "What breaks out of it is that user and not root.", "Look at rootless mode: dockerd-rootless-setuptool.sh install."),
    HOST_ROW("2.2", "HostDaemonIcc", SEVERITY_WARNING, "Containers on the default bridge cannot reach one another", bridge, NULL,
             "One that is broken into reaches all others.", "Set \"icc\": false, and give those that belong together a network."),
    HOST_ROW("2.3", "HostDaemonLogLevel", SEVERITY_INFO, "The daemon logs at level info", log_level, NULL,
             "Less hides what happened; debug fills the disk and tells secrets.", "Set \"log-level\": \"info\"."),
    HOST_ROW("2.4", "HostDaemonIptables", SEVERITY_WARNING, "The daemon sets up the firewall for its networks", iptables, NULL,
             "Without it nothing keeps containers' networks apart.", "Drop \"iptables\": false."),
    HOST_ROW("2.5", "HostDaemonInsecureRegistry", SEVERITY_ERROR, "Every registry is reached by verified TLS", registries, NULL,
             "Whoever sits between can hand out other images.", "Give the registry a certificate, and drop insecure-registries."),
    HOST_ROW("2.6", "HostDaemonAufs", SEVERITY_WARNING, "The storage driver is not aufs", driver_is_not, "aufs", "No kernel maintains it.",
             "Use overlay2."),
    HOST_ROW("2.7", "HostDaemonDevicemapper", SEVERITY_WARNING, "The storage driver is not devicemapper", driver_is_not, "devicemapper",
             "Docker has dropped it.", "Use overlay2."),
    HOST_ROW("2.8", "HostDaemonTls", SEVERITY_ERROR, "A daemon on TCP verifies who speaks to it", tls, NULL,
             "Whoever reaches the port is root on this host.",
             "Set tlsverify, tlscacert, tlscert and tlskey; better, do not listen on TCP."),
    HOST_ROW("2.9", "HostDaemonUlimits", SEVERITY_INFO, "Containers have default ulimits", default_ulimits, NULL,
             "Without, one may open as many files and start as many processes as the daemon.", "Set \"default-ulimits\"."),
    HOST_ROW("2.10", "HostDaemonUsers", SEVERITY_WARNING, "Containers have user namespaces", user_namespaces, NULL,
             "Without, root of a container that breaks out is root of the host.", "Set \"userns-remap\": \"default\"."),
    HOST_ROW("2.11", "HostDaemonCgroup", SEVERITY_INFO, "The daemon uses the default cgroup", cgroup_parent, NULL,
             "Limits of another one are not those that were looked at.", "Drop \"cgroup-parent\", or look at that cgroup's limits."),
    HOST_ROW("2.12", "HostDaemonBaseSize", SEVERITY_INFO, "The base device's size is the default", base_size, NULL,
             "A larger one can only grow, and lets one container fill the pool.", "Drop dm.basesize."),
    HOST_ROW("2.13", "HostDaemonAuthorization", SEVERITY_INFO, "A plugin decides who may do what", authorization, NULL,
             "Without, whoever may speak to the daemon may do everything.", "Set \"authorization-plugins\"."),
    HOST_ROW("2.14", "HostDaemonLogDriver", SEVERITY_INFO, "Logs of containers leave the host", log_driver, NULL,
             "Logs on the host alone are lost with it, or changed.", "Set \"log-driver\" to syslog, journald, fluentd or the like."),
    HOST_ROW("2.15", "HostDaemonNewPrivileges", SEVERITY_WARNING, "No program of a container gains privileges, by default",
             no_new_privileges, NULL, "A set-user-ID file makes a process root again.", "Set \"no-new-privileges\": true."),
    HOST_ROW("2.16", "HostDaemonLiveRestore", SEVERITY_INFO, "Containers outlive the daemon", live_restore, NULL,
             "An update that stops everything is put off.", "Set \"live-restore\": true."),
    HOST_ROW("2.17", "HostDaemonProxy", SEVERITY_INFO, "The kernel forwards ports, and no proxy does", proxy, NULL,
             "A process a port is more to attack, and hides where connections come from.", "Set \"userland-proxy\": false."),
    HOST_ROW("2.18", "HostDaemonSeccomp", SEVERITY_ERROR, "A seccomp profile is in force for all containers", seccomp, NULL,
             "Unfiltered, every bug of the kernel is in reach.", "Drop \"seccomp-profile\": \"unconfined\"."),
    HOST_ROW("2.19", "HostDaemonExperimental", SEVERITY_INFO, "Experimental features are off", experimental, NULL,
             "They change, and were looked at by few.", "Drop \"experimental\": true."),
    {0},
};
