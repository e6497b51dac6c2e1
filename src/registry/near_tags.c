/* SPDX-License-Identifier: Apache-2.0
 * A tag that is not there: which ones of the repository may have been meant. One more request, whose failure says nothing. See call.h. */
#include "base/json.h"
#include "base/near.h"
#include "registry/call.h"

enum { SHOWN_NEAR = 3, SHOWN_ALL = 8, TAG_MAX_BYTES = 128, LIST_MAX_BYTES = 1 << 20 };

static struct str tag_of(yyjson_val *v) {
    struct str s = str_n(yyjson_get_str(v), yyjson_get_len(v));
    return yyjson_is_str(v) && s.n <= TAG_MAX_BYTES ? s : STR_NULL;
}

static bool is_among(struct str tag, const struct str *found, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(found[i], tag))
            return true;
    return false;
}

/* The nearest few, or all if there are few and none is near. */
static size_t choose(yyjson_val *tags, struct str word, struct str *found) {
    size_t i, max, n = 0;
    yyjson_val *v;
    if (!tags)
        return 0;
    for (size_t k = 0; k < SHOWN_NEAR; k++) {
        struct near near = {.word = word, .fold_case = true};
        yyjson_arr_foreach(tags, i, max, v)
            if (tag_of(v).n && !is_among(tag_of(v), found, n))
                near_try(&near, tag_of(v));
        if (near.name.n == 0)
            break;
        found[n++] = near.name;
    }
    if (n == 0 && yyjson_arr_size(tags) <= SHOWN_ALL)
        yyjson_arr_foreach(tags, i, max, v)
            if (tag_of(v).n)
                found[n++] = tag_of(v);
    return n;
}

static void tell(struct str answer, struct str word, struct err *e) {
    struct err ignored = ERR_INIT;
    struct str found[SHOWN_ALL];
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(answer, LIST_MAX_BYTES, "", &ignored);
    size_t n = doc ? choose(json_get_array(yyjson_doc_get_root(doc), "tags"), word, found) : 0;
    for (size_t i = 0; i < n; i++)
        err_append(e, "%s%.*s", i ? ", " : "; it has ", STR_ARG(found[i]));
    err_clear(&ignored);
}

void near_tags_tell(struct registries *r, const struct registry_request *q, struct err *e) {
    static const int any[] = {400, 401, 403, 404, 405, 429, 500, 502, 503, 504, 0};
    struct registry_request list = {.repository = q->repository, .method = "GET", .path = S("tags/list?n=1000"), .actions = "pull"};
    struct registry_answer answer;
    struct arena a = ARENA_INIT;
    struct err ignored = ERR_INIT;
    struct str tag = str_starts(q->path, S("manifests/")) ? str_from(q->path, 10) : STR_NULL;
    if (!tag.n || str_index(tag, ':') >= 0 || strcmp(q->method, "DELETE") == 0)
        return;
    list.once = true;
    list.max_bytes = LIST_MAX_BYTES;
    if (registry_ask(r, &list, any, &a, &answer, &ignored) && answer.status == 200)
        tell(answer.body, tag, e);
    err_clear(&ignored);
    arena_fini(&a);
}
