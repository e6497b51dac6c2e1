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

/* "LINE:COLUMN RULE; " of each finding, or the error. */
static struct str look(struct arena *a, const char *text) {
    const struct check_policy policy = {0};
    struct deploy_result r;
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(1 << 16);
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

int main(void) {
    tags();
    files();
    return tap_done();
}
