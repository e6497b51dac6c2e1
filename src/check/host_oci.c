/* SPDX-License-Identifier: Apache-2.0
 * A container by its bundle and its process, in the words of docker's API. What the process is counts before what it was to be. See
 * host_bundle.h. */
#include "base/limits.h"
#include "check/host_bundle.h"
#include "check/words.h"

static const struct host_shape shapes[] = {{TYPE_OBJECT, "process"},
                                           {TYPE_OBJECT, "process.user"},
                                           {TYPE_INT, "process.user.uid"},
                                           {TYPE_OBJECT, "process.capabilities"},
                                           {TYPE_TEXTS, "process.capabilities.bounding"},
                                           {TYPE_BOOL, "process.noNewPrivileges"},
                                           {TYPE_TEXT, "process.apparmorProfile"},
                                           {TYPE_TEXT, "process.selinuxLabel"},
                                           {TYPE_LIST, "process.rlimits"},
                                           {TYPE_OBJECT, "root"},
                                           {TYPE_BOOL, "root.readonly"},
                                           {TYPE_LIST, "mounts"},
                                           {TYPE_OBJECT, "linux"},
                                           {TYPE_LIST, "linux.namespaces"},
                                           {TYPE_OBJECT, "linux.seccomp"},
                                           {TYPE_LIST, "linux.devices"},
                                           {TYPE_TEXT, "linux.cgroupsPath"},
                                           {TYPE_TEXT, "linux.rootfsPropagation"},
                                           {TYPE_OBJECT, "linux.resources"},
                                           {TYPE_INT, "linux.resources.memory.limit"},
                                           {TYPE_INT, "linux.resources.cpu.shares"},
                                           {TYPE_INT, "linux.resources.cpu.quota"},
                                           {TYPE_INT, "linux.resources.pids.limit"},
                                           {TYPE_END, NULL}};
static const struct host_shape mount_shapes[] = {
    {TYPE_TEXT, "source"}, {TYPE_TEXT, "destination"}, {TYPE_TEXT, "type"}, {TYPE_TEXTS, "options"}, {TYPE_END, NULL}};

/* What is being written. */
struct words {
    struct host_check *c;
    struct host_container *k;
    yyjson_val *spec;
    yyjson_mut_doc *d;
    yyjson_mut_val *whole, *host, *config;
};

/* --- Privilege ----------------------------------------------------------------------------------------------------------------------- */

/* As the kernel numbers them. */
static const char *const capabilities[] = {"CHOWN",
                                           "DAC_OVERRIDE",
                                           "DAC_READ_SEARCH",
                                           "FOWNER",
                                           "FSETID",
                                           "KILL",
                                           "SETGID",
                                           "SETUID",
                                           "SETPCAP",
                                           "LINUX_IMMUTABLE",
                                           "NET_BIND_SERVICE",
                                           "NET_BROADCAST",
                                           "NET_ADMIN",
                                           "NET_RAW",
                                           "IPC_LOCK",
                                           "IPC_OWNER",
                                           "SYS_MODULE",
                                           "SYS_RAWIO",
                                           "SYS_CHROOT",
                                           "SYS_PTRACE",
                                           "SYS_PACCT",
                                           "SYS_ADMIN",
                                           "SYS_BOOT",
                                           "SYS_NICE",
                                           "SYS_RESOURCE",
                                           "SYS_TIME",
                                           "SYS_TTY_CONFIG",
                                           "MKNOD",
                                           "LEASE",
                                           "AUDIT_WRITE",
                                           "AUDIT_CONTROL",
                                           "SETFCAP",
                                           "MAC_OVERRIDE",
                                           "MAC_ADMIN",
                                           "SYSLOG",
                                           "WAKE_ALARM",
                                           "BLOCK_SUSPEND",
                                           "AUDIT_READ",
                                           "PERFMON",
                                           "BPF",
                                           "CHECKPOINT_RESTORE"};
enum { CAPABILITIES = sizeof capabilities / sizeof *capabilities };

static uint64_t bit_of(struct str name) {
    name = str_starts(name, S("CAP_")) ? str_from(name, 4) : name;
    for (size_t k = 0; k < CAPABILITIES; k++)
        if (str_eqz(name, capabilities[k]))
            return UINT64_C(1) << k;
    return 0;
}

static bool read_bits(struct host_check *c, struct str pid, uint64_t *bits) {
    struct str text;
    return host_status_of(c, pid, "CapBnd", &text) && str_to_u64(text, 16, UINT64_MAX, bits);
}

/* What a process of it can come to have. */
static uint64_t bounding(const struct words *w) {
    uint64_t bits = 0;
    size_t i, n;
    yyjson_val *v;
    if (w->k->is_shown && read_bits(w->c, w->k->pid, &bits))
        return bits;
    yyjson_arr_foreach(host_member(w->spec, "process.capabilities.bounding"), i, n, v) bits |=
        bit_of(str_n(yyjson_get_str(v), yyjson_get_len(v)));
    return bits;
}

/* Whoever has all that the first process of the host has, was denied none. */
static uint64_t all_of_host(struct host_check *c) {
    enum { FIRST_KERNELS = 38 }; /* that runtimes run on have as many */
    uint64_t bits = 0;
    if (!read_bits(c, S("1"), &bits) || bits == 0)
        bits = (UINT64_C(1) << FIRST_KERNELS) - 1;
    return bits;
}

static void add_privileges(const struct words *w) {
    uint64_t bits = bounding(w), all = all_of_host(w->c) | bit_of(S("SYS_ADMIN")); /* what is called a host may be a container */
    yyjson_mut_val *added = yyjson_mut_obj_add_arr(w->d, w->host, "CapAdd"),
                   *options = yyjson_mut_obj_add_arr(w->d, w->host, "SecurityOpt");
    for (size_t k = 0; k < CAPABILITIES; k++)
        if (bits >> k & 1)
            json_push_str(w->d, added, str_z(capabilities[k]));
    yyjson_mut_obj_add_bool(w->d, w->host, "Privileged", (bits & all) == all);
    if (json_get_bool(host_member(w->spec, "process"), "noNewPrivileges", false))
        json_push_str(w->d, options, S("no-new-privileges"));
    if (!host_member(w->spec, "linux.seccomp"))
        json_push_str(w->d, options, S("seccomp=unconfined"));
}

/* "docker-default (enforce)", "unconfined"; a label where the kernel has SELinux. */
static void add_confinement(const struct words *w) {
    yyjson_val *process = host_member(w->spec, "process");
    struct str profile = json_get_str(process, "apparmorProfile"), label = json_get_str(process, "selinuxLabel"), told, mode;
    if (w->k->is_shown && host_proc(w->c, w->k->pid, "attr/apparmor/current", &told)) {
        told = str_trim(told);
        (void)str_cut(told, ' ', &profile, &mode);
        if (str_ends(told, S("(complain)")) || str_ends(told, S("(unconfined)"))) /* a profile may deny nothing */
            profile = STR_NULL;
    }
    json_add_str(w->d, w->whole, "AppArmorProfile", profile);
    json_add_str(w->d, w->whole, "ProcessLabel", label);
}

/* --- Namespaces ---------------------------------------------------------------------------------------------------------------------- */

static yyjson_val *namespace_of(yyjson_val *list, const char *type) {
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) if (str_eqz(json_get_str(v, "type"), type)) return v;
    return NULL;
}

static bool read_namespace(struct host_check *c, struct str pid, const char *name, struct str *out) {
    const char *why;
    struct str path = arena_printf(c->arena, "/proc/%.*s/ns/%s", STR_ARG(pid), name);
    return c->source->link(c->source->ctx, path.p, c->arena, out, &why) == HOST_READ && out->n;
}

/* The host's are those of the first process; whoever may not look at that is himself in them, unless he is root, of a container. */
static bool read_hosts_namespace(struct host_check *c, const char *name, struct str *out) {
    return read_namespace(c, S("1"), name, out) || (c->source->uid && read_namespace(c, S("self"), name, out));
}

static void add_namespaces(const struct words *w) {
    static const struct {
        const char *type, *link, *member;
    } kinds[] = {{"network", "net", "NetworkMode"},
                 {"pid", "pid", "PidMode"},
                 {"ipc", "ipc", "IpcMode"},
                 {"uts", "uts", "UTSMode"},
                 {"user", "user", "UsernsMode"}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        yyjson_val *v = namespace_of(host_member(w->spec, "linux.namespaces"), kinds[k].type);
        struct str own, hosts, path = json_get_str(v, "path"), mode = !v ? S("host") : STR_NULL;
        if (path.n)
            mode = arena_join3(w->c->arena, S(HOST_JOINED), path, STR_NULL);
        if (w->k->is_shown && read_namespace(w->c, w->k->pid, kinds[k].link, &own) && read_hosts_namespace(w->c, kinds[k].link, &hosts))
            mode = str_eq(own, hosts) ? S("host") : STR_NULL;
        json_add_str(w->d, w->host, kinds[k].member, mode);
    }
}

/* --- Mounts and devices -------------------------------------------------------------------------------------------------------------- */

static bool has_option(yyjson_val *options, const char *words) {
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(options, i, n, v) if (word_in(words, str_n(yyjson_get_str(v), yyjson_get_len(v)))) return true;
    return false;
}

static void add_mount(const struct words *w, yyjson_mut_val *list, struct str source, struct str target, bool writable, bool shared) {
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(w->d, list);
    json_add_str(w->d, o, "Source", source);
    json_add_str(w->d, o, "Destination", target);
    json_add_str(w->d, o, "Propagation", shared ? S("shared") : S("private"));
    yyjson_mut_obj_add_bool(w->d, o, "RW", writable);
}

/* Those of the host's files. */
static void add_mounts(const struct words *w) {
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(w->d, w->whole, "Mounts");
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(host_member(w->spec, "mounts"), i, n, v) {
        yyjson_val *options = json_get_array(v, "options");
        struct str odd = host_odd(w->c->arena, v, mount_shapes);
        if (odd.n)
            w->k->unread = arena_printf(w->c->arena, "a mount: %.*s", STR_ARG(odd));
        else if (str_eqz(json_get_str(v, "type"), "bind") || has_option(options, "bind rbind"))
            add_mount(w, list, json_get_str(v, "source"), json_get_str(v, "destination"), !has_option(options, "ro rro"),
                      has_option(options, "shared rshared"));
    }
    if (word_in("shared rshared", json_get_str(host_member(w->spec, "linux"), "rootfsPropagation")))
        add_mount(w, list, STR_NULL, S("/"), true, true);
}

/* The one that is mounted last on "/" counts: "36 35 98:0 /mnt1 / ro,noatime ...". */
static bool root_is_read_only(const struct words *w) {
    enum { TARGET = 4, OPTIONS = 5 };
    struct str text, line, field[OPTIONS + 1];
    bool read_only = json_get_bool(host_member(w->spec, "root"), "readonly", false);
    if (!w->k->is_shown || !host_proc(w->c, w->k->pid, "mountinfo", &text))
        return read_only;
    while (str_next(&text, '\n', &line)) {
        size_t n = 0;
        while (n <= OPTIONS && str_next(&line, ' ', &field[n]))
            n++;
        if (n > OPTIONS && str_eqz(field[TARGET], "/"))
            read_only = str_eqz(field[OPTIONS], "ro") || str_starts(field[OPTIONS], S("ro,"));
    }
    return read_only;
}

static void add_devices(const struct words *w) {
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(w->d, w->host, "Devices");
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(host_member(w->spec, "linux.devices"), i, n, v) {
        struct str path = json_get_str(v, "path");
        if (!word_in("/dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/console /dev/ptmx", path))
            json_add_str(w->d, yyjson_mut_arr_add_obj(w->d, list), "PathOnHost", path);
    }
}

/* --- Limits -------------------------------------------------------------------------------------------------------------------------- */

/* The number is not asked for: whether there is one is. */
static void add_limit(const struct words *w, const char *member, const char *declared, const char *controller, const char *file,
                      const char *old_file) {
    yyjson_val *v = host_member(host_member(w->spec, "linux.resources"), declared);
    enum host_limit told = host_limit(w->c, w->k, controller, file, old_file);
    int64_t n = yyjson_get_sint(v);
    if (told == HOST_LIMIT_NONE)
        n = 0;
    else if (told == HOST_LIMIT_SET && n <= 0)
        n = 1;
    yyjson_mut_obj_add_int(w->d, w->host, member, n);
}

static void add_limits(const struct words *w) {
    yyjson_val *linux_part = host_member(w->spec, "linux");
    yyjson_mut_val *ulimits = yyjson_mut_obj_add_arr(w->d, w->host, "Ulimits");
    size_t i, n;
    yyjson_val *v;
    w->k->has_own_cgroup = json_get_str(linux_part, "cgroupsPath").n > 0;
    add_limit(w, "Memory", "memory.limit", "memory", "memory.max", "memory.limit_in_bytes");
    add_limit(w, "CpuQuota", "cpu.quota", "cpu", "cpu.max", "cpu.cfs_quota_us");
    add_limit(w, "PidsLimit", "pids.limit", "pids", "pids.max", "pids.max");
    yyjson_mut_obj_add_int(w->d, w->host, "CpuShares", yyjson_get_sint(host_member(linux_part, "resources.cpu.shares")));
    json_add_str(w->d, w->host, "CgroupParent", json_get_str(linux_part, "cgroupsPath"));
    yyjson_arr_foreach(host_member(w->spec, "process.rlimits"), i, n, v)
        json_add_str(w->d, yyjson_mut_arr_add_obj(w->d, ulimits), "Name", json_get_str(v, "type"));
}

/* --- The whole ----------------------------------------------------------------------------------------------------------------------- */

static void keep(const struct words *w) {
    yyjson_doc *doc = yyjson_mut_doc_imut_copy(w->d, NULL);
    vec_push(&w->c->documents, doc);
    w->k->whole = yyjson_doc_get_root(doc);
    w->k->host = json_get_object(w->k->whole, "HostConfig");
    host_container_parts(w->c, w->k);
}

void host_oci(struct host_check *c, struct host_container *k, yyjson_val *spec) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    k->unread = host_odd(c->arena, spec, shapes);
    if (k->unread.n == 0 && (!host_member(spec, "process") || !host_member(spec, "linux")))
        k->unread = S("its config.json is of no container of Linux");
    if (k->unread.n)
        return;
    struct words w = {c, k, spec, d, yyjson_mut_obj(d), NULL, NULL};
    yyjson_mut_doc_set_root(d, w.whole);
    w.host = yyjson_mut_obj_add_obj(d, w.whole, "HostConfig");
    w.config = yyjson_mut_obj_add_obj(d, w.whole, "Config");
    json_add_str(d, w.config, "User", arena_printf(c->arena, "%lld", (long long)json_get_int(host_member(spec, "process.user"), "uid", 0)));
    yyjson_mut_obj_add_bool(d, w.host, "ReadonlyRootfs", root_is_read_only(&w));
    add_privileges(&w);
    add_confinement(&w);
    add_namespaces(&w);
    add_mounts(&w);
    add_devices(&w);
    add_limits(&w);
    if (k->unread.n == 0)
        keep(&w);
}
