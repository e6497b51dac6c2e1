/* SPDX-License-Identifier: Apache-2.0
 * Names: index.json, the OCI image index of the layout (image-spec image-layout.md, annotations.md). One entry is one name of one manifest;
 * an entry without a name keeps an image that has lost its last one. It is read without a lock, since it is only ever replaced whole; it is
 * changed by reading, editing and renaming under locks/index. Members and annotations that other tools put there stay as they are. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "store/store_private.h"

#define REF_NAME "org.opencontainers.image.ref.name"
#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"

/* --- Reading --- */

static bool read_ref(yyjson_val *entry, struct arena *a, struct store_ref *out) {
    struct str digest = json_get_str(entry, "digest");
    int64_t bytes = json_get_int(entry, "size", -1);
    if (!str_starts(digest, S("sha256:")) || !digest_parse_hex(str_from(digest, 7), &out->manifest))
        return false;
    out->manifest_bytes = bytes < 0 ? 0 : (uint64_t)bytes; /* gc must see the entry all the same; fsck tells the wrong size */
    out->media_type = arena_str(a, json_get_str(entry, "mediaType"));
    out->name = arena_str(a, json_get_str(json_get_object(entry, "annotations"), REF_NAME));
    return true;
}

/* The array of entries; NULL with an error if this is no index. */
static yyjson_val *entries_of(yyjson_doc *doc, struct err *e) {
    yyjson_val *entries = json_get_array(yyjson_doc_get_root(doc), "manifests");
    if (!entries)
        err_set(e, ERR_FAILED, "index.json: not an OCI image index (it has no \"manifests\" list)");
    return entries;
}

bool refs_parse(struct str json, struct arena *a, struct store_refs *out, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(json, LIMIT_INDEX_BYTES, "index.json", e);
    yyjson_val *entries = doc ? entries_of(doc, e) : NULL;
    if (!entries)
        return false;
    *out = (struct store_refs){arena_array(a, struct store_ref, yyjson_arr_size(entries)), 0};
    size_t i, max;
    yyjson_val *entry;
    yyjson_arr_foreach(entries, i, max, entry) if (read_ref(entry, a, &out->p[out->n])) out->n++;
    return true;
}

bool store_refs_read(struct store *s, struct arena *a, struct store_refs *out, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_INDEX_BYTES);
    bool ok = (file_readat(s->root_fd, "index.json", &text, e) && refs_parse(buf_str(&text), a, out, e)) || err_wrap(e, "%s", s->root);
    buf_fini(&text);
    return ok;
}

/* --- Editing --- */

struct edit {
    yyjson_mut_doc *doc;
    yyjson_mut_val *entries;
    struct buf text; /* what was read */
    int lock;
    bool changed;
};

static void edit_finish(struct edit *x) {
    json_mut_freep(&x->doc);
    buf_fini(&x->text);
    fd_closep(&x->lock);
}

static bool edit_load(struct store *s, struct edit *x, struct err *e) {
    if (!file_readat(s->root_fd, "index.json", &x->text, e))
        return false;
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(buf_str(&x->text), LIMIT_INDEX_BYTES, "index.json", e);
    if (!doc || !entries_of(doc, e))
        return false;
    x->doc = yyjson_doc_mut_copy(doc, NULL);
    x->entries = yyjson_mut_obj_get(yyjson_mut_doc_get_root(x->doc), "manifests");
    return true;
}

static bool edit_begin(struct store *s, struct edit *x, struct err *e) {
    *x = (struct edit){.text = BUF_INIT(LIMIT_INDEX_BYTES), .lock = store_lock(s, LOCK_INDEX, true, true, e)};
    if (x->lock >= 0 && edit_load(s, x, e))
        return true;
    edit_finish(x);
    return err_wrap(e, "%s", s->root);
}

/* The names of blobs must be on disk before a name that leads to them is. */
static bool edit_write(struct store *s, struct edit *x, struct err *e) {
    struct buf out = BUF_INIT(LIMIT_INDEX_BYTES);
    json_write(x->doc, false, &out);
    bool ok = buf_ok(&out) || err_set(e, ERR_FAILED, "index.json: more than %zu bytes of names", LIMIT_INDEX_BYTES);
    if (ok && s->sync && fsync(s->blobs_fd) < 0)
        ok = err_sys(e, errno, "sync blobs/sha256");
    ok = ok && file_replace(s->root_fd, "index.json", out.p, out.n, s->sync, e);
    buf_fini(&out);
    return ok || err_wrap(e, "%s", s->root);
}

static bool edit_end(struct store *s, struct edit *x, struct err *e) {
    bool ok = !x->changed || edit_write(s, x, e);
    edit_finish(x);
    return ok;
}

static struct str mut_str(yyjson_mut_val *object, const char *key) {
    yyjson_mut_val *v = yyjson_mut_obj_get(object, key);
    struct str text = str_n(yyjson_mut_get_str(v), yyjson_mut_get_len(v));
    return !yyjson_mut_is_str(v) || str_index(text, '\0') >= 0 ? STR_NULL : text; /* as json_get_str sees it */
}

static struct str name_of(yyjson_mut_val *entry) {
    return mut_str(yyjson_mut_obj_get(entry, "annotations"), REF_NAME);
}

static bool is_of(yyjson_mut_val *entry, struct str digest) {
    return str_eq(mut_str(entry, "digest"), digest);
}

/* The entry of `digest` (any if empty) whose name is `name`; NULL if there is none. */
static yyjson_mut_val *find(const struct edit *x, struct str digest, struct str name) {
    size_t i, max;
    yyjson_mut_val *entry;
    yyjson_mut_arr_foreach(x->entries, i, max,
                           entry) if ((digest.n == 0 || is_of(entry, digest)) && str_eq(name_of(entry), name)) return entry;
    return NULL;
}

/* How many names a manifest has. */
static size_t count_names(const struct edit *x, struct str digest) {
    size_t n = 0, i, max;
    yyjson_mut_val *entry;
    yyjson_mut_arr_foreach(x->entries, i, max, entry) n += is_of(entry, digest) && name_of(entry).n > 0;
    return n;
}

static void drop(struct edit *x, const yyjson_mut_val *entry) {
    yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(x->entries);
    for (yyjson_mut_val *v; (v = yyjson_mut_arr_iter_next(&it));)
        if (v == entry)
            yyjson_mut_arr_iter_remove(&it);
    x->changed = true;
}

static void drop_all_of(struct edit *x, struct str digest) {
    yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(x->entries);
    for (yyjson_mut_val *v; (v = yyjson_mut_arr_iter_next(&it));)
        if (is_of(v, digest)) {
            yyjson_mut_arr_iter_remove(&it);
            x->changed = true;
        }
}

static void strip_name(struct edit *x, yyjson_mut_val *entry) {
    yyjson_mut_val *annotations = yyjson_mut_obj_get(entry, "annotations");
    yyjson_mut_obj_remove_key(annotations, REF_NAME);
    if (yyjson_mut_obj_size(annotations) == 0)
        yyjson_mut_obj_remove_key(entry, "annotations");
    x->changed = true;
}

static void give_name(struct edit *x, yyjson_mut_val *entry, struct str name) {
    yyjson_mut_val *annotations = yyjson_mut_obj_get(entry, "annotations");
    if (!yyjson_mut_is_obj(annotations)) {
        yyjson_mut_obj_remove_key(entry, "annotations");
        annotations = yyjson_mut_obj_add_obj(x->doc, entry, "annotations");
    }
    yyjson_mut_obj_remove_key(annotations, REF_NAME);
    json_add_str(x->doc, annotations, REF_NAME, name);
    x->changed = true;
}

static void append(struct edit *x, struct str name, const struct store_ref *image, struct str digest) {
    yyjson_mut_val *entry = yyjson_mut_arr_add_obj(x->doc, x->entries);
    json_add_str(x->doc, entry, "mediaType", image->media_type.n ? image->media_type : S(MANIFEST_TYPE));
    json_add_str(x->doc, entry, "digest", digest);
    yyjson_mut_obj_add_uint(x->doc, entry, "size", image->manifest_bytes);
    if (name.n)
        give_name(x, entry, name);
    x->changed = true;
}

/* Takes a name off its entry. An image's last entry stays, without a name, if `keep_image`. */
static void take_name(struct edit *x, yyjson_mut_val *entry, bool keep_image) {
    struct str digest = mut_str(entry, "digest");
    bool last = count_names(x, digest) == 1;
    if (last && keep_image && !find(x, digest, STR_NULL))
        strip_name(x, entry);
    else if (last && !keep_image)
        drop_all_of(x, digest);
    else
        drop(x, entry);
}

static void set_name(struct edit *x, struct str name, const struct store_ref *image, struct str digest) {
    if (find(x, digest, name))
        return;
    yyjson_mut_val *before = find(x, STR_NULL, name);
    if (before)
        take_name(x, before, true);
    yyjson_mut_val *unnamed = find(x, digest, STR_NULL);
    if (unnamed)
        give_name(x, unnamed, name);
    else
        append(x, name, image, digest);
}

bool store_refs_set(struct store *s, struct str name, const struct store_ref *image, struct err *e) {
    char digest[DIGEST_TEXT + 1];
    struct edit x;
    digest_text(&image->manifest, digest);
    if (!store_lease(s, &image->manifest, e))
        return false;
    if (!store_has_blob(s, &image->manifest, NULL))
        return err_set(e, ERR_FAILED, "name %.*s: manifest %s is not in the store", STR_ARG(name), digest);
    if (!edit_begin(s, &x, e))
        return false;
    if (name.n)
        set_name(&x, name, image, str_z(digest));
    else if (!find(&x, str_z(digest), STR_NULL) && count_names(&x, str_z(digest)) == 0)
        append(&x, STR_NULL, image, str_z(digest));
    return edit_end(s, &x, e);
}

bool store_refs_remove(struct store *s, struct str name, bool keep_image, bool *last, struct err *e) {
    struct edit x;
    if (!edit_begin(s, &x, e))
        return false;
    yyjson_mut_val *entry = name.n ? find(&x, STR_NULL, name) : NULL;
    if (!entry) {
        edit_finish(&x);
        err_set(e, ERR_FAILED, "no image is named %.*s", STR_ARG(name));
        e->sys = ENOENT;
        return false;
    }
    *last = count_names(&x, mut_str(entry, "digest")) == 1;
    take_name(&x, entry, keep_image);
    return edit_end(s, &x, e);
}

bool store_refs_remove_image(struct store *s, const struct digest *manifest, size_t most, size_t *names, struct err *e) {
    char digest[DIGEST_TEXT + 1];
    struct edit x;
    if (!edit_begin(s, &x, e))
        return false;
    *names = count_names(&x, str_z(digest_text(manifest, digest)));
    if (*names <= most)
        drop_all_of(&x, str_z(digest));
    return edit_end(s, &x, e);
}
