/* SPDX-License-Identifier: Apache-2.0
 * See mirror.h. */
#include "registry/mirror.h"

#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "dockerfile/glob.h"
#include "registry/link.h"

typedef VEC(struct str) name_list;
typedef VEC(struct mirror_image) image_list;

struct mirror {
    struct registries *registries;
    struct store *store;
    const struct mirror_job *job;
    struct arena *arena;
    struct str host, pattern;     /* of repositories */
    struct glob *tags;
    struct str to_host, prefix;
    image_list images;
};

static bool has_wildcard(struct str s) {
    return str_index(s, '*') >= 0 || str_index(s, '?') >= 0 || str_index(s, '[') >= 0;
}

static struct str without_transport(struct str text) {
    return str_starts(text, S("docker://")) ? str_from(text, 9) : text;
}

/* --- What was typed --- */

static bool read_source(struct mirror *m, struct err *e) {
    struct str text = without_transport(m->job->source), tag = S("*");
    if (!str_cut(text, '/', &m->host, &m->pattern) || !m->host.n || !m->pattern.n)
        return err_set(e, ERR_USAGE, "%.*s: HOST/REPOSITORY[:TAG] is expected, with wildcards", STR_ARG(m->job->source));
    ptrdiff_t colon = str_rindex(m->pattern, ':');
    if (colon >= 0) {
        tag = str_from(m->pattern, (size_t)colon + 1);
        m->pattern = str_first(m->pattern, (size_t)colon);
    }
    m->tags = glob_compile(m->arena, tag, GLOB_PATH, e);
    return m->tags != NULL || err_wrap(e, "%.*s", STR_ARG(m->job->source));
}

static bool read_destination(struct mirror *m, struct err *e) {
    struct str text = without_transport(m->job->destination);
    str_cut(text, '/', &m->to_host, &m->prefix);
    if (!m->to_host.n || has_wildcard(text))
        return err_set(e, ERR_USAGE, "%.*s: HOST[/PREFIX] is expected, without wildcards", STR_ARG(m->job->destination));
    while (str_ends(m->prefix, S("/")))
        m->prefix = str_first(m->prefix, m->prefix.n - 1);
    return true;
}

/* --- Repositories --- */

static bool take_names(struct mirror *m, struct str body, const struct glob *g, name_list *out, struct err *e) {
    size_t i, max;
    yyjson_val *v;
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(body, LIMIT_JSON_BYTES, "catalog", e);
    if (!doc)
        return false;
    yyjson_arr_foreach(json_get_array(yyjson_doc_get_root(doc), "repositories"), i, max, v) {
        struct str name = str_n(yyjson_get_str(v), yyjson_get_len(v));
        if (out->n >= LIMIT_TAGS)
            return err_set(e, ERR_FAILED, "more than %d repositories", LIMIT_TAGS);
        if (!yyjson_is_str(v) || !image_path_is_good(name)) /* it becomes a part of URLs and of names at the far side */
            return err_set(e, ERR_FAILED, "the catalog of %.*s has a name that is none: \"%s\"", STR_ARG(m->host), SHOWN(name));
        if (glob_matches(g, name))
            vec_push(out, arena_str(m->arena, name));
    }
    return true;
}

static bool list_catalog(struct mirror *m, const struct glob *g, name_list *out, struct err *e) {
    struct repository none = {m->host, S("")};
    struct str page = S("_catalog?n=1000");
    for (unsigned pages = 0; page.n; pages++) {
        struct registry_request q = {.repository = &none, .method = "GET", .path = page, .max_bytes = LIMIT_JSON_BYTES};
        struct registry_answer answer;
        if (!registry_ask(m->registries, &q, NULL, m->arena, &answer, e))
            return err_append(e, " (without wildcards in its name a repository needs no catalog)");
        struct str next;
        if (!link_follow(m->arena, &answer, &next, e) || !take_names(m, answer.body, g, out, e))
            return false;
        if (pages >= LIMIT_TAG_PAGES || str_eq(next, page))
            return err_set(e, ERR_FAILED, "the catalog of %.*s has no end", STR_ARG(m->host));
        page = next;
    }
    return true;
}

static bool list_repositories(struct mirror *m, name_list *out, struct err *e) {
    if (!has_wildcard(m->pattern)) {
        vec_push(out, m->pattern);
        return true;
    }
    struct glob *g = glob_compile(m->arena, m->pattern, GLOB_IGNORE, e);
    return g && list_catalog(m, g, out, e);
}

/* --- Tags --- */

/* The far side's tags; a repository that is not there has none. */
static bool list_theirs(struct mirror *m, const struct repository *to, struct map *theirs, struct err *e) {
    struct str *tags;
    size_t n;
    _cleanup_(place_closep) struct place *p = place_repository(m->registries, m->store, to, PLACE_WRITE);
    if (!p->ops->tags(p, m->arena, &tags, &n, e)) {
        if (e->sys != ENOENT)
            return false;
        err_clear(e);
        n = 0;
    }
    for (size_t i = 0; i < n; i++)
        map_put(theirs, tags[i], m);
    return true;
}

static bool list_tags(struct mirror *m, struct str path, struct err *e) {
    struct str to_path = m->prefix.n ? arena_join3(m->arena, m->prefix, S("/"), path) : path;
    struct mirror_image one = {{m->host, path}, {m->to_host, to_path}, STR_NULL};
    struct map theirs = MAP_INIT;
    struct str *tags;
    size_t n;
    _cleanup_(place_closep) struct place *p = place_repository(m->registries, m->store, &one.from, PLACE_READ);
    bool good = p->ops->tags(p, m->arena, &tags, &n, e) && (!m->job->only_new || list_theirs(m, &one.to, &theirs, e));
    for (size_t i = 0; good && i < n; i++) {
        one.tag = tags[i];
        if (!tag_is_about(tags[i]) && glob_matches(m->tags, tags[i]) && !map_get(&theirs, tags[i]))
            vec_push(&m->images, one);
    }
    map_fini(&theirs);
    return good;
}

bool mirror_list(struct registries *r, struct store *s, const struct mirror_job *job, struct arena *a, struct mirror_image **out, size_t *n,
                 struct err *e) {
    struct mirror m = {.registries = r, .store = s, .job = job, .arena = a};
    name_list repositories = {0};
    bool good = read_source(&m, e) && read_destination(&m, e) && list_repositories(&m, &repositories, e);
    for (size_t i = 0; good && i < repositories.n; i++)
        good = list_tags(&m, repositories.p[i], e);
    *n = m.images.n;
    *out = arena_array(a, struct mirror_image, *n);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = m.images.p[i];
    vec_fini(&m.images);
    vec_fini(&repositories);
    return good;
}
