/* SPDX-License-Identifier: Apache-2.0
 * Which containers have an ssh server: by /proc, where that shows us the containers' processes, since it costs a millisecond; else the
 * engine is asked to list them, for which it runs ps on the host. Nothing runs in a container. */
#include "base/limits.h"
#include "check/host_rules.h"

static bool is_server(struct str program) {
    static const char *const servers[] = {"sshd", "sshd-session", "dropbear", NULL};
    for (size_t k = 0; servers[k]; k++)
        if (str_eqz(program, servers[k]))
            return true;
    return false;
}

/* From others than root /proc may hide processes. */
static bool is_seen(const struct host_check *c, const struct host_container *k) {
    return k->is_in_cgroup && c->source->uid == 0;
}

static bool is_asked_about(const struct host_check *c, const struct host_container *k) {
    return k->runs && k->unread.n == 0 && !is_seen(c, k);
}

/* --- By /proc ------------------------------------------------------------------------------------------------------------------------ */

static void look_at_process(struct host_check *c, struct str pid) {
    struct str program, cgroup;
    if (!host_proc(c, pid, "comm", &program) || !is_server(str_trim(program)) || !host_proc(c, pid, "cgroup", &cgroup))
        return;
    for (size_t k = 0; k < c->n_containers; k++)
        if (is_seen(c, &c->containers[k]) && host_bears_id(cgroup, c->containers[k].id))
            c->containers[k].has_ssh = true;
}

static void by_proc(struct host_check *c) {
    struct host_names names = {0};
    const char *why;
    uint64_t pid;
    bool any = false;
    for (size_t k = 0; k < c->n_containers; k++)
        any |= is_seen(c, &c->containers[k]);
    if (!any || c->source->list(c->source->ctx, "/proc", c->arena, &names, &why) != HOST_READ)
        return;
    for (size_t k = 0; k < names.n; k++)
        if (str_to_u64(names.p[k], 10, INT32_MAX, &pid))
            look_at_process(c, names.p[k]);
}

/* --- By the engine ------------------------------------------------------------------------------------------------------------------- */

static const struct host_shape top_shapes[] = {{TYPE_TEXTS, "Titles"}, {TYPE_LIST, "Processes"}, {TYPE_END, NULL}};

/* The program of a command line: "sshd: me [priv]" and "/usr/sbin/sshd -D" are both sshd. */
static struct str program_of(struct str command) {
    struct str word, rest;
    (void)str_cut(str_trim(command), ' ', &word, &rest);
    word = path_base(word);
    word.n -= str_ends(word, S(":"));
    return word;
}

/* The column of command lines, or how many columns there are. */
static size_t command_column(yyjson_val *titles) {
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(titles, i, n, v) {
        if (yyjson_equals_str(v, "CMD") || yyjson_equals_str(v, "COMMAND"))
            return i;
    }
    return n;
}

static void take_list(struct host_container *k, struct host_document top) {
    yyjson_val *titles = json_get_array(top.root, "Titles"), *row;
    size_t column = command_column(titles), i, n;
    k->ssh_unknown = top.why;
    if (top.root && column == yyjson_arr_size(titles))
        k->ssh_unknown = S("the engine does not tell commands");
    if (k->ssh_unknown.n)
        return;
    yyjson_arr_foreach(json_get_array(top.root, "Processes"), i, n, row) {
        yyjson_val *v = yyjson_arr_get(row, column);
        if (!yyjson_is_str(v))
            k->ssh_unknown = S("the engine's list of its processes is odd");
        else
            k->has_ssh |= is_server(program_of(str_n(yyjson_get_str(v), yyjson_get_len(v))));
    }
}

/* podman may answer by running ps in the container: it is not asked, and what /proc does not show stays unknown. */
static void not_by_podman(struct host_check *c) {
    for (size_t k = 0; k < c->n_containers; k++)
        if (is_asked_about(c, &c->containers[k]))
            c->containers[k].ssh_unknown = S("podman would run ps in the container");
}

static void by_engine(struct host_check *c) {
    _cleanup_(mem_freep) struct host_question *q = mem_zalloc(c->n_containers + 1, sizeof *q);
    size_t n = 0;
    for (size_t k = 0; k < c->n_containers; k++)
        if (is_asked_about(c, &c->containers[k]))
            q[n++].path = arena_printf(c->arena, "/containers/%.*s/top", STR_ARG(c->containers[k].id));
    host_ask_all(c, q, n);
    n = 0;
    for (size_t k = 0; k < c->n_containers; k++)
        if (is_asked_about(c, &c->containers[k]))
            take_list(&c->containers[k], host_answered(c, &q[n++], top_shapes));
}

void host_find_ssh(struct host_check *c) {
    if (c->looked_for_ssh)
        return;
    c->looked_for_ssh = true;
    by_proc(c);
    if (c->is_podman)
        not_by_podman(c);
    else
        by_engine(c);
}
