/* SPDX-License-Identifier: Apache-2.0
 * Section 2, by the numbers of v1.8.0: how the daemon is set up. What it answers counts before what its settings say, which count as far as
 * they could be read. */
#include "check/host_rules.h"

/* A setting that is good, or bad, if it is there at all. `none`: what is said where it is not. */
static void is_set(struct host_check *c, const char *flag, const struct host_setting *s, enum cis_verdict if_set, enum cis_verdict if_not,
                   const char *none) {
    if (s->state == SETTING_UNKNOWN)
        host_say_unknown(c, flag, s);
    else
        host_say(c, s->value.n ? if_set : if_not, STR_NULL, "%s%s", s->value.n ? SHOWN(s->value) : none, host_setting_from(c, s));
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

/* --- Logs ---------------------------------------------------------------------------------------------------------------------------- */

static void log_level(struct host_check *c) {
    if (!host_has_daemon(c))
        return;
    struct host_setting s = host_setting(c, "log-level", 'l', "log-level", SETTING_TEXT);
    struct host_setting debug = host_setting(c, "debug", 'D', "debug", SETTING_BOOL);
    if (s.state == SETTING_UNKNOWN || debug.state == SETTING_UNKNOWN)
        host_say_unknown(c, "the log level", s.state == SETTING_UNKNOWN ? &s : &debug);
    else if (str_eqz(debug.value, "true"))
        host_say(c, CIS_FAIL, STR_NULL, "debug is on%s", host_setting_from(c, &debug));
    else
        host_say(c, s.value.n == 0 || str_eqz(s.value, "info") ? CIS_PASS : CIS_FAIL, STR_NULL, "log-level is %s%s",
                 s.value.n ? SHOWN(s.value) : "info by default", host_setting_from(c, &s));
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
        host_say_unknown(c, "the log driver", &s);
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
        host_say_unknown(c, "storage-opt", &s);
    else
        host_say(c, str_find(s.value, S("dm.basesize")) >= 0 ? CIS_FAIL : CIS_PASS, STR_NULL, "%s%s",
                 s.value.n ? SHOWN(s.value) : "no storage option is set", host_setting_from(c, &s));
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
        host_say_switch(c, "no-new-privileges", true, false);
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
        host_say_switch(c, "live-restore", true, false);
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
        host_say_switch(c, "experimental", false, false);
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_cis_daemon[] = {
    HOST_ROW("2.1", "HostDaemonRootless", SEVERITY_INFO, "The daemon runs as a user where it can", rootless, NULL,
             "What breaks out of it is that user and not root.", "Look at rootless mode: dockerd-rootless-setuptool.sh install."),
    HOST_ROW("2.3", "HostDaemonLogLevel", SEVERITY_INFO, "The daemon logs at level info", log_level, NULL,
             "Less hides what happened; debug fills the disk and tells secrets.", "Set \"log-level\": \"info\"."),
    HOST_ROW("2.6", "HostDaemonAufs", SEVERITY_WARNING, "The storage driver is not aufs", driver_is_not, "aufs", "No kernel maintains it.",
             "Use overlay2."),
    HOST_ROW("2.7", "HostDaemonDevicemapper", SEVERITY_WARNING, "The storage driver is not devicemapper", driver_is_not, "devicemapper",
             "Docker has dropped it.", "Use overlay2."),
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
    HOST_ROW("2.18", "HostDaemonSeccomp", SEVERITY_ERROR, "A seccomp profile is in force for all containers", seccomp, NULL,
             "Unfiltered, every bug of the kernel is in reach.", "Drop \"seccomp-profile\": \"unconfined\"."),
    HOST_ROW("2.19", "HostDaemonExperimental", SEVERITY_INFO, "Experimental features are off", experimental, NULL,
             "They change, and were looked at by few.", "Drop \"experimental\": true."),
    {0},
};
