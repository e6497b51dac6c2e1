/* SPDX-License-Identifier: Apache-2.0
 * A container as config.json of an OCI bundle (runtime-spec 1.0.2, config.md and config-linux.md), with docker's defaults; capabilities,
 * refused system calls and hidden paths come from the same tables as a build step's (sandbox/policy.h). */
#include <linux/capability.h>
#include <linux/seccomp.h>

#include "base/json.h"
#include "base/limits.h"
#include "container/oci.h"
#include "sandbox/policy.h"
#include "sys/files.h"

static yyjson_mut_val *add_object(yyjson_mut_doc *d, yyjson_mut_val *to, const char *key) {
    yyjson_mut_val *object = yyjson_mut_obj(d);
    yyjson_mut_obj_add_val(d, to, key, object);
    return object;
}

static yyjson_mut_val *add_array(yyjson_mut_doc *d, yyjson_mut_val *to, const char *key) {
    yyjson_mut_val *array = yyjson_mut_arr(d);
    yyjson_mut_obj_add_val(d, to, key, array);
    return array;
}

/* A list of words: "a,b,c". */
static void add_words(yyjson_mut_doc *d, yyjson_mut_val *to, const char *key, const char *words) {
    yyjson_mut_val *array = add_array(d, to, key);
    struct str rest = str_z(words), word;
    while (str_next(&rest, ',', &word))
        json_push_str(d, array, word);
}

static void add_texts(yyjson_mut_doc *d, yyjson_mut_val *to, const char *key, const char *const *texts) {
    yyjson_mut_val *array = add_array(d, to, key);
    for (; *texts; texts++)
        json_push_str(d, array, str_z(*texts));
}

static void add_list(yyjson_mut_doc *d, yyjson_mut_val *to, const char *key, const struct str_list *list) {
    yyjson_mut_val *array = add_array(d, to, key);
    for (size_t i = 0; i < list->n; i++)
        json_push_str(d, array, list->p[i]);
}

/* The bounding set always; the others are root's only. crun runs without cgroups, so no device cgroup would hold back what mknod makes. */
static void add_caps(const struct container *c, yyjson_mut_doc *d, yyjson_mut_val *process) {
    static const char *const sets[] = {"bounding", "permitted", "effective"};
    yyjson_mut_val *caps = add_object(d, process, "capabilities");
    for (size_t i = 0; i < (c->spec->uid == 0 ? 3 : 1); i++) {
        yyjson_mut_val *set = add_array(d, caps, sets[i]);
        for (size_t j = 0; j < policy_n_caps; j++)
            if (policy_caps[j].number != CAP_MKNOD || !c->crun)
                json_push_str(d, set, str_z(policy_caps[j].name));
    }
}

static void add_process(const struct container *c, yyjson_mut_doc *d, yyjson_mut_val *root) {
    const struct container_spec *s = c->spec;
    yyjson_mut_val *process = add_object(d, root, "process");
    yyjson_mut_obj_add_bool(d, process, "terminal", c->terminal);
    yyjson_mut_val *user = add_object(d, process, "user");
    yyjson_mut_obj_add_uint(d, user, "uid", s->uid);
    yyjson_mut_obj_add_uint(d, user, "gid", s->gid);
    yyjson_mut_obj_add_uint(d, user, "umask", 0022);
    yyjson_mut_val *groups = add_array(d, user, "additionalGids");
    for (size_t i = 0; i < s->n_groups; i++)
        yyjson_mut_arr_add_uint(d, groups, s->groups[i]);
    add_list(d, process, "args", &c->argv);
    add_list(d, process, "env", &c->env);
    json_add_str(d, process, "cwd", str_z(c->cwd));
    add_caps(c, d, process);
    yyjson_mut_obj_add_bool(d, process, "noNewPrivileges", false);
}

static void add_mount(yyjson_mut_doc *d, yyjson_mut_val *mounts, const char *target, const char *type, const char *source,
                      const char *options) {
    yyjson_mut_val *m = yyjson_mut_arr_add_obj(d, mounts);
    json_add_str(d, m, "destination", str_z(target));
    json_add_str(d, m, "type", str_z(type));
    json_add_str(d, m, "source", str_z(source));
    add_words(d, m, "options", options);
}

static void add_mounts(const struct container *c, yyjson_mut_doc *d, yyjson_mut_val *root) {
    const struct container_spec *s = c->spec;
    yyjson_mut_val *mounts = add_array(d, root, "mounts");
    add_mount(d, mounts, "/proc", "proc", "proc", "nosuid,noexec,nodev");
    add_mount(d, mounts, "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k");
    add_mount(d, mounts, "/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
    add_mount(d, mounts, "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k");
    add_mount(d, mounts, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
    /* a fresh sysfs is the right of who owns the network namespace */
    if (c->user_namespace && !s->network_none)
        add_mount(d, mounts, "/sys", "bind", "/sys", "rbind,nosuid,noexec,nodev,ro");
    else
        add_mount(d, mounts, "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro");
    add_mount(d, mounts, "/etc/hosts", "bind", c->hosts, "rbind,rw");
    add_mount(d, mounts, "/etc/resolv.conf", "bind", c->resolv_conf, "rbind,rw");
    add_mount(d, mounts, "/etc/hostname", "bind", c->hostname_file, "rbind,rw");
    for (size_t i = 0; i < s->n_volumes; i++)
        add_mount(d, mounts, s->volumes[i].target, "bind", s->volumes[i].source, s->volumes[i].read_only ? "rbind,ro" : "rbind,rw");
}

static void add_namespaces(const struct container *c, yyjson_mut_doc *d, yyjson_mut_val *linux_part) {
    static const char *const types[] = {"pid", "ipc", "uts", "mount", "network"};
    yyjson_mut_val *all = add_array(d, linux_part, "namespaces");
    for (size_t i = 0; i < (c->spec->network_none ? 5 : 4); i++)
        json_add_str(d, yyjson_mut_arr_add_obj(d, all), "type", str_z(types[i]));
}

static void add_call(yyjson_mut_doc *d, yyjson_mut_val *calls, const struct policy_call *call) {
    yyjson_mut_val *rule = yyjson_mut_arr_add_obj(d, calls);
    json_push_str(d, add_array(d, rule, "names"), str_z(call->name));
    json_add_str(d, rule, "action", S("SCMP_ACT_ERRNO"));
    yyjson_mut_obj_add_uint(d, rule, "errnoRet", (uint64_t)call->errnum);
    if (call->arg < 0)
        return;
    yyjson_mut_val *arg = yyjson_mut_arr_add_obj(d, add_array(d, rule, "args"));
    yyjson_mut_obj_add_uint(d, arg, "index", (uint64_t)call->arg);
    yyjson_mut_obj_add_uint(d, arg, "value", call->mask);
    yyjson_mut_obj_add_uint(d, arg, "valueTwo", call->value);
    json_add_str(d, arg, "op", S("SCMP_CMP_MASKED_EQ"));
}

static void add_seccomp(yyjson_mut_doc *d, yyjson_mut_val *linux_part) {
    yyjson_mut_val *seccomp = add_object(d, linux_part, "seccomp");
    json_add_str(d, seccomp, "defaultAction", S("SCMP_ACT_ALLOW"));
#if defined(__x86_64__)
    add_words(d, seccomp, "architectures", "SCMP_ARCH_X86_64,SCMP_ARCH_X86,SCMP_ARCH_X32");
#elif defined(__aarch64__)
    add_words(d, seccomp, "architectures", "SCMP_ARCH_AARCH64,SCMP_ARCH_ARM");
#endif
    yyjson_mut_val *calls = add_array(d, seccomp, "syscalls");
    for (size_t i = 0; i < policy_n_calls; i++)
        add_call(d, calls, &policy_calls[i]);
}

static void add_linux(const struct container *c, yyjson_mut_doc *d, yyjson_mut_val *root) {
    yyjson_mut_val *part = add_object(d, root, "linux");
    add_namespaces(c, d, part);
    add_texts(d, part, "maskedPaths", policy_masked_paths);
    add_texts(d, part, "readonlyPaths", policy_readonly_paths);
    if (!c->user_namespace) { /* runc allows the usual devices on top of this */
        yyjson_mut_val *devices = add_array(d, add_object(d, part, "resources"), "devices");
        yyjson_mut_val *none = yyjson_mut_arr_add_obj(d, devices);
        yyjson_mut_obj_add_bool(d, none, "allow", false);
        json_add_str(d, none, "access", S("rwm"));
    }
    add_seccomp(d, part);
}

bool oci_write(struct container *c, struct err *e) {
    yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    json_add_str(d, root, "ociVersion", S("1.0.2"));
    add_process(c, d, root);
    yyjson_mut_val *rootfs = add_object(d, root, "root");
    json_add_str(d, rootfs, "path", str_z(c->rootfs));
    yyjson_mut_obj_add_bool(d, rootfs, "readonly", c->spec->read_only);
    json_add_str(d, root, "hostname", str_z(c->hostname));
    add_mounts(c, d, root);
    add_linux(c, d, root);
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    json_write(d, false, &text);
    yyjson_mut_doc_free(d);
    bool ok = buf_ok(&text) ? file_replace(c->work_fd, "config.json", text.p, text.n, false, e)
                            : err_set(e, ERR_FAILED, "the container's arguments and environment exceed %zu bytes", LIMIT_JSON_BYTES);
    buf_fini(&text);
    return ok;
}
