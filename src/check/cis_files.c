/* SPDX-License-Identifier: Apache-2.0
 * Section 3: who owns and who may write the files that make the daemon what it is. Modes are compared bit by bit: a mode is good if it
 * gives nothing that the most allowed one does not. */
#include <sys/stat.h>

#include "base/limits.h"
#include "check/host_rules.h"

typedef void file_check(struct host_check *c, struct str path, const struct host_file *f);

/* --- Which files --------------------------------------------------------------------------------------------------------------------- */

static void check_file(struct host_check *c, struct str path, file_check *check, bool required) {
    struct host_file f = {0};
    const char *why = "";
    switch (c->source->stat(c->source->ctx, arena_strz(c->arena, path), &f, &why)) {
    case HOST_READ:
        check(c, path, &f);
        break;
    case HOST_ABSENT:
        host_say(c, required ? CIS_MANUAL : CIS_NA, path, "%s", required ? "the daemon is told of it, and it is not there" : "not there");
        break;
    case HOST_DENIED:
        host_say(c, CIS_MANUAL, path, "cannot be looked at: %s", why);
        break;
    }
}

/* A unit is its file and what is dropped in beside it. */
static void check_unit(struct host_check *c, const char *unit, file_check *check) {
    struct str path = host_unit_path(c, unit), denied;
    if (path.n == 0) {
        host_say(c, CIS_NA, STR_NULL, "systemd has no %s here", unit);
        return;
    }
    check_file(c, path, check, false);
    struct host_names drops = host_unit_drops(c, unit, &denied);
    if (denied.n)
        host_say(c, CIS_MANUAL, STR_NULL, "%.*s", STR_ARG(denied));
    for (size_t k = 0; k < drops.n; k++)
        check_file(c, drops.p[k], check, false);
}

static void check_certificate_dir(struct host_check *c, struct str dir, file_check *check, size_t *n) {
    struct host_names names = {0};
    const char *why = "";
    if (c->source->list(c->source->ctx, dir.p, c->arena, &names, &why) == HOST_DENIED)
        host_say(c, CIS_MANUAL, dir, "cannot be listed: %s", why);
    for (size_t k = 0; k < names.n; k++, ++*n) {
        if (*n == LIMIT_HOST_NAMES) {
            host_say(c, CIS_MANUAL, dir, "more than %d files: the rest was not looked at", LIMIT_HOST_NAMES);
            return;
        }
        check_file(c, arena_join3(c->arena, dir, S("/"), names.p[k]), check, false);
    }
}

/* certs.d/HOST[:PORT]/{ca.crt,client.cert,client.key} */
static void check_certificates(struct host_check *c, file_check *check) {
    static const char *const certs = "/etc/docker/certs.d";
    struct host_names hosts = {0};
    struct host_file f;
    const char *why = "";
    size_t n = 0;
    enum host_read got = c->source->list(c->source->ctx, certs, c->arena, &hosts, &why);
    if (got == HOST_DENIED)
        host_say(c, CIS_MANUAL, str_z(certs), "cannot be listed: %s", why);
    if (hosts.n > LIMIT_HOST_NAMES)
        host_say(c, CIS_MANUAL, str_z(certs), "more than %d registries: the rest was not looked at", LIMIT_HOST_NAMES);
    for (size_t k = 0; k < hosts.n && k < LIMIT_HOST_NAMES; k++) {
        struct str dir = arena_printf(c->arena, "%s/%.*s", certs, STR_ARG(hosts.p[k]));
        if (c->source->stat(c->source->ctx, dir.p, &f, &why) == HOST_READ && !S_ISDIR(f.mode))
            check_file(c, dir, check, false);
        else
            check_certificate_dir(c, dir, check, &n);
    }
    if (c->n_said == 0)
        host_say(c, CIS_NA, STR_NULL, "there are no registry certificates in %s", certs);
}

/* One of tlscacert, tlscert and tlskey. */
static void check_tls(struct host_check *c, const char *flag, file_check *check) {
    if (!host_has_daemon(c))
        return;
    struct host_setting s = host_setting(c, flag, 0, flag, SETTING_TEXT);
    struct host_setting verify = host_setting(c, "tlsverify", 0, "tlsverify", SETTING_BOOL);
    if (s.state == SETTING_SET)
        check_file(c, s.value, check, true);
    else if (s.state == SETTING_UNKNOWN)
        host_say(c, CIS_MANUAL, STR_NULL, "whether the daemon has a %s is not known: %.*s", flag, STR_ARG(s.from));
    else if (verify.state == SETTING_SET && str_eqz(verify.value, "true"))
        host_say(c, CIS_MANUAL, STR_NULL, "--tlsverify without --%s: it lies in .docker of the daemon's home", flag);
    else
        host_say(c, CIS_NA, STR_NULL, "the daemon has no --%s", flag);
}

static void check_socket(struct host_check *c, file_check *check) {
    struct str path = c->source->socket.n ? c->source->socket : S("/var/run/docker.sock");
    check_file(c, path, check, false);
}

/* dockerd says where its containerd listens; one that it started itself lies below its own directory. */
static void check_containerd(struct host_check *c, file_check *check) {
    struct host_setting s = host_setting(c, "containerd", 0, "containerd", SETTING_TEXT);
    struct str info = json_get_str(host_member(c->info.root, "Containerd"), "Address");
    if (s.state == SETTING_SET)
        check_file(c, s.value, check, true);
    else if (info.n)
        check_file(c, info, check, true);
    else
        check_file(c, S("/run/containerd/containerd.sock"), check, false);
    if (c->n_said && c->worst == CIS_NA)
        check_file(c, S("/run/docker/containerd/containerd.sock"), check, false);
}

static void check_config(struct host_check *c, file_check *check) {
    const struct host_daemon *d = host_daemon(c);
    if (d->config_path.n)
        check_file(c, d->config_path, check, false);
    else
        host_say(c, CIS_MANUAL, STR_NULL, "%.*s", STR_ARG(d->config.why));
}

static void check_object(struct host_check *c, file_check *check) {
    const char *object = c->rule->object;
    if (strcmp(object, "certificates") == 0)
        check_certificates(c, check);
    else if (strcmp(object, "socket") == 0)
        check_socket(c, check);
    else if (strcmp(object, "containerd") == 0)
        check_containerd(c, check);
    else if (strcmp(object, "daemon.json") == 0)
        check_config(c, check);
    else if (str_starts(str_z(object), S("tls")))
        check_tls(c, object, check);
    else if (object[0] == '/')
        check_file(c, str_z(object), check, false);
    else
        check_unit(c, object, check);
}

/* --- Owners -------------------------------------------------------------------------------------------------------------------------- */

const char *host_engine_group(struct host_check *c) {
    struct host_setting s = host_setting(c, "group", 'G', "group", SETTING_TEXT);
    return s.state == SETTING_SET ? arena_strz(c->arena, s.value) : "docker";
}

static bool is_engines_user(const struct host_check *c, uid_t uid) {
    return uid == 0 || (c->is_rootless && uid == c->rootless_uid);
}

static void root_owns(struct host_check *c, struct str path, const struct host_file *f) {
    bool good = is_engines_user(c, f->uid) && (f->gid == 0 || c->is_rootless);
    host_say(c, good ? CIS_PASS : CIS_FAIL, path, "owned by %u:%u%s", f->uid, f->gid, good ? "" : ", not root:root");
}

/* Root's own group gives nobody anything, so it is as good as docker's. */
static void root_and_group_own(struct host_check *c, struct str path, const struct host_file *f) {
    struct host_setting told = host_setting(c, "group", 'G', "group", SETTING_TEXT);
    const char *name = host_engine_group(c);
    struct str members, why;
    gid_t gid = 0;
    bool known = host_group(c, name, &gid, &members, &why);
    if (told.state == SETTING_UNKNOWN) {
        known = known && f->gid == gid;
        why = told.from;
    }
    bool good = is_engines_user(c, f->uid) && (f->gid == 0 || c->is_rootless || (known && f->gid == gid));
    if (!good && !known && f->gid && is_engines_user(c, f->uid))
        host_say(c, CIS_MANUAL, path, "owned by %u:%u, and whether that is group %s is not known: %.*s", f->uid, f->gid, name,
                 STR_ARG(why));
    else
        host_say(c, good ? CIS_PASS : CIS_FAIL, path, "owned by %u:%u%s%s", f->uid, f->gid, good ? "" : ", not root:", good ? "" : name);
}

static void owner(struct host_check *c) {
    check_object(c, strcmp(c->rule->object, "socket") == 0 ? root_and_group_own : root_owns);
}

/* --- Modes --------------------------------------------------------------------------------------------------------------------------- */

static void at_most(struct host_check *c, struct str path, const struct host_file *f, mode_t most) {
    bool good = (f->mode & 07777 & ~most) == 0;
    host_say(c, good ? CIS_PASS : CIS_FAIL, path, "mode %04o%s", f->mode & 07777,
             good ? "" : arena_printf(c->arena, " gives more than %04o", most).p);
}

static void is_400(struct host_check *c, struct str path, const struct host_file *f) {
    at_most(c, path, f, 0400);
}
static void is_444(struct host_check *c, struct str path, const struct host_file *f) {
    at_most(c, path, f, 0444);
}
static void is_644(struct host_check *c, struct str path, const struct host_file *f) {
    at_most(c, path, f, 0644);
}
static void is_660(struct host_check *c, struct str path, const struct host_file *f) {
    at_most(c, path, f, 0660);
}
static void is_755(struct host_check *c, struct str path, const struct host_file *f) {
    at_most(c, path, f, 0755);
}
static void mode_400(struct host_check *c) {
    check_object(c, is_400);
}
static void mode_444(struct host_check *c) {
    check_object(c, is_444);
}
static void mode_644(struct host_check *c) {
    check_object(c, is_644);
}
static void mode_660(struct host_check *c) {
    check_object(c, is_660);
}
static void mode_755(struct host_check *c) {
    check_object(c, is_755);
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

#define OWNER(number, name, text, what)                                                                                                    \
    HOST_ROW(number, name, SEVERITY_WARNING, text " belongs to root", owner, what, "Its owner can change it, and with it what root runs.", \
             "chown root:root the file that is named.")
#define MODE(number, name, text, what, bits)                                                                                               \
    HOST_ROW(number, name, SEVERITY_WARNING, text " has at most mode 0" #bits, mode_##bits, what,                                          \
             "Whoever may write it decides what root runs or trusts.", "chmod 0" #bits " the file that is named, or less.")

const struct rule rules_cis_files[] = {
    OWNER("3.1", "HostServiceOwner", "docker.service", "docker.service"),
    MODE("3.2", "HostServiceMode", "docker.service", "docker.service", 644),
    OWNER("3.3", "HostSocketUnitOwner", "docker.socket", "docker.socket"),
    MODE("3.4", "HostSocketUnitMode", "docker.socket", "docker.socket", 644),
    OWNER("3.5", "HostConfigDirOwner", "/etc/docker", "/etc/docker"),
    MODE("3.6", "HostConfigDirMode", "/etc/docker", "/etc/docker", 755),
    OWNER("3.7", "HostRegistryCertOwner", "Each registry certificate", "certificates"),
    MODE("3.8", "HostRegistryCertMode", "Each registry certificate", "certificates", 444),
    OWNER("3.9", "HostTlsAuthorityOwner", "The authority of the daemon's TLS", "tlscacert"),
    MODE("3.10", "HostTlsAuthorityMode", "The authority of the daemon's TLS", "tlscacert", 444),
    OWNER("3.11", "HostTlsCertOwner", "The daemon's TLS certificate", "tlscert"),
    MODE("3.12", "HostTlsCertMode", "The daemon's TLS certificate", "tlscert", 444),
    OWNER("3.13", "HostTlsKeyOwner", "The daemon's TLS key", "tlskey"),
    HOST_ROW("3.14", "HostTlsKeyMode", SEVERITY_WARNING, "The daemon's TLS key is for its owner to read alone", mode_400, "tlskey",
             "Whoever reads the key can pose as the daemon.", "chmod 0400 the key."),
    HOST_ROW("3.15", "HostSocketOwner", SEVERITY_WARNING, "The engine's socket belongs to root and the docker group", owner, "socket",
             "Who may write to the socket is root on this host.", "chown root:docker the socket."),
    HOST_ROW("3.16", "HostSocketMode", SEVERITY_WARNING, "The engine's socket has at most mode 0660", mode_660, "socket",
             "Who may write to the socket is root on this host.", "chmod 0660 the socket, and set SocketMode in docker.socket."),
    OWNER("3.17", "HostDaemonJsonOwner", "daemon.json", "daemon.json"),
    MODE("3.18", "HostDaemonJsonMode", "daemon.json", "daemon.json", 644),
    OWNER("3.19", "HostDefaultsOwner", "/etc/default/docker", "/etc/default/docker"),
    MODE("3.20", "HostDefaultsMode", "/etc/default/docker", "/etc/default/docker", 644),
    MODE("3.21", "HostSysconfigMode", "/etc/sysconfig/docker", "/etc/sysconfig/docker", 644),
    OWNER("3.22", "HostSysconfigOwner", "/etc/sysconfig/docker", "/etc/sysconfig/docker"),
    HOST_ROW("3.23", "HostContainerdOwner", SEVERITY_WARNING, "containerd's socket belongs to root", owner, "containerd",
             "containerd runs what it is asked to as root.", "chown root:root the socket."),
    HOST_ROW("3.24", "HostContainerdMode", SEVERITY_WARNING, "containerd's socket has at most mode 0660", mode_660, "containerd",
             "containerd runs what it is asked to as root.", "chmod 0660 the socket."),
    {0},
};
