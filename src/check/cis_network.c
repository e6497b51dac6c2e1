/* SPDX-License-Identifier: Apache-2.0
 * Section 2, the daemon and networks: what it lets containers reach, whom it fetches images from, who reaches the daemon. */
#include "check/host_rules.h"

static void bridge(struct host_check *c) {
    if (host_has_daemon(c))
        host_say_switch(c, "icc", false, true);
}
static void iptables(struct host_check *c) {
    if (host_has_daemon(c))
        host_say_switch(c, "iptables", true, true);
}
static void proxy(struct host_check *c) {
    if (host_has_daemon(c))
        host_say_switch(c, "userland-proxy", false, true);
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
        host_say(c, CIS_FAIL, STR_NULL, "not checked by TLS: %s%s", SHOWN(told.n ? told : s.value), told.n ? "" : host_setting_from(c, &s));
    else if (s.state == SETTING_UNKNOWN && !answered)
        host_say_unknown(c, "insecure-registry", &s);
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
        host_say_unknown(c, "where the daemon listens", hosts.state == SETTING_UNKNOWN ? &hosts : &verify);
    else if (unknown.n)
        host_say(c, CIS_MANUAL, STR_NULL, "on what socket systemd lets the daemon listen is not known: %.*s", STR_ARG(unknown));
    else if (open.n == 0)
        host_say(c, CIS_NA, STR_NULL, "the daemon listens on no TCP port");
    else
        host_say(c, str_eqz(verify.value, "true") ? CIS_PASS : CIS_FAIL, STR_NULL, "listens on %s, %s --tlsverify", SHOWN(open),
                 str_eqz(verify.value, "true") ? "with" : "without");
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_cis_network[] = {
    HOST_ROW("2.2", "HostDaemonIcc", SEVERITY_WARNING, "Containers on the default bridge cannot reach one another", bridge, NULL,
             "One that is broken into reaches all others.", "Set \"icc\": false, and give those that belong together a network."),
    HOST_ROW("2.4", "HostDaemonIptables", SEVERITY_WARNING, "The daemon sets up the firewall for its networks", iptables, NULL,
             "Without it nothing keeps containers' networks apart.", "Drop \"iptables\": false."),
    HOST_ROW("2.5", "HostDaemonInsecureRegistry", SEVERITY_ERROR, "Every registry is reached by verified TLS", registries, NULL,
             "Whoever sits between can hand out other images.", "Give the registry a certificate, and drop insecure-registries."),
    HOST_ROW("2.8", "HostDaemonTls", SEVERITY_ERROR, "A daemon on TCP verifies who speaks to it", tls, NULL,
             "Whoever reaches the port is root on this host.",
             "Set tlsverify, tlscacert, tlscert and tlskey; better, do not listen on TCP."),
    HOST_ROW("2.17", "HostDaemonProxy", SEVERITY_INFO, "The kernel forwards ports, and no proxy does", proxy, NULL,
             "A process a port is more to attack, and hides where connections come from.", "Set \"userland-proxy\": false."),
    {0},
};
