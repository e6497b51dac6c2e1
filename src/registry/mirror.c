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
    size_t matched;               /* those too that are there already */
};

static bool has_wildcard(struct str s) {
    return str_index(s, '*') >= 0 || str_index(s, '?') >= 0 || str_index(s, '[') >= 0;
}

static struct str without_transport(struct str text) {
    return str_starts(text, S("docker://")) ? str_from(text, 9) : text;
}

/* --- What was typed --- */

/* "registry.example", "localhost", "10.0.0.1:5000": a first component that cannot be a part of a repository's path. */
static bool is_host(struct arena *a, struct str host) {
    struct image_name name;
    struct repository r;
    struct err no_name = ERR_INIT;
    bool is = image_name_parse(a, arena_join3(a, host, S("/x"), STR_NULL), &name, &no_name);
    err_clear(&no_name);
    if (is)
        repository_of(a, &name, &r);
    return is && str_eq(r.path, S("x"));
}

static bool read_source(struct mirror *m, struct err *e) {
    struct str text = without_transport(m->job->source), tag = S("*");
    if (!str_cut(text, '/', &m->host, &m->pattern) || !m->pattern.n || !is_host(m->arena, m->host))
        return err_set(e, ERR_USAGE, "%.*s: HOST/REPOSITORY[:TAG] of a registry is expected, with wildcards", STR_ARG(m->job->source));
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
    if (has_wildcard(text) || !is_host(m->arena, m->to_host))
        return err_set(e, ERR_USAGE, "%.*s: HOST[/PREFIX] of a registry is expected, without wildcards", STR_ARG(m->job->destination));
    while (str_ends(m->prefix, S("/")))
        m->prefix = str_first(m->prefix, m->prefix.n - 1);
    return !m->prefix.n || image_path_is_good(m->prefix) ||
           err_set(e, ERR_USAGE, "%.*s: \"%.*s\" is no beginning of a repository's path", STR_ARG(m->job->destination), STR_ARG(m->prefix));
}

/* --- Repositories --- */

static bool take_names(struct mirror *m, struct str body, struct list_pages *pages, const struct glob *g, name_list *out, struct err *e) {
    size_t i, max;
    yyjson_val *v, *list;
    _cleanup_(json_doc_freep) yyjson_doc *doc = NULL;
    if (!list_read(body, "repositories", "catalog", &doc, &list, e))
        return false;
    yyjson_arr_foreach(list, i, max, v) {
        struct str name = str_n(yyjson_get_str(v), yyjson_get_len(v));
        if (pages->seen.n >= LIMIT_TAGS)
            return err_set(e, ERR_FAILED, "more than %d repositories", LIMIT_TAGS);
        if (!yyjson_is_str(v) || !image_path_is_good(name)) /* it becomes a part of URLs and of names at the far side */
            return err_set(e, ERR_FAILED, "the catalog of %.*s has a name that is none: \"%s\"", STR_ARG(m->host), SHOWN(name));
        if (map_get(&pages->seen, name))
            continue;
        name = arena_str(m->arena, name);
        (void)list_is_new(pages, name);
        if (glob_matches(g, name))
            vec_push(out, name);
    }
    return true;
}

static bool list_catalog(struct mirror *m, struct list_pages *pages, const struct glob *g, name_list *out, struct err *e) {
    struct repository none = {m->host, S("")};
    struct str page = S("_catalog?n=1000");
    while (page.n) {
        struct registry_request q = {.repository = &none, .method = "GET", .path = page, .max_bytes = LIMIT_JSON_BYTES};
        struct registry_answer answer;
        if (!registry_ask(m->registries, &q, NULL, m->arena, &answer, e))
            return err_append(e, " (without wildcards in its name a repository needs no catalog)");
        if (!link_follow(m->arena, &answer, &page, e) || !take_names(m, answer.body, pages, g, out, e) || !list_goes_on(pages, page, e))
            return err_wrap(e, "%.*s", STR_ARG(m->host));
    }
    return true;
}

static bool list_repositories(struct mirror *m, name_list *out, struct err *e) {
    if (!has_wildcard(m->pattern)) {
        vec_push(out, m->pattern);
        return true;
    }
    struct glob *g = glob_compile(m->arena, m->pattern, GLOB_IGNORE, e);
    struct list_pages pages = {.what = "the catalog"};
    bool good = g && list_catalog(m, &pages, g, out, e);
    list_pages_fini(&pages);
    return good;
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
        if (tag_is_about(tags[i]) || !glob_matches(m->tags, tags[i]))
            continue;
        m->matched++;
        if (!map_get(&theirs, tags[i]))
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
    if (good && m.matched == 0)
        good = repositories.n ? err_set(e, ERR_FAILED, "%.*s: of %zu repositories that match, none has a tag that does",
                                        STR_ARG(job->source), repositories.n)
                              : err_set(e, ERR_FAILED, "%.*s: no repository of the catalog matches", STR_ARG(job->source));
    *n = m.images.n;
    *out = arena_array(a, struct mirror_image, *n);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = m.images.p[i];
    vec_fini(&m.images);
    vec_fini(&repositories);
    return good;
}
