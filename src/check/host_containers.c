/* SPDX-License-Identifier: Apache-2.0
 * The containers of a host, as the engine inspects them. One that is not what the API says is unread as a whole: rules see no half of it.
 */
#include "base/limits.h"
#include "check/host_bundle.h"
#include "check/host_docker_dir.h"
#include "check/host_rules.h"

bool host_is_id(struct str id) {
    for (size_t k = 0; k < id.n; k++) {
        char c = id.p[k];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c == ':' && k))
            return false;
    }
    return id.n && id.n <= 80;
}

struct str host_name(struct host_check *c, struct str name, struct str otherwise) {
    while (str_starts(name, S("/")))
        name = str_from(name, 1);
    return arena_str(c->arena, name.n ? str_first(name, STR_SHOWN) : otherwise);
}

/* --- Shapes -------------------------------------------------------------------------------------------------------------------------- */

static const struct host_shape list_shapes[] = {{TYPE_TEXT, "Id"},      {TYPE_TEXTS, "Names"}, {TYPE_TEXT, "Image"},
                                                {TYPE_TEXT, "ImageID"}, {TYPE_TEXT, "State"},  {TYPE_END, NULL}};

const struct host_shape host_container_shapes[] = {{TYPE_TEXT, "Name"},
                                                   {TYPE_TEXT, "Image"},
                                                   {TYPE_TEXT, "AppArmorProfile"},
                                                   {TYPE_TEXT, "ProcessLabel"},
                                                   {TYPE_TEXTS, "ExecIDs"},
                                                   {TYPE_OBJECT, "State"},
                                                   {TYPE_OBJECT, "State.Health"},
                                                   {TYPE_TEXT, "State.Health.Status"},
                                                   {TYPE_INT, "State.Pid"},
                                                   {TYPE_OBJECT, "NetworkSettings"},
                                                   {TYPE_OBJECT, "NetworkSettings.Ports"},
                                                   {TYPE_OBJECT, "NetworkSettings.Networks"},
                                                   {TYPE_OBJECT, "Config"},
                                                   {TYPE_TEXT, "Config.User"},
                                                   {TYPE_OBJECT, "Config.ExposedPorts"},
                                                   {TYPE_TEXT, "Config.Image"},
                                                   {TYPE_END, NULL}};

const struct host_shape host_config_shapes[] = {{TYPE_BOOL, "Privileged"},
                                                {TYPE_BOOL, "ReadonlyRootfs"},
                                                {TYPE_TEXTS, "CapAdd"},
                                                {TYPE_TEXTS, "SecurityOpt"},
                                                {TYPE_TEXT, "NetworkMode"},
                                                {TYPE_TEXT, "PidMode"},
                                                {TYPE_TEXT, "IpcMode"},
                                                {TYPE_TEXT, "UTSMode"},
                                                {TYPE_TEXT, "UsernsMode"},
                                                {TYPE_TEXT, "CgroupParent"},
                                                {TYPE_INT, "Memory"},
                                                {TYPE_INT, "CpuShares"},
                                                {TYPE_INT, "NanoCpus"},
                                                {TYPE_INT, "CpuQuota"},
                                                {TYPE_INT, "PidsLimit"},
                                                {TYPE_LIST, "Devices"},
                                                {TYPE_LIST, "DeviceRequests"},
                                                {TYPE_TEXTS, "DeviceCgroupRules"},
                                                {TYPE_LIST, "Ulimits"},
                                                {TYPE_OBJECT, "RestartPolicy"},
                                                {TYPE_TEXT, "RestartPolicy.Name"},
                                                {TYPE_INT, "RestartPolicy.MaximumRetryCount"},
                                                {TYPE_OBJECT, "PortBindings"},
                                                {TYPE_END, NULL}};

static const struct host_shape mount_shapes[] = {
    {TYPE_TEXT, "Source"}, {TYPE_TEXT, "Destination"}, {TYPE_TEXT, "Propagation"}, {TYPE_BOOL, "RW"}, {TYPE_END, NULL}};

static const struct host_shape port_shapes[] = {{TYPE_TEXT, "HostIp"}, {TYPE_TEXT, "HostPort"}, {TYPE_END, NULL}};

/* --- Parts --------------------------------------------------------------------------------------------------------------------------- */

/* "Mounts" of an inspection is a list, "MountPoints" of docker's own file an object by destination. */
static void read_mounts(struct host_check *c, struct host_container *k) {
    yyjson_val *list = host_member(k->whole, "Mounts"), *v;
    bool is_list = yyjson_is_arr(list);
    if (!list)
        list = host_member(k->whole, "MountPoints");
    if (list && !is_list && !yyjson_is_obj(list)) {
        k->unread = S("its mounts are no list");
        return;
    }
    size_t n = is_list ? yyjson_arr_size(list) : yyjson_obj_size(list);
    yyjson_arr_iter of_list = yyjson_is_arr(list) ? yyjson_arr_iter_with(list) : (yyjson_arr_iter){0};
    yyjson_obj_iter of_object = yyjson_is_obj(list) ? yyjson_obj_iter_with(list) : (yyjson_obj_iter){0};
    k->mounts = arena_array(c->arena, struct host_mount, n);
    for (size_t i = 0; i < n; i++) {
        v = is_list ? yyjson_arr_iter_next(&of_list) : yyjson_obj_iter_get_val(yyjson_obj_iter_next(&of_object));
        struct str odd = host_odd(c->arena, v, mount_shapes);
        if (odd.n) {
            k->unread = arena_printf(c->arena, "a mount: %.*s", STR_ARG(odd));
            return;
        }
        struct host_mount *m = &k->mounts[k->n_mounts++];
        *m = (struct host_mount){json_get_str(v, "Source"), json_get_str(v, "Destination"), json_get_str(v, "Propagation"),
                                 json_get_bool(v, "RW", true)};
        m->source = m->source.n ? arena_join3(c->arena, S("/"), path_clean(c->arena, m->source, true), STR_NULL) : m->source;
    }
}

static bool add_ports(struct host_check *c, struct host_container *k, struct str inside, yyjson_val *bindings) {
    size_t i, n;
    yyjson_val *v;
    if (yyjson_is_null(bindings))
        return true;
    if (!yyjson_is_arr(bindings))
        return false;
    yyjson_arr_foreach(bindings, i, n, v) {
        uint64_t port = 0;
        struct str text = json_get_str(v, "HostPort"), low, high;
        (void)str_cut(text, '-', &low, &high); /* a range: the engine takes one of it */
        if (host_odd(c->arena, v, port_shapes).n || (low.n && !str_to_u64(low, 10, 65535, &port)))
            return false;
        k->ports[k->n_ports++] = (struct host_port){inside, json_get_str(v, "HostIp"), port};
    }
    return true;
}

static void read_ports(struct host_check *c, struct host_container *k) {
    yyjson_val *ports = host_member(k->whole, "NetworkSettings.Ports"), *key, *v;
    size_t i, n, total = 0;
    if (yyjson_obj_size(ports) == 0)
        ports = host_member(k->host, "PortBindings");
    json_obj_foreach(ports, i, n, key, v) total += yyjson_arr_size(v);
    k->ports = arena_array(c->arena, struct host_port, total);
    json_obj_foreach(ports, i, n, key, v) if (k->unread.n == 0 && !add_ports(c, k, str_n(yyjson_get_str(key), yyjson_get_len(key)), v))
        k->unread = S("its ports are not as the API has them");
}

void host_container_parts(struct host_check *c, struct host_container *k) {
    struct str odd = host_odd(c->arena, k->whole, host_container_shapes);
    if (odd.n == 0 && !yyjson_is_obj(k->host))
        odd = S("there is no HostConfig");
    if (odd.n == 0)
        odd = host_odd(c->arena, k->host, host_config_shapes);
    if (odd.n) {
        k->unread = odd;
        return;
    }
    k->config = json_get_object(k->whole, "Config");
    k->state = json_get_object(k->whole, "State");
    read_mounts(c, k);
    if (k->unread.n == 0)
        read_ports(c, k);
}

/* --- Asking the engine --------------------------------------------------------------------------------------------------------------- */

static struct str name_of(struct host_check *c, yyjson_val *row) {
    yyjson_val *first = yyjson_arr_get_first(json_get_array(row, "Names"));
    struct str name = str_n(yyjson_get_str(first), yyjson_get_len(first)), id = json_get_str(row, "Id");
    return host_name(c, name, str_first(id, 12));
}

static void take_row(struct host_check *c, yyjson_val *row, struct host_container *k) {
    struct str odd = host_odd(c->arena, row, list_shapes), state = STR_NULL;
    if (odd.n == 0 && !host_is_id(json_get_str(row, "Id")))
        odd = S("it has no id");
    k->unread = odd;
    k->runs = true;
    k->name = S("a container");
    if (odd.n)
        return;
    state = json_get_str(row, "State");
    k->id = json_get_str(row, "Id");
    k->name = name_of(c, row);
    k->image = json_get_str(row, "Image");
    k->image_id = json_get_str(row, "ImageID");
    k->runs = !str_eqz(state, "exited") && !str_eqz(state, "created") && !str_eqz(state, "dead") && !str_eqz(state, "stopped");
}

static void inspect_all(struct host_check *c) {
    _cleanup_(mem_freep) struct host_question *q = mem_zalloc(c->n_containers + 1, sizeof *q);
    size_t n = 0;
    for (size_t k = 0; k < c->n_containers; k++)
        if (c->containers[k].runs && c->containers[k].unread.n == 0)
            q[n++].path = arena_printf(c->arena, "/containers/%.*s/json", STR_ARG(c->containers[k].id));
    host_ask_all(c, q, n);
    n = 0;
    for (size_t k = 0; k < c->n_containers; k++) {
        struct host_container *x = &c->containers[k];
        if (!x->runs || x->unread.n)
            continue;
        struct host_document d = host_answered(c, &q[n++], NULL);
        x->whole = d.root;
        x->host = json_get_object(d.root, "HostConfig");
        x->unread = d.why;
        if (d.root)
            host_container_parts(c, x);
    }
}

static void from_engine(struct host_check *c) {
    struct host_document list = host_asked(c, ASKED_CONTAINERS);
    size_t i, n;
    yyjson_val *row;
    c->no_containers = list.why;
    if (list.root && !yyjson_is_arr(list.root))
        c->no_containers = S("GET /containers/json: the answer is no list");
    if (c->no_containers.n)
        return;
    if (yyjson_arr_size(list.root) > LIMIT_HOST_CONTAINERS) {
        c->no_containers = arena_printf(c->arena, "there are more than %d containers", LIMIT_HOST_CONTAINERS);
        return;
    }
    c->containers = arena_array(c->arena, struct host_container, yyjson_arr_size(list.root));
    yyjson_arr_foreach(list.root, i, n, row) take_row(c, row, &c->containers[c->n_containers++]);
    inspect_all(c);
}

void host_containers(struct host_check *c) {
    if (c->looked_for_containers)
        return;
    c->looked_for_containers = true;
    if (c->source->no_engine.n == 0)
        from_engine(c);
    else
        host_docker_dir(c);
    for (size_t k = 0; k < c->n_containers; k++)
        c->containers[k].is_shown = c->containers[k].is_in_cgroup = host_is_shown(c, &c->containers[k]);
    if (c->source->no_engine.n)
        host_bundles(c);
}

const char *host_other_engine(struct host_check *c) {
    static const char *const others[] = {"/run/containerd/containerd.sock", "/run/crio/crio.sock", "/usr/bin/podman", NULL};
    struct host_file f;
    const char *why;
    for (size_t k = 0; others[k]; k++)
        if (c->source->stat(c->source->ctx, others[k], &f, &why) == HOST_READ)
            return others[k];
    return NULL;
}

/* Others may run containers too, and are not asked: that is no reason to say that none runs. */
void host_say_unseen(struct host_check *c, const char *what, struct str why) {
    const char *other = host_other_engine(c);
    if (!host_daemon(c)->is_absent || !str_eq(why, c->source->no_engine)) {
        host_say(c, CIS_MANUAL, STR_NULL, "%s cannot be seen: %.*s", what, STR_ARG(why));
        return;
    }
    if (other)
        host_say(c, CIS_MANUAL, STR_NULL, "%s cannot be seen: %s is there, and no socket that speaks docker's API", what, other);
    else
        host_say(c, CIS_NA, STR_NULL, "no engine runs here");
}

bool host_has_containers(struct host_check *c) {
    size_t running = 0;
    host_containers(c);
    for (size_t k = 0; k < c->n_containers; k++)
        running += c->containers[k].runs;
    if (c->no_containers.n && running)
        host_say(c, CIS_MANUAL, STR_NULL, "there may be others, which cannot be seen: %.*s", STR_ARG(c->no_containers));
    else if (c->no_containers.n)
        host_say_unseen(c, "containers", c->no_containers);
    else if (running == 0)
        host_say(c, CIS_NA, STR_NULL, "no container runs");
    return running > 0;
}
