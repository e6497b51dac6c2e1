/* SPDX-License-Identifier: Apache-2.0
 * index.json of a layout that is a place: read, and replaced with what was put into it (place_oci.h). */
#include <errno.h>

#include "base/limits.h"
#include "registry/place_oci.h"

yyjson_doc *oci_index_load(int dir, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_LAYOUT_INDEX_BYTES);
    _cleanup_fd_ int fd = file_openat_nolinks(dir, "index.json", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        err_sys(e, errno, "index.json");
        return NULL;
    }
    yyjson_doc *doc = NULL;
    if (file_read_fd(fd, "index.json", &text, e))
        doc = json_parse_few(buf_str(&text), LIMIT_LAYOUT_INDEX_BYTES, LIMIT_MANIFEST_VALUES, "index.json", e);
    buf_fini(&text);
    if (doc && !json_get_array(yyjson_doc_get_root(doc), "manifests")) {
        err_set(e, ERR_FAILED, "index.json is not an image index");
        json_doc_freep(&doc);
    }
    return doc;
}

/* Whether something else leads to an entry without a name. */
static bool is_reached(const struct place_oci *o, const struct layout_entry *entry, yyjson_mut_val *list) {
    char text[DIGEST_TEXT + 1];
    size_t i, max;
    yyjson_mut_val *v;
    if (map_get(&o->children, digest_key(&entry->descriptor.digest)))
        return true;
    digest_text(&entry->descriptor.digest, text);
    yyjson_mut_arr_foreach(list, i, max, v) if (yyjson_mut_equals_str(yyjson_mut_obj_get(v, "digest"), text)) return true;
    return false;
}

static void drop_name(yyjson_mut_val *list, struct str name) {
    yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
    for (yyjson_mut_val *v; (v = yyjson_mut_arr_iter_next(&it));) {
        yyjson_mut_val *has = yyjson_mut_obj_get(yyjson_mut_obj_get(v, "annotations"), REF_NAME);
        if (str_eq(str_n(yyjson_mut_get_str(has), yyjson_mut_get_len(has)), name))
            yyjson_mut_arr_iter_remove(&it);
    }
}

static void add_entry(yyjson_mut_doc *d, yyjson_mut_val *list, const struct layout_entry *entry) {
    char text[DIGEST_TEXT + 1];
    yyjson_mut_val *v = yyjson_mut_arr_add_obj(d, list);
    json_add_str(d, v, "mediaType", entry->descriptor.media_type);
    json_add_str(d, v, "digest", str_z(digest_text(&entry->descriptor.digest, text)));
    yyjson_mut_obj_add_uint(d, v, "size", entry->descriptor.bytes);
    if (entry->name.n)
        json_add_str(d, yyjson_mut_obj_add_obj(d, v, "annotations"), REF_NAME, entry->name);
}

static int by_name(const void *a, const void *b) {
    const struct layout_entry *x = a, *y = b;
    int c = str_cmp(x->name, y->name);
    return c ? c : memcmp(&x->descriptor.digest, &y->descriptor.digest, sizeof x->descriptor.digest);
}

/* In the order of names and digests, not that in which threads put them: equal copies give equal bytes. */
static void merge(struct place_oci *o, yyjson_mut_doc *d, yyjson_mut_val *list) {
    if (o->put.n > 1)
        qsort(o->put.p, o->put.n, sizeof *o->put.p, by_name);
    for (size_t i = 0; i < o->put.n; i++)
        if (o->put.p[i].name.n) {
            drop_name(list, o->put.p[i].name);
            add_entry(d, list, &o->put.p[i]);
        }
    for (size_t i = 0; i < o->put.n; i++)
        if (!o->put.p[i].name.n && !is_reached(o, &o->put.p[i], list))
            add_entry(d, list, &o->put.p[i]);
}

bool oci_index_write(struct place_oci *o, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *old = oci_index_load(o->dir, e);
    if (!old)
        return false;
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_doc_mut_copy(old, NULL);
    struct buf text = BUF_INIT(LIMIT_LAYOUT_INDEX_BYTES);
    merge(o, d, yyjson_mut_obj_get(yyjson_mut_doc_get_root(d), "manifests"));
    json_write(d, false, &text);
    bool good = buf_ok(&text) || err_set(e, ERR_FAILED, "index.json would be larger than %zu bytes", text.max_bytes);
    good = good && file_replace(o->dir, "index.json", text.p, text.n, false, e);
    buf_fini(&text);
    return good;
}
