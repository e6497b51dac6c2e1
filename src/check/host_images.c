/* SPDX-License-Identifier: Apache-2.0
 * The images of a host's engine: their configuration and history, by what the engine tells of them. */
#include "base/limits.h"
#include "check/host_rules.h"

static const struct host_shape list_shapes[] = {{TYPE_TEXT, "Id"}, {TYPE_TEXTS, "RepoTags"}, {TYPE_TEXTS, "RepoDigests"}, {TYPE_END, NULL}};
static const struct host_shape image_shapes[] = {{TYPE_OBJECT, "Config"},
                                                 {TYPE_TEXT, "Config.User"},
                                                 {TYPE_OBJECT, "Config.Healthcheck"},
                                                 {TYPE_TEXTS, "Config.Healthcheck.Test"},
                                                 {TYPE_TEXTS, "Config.Env"},
                                                 {TYPE_TEXTS, "RepoDigests"},
                                                 {TYPE_OBJECT, "RootFS"},
                                                 {TYPE_TEXTS, "RootFS.Layers"},
                                                 {TYPE_TEXT, "Created"},
                                                 {TYPE_INT, "Size"},
                                                 {TYPE_END, NULL}};
static const struct host_shape history_shapes[] = {{TYPE_TEXT, "CreatedBy"}, {TYPE_INT, "Size"}, {TYPE_END, NULL}};

/* Its first name, or the beginning of its id. */
static struct str name_of(struct host_check *c, yyjson_val *row) {
    yyjson_val *first = yyjson_arr_get_first(json_get_array(row, "RepoTags"));
    struct str name = str_n(yyjson_get_str(first), yyjson_get_len(first)), id = json_get_str(row, "Id");
    return host_name(c, str_starts(name, S("<none>")) ? STR_NULL : name, str_first(id, strlen("sha256:") + 12));
}

static void take_row(struct host_check *c, yyjson_val *row, struct host_image *i) {
    i->unread = host_odd(c->arena, row, list_shapes);
    if (i->unread.n == 0 && !host_is_id(json_get_str(row, "Id")))
        i->unread = S("it has no id");
    i->name = S("an image");
    if (i->unread.n)
        return;
    i->id = json_get_str(row, "Id");
    i->name = name_of(c, row);
}

static struct str odd_history(struct host_check *c, yyjson_val *history) {
    size_t i, n;
    yyjson_val *v;
    if (!yyjson_is_arr(history))
        return S("its history is no list");
    yyjson_arr_foreach(history, i, n, v) {
        struct str odd = host_odd(c->arena, v, history_shapes);
        if (odd.n)
            return odd;
    }
    return STR_NULL;
}

static size_t texts_of(struct host_check *c, yyjson_val *list, struct str **out) {
    size_t i, n, k = 0;
    yyjson_val *v;
    *out = arena_array(c->arena, struct str, yyjson_arr_size(list));
    yyjson_arr_foreach(list, i, n, v)(*out)[k++] = str_n(yyjson_get_str(v), yyjson_get_len(v));
    return k;
}

static void take_history(struct host_check *c, yyjson_val *history, struct host_image *i) {
    size_t k, n;
    yyjson_val *v;
    i->n_steps = yyjson_arr_size(history);
    i->steps = arena_array(c->arena, struct str, i->n_steps);
    yyjson_arr_foreach(history, k, n, v) /* the newest comes first */
        i->steps[n - 1 - k] = json_get_str(v, "CreatedBy");
}

static void take_answers(struct host_check *c, struct host_image *i, struct host_question *q) {
    struct host_document whole = host_answered(c, &q[0], image_shapes), history = host_answered(c, &q[1], NULL);
    yyjson_val *config = json_get_object(whole.root, "Config");
    i->unread = whole.root ? history.why : whole.why;
    if (i->unread.n == 0)
        i->unread = odd_history(c, history.root);
    if (i->unread.n)
        return;
    yyjson_val *test = json_get_array(json_get_object(config, "Healthcheck"), "Test");
    i->user = json_get_str(config, "User");
    i->created = json_get_str(whole.root, "Created");
    i->has_health = yyjson_arr_size(test) && !yyjson_equals_str(yyjson_arr_get_first(test), "NONE");
    i->n_env = texts_of(c, json_get_array(config, "Env"), &i->env);
    i->n_layers = texts_of(c, json_get_array(json_get_object(whole.root, "RootFS"), "Layers"), &i->layers);
    i->n_digests = texts_of(c, json_get_array(whole.root, "RepoDigests"), &i->digests);
    take_history(c, history.root, i);
}

static void inspect_all(struct host_check *c) {
    _cleanup_(mem_freep) struct host_question *q = mem_zalloc(2 * c->n_images + 2, sizeof *q);
    size_t n = 0;
    for (size_t k = 0; k < c->n_images; k++) {
        if (c->images[k].unread.n)
            continue;
        q[n++].path = arena_printf(c->arena, "/images/%.*s/json", STR_ARG(c->images[k].id));
        q[n++].path = arena_printf(c->arena, "/images/%.*s/history", STR_ARG(c->images[k].id));
    }
    host_ask_all(c, q, n);
    n = 0;
    for (size_t k = 0; k < c->n_images; k++)
        if (c->images[k].unread.n == 0) {
            take_answers(c, &c->images[k], &q[n]);
            n += 2;
        }
}

static void from_engine(struct host_check *c) {
    size_t i, n;
    yyjson_val *row;
    struct host_document list = host_asked(c, ASKED_IMAGES);
    c->no_images = list.why;
    if (list.root && !yyjson_is_arr(list.root))
        c->no_images = S("GET /images/json: the answer is no list");
    else if (yyjson_arr_size(list.root) > LIMIT_HOST_IMAGES)
        c->no_images = arena_printf(c->arena, "there are more than %d images", LIMIT_HOST_IMAGES);
    if (c->no_images.n)
        return;
    c->images = arena_array(c->arena, struct host_image, yyjson_arr_size(list.root));
    yyjson_arr_foreach(list.root, i, n, row) take_row(c, row, &c->images[c->n_images++]);
    inspect_all(c);
}

void host_images(struct host_check *c) {
    if (c->looked_for_images)
        return;
    c->looked_for_images = true;
    from_engine(c);
    if (c->options->store)
        host_store_images(c);
}

/* Where no engine is asked the images are those of croze's store alone. */
bool host_has_images(struct host_check *c) {
    const char *other = c->source->no_engine.n ? host_other_engine(c) : NULL;
    host_images(c);
    if (c->no_images.n)
        host_say_unseen(c, "images", c->no_images);
    else if (other)
        host_say(c, CIS_MANUAL, STR_NULL, "there may be others, which cannot be seen: %s is there", other);
    else if (c->n_images == 0)
        host_say(c, CIS_NA, STR_NULL, "there is no image");
    return c->no_images.n == 0 && c->n_images;
}
