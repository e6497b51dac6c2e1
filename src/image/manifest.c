/* SPDX-License-Identifier: Apache-2.0
 * Manifests: an image's configuration and layers as blobs of the store, and back (image-spec manifest.md, image-index.md; docker's schema
 * 2, which differs in media types only). */
#include <assert.h>

#include "base/limits.h"
#include "image/config_json.h"
#include "image/media_types.h"

static const char encoder_annotation[] = "dev.croze.encoder"; /* which encoder the blob's digest is promised for */

static yyjson_mut_val *descriptor(yyjson_mut_doc *d, const char *type, const struct digest *digest, uint64_t bytes) {
    char text[DIGEST_TEXT + 1];
    yyjson_mut_val *o = yyjson_mut_obj(d);
    json_add_str(d, o, "mediaType", str_z(type));
    json_add_str(d, o, "digest", str_z(digest_text(digest, text)));
    yyjson_mut_obj_add_uint(d, o, "size", bytes);
    return o;
}

static const char *docker_layer_type(enum compression c) {
    static const char *const types[] = {
        [COMPRESSION_NONE] = "application/vnd.docker.image.rootfs.diff.tar",
        [COMPRESSION_GZIP] = "application/vnd.docker.image.rootfs.diff.tar.gzip",
        [COMPRESSION_ZSTD] = "application/vnd.docker.image.rootfs.diff.tar.zstd",
    };
    return types[c];
}

static void add_layers(yyjson_mut_doc *d, yyjson_mut_val *root, const struct image *im) {
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, root, "layers");
    for (size_t i = 0; i < im->n_layers; i++) {
        const struct layer *l = &im->layers[i];
        const char *type = im->docker_types ? docker_layer_type(l->compression) : layer_media_type(l->compression);
        yyjson_mut_val *o = descriptor(d, type, &l->blob, l->blob_bytes);
        if (l->encoder_id[0] && !im->docker_types) {
            yyjson_mut_val *annotations = yyjson_mut_obj_add_obj(d, o, "annotations");
            json_add_str(d, annotations, encoder_annotation, str_z(l->encoder_id));
        }
        yyjson_mut_arr_append(list, o);
    }
}

static void manifest_text(const struct image *im, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    yyjson_mut_obj_add_int(d, root, "schemaVersion", 2);
    json_add_str(d, root, "mediaType", im->docker_types ? S(MEDIA_DOCKER_MANIFEST) : S(MEDIA_MANIFEST));
    const char *config_type = im->docker_types ? MEDIA_DOCKER_CONFIG : MEDIA_CONFIG;
    yyjson_mut_obj_add_val(d, root, "config", descriptor(d, config_type, &im->config_digest, im->config_bytes));
    add_layers(d, root, im);
    if (im->annotations.n && !im->docker_types)
        yyjson_mut_obj_add_val(d, root, "annotations", config_json_map(d, &im->annotations));
    json_write(d, false, out);
}

static bool put(struct store *s, const struct buf *b, struct digest *digest, uint64_t *bytes, const char *what, struct err *e) {
    *bytes = b->n;
    if (!buf_ok(b))
        return err_set(e, ERR_FAILED, "the image's %s is larger than %zu bytes", what, b->max_bytes);
    return store_put_blob(s, buf_str(b), digest, e) || err_wrap(e, "write the image's %s", what);
}

bool manifest_write(struct store *s, struct image *im, struct err *e) {
    struct buf manifest = BUF_INIT(LIMIT_JSON_BYTES);
    manifest_text(im, &manifest);
    bool good = put(s, &manifest, &im->manifest, &im->manifest_bytes, "manifest", e);
    im->manifest_media_type = im->docker_types ? S(MEDIA_DOCKER_MANIFEST) : S(MEDIA_MANIFEST);
    buf_fini(&manifest);
    return good;
}

bool image_write(struct store *s, struct image *im, struct err *e) {
    struct buf config = BUF_INIT(LIMIT_JSON_BYTES);
    config_json_write(im, &config);
    bool good = put(s, &config, &im->config_digest, &im->config_bytes, "configuration", e);
    buf_fini(&config);
    return good && manifest_write(s, im, e);
}

/* --- reading --- */

static bool read_descriptor(yyjson_val *o, const char *what, struct digest *digest, uint64_t *bytes, struct err *e) {
    int64_t size = json_get_int(o, "size", -1);
    if (!digest_parse(json_get_str(o, "digest"), digest, e))
        return err_wrap(e, "%s", what);
    if (size < 0)
        return err_set(e, ERR_FAILED, "%s has no size", what);
    *bytes = (uint64_t)size;
    return true;
}

static bool layer_compression(struct str type, enum compression *out, struct err *e) {
    static const struct {
        const char *type;
        enum compression compression;
    } known[] = {
        {"application/vnd.oci.image.layer.v1.tar", COMPRESSION_NONE},
        {"application/vnd.oci.image.layer.v1.tar+gzip", COMPRESSION_GZIP},
        {"application/vnd.oci.image.layer.v1.tar+zstd", COMPRESSION_ZSTD},
        {"application/vnd.docker.image.rootfs.diff.tar", COMPRESSION_NONE},
        {"application/vnd.docker.image.rootfs.diff.tar.gzip", COMPRESSION_GZIP},
        {"application/vnd.docker.image.rootfs.diff.tar.zstd", COMPRESSION_ZSTD},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eqz(type, known[i].type)) {
            *out = known[i].compression;
            return true;
        }
    return err_set(e, ERR_FAILED, "layers of type \"%s\" are not supported", SHOWN(type));
}

static bool read_layers(yyjson_val *list, struct image *im, struct err *e) {
    size_t i, max;
    yyjson_val *v;
    if (yyjson_arr_size(list) > LIMIT_IMAGE_LAYERS)
        return err_set(e, ERR_FAILED, "%zu layers are over the limit of %d", yyjson_arr_size(list), LIMIT_IMAGE_LAYERS);
    yyjson_arr_foreach(list, i, max, v) {
        struct layer l = {0};
        if (!read_descriptor(v, "layer", &l.blob, &l.blob_bytes, e) || !layer_compression(json_get_str(v, "mediaType"), &l.compression, e))
            return err_wrap(e, "layers[%zu]", i);
        struct str encoder = json_get_str(json_get_object(v, "annotations"), encoder_annotation);
        if (encoder.n < sizeof l.encoder_id)
            memcpy(l.encoder_id, encoder.p ? encoder.p : "", encoder.n);
        image_add_layer(im, &l);
    }
    return true;
}

static bool read_annotations(yyjson_val *map, struct image *im, struct err *e) {
    yyjson_obj_iter it = yyjson_obj_iter_with(map);
    if (yyjson_obj_size(map) > LIMIT_CONFIG_ENTRIES)
        return err_set(e, ERR_FAILED, "%zu annotations are over the limit of %d", yyjson_obj_size(map), LIMIT_CONFIG_ENTRIES);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        if (yyjson_is_str(value))
            pair_list_set(&im->arena, &im->annotations, arena_str(&im->arena, str_z(yyjson_get_str(key))),
                          arena_str(&im->arena, str_z(yyjson_get_str(value))));
    }
    return true;
}

static bool read_config_text(struct store *s, struct image *im, struct digest **diff_ids, size_t *n, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    bool good = store_get_blob(s, &im->config_digest, &text, e) &&
                config_json_read(buf_str(&text), "image configuration", im, diff_ids, n, e);
    buf_fini(&text);
    return good;
}

static bool read_config(struct store *s, struct image *im, struct err *e) {
    struct digest *diff_ids = NULL;
    size_t n = 0;
    if (!read_config_text(s, im, &diff_ids, &n, e))
        return false;
    if (n != im->n_layers)
        return err_set(e, ERR_FAILED, "the manifest has %zu layers and the configuration %zu diff_ids", im->n_layers, n);
    for (size_t i = 0; i < n; i++)
        im->layers[i].diff_id = diff_ids[i];
    return true;
}

/* How well an entry of an index fits: 2 exactly, 1 in all but a variant that was not asked for, 0 not. */
static int fit(yyjson_val *entry, struct str platform) {
    yyjson_val *p = json_get_object(entry, "platform");
    struct str rest = platform, os, architecture, variant = json_get_str(p, "variant");
    if (!str_next(&rest, '/', &os) || !str_next(&rest, '/', &architecture) || !str_eq(os, json_get_str(p, "os")) ||
        !str_eq(architecture, json_get_str(p, "architecture")))
        return 0;
    return str_eq(variant, rest) ? 2 : rest.n == 0;
}

/* The manifest of `platform` ("os/arch[/variant]") in an index: the first that fits best; an index with one image needs no match. A pull
 * chooses by the same rule (registry/document.h). */
static bool choose(yyjson_val *index, struct str platform, struct digest *out, struct err *e) {
    yyjson_val *list = json_get_array(index, "manifests"), *v, *found = NULL;
    size_t i, max;
    int best = 0;
    yyjson_arr_foreach(list, i, max, v) {
        int how = !json_get_object(v, "platform") && max == 1 ? 2 : fit(v, platform);
        if (how > best) {
            found = v;
            best = how;
        }
    }
    if (!found)
        return err_set(e, ERR_FAILED, "the index has no image for %.*s", STR_ARG(platform));
    return digest_parse(json_get_str(found, "digest"), out, e);
}

static bool read_manifest(struct store *s, yyjson_val *root, struct image *im, struct err *e) {
    if (json_get_int(root, "schemaVersion", 0) != 2 || !json_get_object(root, "config"))
        return err_set(e, ERR_FAILED, "not an image manifest (schemaVersion 2 with a config is expected)");
    struct str type = json_get_str(root, "mediaType");
    im->manifest_media_type = type.n ? arena_str(&im->arena, type) : S(MEDIA_MANIFEST);
    return read_annotations(json_get_object(root, "annotations"), im, e) &&
           read_descriptor(json_get_object(root, "config"), "config", &im->config_digest, &im->config_bytes, e) &&
           read_layers(json_get_array(root, "layers"), im, e) && read_config(s, im, e);
}

/* The manifest that `*at` names, or that its index has for `platform`; *at becomes its digest. */
static yyjson_doc *load(struct store *s, struct digest *at, struct str platform, uint64_t *bytes, struct err *e) {
    for (int indexes = 0;; indexes++) { /* a pull looks as deep (registry/graph.c) */
        struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
        _cleanup_(json_doc_freep) yyjson_doc *doc = NULL;
        if (store_get_blob(s, at, &text, e))
            doc = json_parse(buf_str(&text), LIMIT_JSON_BYTES, "manifest", e);
        *bytes = text.n;
        buf_fini(&text);
        yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
        if (!root || !json_get_array(root, "manifests"))
            return take_ptr(&doc);
        if (indexes == LIMIT_INDEX_DEPTH) {
            err_set(e, ERR_FAILED, "indexes in an index are nested deeper than %d levels", LIMIT_INDEX_DEPTH);
            return NULL;
        }
        if (!choose(root, platform, at, e))
            return NULL;
    }
}

bool image_is_artifact(struct store *s, const struct digest *manifest) {
    struct digest at = *manifest;
    struct err unread = ERR_INIT;
    uint64_t bytes;
    _cleanup_(json_doc_freep) yyjson_doc *doc = load(s, &at, S("linux/" CROZE_ARCH), &bytes, &unread);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL, *config = json_get_object(root, "config");
    struct str type = json_get_str(config, "mediaType"), of = json_get_str(root, "artifactType");
    err_clear(&unread);
    bool image_config = str_eq(type, S(MEDIA_CONFIG)) || str_eq(type, S(MEDIA_DOCKER_CONFIG));
    if (!config || !image_config)
        return config != NULL && type.n > 0;
    yyjson_val *first = yyjson_arr_get_first(json_get_array(root, "layers")); /* cosign's have an image's configuration */
    struct str layer = json_get_str(first, "mediaType");
    return of.n > 0 || (layer.n > 0 && str_find(layer, S(".image.")) < 0);
}

bool image_resolve(struct store *s, const struct digest *manifest, struct str platform, struct digest *resolved, struct digest *config,
                   struct err *e) {
    uint64_t bytes;
    char name[DIGEST_TEXT + 1];
    *resolved = *manifest;
    _cleanup_(json_doc_freep) yyjson_doc *doc = load(s, resolved, platform, &bytes, e);
    return (doc && digest_parse(json_get_str(json_get_object(yyjson_doc_get_root(doc), "config"), "digest"), config, e)) ||
           err_wrap(e, "image %s", digest_text(resolved, name));
}

bool image_read(struct store *s, const struct digest *manifest, struct str platform, struct image *out, struct err *e) {
    char name[DIGEST_TEXT + 1];
    image_init(out);
    out->manifest = *manifest;
    _cleanup_(json_doc_freep) yyjson_doc *doc = load(s, &out->manifest, platform, &out->manifest_bytes, e);
    if (doc && read_manifest(s, yyjson_doc_get_root(doc), out, e))
        return true;
    digest_text(&out->manifest, name);
    image_fini(out);
    return err_wrap(e, "image %s", name);
}

bool image_read_config(struct store *s, const struct digest *config, struct image *out, struct err *e) {
    struct digest *diff_ids;
    size_t n;
    char name[DIGEST_TEXT + 1];
    image_init(out);
    out->config_digest = *config;
    if (read_config_text(s, out, &diff_ids, &n, e))
        return true;
    image_fini(out);
    return err_wrap(e, "configuration %s", digest_text(config, name));
}
