/* SPDX-License-Identifier: Apache-2.0
 * The index of referrers that lies under the fallback tag of a registry without the referrers' API (distribution-spec, "Pushing Manifests
 * with Subject"). It is changed by reading and writing it whole, so what others put there, however odd, stays. */
#include "base/limits.h"
#include "image/media_types.h"
#include "registry/document.h"

static bool names(yyjson_val *list, struct str digest) {
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, max, v) if (str_eq(json_get_str(v, "digest"), digest)) return true;
    return false;
}

static bool describe(yyjson_mut_doc *d, yyjson_mut_val *list, const struct manifest_blob *m, struct err *e) {
    struct arena a = ARENA_INIT;
    struct document doc;
    char digest[DIGEST_TEXT + 1];
    _cleanup_(json_doc_freep) yyjson_doc *json = manifest_parse(m->bytes, "manifest", e);
    bool good = json && document_read(m->bytes, &a, &doc, e);
    if (good) {
        yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, list);
        json_add_str(d, o, "mediaType", m->media_type);
        json_add_str(d, o, "digest", str_z(digest_text(&m->digest, digest)));
        yyjson_mut_obj_add_uint(d, o, "size", m->bytes.n);
        json_add_str_opt(d, o, "artifactType", doc.artifact_type);
        yyjson_val *annotations = json_get_object(yyjson_doc_get_root(json), "annotations");
        if (annotations)
            yyjson_mut_obj_add_val(d, o, "annotations", yyjson_val_mut_copy(d, annotations));
    }
    arena_fini(&a);
    return good;
}

static void begin(yyjson_mut_doc *d) {
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    yyjson_mut_obj_add_int(d, root, "schemaVersion", 2);
    json_add_str(d, root, "mediaType", S(MEDIA_INDEX));
    yyjson_mut_obj_add_arr(d, root, "manifests");
}

bool referrers_add(struct str old, const struct manifest_blob *referrer, struct buf *out, bool *changed, struct err *e) {
    char digest[DIGEST_TEXT + 1];
    _cleanup_(json_doc_freep) yyjson_doc *before = old.n ? manifest_parse(old, "index of referrers", e) : NULL;
    yyjson_val *list = before ? json_get_array(yyjson_doc_get_root(before), "manifests") : NULL;
    if (old.n && !before)
        return false;
    if (old.n && !list)
        return err_set(e, ERR_FAILED, "what lies under the tag is no index, and is not replaced");
    *changed = !names(list, str_z(digest_text(&referrer->digest, digest)));
    if (!*changed)
        return true;
    if (yyjson_arr_size(list) >= LIMIT_REFERRERS)
        return err_set(e, ERR_FAILED, "%zu referrers are at the limit", yyjson_arr_size(list));
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = before ? yyjson_doc_mut_copy(before, NULL) : yyjson_mut_doc_new(NULL);
    if (!before)
        begin(d);
    if (!describe(d, yyjson_mut_obj_get(yyjson_mut_doc_get_root(d), "manifests"), referrer, e))
        return false;
    json_write(d, false, out);
    return buf_ok(out) || err_set(e, ERR_FAILED, "an index of referrers over %zu bytes", out->max_bytes);
}

bool referrers_drop(struct str old, const struct digest *referrer, struct buf *out, bool *changed, struct err *e) {
    char digest[DIGEST_TEXT + 1];
    _cleanup_(json_doc_freep) yyjson_doc *before = manifest_parse(old, "index of referrers", e);
    *changed = false;
    if (!before)
        return false;
    digest_text(referrer, digest);
    if (!names(json_get_array(yyjson_doc_get_root(before), "manifests"), str_z(digest)))
        return true;
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_doc_mut_copy(before, NULL);
    yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(yyjson_mut_doc_get_root(d), "manifests"));
    for (yyjson_mut_val *v; (v = yyjson_mut_arr_iter_next(&it));)
        if (yyjson_mut_equals_str(yyjson_mut_obj_get(v, "digest"), digest))
            yyjson_mut_arr_iter_remove(&it);
    *changed = true;
    json_write(d, false, out);
    return buf_ok(out) || err_set(e, ERR_FAILED, "an index of referrers over %zu bytes", out->max_bytes);
}

bool referrers_read(struct str bytes, struct arena *a, struct descriptor **out, size_t *n, struct err *e) {
    struct document d;
    if (!document_read(bytes, a, &d, e))
        return false;
    if (!d.is_index)
        return err_set(e, ERR_FAILED, "it is no index");
    *out = arena_array(a, struct descriptor, d.n_children);
    *n = d.n_children;
    for (size_t i = 0; i < d.n_children; i++)
        (*out)[i] = d.children[i].descriptor;
    return true;
}
