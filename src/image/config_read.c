/* SPDX-License-Identifier: Apache-2.0
 * JSON -> an image's configuration (config_json.h). The JSON comes from anyone: types are checked, counts limited, what is unknown is
 * dropped. */
#include "base/limits.h"
#include "image/config_json.h"
#include "sys/clock.h"

static struct str text_of(struct arena *a, yyjson_val *v) {
    struct str s = str_n(yyjson_get_str(v), yyjson_get_len(v));
    return yyjson_is_str(v) && str_index(s, '\0') < 0 ? arena_str(a, s) : STR_NULL;
}

static void read_list(struct arena *a, yyjson_val *list, struct str_list *out) {
    size_t i, max;
    yyjson_val *v;
    out->set = yyjson_is_arr(list);
    yyjson_arr_foreach(list, i, max, v) {
        if (yyjson_is_str(v))
            str_list_add(a, out, text_of(a, v));
    }
}

static int by_text(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The keys of a Go set: sorted all at once, for there may be a hundred thousand ports. */
static void read_set(struct arena *a, yyjson_val *set, struct str_list *out) {
    yyjson_obj_iter it = yyjson_obj_iter_with(set); /* of NULL: nothing, which the library's foreach does not take */
    struct str_list all = {0};
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));)
        str_list_add(a, &all, text_of(a, key));
    if (all.n)
        qsort(all.p, all.n, sizeof *all.p, by_text);
    for (size_t i = 0; i < all.n; i++)
        if (i == 0 || !str_eq(all.p[i - 1], all.p[i]))
            str_list_add(a, out, all.p[i]);
}

static void read_map(struct arena *a, yyjson_val *map, struct pair_list *out) {
    yyjson_obj_iter it = yyjson_obj_iter_with(map);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));)
        pair_list_set(a, out, text_of(a, key), text_of(a, yyjson_obj_iter_get_val(key)));
}

static void read_env(struct arena *a, yyjson_val *list, struct pair_list *out) {
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, max, v) {
        struct str key, value;
        str_cut(text_of(a, v), '=', &key, &value);
        if (key.n)
            pair_list_set(a, out, key, value);
    }
}

static void read_health(struct arena *a, yyjson_val *o, struct container_config *c) {
    c->has_health = yyjson_is_obj(o);
    if (!c->has_health)
        return;
    read_list(a, json_get_array(o, "Test"), &c->health.test);
    c->health.interval_ns = json_get_int(o, "Interval", 0);
    c->health.timeout_ns = json_get_int(o, "Timeout", 0);
    c->health.start_period_ns = json_get_int(o, "StartPeriod", 0);
    c->health.start_interval_ns = json_get_int(o, "StartInterval", 0);
    c->health.retries = json_get_int(o, "Retries", 0);
}

static void read_container(struct arena *a, yyjson_val *o, struct container_config *c) {
    c->user = arena_str(a, json_get_str(o, "User"));
    c->workdir = arena_str(a, json_get_str(o, "WorkingDir"));
    c->stop_signal = arena_str(a, json_get_str(o, "StopSignal"));
    c->args_escaped = json_get_bool(o, "ArgsEscaped", false);
    read_env(a, json_get_array(o, "Env"), &c->env);
    read_list(a, json_get_array(o, "Entrypoint"), &c->entrypoint);
    read_list(a, json_get_array(o, "Cmd"), &c->cmd);
    read_list(a, json_get_array(o, "OnBuild"), &c->onbuild);
    read_list(a, json_get_array(o, "Shell"), &c->shell);
    read_set(a, json_get_object(o, "ExposedPorts"), &c->exposed_ports);
    read_set(a, json_get_object(o, "Volumes"), &c->volumes);
    read_map(a, json_get_object(o, "Labels"), &c->labels);
    read_health(a, json_get_object(o, "Healthcheck"), c);
}

static void read_history(yyjson_val *list, struct image *im) {
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, max, v) {
        struct history h = {
            .created_by = json_get_str(v, "created_by"),
            .comment = json_get_str(v, "comment"),
            .author = json_get_str(v, "author"),
            .empty_layer = json_get_bool(v, "empty_layer", false),
        };
        h.has_created = clock_parse_rfc3339(json_get_str(v, "created"), &h.created);
        image_add_history(im, &h);
    }
}

static bool read_diff_ids(yyjson_val *rootfs, struct image *im, struct digest **out, size_t *n, struct err *e) {
    yyjson_val *list = json_get_array(rootfs, "diff_ids"), *v;
    size_t i, max;
    *n = yyjson_arr_size(list);
    if (*n > LIMIT_IMAGE_LAYERS)
        return err_set(e, ERR_FAILED, "%zu layers are over the limit of %d", *n, LIMIT_IMAGE_LAYERS);
    *out = arena_array(&im->arena, struct digest, *n);
    yyjson_arr_foreach(list, i, max, v) {
        if (!digest_parse(text_of(&im->arena, v), &(*out)[i], e))
            return err_wrap(e, "diff_ids[%zu]", i);
    }
    return true;
}

/* Lists that are searched entry by entry, and what takes memory by the entry. */
static bool check_counts(yyjson_val *root, struct err *e) {
    yyjson_val *config = json_get_object(root, "config");
    size_t env = yyjson_arr_size(json_get_array(config, "Env")), labels = yyjson_obj_size(json_get_object(config, "Labels"));
    size_t history = yyjson_arr_size(json_get_array(root, "history"));
    if (env > LIMIT_CONFIG_ENTRIES || labels > LIMIT_CONFIG_ENTRIES)
        return err_set(e, ERR_FAILED, "%zu environment variables and %zu labels; the limit is %d of each", env, labels,
                       LIMIT_CONFIG_ENTRIES);
    return history <= LIMIT_IMAGE_HISTORY ||
           err_set(e, ERR_FAILED, "%zu lines of history are over the limit of %d", history, LIMIT_IMAGE_HISTORY);
}

bool config_json_read(struct str text, const char *what, struct image *im, struct digest **diff_ids, size_t *n_diff_ids, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(text, LIMIT_JSON_BYTES, what, e);
    if (!doc)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(root))
        return err_set(e, ERR_FAILED, "%s: not an image configuration (a JSON object is expected)", what);
    if (!check_counts(root, e))
        return err_wrap(e, "%s", what);
    struct arena *a = &im->arena;
    im->os = arena_str(a, json_get_str(root, "os"));
    im->architecture = arena_str(a, json_get_str(root, "architecture"));
    im->variant = arena_str(a, json_get_str(root, "variant"));
    im->author = arena_str(a, json_get_str(root, "author"));
    im->has_created = clock_parse_rfc3339(json_get_str(root, "created"), &im->created);
    read_container(a, json_get_object(root, "config"), &im->config);
    read_history(json_get_array(root, "history"), im);
    return read_diff_ids(json_get_object(root, "rootfs"), im, diff_ids, n_diff_ids, e) || err_wrap(e, "%s", what);
}
