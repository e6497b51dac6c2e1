/* SPDX-License-Identifier: Apache-2.0
 * What an image reaches: from a manifest or an index (image-spec manifest.md, image-index.md) to configurations, layers, diffIDs and
 * chainIDs. gc marks with it, fsck checks with it. Documents are hostile and may name each other in circles or in depth: a list of what is
 * still to do takes the place of recursion, and no manifest is walked twice. */
#include "base/json.h"
#include "base/limits.h"
#include "base/vec.h"
#include "store/store_private.h"
#include "sys/clock.h"

struct item {
    struct digest digest;
    uint64_t bytes;
    bool may_be_absent;
};

struct walk {
    struct store *store;
    struct reach_visitor v;
    VEC(struct item) todo;
};

static bool visit(struct walk *w, enum reach_kind kind, enum reach_state state, const struct digest *d, const char *why, struct err *e) {
    struct reached r = {.kind = kind, .state = state, .digest = *d, .why = why};
    return w->v.visit(w->v.ctx, &r, e);
}

static bool read_descriptor(yyjson_val *v, struct item *out) {
    struct str digest = json_get_str(v, "digest"), type = json_get_str(v, "mediaType");
    int64_t bytes = json_get_int(v, "size", -1);
    out->bytes = bytes < 0 ? UINT64_MAX : (uint64_t)bytes;
    out->may_be_absent = str_find(type, S("nondistributable")) >= 0 || str_find(type, S("foreign")) >= 0;
    return str_starts(digest, S("sha256:")) && digest_parse_hex(str_from(digest, 7), &out->digest);
}

static enum reach_state state_of(struct store *s, const struct item *it) {
    uint64_t size;
    if (!store_has_blob(s, &it->digest, &size))
        return it->may_be_absent ? REACH_ABSENT : REACH_MISSING;
    return it->bytes == UINT64_MAX || it->bytes == size ? REACH_FINE : REACH_WRONG_SIZE;
}

static bool visit_diff_ids(struct walk *w, yyjson_val *config, struct err *e) {
    yyjson_val *ids = json_get_array(json_get_object(config, "rootfs"), "diff_ids"), *v;
    struct digest id, chain = {0};
    size_t i, max;
    yyjson_arr_foreach(ids, i, max, v) {
        struct str text = str_n(yyjson_get_str(v), yyjson_get_len(v));
        if (!str_starts(text, S("sha256:")) || !digest_parse_hex(str_from(text, 7), &id))
            return true;
        chain = chain_id(&chain, &id);
        if (!visit(w, REACH_DIFF_ID, REACH_FINE, &id, NULL, e) || !visit(w, REACH_CHAIN_ID, REACH_FINE, &chain, NULL, e))
            return false;
    }
    return true;
}

static bool visit_time(struct walk *w, yyjson_val *of, struct err *e) {
    struct reached r = {.kind = REACH_CREATED, .state = REACH_FINE};
    return !clock_parse_rfc3339(json_get_str(of, "created"), &r.created) || w->v.visit(w->v.ctx, &r, e);
}

static bool visit_times(struct walk *w, yyjson_val *config, struct err *e) {
    size_t i, max;
    yyjson_val *step;
    bool ok = visit_time(w, config, e);
    yyjson_arr_foreach(json_get_array(config, "history"), i, max, step) ok = ok && visit_time(w, step, e);
    return ok;
}

/* A blob as JSON; NULL if it is something else. *bad: it cannot be read, or not as what its digest says. */
static yyjson_doc *load(struct store *s, const struct digest *d, bool *bad) {
    struct err why = ERR_INIT;
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    char first = 0;
    uint64_t size = 0;
    yyjson_doc *doc = NULL;
    _cleanup_fd_ int fd = store_open_blob(s, d, &size, &why);
    *bad = fd < 0;
    if (fd >= 0 && size <= LIMIT_JSON_BYTES && pread(fd, &first, 1, 0) == 1 && first == '{') {
        *bad = !store_get_blob(s, d, &text, &why);
        doc = *bad ? NULL : json_parse(buf_str(&text), LIMIT_JSON_BYTES, "a blob", &why);
    }
    err_clear(&why);
    buf_fini(&text);
    return doc;
}

static bool visit_config(struct walk *w, yyjson_val *descriptor, struct err *e) {
    struct item it;
    if (!read_descriptor(descriptor, &it))
        return true;
    enum reach_state state = state_of(w->store, &it);
    if (state != REACH_FINE)
        return visit(w, REACH_CONFIG, state, &it.digest, NULL, e);
    bool bad;
    _cleanup_(json_doc_freep) yyjson_doc *doc = load(w->store, &it.digest, &bad);
    return visit(w, REACH_CONFIG, bad ? REACH_DAMAGED : REACH_FINE, &it.digest, "its bytes do not hash to its digest", e) &&
           (!doc || (visit_diff_ids(w, yyjson_doc_get_root(doc), e) && visit_times(w, yyjson_doc_get_root(doc), e)));
}

static bool visit_layers(struct walk *w, yyjson_val *layers, struct err *e) {
    size_t i, max;
    yyjson_val *v;
    struct item it;
    yyjson_arr_foreach(layers, i, max,
                       v) if (read_descriptor(v, &it) && !visit(w, REACH_LAYER, state_of(w->store, &it), &it.digest, NULL, e)) return false;
    return true;
}

static void queue_children(struct walk *w, yyjson_val *manifests) {
    size_t i, max;
    yyjson_val *v;
    struct item it;
    yyjson_arr_foreach(manifests, i, max, v) if (read_descriptor(v, &it)) {
        it.may_be_absent = true;
        vec_push(&w->todo, it);
    }
}

static bool walk_one(struct walk *w, const struct item *it, struct err *e) {
    if (!digest_set_add(w->v.visited, &it->digest))
        return true;
    enum reach_state state = state_of(w->store, it);
    if (state != REACH_FINE)
        return visit(w, REACH_MANIFEST, state, &it->digest, NULL, e);
    bool bad;
    _cleanup_(json_doc_freep) yyjson_doc *doc = load(w->store, &it->digest, &bad);
    if (!visit(w, REACH_MANIFEST, bad ? REACH_DAMAGED : REACH_FINE, &it->digest, "its bytes do not hash to its digest", e))
        return false;
    if (!doc)
        return true;
    yyjson_val *root = yyjson_doc_get_root(doc);
    queue_children(w, json_get_array(root, "manifests"));
    return visit_config(w, json_get_object(root, "config"), e) && visit_layers(w, json_get_array(root, "layers"), e) &&
           visit_layers(w, json_get_array(root, "blobs"), e) && visit_diff_ids(w, root, e);
}

bool reach(struct store *s, const struct digest *d, uint64_t bytes, struct reach_visitor v, struct err *e) {
    struct walk w = {.store = s, .v = v};
    struct item it = {*d, bytes, false};
    vec_push(&w.todo, it);
    bool ok = true;
    while (ok && w.todo.n > 0) {
        it = w.todo.p[--w.todo.n];
        ok = walk_one(&w, &it, e);
    }
    vec_fini(&w.todo);
    return ok;
}
