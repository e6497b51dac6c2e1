/* SPDX-License-Identifier: Apache-2.0
 * Section 7: a swarm's managers, addresses, networks, secrets, keys and certificates. Most of it only a manager is told. */
#include "base/limits.h"
#include "check/host_rules.h"

static yyjson_val *swarm(const struct host_check *c) {
    return json_get_object(c->info.root, "Swarm");
}

static bool is_in_swarm(struct host_check *c) {
    struct str state = json_get_str(swarm(c), "LocalNodeState");
    if (str_eqz(state, "inactive") || c->is_podman)
        host_say(c, CIS_NA, STR_NULL, "there is no swarm");
    else if (state.n == 0)
        host_say_unseen(c, "whether swarm is on", c->info.why.n ? c->info.why : S("the engine does not say"));
    else
        return true;
    return false;
}

static const struct host_shape spec_shapes[] = {{TYPE_OBJECT, "Spec.EncryptionConfig"},
                                                {TYPE_BOOL, "Spec.EncryptionConfig.AutoLockManagers"},
                                                {TYPE_OBJECT, "Spec.CAConfig"},
                                                {TYPE_INT, "Spec.CAConfig.NodeCertExpiry"},
                                                {TYPE_BOOL, "RootRotationInProgress"},
                                                {TYPE_TEXT, "UpdatedAt"},
                                                {TYPE_END, NULL}};

static yyjson_val *ask_spec(struct host_check *c) {
    struct host_document d = host_ask(c, "/swarm", spec_shapes);
    if (!d.root)
        host_say(c, CIS_MANUAL, STR_NULL, "a manager has to be asked: %.*s", STR_ARG(d.why));
    return d.root;
}

/* An odd number, that survives the loss of one; more than seven only slow it down. */
static void managers(struct host_check *c) {
    enum { MOST = 7 };
    if (!is_in_swarm(c))
        return;
    int64_t n = json_get_int(swarm(c), "Managers", 0);
    if (n <= 0)
        host_say(c, CIS_MANUAL, STR_NULL, "a manager has to be asked how many there are");
    else
        host_say(c, n % 2 && n <= MOST ? CIS_PASS : CIS_FAIL, STR_NULL, "%lld managers", (long long)n);
}

/* "/proc/net/tcp" has addresses as hexadecimal numbers in the machine's order; zeros are zeros in any. */
static bool listens_everywhere(struct str table, struct str port) {
    struct str line;
    while (str_next(&table, '\n', &line)) {
        struct str number, address, local, digits;
        (void)str_cut(str_trim(line), ' ', &number, &line);
        (void)str_cut(str_trim(line), ' ', &local, &line);
        (void)str_cut(local, ':', &address, &digits);
        size_t zeros = 0;
        while (zeros < address.n && address.p[zeros] == '0')
            zeros++;
        struct str remote, rest;
        (void)str_cut(str_trim(line), ' ', &remote, &rest);
        if (address.n >= 8 && zeros == address.n && str_eq_nocase(digits, port) && str_starts(str_trim(rest), S("0A")))
            return true;
    }
    return false;
}

/* The daemon's own network, which need not be ours. */
static void addresses(struct host_check *c) {
    static const char *const tables[] = {"tcp", "tcp6", NULL};
    const char *why = "";
    if (!is_in_swarm(c))
        return;
    const struct host_daemon *d = host_daemon(c);
    if (!d->pid)
        host_say(c, CIS_MANUAL, STR_NULL, "on what its daemon listens is not known: %.*s", STR_ARG(d->why));
    for (size_t k = 0; d->pid && tables[k]; k++) {
        struct str text, path = arena_printf(c->arena, "/proc/%d/net/%s", (int)d->pid, tables[k]);
        enum host_read got = c->source->read(c->source->ctx, path.p, LIMIT_HOST_FILE_BYTES, c->arena, &text, &why);
        if (got == HOST_READ && listens_everywhere(text, S("0949"))) /* 2377 */
            host_say(c, CIS_FAIL, STR_NULL, "port 2377 listens on every address");
        else if (got != HOST_READ && (got == HOST_DENIED || k == 0)) /* without IPv6 there is no tcp6 */
            host_say(c, CIS_MANUAL, STR_NULL, "%s: %s", path.p, why);
    }
    if (c->n_said == 0)
        host_say(c, CIS_PASS, STR_NULL, "port 2377 does not listen on every address");
}

static const struct host_shape network_shapes[] = {{TYPE_TEXT, "Name"}, {TYPE_TEXT, "Driver"}, {TYPE_OBJECT, "Options"}, {TYPE_END, NULL}};

static void encryption(struct host_check *c) {
    size_t i, n, overlays = 0;
    yyjson_val *v;
    if (!is_in_swarm(c))
        return;
    struct host_document d = host_ask(c, "/networks", NULL);
    if (!yyjson_is_arr(d.root)) {
        host_say(c, CIS_MANUAL, STR_NULL, "its networks are not known: %.*s", STR_ARG(d.root ? S("no list") : d.why));
        return;
    }
    yyjson_arr_foreach(d.root, i, n, v) {
        struct str odd = host_odd(c->arena, v, network_shapes);
        if (odd.n)
            host_say(c, CIS_MANUAL, STR_NULL, "a network: %.*s", STR_ARG(odd));
        else if (str_eqz(json_get_str(v, "Driver"), "overlay")) {
            overlays++;
            if (!yyjson_obj_get(json_get_object(v, "Options"), "encrypted"))
                host_say(c, CIS_FAIL, STR_NULL, "network %s is not encrypted", SHOWN(json_get_str(v, "Name")));
        }
    }
    if (c->n_said == 0)
        host_say(c, CIS_PASS, STR_NULL, "%zu overlay networks, all encrypted", overlays);
}

static void secrets(struct host_check *c) {
    if (!is_in_swarm(c))
        return;
    struct host_document d = host_ask(c, "/secrets", NULL);
    if (yyjson_arr_size(d.root))
        host_say(c, CIS_PASS, STR_NULL, "%zu secrets are kept by swarm", yyjson_arr_size(d.root));
    else
        host_say(c, CIS_MANUAL, STR_NULL, "%.*s", STR_ARG(d.root ? S("swarm keeps no secret: do its services have any?") : d.why));
}

static void auto_lock(struct host_check *c) {
    yyjson_val *spec = is_in_swarm(c) ? ask_spec(c) : NULL;
    bool on = spec && json_get_bool(host_member(spec, "Spec.EncryptionConfig"), "AutoLockManagers", false);
    if (spec)
        host_say(c, on ? CIS_PASS : CIS_FAIL, STR_NULL, "auto-lock is %s", on ? "on" : "off");
}

static void lock_key(struct host_check *c) {
    if (is_in_swarm(c))
        host_say(c, CIS_MANUAL, STR_NULL, "when was `docker swarm unlock-key --rotate` run last? No engine tells");
}

/* Docker's default is 90 days; the benchmark asks for what the site has decided, and a long time was hardly decided. */
static void node_certificates(struct host_check *c) {
    const int64_t day = INT64_C(86400000000000), most = 90 * day;
    yyjson_val *spec = is_in_swarm(c) ? ask_spec(c) : NULL;
    if (!spec)
        return;
    int64_t expiry = json_get_int(host_member(spec, "Spec.CAConfig"), "NodeCertExpiry", 0);
    if (expiry <= 0)
        host_say(c, CIS_MANUAL, STR_NULL, "the engine does not say how long they hold");
    else if (expiry > most)
        host_say(c, CIS_FAIL, STR_NULL, "certificates of nodes hold %lld days", (long long)(expiry / day));
    else
        host_say(c, CIS_PASS, STR_NULL, "certificates of nodes hold %lld days", (long long)(expiry / day));
}

static void authority(struct host_check *c) {
    yyjson_val *spec = is_in_swarm(c) ? ask_spec(c) : NULL;
    if (spec)
        host_say(c, CIS_MANUAL, STR_NULL, "when was `docker swarm ca --rotate` run last? The swarm was changed at %s",
                 SHOWN(json_get_str(spec, "UpdatedAt")));
}

static void planes(struct host_check *c) {
    if (is_in_swarm(c))
        host_say(c, CIS_MANUAL, STR_NULL, "managers speak over %s: is --data-path-addr another interface?",
                 SHOWN(json_get_str(swarm(c), "NodeAddr")));
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_cis_swarm[] = {
    HOST_ROW("7.1", "HostSwarmManagers", SEVERITY_INFO, "A swarm has as few managers as do, and an odd number", managers, NULL,
             "Each of them can do everything; an even number survives no more losses.", "docker node demote, or promote."),
    HOST_ROW("7.2", "HostSwarmAddress", SEVERITY_WARNING, "Swarm listens on one address of the host", addresses, NULL,
             "On all addresses it is open to networks that were not meant.", "docker swarm init --listen-addr ADDRESS."),
    HOST_ROW("7.3", "HostSwarmEncryption", SEVERITY_WARNING, "Overlay networks are encrypted", encryption, NULL,
             "What nodes send one another passes over networks of others.", "docker network create --driver overlay --opt encrypted."),
    HOST_ROW("7.4", "HostSwarmSecrets", SEVERITY_INFO, "Swarm keeps the secrets of services", secrets, NULL,
             "Elsewhere they lie in variables and files that many read.", "docker secret create."),
    HOST_ROW("7.5", "HostSwarmAutoLock", SEVERITY_WARNING, "Managers lock themselves", auto_lock, NULL,
             "Whoever has a manager's disk has the swarm's keys.", "docker swarm update --autolock=true."),
    HOST_ROW("7.6", "HostSwarmLockKey", SEVERITY_INFO, "The key of the lock is changed from time to time", lock_key, NULL,
             "A key that leaked is good for ever.", "docker swarm unlock-key --rotate."),
    HOST_ROW("7.7", "HostSwarmCertificates", SEVERITY_INFO, "Certificates of nodes do not hold for long", node_certificates, NULL,
             "One that leaked is good until it ends.", "docker swarm update --cert-expiry 48h."),
    HOST_ROW("7.8", "HostSwarmAuthority", SEVERITY_INFO, "The swarm's authority is changed from time to time", authority, NULL,
             "A key that leaked makes new nodes.", "docker swarm ca --rotate."),
    HOST_ROW("7.9", "HostSwarmPlanes", SEVERITY_INFO, "Managers and services speak over different networks", planes, NULL,
             "A flood on the one stops the other.", "docker swarm init --data-path-addr INTERFACE."),
    {0},
};
