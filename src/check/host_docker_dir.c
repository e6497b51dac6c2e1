/* SPDX-License-Identifier: Apache-2.0
 * Containers as docker keeps them on disk: DATA-ROOT/containers/ID/config.v2.json has what an inspection has but for its HostConfig, which
 * is hostconfig.json beside it. Which of them run is what docker wrote last. */
#include "check/host_docker_dir.h"

#include "base/limits.h"

static struct host_document read_document(struct host_check *c, struct str dir, const char *name) {
    struct str path = arena_printf(c->arena, "%.*s/%s", STR_ARG(dir), name), text;
    const char *why = "";
    if (c->source->read(c->source->ctx, path.p, LIMIT_HOST_ANSWER_BYTES, c->arena, &text, &why) != HOST_READ)
        return (struct host_document){NULL, arena_printf(c->arena, "%s: %s", path.p, why)};
    return host_parse(c, text, path.p);
}

static void read_container(struct host_check *c, struct str dir, struct host_container *k) {
    struct host_document whole = read_document(c, dir, "config.v2.json"), host = read_document(c, dir, "hostconfig.json");
    k->id = path_base(dir);
    k->name = str_first(k->id, 12);
    k->runs = true;
    k->unread = whole.root ? host.why : whole.why;
    if (k->unread.n)
        return;
    k->name = host_name(c, json_get_str(whole.root, "Name"), k->name);
    k->whole = whole.root;
    k->host = host.root;
    k->image_id = json_get_str(whole.root, "Image");
    k->image = json_get_str(json_get_object(whole.root, "Config"), "Image");
    k->runs = json_get_bool(json_get_object(whole.root, "State"), "Running", true);
    host_container_parts(c, k);
}

void host_docker_dir(struct host_check *c) {
    struct host_setting root = host_setting(c, "data-root", 0, "data-root", SETTING_TEXT);
    struct str dir = arena_join3(c->arena, root.state == SETTING_SET ? root.value : S("/var/lib/docker"), S("/containers"), STR_NULL);
    struct host_names names = {0};
    const char *why = "";
    enum host_read got = c->source->list(c->source->ctx, dir.p, c->arena, &names, &why);
    if (got == HOST_ABSENT && host_daemon(c)->is_absent)
        return;
    if (got != HOST_READ || names.n > LIMIT_HOST_CONTAINERS) {
        c->no_containers =
            arena_printf(c->arena, "%.*s, and %s: %s", STR_ARG(c->source->no_engine), dir.p, got == HOST_READ ? "too many" : why);
        return;
    }
    c->containers = arena_array(c->arena, struct host_container, names.n);
    for (size_t k = 0; k < names.n; k++)
        if (host_is_id(names.p[k]))
            read_container(c, arena_join3(c->arena, dir, S("/"), names.p[k]), &c->containers[c->n_containers++]);
}
