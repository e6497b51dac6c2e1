/* SPDX-License-Identifier: Apache-2.0
 * Tags that name one image for good, and those that move; images in compose and Kubernetes files. */
#include "base/arena.h"
#include "base/buf.h"
#include "check/deploy.h"
#include "tap.h"

static void tags(void) {
    static const char *const unique[] = {"3.1.0.1592240780334.4", "4.7.0.12",           "1.2.3-20240131",
                                         "sha-3f2a9c1",           "v1.2.3-14-gdeadbe1", "20240131.1",
                                         "1.0-build.12345678",    "3f2a9c1d0b",         "4.7.0.12-alpine"};
    static const char *const stable[] = {"latest", "3.1.0",   "4.7.0.0", "1", "12-slim", "bookworm",       "v2",    "1.2.3-alpine3.19",
                                         "stable", "defaced", "17.0.9",  "",  "-",       "4.7.0.0-alpine", "2024.1"};
    for (size_t k = 0; k < sizeof unique / sizeof *unique; k++)
        ok(deploy_tag_is_unique(str_z(unique[k])), "%s is unique", unique[k]);
    for (size_t k = 0; k < sizeof stable / sizeof *stable; k++)
        ok(!deploy_tag_is_unique(str_z(stable[k])), "\"%s\" moves", stable[k]);
}

/* "LINE:COLUMN RULE; " of each finding but those of rules that are left out, or the error. */
static struct str look_without(struct arena *a, const char *text, const char *left_out) {
    struct check_policy policy = {0};
    struct str rest = str_z(left_out), rule;
    struct deploy_result r;
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(1 << 16);
    while (str_next(&rest, ' ', &rule))
        str_list_add(a, &policy.ignored, rule);
    if (!check_deployment(a, str_z(text), S("f"), &policy, &r, &e))
        buf_printf(&b, "%s", e.msg);
    for (size_t k = 0; k < r.n_findings; k++)
        buf_printf(&b, "%u:%u %s; ", r.findings[k].pos.line, r.findings[k].pos.column, r.findings[k].rule->id);
    buf_printf(&b, "%zu", r.n_images);
    err_clear(&e);
    struct str out = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return out;
}

static struct str look(struct arena *a, const char *text) {
    return look_without(a, text, "DeployEscalation DeployMayRunAsRoot");
}

static void files(void) {
    struct arena a = ARENA_INIT;
#define HEX64 "0123456789012345678901234567890123456789012345678901234567890123"
    is_str(look(&a, "services:\n  a:\n    image: x:1\n"), S("3:12 DeployStableTag; 1"), "compose");
    is_str(look(&a, "services: {a: {image: x}, b: {image: 'y:latest'}}"), S("1:23 DeployLatest; 1:39 DeployLatest; 2"),
           "latest, said and not");
    is_str(look(&a, "services: {a: {image: \"x:1@sha256:" HEX64 "\"}}"), S("1"), "a digest");
    is_str(look(&a, "services: {a: {image: x:1.2.3.20240131}}"), S("1"), "a unique tag");
    is_str(look(&a, "services: {a: {build: ., image: x}}"), S("0"), "what is built here");
    is_str(look(&a, "services: {a: {image: \"x:${T:-1}\"}, b: {image: \"x:${T-1.20240131}\"}}"), S("1:24 DeployStableTag; 2"),
           "defaults of variables");
    is_str(look(&a, "services: {a: {image: \"x:$T\"}, b: {image: \"x:${T}\"}, c: {image: \"x:{{ .T }}\"}}"),
           S("1:24 DeployVariableImage; 1:44 DeployVariableImage; 1:66 DeployVariableImage; 3"), "variables");
    is_str(look(&a, "services: {a: {image: \"x:${T:?set-it}\"}}"), S("1:24 DeployVariableImage; 1"), "a variable that must be set");
    is_str(look(&a, "x-i: &i foo:1.20240131\nservices: {a: {image: *i}}"), S("0"), "an alias, which is not followed");
    is_str(look(&a, "services: {a: {image: A B}}"), S("1:23 DeployInvalidImage; 1"), "no name");
    is_str(look(&a, "x-a: &a {image: x:1}\nservices: {b: {<<: *a}}"), S("1:17 DeployStableTag; 1"), "an extension");
    is_str(
        look(&a, "services:\n  a:\n    image:\n  b: {image: [x]}\n  c:\n  d: {image: ''}\n  e: {image: ~, build: .}\n  f: {image: null}\n"),
        S("3:5 DeployInvalidImage; 4:7 DeployInvalidImage; 6:7 DeployInvalidImage; 8:7 DeployInvalidImage; 4"), "no name at all");
    is_str(look(&a, "kind: Pod\nspec: {containers: [{image: }, {image: {}}, 1, {}]}\n"),
           S("2:22 DeployInvalidImage; 2:33 DeployInvalidImage; 2"), "... in a pod");
    is_str(look(&a, "services: [1, {image: x}]\nother: {image: y}"), S("0"), "odd shapes");
    is_str(look(&a, "kind: Pod\nspec:\n  initContainers:\n  - image: a:1\n  containers:\n  - {name: x}\n  - {image: b:2}\n"),
           S("4:12 DeployStableTag; 7:13 DeployStableTag; 2"), "a pod");
    is_str(look(&a, "kind: List\nitems:\n- {spec: {template: {spec: {containers: [{image: a:1}]}}}}\n---\nkind: Job\nspec: {containers: "
                    "[{image: b:1}]}\n"),
           S("3:50 DeployStableTag; 6:29 DeployStableTag; 2"), "lists, and several documents");
    is_str(look(&a, "data: {containers: [{image: a:1}]}"), S("0"), "something else");
    is_str(look(&a, ""), S("0"), "nothing");
    is_str(look(&a, "a: [b\n"), S("f:2:1: not valid YAML: flow sequence without a closing bracket0"), "no YAML");
    is_str(look(&a, "services: {a: {image: x:1, image: y:1}}"), S("1:23 DeployStableTag; 1"), "a key that comes twice");
    is_str(look(&a, "kind: x\nspec: &s [*s, *s]\n"), S("0"), "an alias of itself");
    arena_fini(&a);
}

#define UNIQUE "x:1.2.3.20240131"

static void compose_rights(void) {
    struct arena a = ARENA_INIT;
    is_str(look(&a, "services:\n  a:\n    privileged: true\n    network_mode: host\n    pid: 'host'\n    ipc: host\n    userns_mode: host\n"
                    "    cap_add: [ALL, cap_sys_admin, NET_BIND_SERVICE]\n"),
           S("3:17 DeployPrivileged; 4:19 DeployHostNamespace; 5:11 DeployHostNamespace; 6:10 DeployHostNamespace; 7:18 "
             "DeployHostNamespace; 8:15 DeployCapability; 8:20 DeployCapability; 0"),
           "what a service may do");
    is_str(
        look(&a, "services:\n  a:\n    volumes:\n    - /var/run/docker.sock:/x:ro\n    - {source: /run/podman/podman.sock}\n    - /a:/b\n"),
        S("4:7 DeployEngineSocket; 5:16 DeployEngineSocket; 0"), "sockets of engines");
    is_str(look(&a, "services:\n  a:\n    volumes:\n    - ${S:-/run/docker.sock}:/x\n    - /:/host:ro\n    - /var/run/:/x\n    - "
                    "/run/lock:/x\n    - $D:/run\n"),
           S("4:7 DeployEngineSocket; 5:7 DeployEngineSocket; 6:7 DeployEngineSocket; 0"), "... by a default, or a directory above");
    is_str(look(&a, "services:\n  a: {privileged: false, network_mode: bridge, pid: 'service:b', cap_add: [], volumes: [x:/y]}\n"), S("0"),
           "what is good");
    is_str(look(&a, "services:\n  a: {privileged: [true], network_mode: {}, cap_add: {a: b}, volumes: host, pid: *x}\n"), S("0"),
           "odd shapes");
    arena_fini(&a);
}

static void pod_rights(void) {
    struct arena a = ARENA_INIT;
#define POD(spec, container) "kind: Pod\nspec:\n  " spec "\n  containers:\n  - image: " UNIQUE "\n    " container "\n"
    is_str(look_without(&a, POD("x: 1", "y: 1"), ""), S("5:12 DeployEscalation; 5:12 DeployMayRunAsRoot; 1"), "a pod that says nothing");
    is_str(look_without(&a, POD("securityContext: {runAsNonRoot: true}", "securityContext: {allowPrivilegeEscalation: false}"), ""), S("1"),
           "one that says enough");
    is_str(
        look_without(&a, POD("securityContext: {runAsUser: 10}", "securityContext: {allowPrivilegeEscalation: false, runAsUser: 0}"), ""),
        S("5:12 DeployMayRunAsRoot; 1"), "a container that takes it back");
    is_str(look_without(&a, POD("x: 1", "securityContext: {allowPrivilegeEscalation: true, runAsUser: 10}"), ""),
           S("6:49 DeployEscalation; 1"), "one that asks for it");
    is_str(look_without(&a, POD("<<: *x", "securityContext: *y"), ""), S("1"), "what is not followed may say so");
    is_str(look(&a, POD("hostNetwork: true", "securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}}")),
           S("3:16 DeployHostNamespace; 6:35 DeployPrivileged; 6:62 DeployCapability; 1"), "rights");
    is_str(look(&a, POD("hostPID: true\n  hostIPC: yes", "x: 1")), S("3:12 DeployHostNamespace; 4:12 DeployHostNamespace; 1"),
           "namespaces");
    is_str(look(&a, POD("volumes: [{hostPath: {path: /run/docker.sock}}, {emptyDir: {}}]", "x: 1")), S("3:31 DeployEngineSocket; 1"),
           "sockets");
    arena_fini(&a);
}

int main(void) {
    tags();
    compose_rights();
    pod_rights();
    files();
    return tap_done();
}
