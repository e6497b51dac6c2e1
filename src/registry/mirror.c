/* SPDX-License-Identifier: Apache-2.0
 * See mirror.h. */
#include "registry/mirror.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/vec.h"
#include "dockerfile/glob.h"
#include "registry/pages.h"

struct mirror {
    struct registries *registries;
    const struct mirror_job *job;
    struct arena arena;           /* of what lasts: names of repositories */
    struct str host, pattern;     /* of repositories */
    struct glob *repositories, *tags;
    struct str to_host, prefix;
    VEC(struct str) names;
    void (*each)(void *ctx, const struct mirror_image *one);
    void *ctx;
    size_t listed;                /* repositories of the catalog, matching or not */
    size_t matched;               /* tags; those too that are there already */
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
    if (!str_cut(text, '/', &m->host, &m->pattern) || !m->pattern.n || !is_host(&m->arena, m->host))
        return err_set(e, ERR_USAGE, "%.*s: HOST/REPOSITORY[:TAG] of a registry is expected, with wildcards", STR_ARG(m->job->source));
    ptrdiff_t colon = str_rindex(m->pattern, ':');
    if (colon >= 0) {
        tag = str_from(m->pattern, (size_t)colon + 1);
        m->pattern = str_first(m->pattern, (size_t)colon);
    }
    m->tags = glob_compile(&m->arena, tag, GLOB_PATH, e);
    return m->tags != NULL || err_wrap(e, "%.*s", STR_ARG(m->job->source));
}

static bool read_destination(struct mirror *m, struct err *e) {
    struct str text = without_transport(m->job->destination);
    str_cut(text, '/', &m->to_host, &m->prefix);
    if (has_wildcard(text) || !is_host(&m->arena, m->to_host))
        return err_set(e, ERR_USAGE, "%.*s: HOST[/PREFIX] of a registry is expected, without wildcards", STR_ARG(m->job->destination));
    while (str_ends(m->prefix, S("/")))
        m->prefix = str_first(m->prefix, m->prefix.n - 1);
    return !m->prefix.n || image_path_is_good(m->prefix) ||
           err_set(e, ERR_USAGE, "%.*s: \"%.*s\" is no beginning of a repository's path", STR_ARG(m->job->destination), STR_ARG(m->prefix));
}

/* --- Repositories --- */

static bool take_names(void *ctx, struct str body, struct err *e) {
    struct mirror *m = ctx;
    size_t i, max;
    yyjson_val *v, *list;
    _cleanup_(json_doc_freep) yyjson_doc *doc = NULL;
    if (!list_read(body, "repositories", "catalog", &doc, &list, e))
        return false;
    yyjson_arr_foreach(list, i, max, v) {
        struct str name = str_n(yyjson_get_str(v), yyjson_get_len(v));
        if (m->names.n >= LIMIT_TAGS || m->arena.total_bytes >= LIMIT_TAGS_BYTES)
            return err_set(e, ERR_FAILED, "more than %d repositories, or %zu bytes of their names", LIMIT_TAGS, LIMIT_TAGS_BYTES);
        if (!yyjson_is_str(v) || !image_path_is_good(name)) /* it becomes a part of URLs and of names at the far side */
            return err_set(e, ERR_FAILED, "the catalog of %.*s has a name that is none: \"%s\"", STR_ARG(m->host), SHOWN(name));
        m->listed++;
        if (glob_matches(m->repositories, name))
            vec_push(&m->names, arena_str(&m->arena, name));
    }
    return true;
}

/* The catalog is of no repository: its path begins behind "/v2/". */
static bool list_catalog(struct mirror *m, struct err *e) {
    struct repository none = {m->host, S("")};
    struct pages pages = {.most = LIMIT_TAG_PAGES, .alone = true, .what = "the catalog", .take = take_names, .ctx = m, .kept = &m->listed};
    long status = 0;
    pages.first = (struct registry_request){.repository = &none, .method = "GET", .path = S("_catalog?n=1000"),
                                            .max_bytes = LIMIT_JSON_BYTES};
    if (pages_read(m->registries, &pages, &status, e))
        return true;
    return status >= 200 && status < 300 ? false : err_append(e, " (without wildcards in its name a repository needs no catalog)");
}

static bool list_repositories(struct mirror *m, struct err *e) {
    if (!has_wildcard(m->pattern)) {
        if (!image_path_is_good(m->pattern))
            return err_set(e, ERR_USAGE, "%.*s: \"%s\" is no repository's path", STR_ARG(m->job->source), SHOWN(m->pattern));
        vec_push(&m->names, m->pattern);
        return true;
    }
    m->repositories = glob_compile(&m->arena, m->pattern, GLOB_IGNORE, e);
    return m->repositories && list_catalog(m, e);
}

/* --- Tags --- */

struct tag_names {
    struct str *p; /* sorted, as a repository gives them */
    size_t n;
};

/* The far side's tags; a repository that is not there has none. */
static bool list_theirs(struct mirror *m, const struct repository *to, struct arena *a, struct tag_names *theirs, struct err *e) {
    _cleanup_(place_closep) struct place *p = place_repository(m->registries, NULL, to, PLACE_WRITE);
    if (p->ops->tags(p, a, &theirs->p, &theirs->n, e))
        return true;
    theirs->n = 0;
    return place_is_absent(e);
}

static bool do_repository(struct mirror *m, struct str path, struct err *e) {
    struct arena a = ARENA_INIT;
    struct str to_path = m->prefix.n ? arena_join3(&a, m->prefix, S("/"), path) : path;
    struct mirror_image one = {{m->host, path}, {m->to_host, to_path}, STR_NULL};
    struct tag_names ours, theirs = {0};
    _cleanup_(place_closep) struct place *p = place_repository(m->registries, NULL, &one.from, PLACE_READ);
    bool good = p->ops->tags(p, &a, &ours.p, &ours.n, e) && (!m->job->only_new || list_theirs(m, &one.to, &a, &theirs, e));
    for (size_t i = 0; good && i < ours.n; i++) {
        one.tag = ours.p[i];
        if (tag_is_about(one.tag) || !glob_matches(m->tags, one.tag))
            continue;
        m->matched++;
        if (!tags_have(theirs.p, theirs.n, one.tag))
            m->each(m->ctx, &one);
    }
    arena_fini(&a);
    return good;
}

/* A repository that cannot be listed leaves the others; the first error is told at the end. Its kind is that of all of them. */
static bool do_repositories(struct mirror *m, struct err *e) {
    size_t failed = 0, unchecked = 0;
    for (size_t i = 0; i < m->names.n; i++) {
        struct err one = ERR_INIT;
        bool good = do_repository(m, m->names.p[i], &one);
        unchecked += one.kind == ERR_UNCHECKED;
        if (!good && failed++ == 0)
            err_move(e, &one);
        err_clear(&one);
    }
    if (unchecked < failed)
        e->kind = ERR_FAILED;
    return failed == 0 || (failed > 1 && err_append(e, "; nor could %zu other repositories be listed", failed - 1));
}

static bool any_matched(const struct mirror *m, struct err *e) {
    if (m->matched)
        return true;
    if (m->names.n == 0)
        return err_set(e, ERR_FAILED, "%.*s: no repository of the catalog matches", STR_ARG(m->job->source));
    return err_set(e, ERR_FAILED, "%.*s: of %zu repositories that match, none has a tag that does", STR_ARG(m->job->source), m->names.n);
}

bool mirror_each(struct registries *r, const struct mirror_job *job, void (*each)(void *ctx, const struct mirror_image *one), void *ctx,
                 struct err *e) {
    struct mirror m = {.registries = r, .job = job, .each = each, .ctx = ctx};
    bool good = read_source(&m, e) && read_destination(&m, e) && list_repositories(&m, e) && do_repositories(&m, e) && any_matched(&m, e);
    vec_fini(&m.names);
    arena_fini(&m.arena);
    return good;
}
