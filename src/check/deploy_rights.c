/* SPDX-License-Identifier: Apache-2.0
 * What compose and Kubernetes files let containers do on their host. What an alias or a merge (<<) brings is not followed: of what may
 * stand there nothing is said to be missing. */
#include "check/deploy_rules.h"
#include "check/engine_sockets.h"
#include "check/words.h"

enum { PRIVILEGED, HOST_NAMESPACE, ENGINE_SOCKET, CAPABILITY, ESCALATION, MAY_BE_ROOT };
const struct rule rules_deploy_rights[] = {
    [PRIVILEGED] = {.id = "DeployPrivileged",
                    .reads = READS_OTHER,
                    .severity = SEVERITY_ERROR,
                    .also = "5.5 KSV-0017",
                    .why = "A privileged container has every capability and device: it is the host.",
                    .fix = "Give single capabilities or devices.",
                    .url = ""},
    [HOST_NAMESPACE] = {.id = "DeployHostNamespace",
                        .reads = READS_OTHER,
                        .severity = SEVERITY_WARNING,
                        .also = "5.10 5.16 5.17 5.31 KSV-0008 KSV-0009 KSV-0010",
                        .why = "What containers and the host share is no boundary between them.",
                        .fix = "Give the container its own, and publish the ports that it needs.",
                        .url = ""},
    [ENGINE_SOCKET] = {.id = "DeployEngineSocket",
                       .reads = READS_OTHER,
                       .severity = SEVERITY_ERROR,
                       .also = "5.32 KSV-0006",
                       .why = "Whoever may speak to the engine is root on the host.",
                       .fix = "Do not mount it; put a proxy that lets single questions through in its place.",
                       .url = ""},
    [CAPABILITY] = {.id = "DeployCapability",
                    .reads = READS_OTHER,
                    .severity = SEVERITY_ERROR,
                    .also = "5.4 KSV-0005",
                    .why = "Some capabilities are as good as root on the host.",
                    .fix = "Add the one that is needed, and drop all others.",
                    .url = ""},
    [ESCALATION] = {.id = "DeployEscalation",
                    .reads = READS_OTHER,
                    .severity = SEVERITY_INFO,
                    .also = "5.26 KSV-0001",
                    .why = "A setuid program may give a process more rights than it began with.",
                    .fix = "Write securityContext: {allowPrivilegeEscalation: false}.",
                    .url = ""},
    [MAY_BE_ROOT] = {.id = "DeployMayRunAsRoot",
                     .reads = READS_OTHER,
                     .severity = SEVERITY_INFO,
                     .also = "4.1 KSV-0012",
                     .why = "Whether it runs as root is up to the image, and the next one may.",
                     .fix = "Write securityContext: {runAsNonRoot: true}.",
                     .url = ""},
    {0},
};

static void report(struct deployment *d, size_t rule, struct fy_node *node, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void report(struct deployment *d, size_t rule, struct fy_node *node, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    deploy_report(d, &rules_deploy_rights[rule], node, arena_str(d->arena, str_z(text)));
}

/* --- Values ------------------------------------------------------------------------------------------------------------------------- */

static bool says(struct fy_node *n, const char *words) {
    return n && fy_node_is_scalar(n) && !fy_node_is_alias(n) && word_in_nocase(words, yaml_text(n));
}
static bool is_true(struct fy_node *n) {
    return says(n, "true yes on");
}
static bool is_false(struct fy_node *n) {
    return says(n, "false no off");
}

/* Something that was not followed may stand there. */
static bool is_open(struct fy_node *mapping) {
    return mapping && (fy_node_is_alias(mapping) || deploy_key(mapping, "<<"));
}

static void look_at_capabilities(struct deployment *d, struct fy_node *list) {
    static const char root[] = "ALL SYS_ADMIN SYS_MODULE SYS_PTRACE SYS_RAWIO DAC_READ_SEARCH BPF";
    struct fy_node *item;
    void *at = NULL;
    while (list && fy_node_is_sequence(list) && (item = fy_node_sequence_iterate(list, &at))) {
        struct str name = yaml_text(item);
        if (word_in_nocase(root, str_eq_nocase(str_first(name, 4), S("CAP_")) ? str_from(name, 4) : name))
            report(d, CAPABILITY, item, "Capability %s is added", SHOWN(name));
    }
}

static void look_at_path(struct deployment *d, struct fy_node *node, struct str path) {
    if (is_engine_socket(path))
        report(d, ENGINE_SOCKET, node, "%s of the host is mounted", SHOWN(path));
    else if (holds_engine_sockets(path))
        report(d, ENGINE_SOCKET, node, "%s of the host is mounted, and engines' sockets lie below", SHOWN(path));
}

static void look_at_flag(struct deployment *d, size_t rule, struct fy_node *mapping, const char *key, const char *what) {
    struct fy_node *value = yaml_get(mapping, key);
    if (is_true(value))
        report(d, rule, value, "%s", what);
}

/* --- compose ------------------------------------------------------------------------------------------------------------------------ */

static void look_at_volumes(struct deployment *d, struct fy_node *list) {
    struct fy_node *item;
    void *at = NULL;
    while (list && fy_node_is_sequence(list) && (item = fy_node_sequence_iterate(list, &at))) {
        struct fy_node *source = fy_node_is_mapping(item) ? yaml_get(item, "source") : item;
        struct str path, rest;
        bool variable;
        struct str filled = deploy_with_defaults(d->arena, yaml_text(source), &variable);
        (void)str_cut(variable ? yaml_text(source) : filled, ':', &path, &rest);
        look_at_path(d, source, path);
    }
}

void deploy_service_rights(struct deployment *d, struct fy_node *service) {
    static const struct {
        const char *key, *what;
    } shared[] = {{"network_mode", "network"}, {"pid", "processes"}, {"ipc", "IPC"}, {"uts", "name"}, {"userns_mode", "user namespace"}};
    look_at_flag(d, PRIVILEGED, service, "privileged", "The service is privileged");
    for (size_t k = 0; k < sizeof shared / sizeof shared[0]; k++)
        if (says(yaml_get(service, shared[k].key), "host"))
            report(d, HOST_NAMESPACE, yaml_get(service, shared[k].key), "The service has the host's %s", shared[k].what);
    look_at_capabilities(d, yaml_get(service, "cap_add"));
    look_at_volumes(d, yaml_get(service, "volumes"));
}

/* --- Kubernetes ---------------------------------------------------------------------------------------------------------------------- */

/* 1: not as root; -1: as root, or nobody knows; 0: nothing is said. */
static int non_root(struct fy_node *context) {
    struct fy_node *flag = yaml_get(context, "runAsNonRoot"), *user = yaml_get(context, "runAsUser");
    uint64_t id;
    if (is_true(flag) || (user && str_to_u64(yaml_text(user), 10, UINT32_MAX, &id) && id > 0))
        return 1;
    return is_false(flag) || user ? -1 : 0;
}

/* `secure`: the pod says that none of its containers runs as root, or may do so. */
static void look_at_container(struct deployment *d, struct fy_node *container, bool secure) {
    struct fy_node *context = yaml_get(container, "securityContext");
    struct fy_node *escalation = yaml_get(context, "allowPrivilegeEscalation"), *place = yaml_get(container, "image");
    bool open = is_open(container) || is_open(context);
    look_at_flag(d, PRIVILEGED, context, "privileged", "The container is privileged");
    look_at_capabilities(d, yaml_get(yaml_get(context, "capabilities"), "add"));
    if (!place || !fy_node_is_scalar(place) || open)
        return;
    if (!is_false(escalation))
        report(d, ESCALATION, escalation && fy_node_is_scalar(escalation) ? escalation : place,
               "The container's programs may gain privileges");
    int own = non_root(context);
    if (own < 0 || (own == 0 && !secure))
        report(d, MAY_BE_ROOT, place, "The container may run as root");
}

static void look_at_host_paths(struct deployment *d, struct fy_node *volumes) {
    struct fy_node *item;
    void *at = NULL;
    while (volumes && fy_node_is_sequence(volumes) && (item = fy_node_sequence_iterate(volumes, &at))) {
        struct fy_node *path = yaml_get(yaml_get(item, "hostPath"), "path");
        if (path)
            look_at_path(d, path, yaml_text(path));
    }
}

void deploy_pod_rights(struct deployment *d, struct fy_node *pod) {
    static const char *const lists[] = {"initContainers", "containers", "ephemeralContainers"};
    look_at_flag(d, HOST_NAMESPACE, pod, "hostNetwork", "The pod has the host's network");
    look_at_flag(d, HOST_NAMESPACE, pod, "hostPID", "The pod sees the host's processes");
    look_at_flag(d, HOST_NAMESPACE, pod, "hostIPC", "The pod has the host's IPC");
    look_at_host_paths(d, yaml_get(pod, "volumes"));
    struct fy_node *common = yaml_get(pod, "securityContext");
    bool secure = is_open(pod) || is_open(common) || non_root(common) > 0;
    for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
        struct fy_node *list = yaml_get(pod, lists[k]), *container;
        void *at = NULL;
        while (list && fy_node_is_sequence(list) && (container = fy_node_sequence_iterate(list, &at)))
            look_at_container(d, container, secure);
    }
}
