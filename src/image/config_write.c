/* SPDX-License-Identifier: Apache-2.0
 * An image's configuration -> canonical JSON (config_json.h). */
#include "base/limits.h"
#include "base/vec.h"
#include "image/config_json.h"
#include "sys/clock.h"

static int by_key(const void *a, const void *b) {
    return str_cmp(((const struct str_pair *)a)->key, ((const struct str_pair *)b)->key);
}

yyjson_mut_val *config_json_map(yyjson_mut_doc *d, const struct pair_list *l) {
    yyjson_mut_val *map = yyjson_mut_obj(d);
    struct str_pair *sorted = mem_zalloc(l->n, sizeof *sorted);
    if (l->n)
        memcpy(sorted, l->p, l->n * sizeof *sorted);
    qsort(sorted, l->n, sizeof *sorted, by_key);
    for (size_t i = 0; i < l->n; i++)
        json_add_str_key(d, map, sorted[i].key, sorted[i].value);
    free(sorted);
    return map;
}

yyjson_mut_val *config_json_list(yyjson_mut_doc *d, const struct str_list *l) {
    yyjson_mut_val *list = yyjson_mut_arr(d);
    for (size_t i = 0; i < l->n; i++)
        json_push_str(d, list, l->p[i]);
    return list;
}

/* {"8080/tcp":{}}: a Go set. */
static yyjson_mut_val *set_of(yyjson_mut_doc *d, const struct str_list *l) {
    yyjson_mut_val *set = yyjson_mut_obj(d);
    for (size_t i = 0; i < l->n; i++)
        yyjson_mut_obj_add(set, json_text(d, l->p[i]), yyjson_mut_obj(d));
    return set;
}

static yyjson_mut_val *env_of(yyjson_mut_doc *d, const struct pair_list *env) {
    yyjson_mut_val *list = yyjson_mut_arr(d);
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < env->n; i++)
        json_push_str(d, list, arena_join3(&a, env->p[i].key, S("="), env->p[i].value));
    arena_fini(&a);
    return list;
}

static void add_duration(yyjson_mut_doc *d, yyjson_mut_val *to, const char *key, int64_t value) {
    if (value)
        yyjson_mut_obj_add_int(d, to, key, value);
}

static yyjson_mut_val *health_of(yyjson_mut_doc *d, const struct healthcheck *h) {
    yyjson_mut_val *o = yyjson_mut_obj(d);
    if (h->test.n)
        yyjson_mut_obj_add_val(d, o, "Test", config_json_list(d, &h->test));
    add_duration(d, o, "Interval", h->interval_ns);
    add_duration(d, o, "Timeout", h->timeout_ns);
    add_duration(d, o, "StartPeriod", h->start_period_ns);
    add_duration(d, o, "StartInterval", h->start_interval_ns);
    add_duration(d, o, "Retries", h->retries);
    return o;
}

static void add_list(yyjson_mut_doc *d, yyjson_mut_val *to, const char *key, const struct str_list *l) {
    if (l->n)
        yyjson_mut_obj_add_val(d, to, key, config_json_list(d, l));
}

yyjson_mut_val *config_json_container(yyjson_mut_doc *d, const struct container_config *c) {
    yyjson_mut_val *o = yyjson_mut_obj(d);
    json_add_str_opt(d, o, "User", c->user);
    if (c->exposed_ports.n)
        yyjson_mut_obj_add_val(d, o, "ExposedPorts", set_of(d, &c->exposed_ports));
    if (c->env.n)
        yyjson_mut_obj_add_val(d, o, "Env", env_of(d, &c->env));
    add_list(d, o, "Entrypoint", &c->entrypoint);
    add_list(d, o, "Cmd", &c->cmd);
    if (c->volumes.n)
        yyjson_mut_obj_add_val(d, o, "Volumes", set_of(d, &c->volumes));
    json_add_str_opt(d, o, "WorkingDir", c->workdir);
    if (c->labels.n)
        yyjson_mut_obj_add_val(d, o, "Labels", config_json_map(d, &c->labels));
    json_add_str_opt(d, o, "StopSignal", c->stop_signal);
    if (c->args_escaped)
        yyjson_mut_obj_add_bool(d, o, "ArgsEscaped", true);
    if (c->has_health)
        yyjson_mut_obj_add_val(d, o, "Healthcheck", health_of(d, &c->health));
    add_list(d, o, "OnBuild", &c->onbuild);
    add_list(d, o, "Shell", &c->shell);
    return o;
}

static void add_time(yyjson_mut_doc *d, yyjson_mut_val *to, bool has, struct timespec t) {
    char text[CLOCK_TEXT];
    if (has)
        json_add_str(d, to, "created", str_z(clock_rfc3339(t, text)));
}

static yyjson_mut_val *history_of(yyjson_mut_doc *d, const struct image *im) {
    yyjson_mut_val *list = yyjson_mut_arr(d);
    for (size_t i = 0; i < im->n_history; i++) {
        const struct history *h = &im->history[i];
        yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, list);
        add_time(d, o, h->has_created, h->created);
        json_add_str_opt(d, o, "created_by", h->created_by);
        json_add_str_opt(d, o, "author", h->author);
        json_add_str_opt(d, o, "comment", h->comment);
        if (h->empty_layer)
            yyjson_mut_obj_add_bool(d, o, "empty_layer", true);
    }
    return list;
}

static yyjson_mut_val *rootfs_of(yyjson_mut_doc *d, const struct image *im) {
    yyjson_mut_val *o = yyjson_mut_obj(d);
    json_add_str(d, o, "type", S("layers"));
    yyjson_mut_val *ids = yyjson_mut_obj_add_arr(d, o, "diff_ids");
    for (size_t i = 0; i < im->n_layers; i++) {
        char text[DIGEST_TEXT + 1];
        json_push_str(d, ids, str_z(digest_text(&im->layers[i].diff_id, text)));
    }
    return o;
}

void config_json_write(const struct image *im, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    json_add_str(d, root, "architecture", im->architecture);
    json_add_str_opt(d, root, "author", im->author);
    yyjson_mut_obj_add_val(d, root, "config", config_json_container(d, &im->config));
    add_time(d, root, im->has_created, im->created);
    if (im->n_history)
        yyjson_mut_obj_add_val(d, root, "history", history_of(d, im));
    json_add_str(d, root, "os", im->os);
    yyjson_mut_obj_add_val(d, root, "rootfs", rootfs_of(d, im));
    json_add_str_opt(d, root, "variant", im->variant);
    json_write(d, false, out);
}
