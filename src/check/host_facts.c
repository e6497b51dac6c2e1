/* SPDX-License-Identifier: Apache-2.0
 * Documents of the engine and of files, and what they say of the engine itself. Shapes are checked once, when a document comes: rules read
 * members that are what the API says, or absent. */
#include "base/limits.h"
#include "check/host_rules.h"

/* --- Documents ----------------------------------------------------------------------------------------------------------------------- */

struct host_document host_parse(struct host_check *c, struct str text, const char *what) {
    struct err e = ERR_INIT;
    yyjson_doc *doc = json_parse(text, LIMIT_HOST_ANSWER_BYTES, what, &e);
    if (!doc) {
        struct host_document bad = {NULL, arena_str(c->arena, str_z(e.msg))};
        err_clear(&e);
        return bad;
    }
    vec_push(&c->documents, doc);
    return (struct host_document){yyjson_doc_get_root(doc), STR_NULL};
}

void host_ask_all(struct host_check *c, struct host_question *questions, size_t n) {
    if (n && c->source->no_engine.n == 0)
        c->source->ask(c->source->ctx, questions, n);
    for (size_t k = 0; k < n && c->source->no_engine.n; k++)
        questions[k].failure = c->source->no_engine;
}

struct host_document host_answered(struct host_check *c, struct host_question *q, const struct host_shape *shapes) {
    struct host_document d = {NULL, arena_str(c->arena, q->failure)};
    if (q->body.p)
        d = host_parse(c, q->body, arena_strz(c->arena, q->path));
    struct str odd = d.root && shapes ? host_odd(c->arena, d.root, shapes) : STR_NULL;
    if (odd.n)
        d = (struct host_document){NULL, arena_printf(c->arena, "GET %.*s: %.*s", STR_ARG(q->path), STR_ARG(odd))};
    arena_fini(&q->arena);
    return d;
}

struct host_document host_ask(struct host_check *c, const char *path, const struct host_shape *shapes) {
    struct host_question q = {.path = str_z(path)};
    host_ask_all(c, &q, 1);
    return host_answered(c, &q, shapes);
}

/* --- Shapes -------------------------------------------------------------------------------------------------------------------------- */

yyjson_val *host_member(yyjson_val *root, const char *path) {
    struct str rest = str_z(path), key;
    yyjson_val *v = root;
    while (v && str_next(&rest, '.', &key))
        v = yyjson_obj_getn(v, key.p, key.n);
    return v && yyjson_is_null(v) ? NULL : v;
}

static bool are_texts(yyjson_val *list) {
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) if (!yyjson_is_str(v) || memchr(yyjson_get_str(v), '\0', yyjson_get_len(v))) return false;
    return true;
}

static bool is_of(yyjson_val *v, enum host_type type) {
    switch (type) {
    case TYPE_BOOL:
        return yyjson_is_bool(v);
    case TYPE_INT:
        return yyjson_is_int(v);
    case TYPE_TEXT:
        return yyjson_is_str(v) && !memchr(yyjson_get_str(v), '\0', yyjson_get_len(v));
    case TYPE_TEXTS:
        return yyjson_is_arr(v) && are_texts(v);
    case TYPE_LIST:
        return yyjson_is_arr(v);
    default:
        return yyjson_is_obj(v);
    }
}

struct str host_odd(struct arena *a, yyjson_val *root, const struct host_shape *shapes) {
    static const char *const names[] = {"truth value", "whole number", "text", "list of texts", "list", "object"};
    if (!yyjson_is_obj(root))
        return S("the answer is no object");
    for (const struct host_shape *s = shapes; s->type != TYPE_END; s++) {
        yyjson_val *v = host_member(root, s->path);
        if (v && !is_of(v, s->type))
            return arena_printf(a, "%s is no %s", s->path, names[s->type]);
    }
    return STR_NULL;
}

bool host_has_text(yyjson_val *texts, const char *start) {
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(texts, i, n, v) if (str_starts(str_n(yyjson_get_str(v), yyjson_get_len(v)), str_z(start))) return true;
    return false;
}

/* --- The engine ---------------------------------------------------------------------------------------------------------------------- */

static const struct host_shape info_shapes[] = {{TYPE_TEXT, "DockerRootDir"},
                                                {TYPE_TEXT, "Driver"},
                                                {TYPE_TEXT, "LoggingDriver"},
                                                {TYPE_TEXTS, "SecurityOptions"},
                                                {TYPE_BOOL, "LiveRestoreEnabled"},
                                                {TYPE_TEXT, "ServerVersion"},
                                                {TYPE_OBJECT, "Swarm"},
                                                {TYPE_TEXT, "Swarm.LocalNodeState"},
                                                {TYPE_BOOL, "Swarm.ControlAvailable"},
                                                {TYPE_INT, "Swarm.Managers"},
                                                {TYPE_OBJECT, "RegistryConfig"},
                                                {TYPE_TEXT, "Containerd.Address"},
                                                {TYPE_OBJECT, "RegistryConfig.IndexConfigs"},
                                                {TYPE_TEXTS, "RegistryConfig.InsecureRegistryCIDRs"},
                                                {TYPE_BOOL, "ExperimentalBuild"},
                                                {TYPE_TEXT, "OperatingSystem"},
                                                {TYPE_TEXT, "KernelVersion"},
                                                {TYPE_TEXTS, "Plugins.Authorization"},
                                                {TYPE_TEXT, "Name"},
                                                {TYPE_END, NULL}};
static const struct host_shape version_shapes[] = {
    {TYPE_TEXT, "Version"}, {TYPE_LIST, "Components"}, {TYPE_BOOL, "Experimental"}, {TYPE_END, NULL}};

static bool names_podman(yyjson_val *components) {
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(components, i, n, v) if (str_starts(json_get_str(v, "Name"), S("Podman"))) return true;
    return false;
}

static void describe(struct host_check *c) {
    struct str version = json_get_str(c->version.root, "Version"), about = STR_NULL;
    const char *what = c->is_podman ? "podman" : "dockerd";
    if (c->source->no_engine.n)
        about = arena_printf(c->arena, "no engine was asked (%.*s)", STR_ARG(c->source->no_engine));
    else
        about = arena_printf(c->arena, "%s%s %s at %s", what, c->is_rootless ? ", rootless," : "",
                             SHOWN(version.n ? version : S("of an unknown version")), SHOWN(c->source->socket));
    c->report->about = about;
}

/* What nearly every check needs is asked for at once: an engine takes its time for each. */
static const struct {
    const char *path;
    const struct host_shape *shapes;
} asked[ASKED_KINDS] = {[ASKED_INFO] = {"/info", info_shapes},
                        [ASKED_VERSION] = {"/version", version_shapes},
                        [ASKED_CONTAINERS] = {"/containers/json?all=1", NULL},
                        [ASKED_IMAGES] = {"/images/json", NULL}};

struct host_document host_asked(struct host_check *c, enum host_asked_kind kind) {
    if (!c->is_asked[kind]) {
        c->is_asked[kind] = true;
        c->asked[kind] = host_ask(c, asked[kind].path, asked[kind].shapes);
    }
    return c->asked[kind];
}

static void ask_first(struct host_check *c, const bool wanted[ASKED_KINDS]) {
    struct host_question q[ASKED_KINDS] = {0};
    size_t n = 0;
    for (size_t k = 0; k < ASKED_KINDS; k++)
        if (wanted[k])
            q[n++].path = str_z(asked[k].path);
    host_ask_all(c, q, n);
    n = 0;
    for (size_t k = 0; k < ASKED_KINDS; k++)
        if (wanted[k]) {
            c->is_asked[k] = true;
            c->asked[k] = host_answered(c, &q[n++], asked[k].shapes);
        }
}

void host_facts_begin(struct host_check *c, bool containers, bool images) {
    struct host_file f;
    const char *why;
    ask_first(c,
              (bool[ASKED_KINDS]){[ASKED_INFO] = true, [ASKED_VERSION] = true, [ASKED_CONTAINERS] = containers, [ASKED_IMAGES] = images});
    c->info = host_asked(c, ASKED_INFO);
    c->version = host_asked(c, ASKED_VERSION);
    c->is_podman = names_podman(json_get_array(c->version.root, "Components"));
    c->is_rootless = host_has_text(json_get_array(c->info.root, "SecurityOptions"), "name=rootless");
    if (c->is_rootless && c->source->stat(c->source->ctx, arena_strz(c->arena, c->source->socket), &f, &why) == HOST_READ)
        c->rootless_uid = f.uid;
    describe(c);
}

void host_facts_end(struct host_check *c) {
    for (size_t k = 0; k < c->documents.n; k++)
        yyjson_doc_free(c->documents.p[k]);
    vec_fini(&c->documents);
    host_audit_end(c);
}
