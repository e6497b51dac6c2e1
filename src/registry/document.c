/* SPDX-License-Identifier: Apache-2.0
 * Manifests and indexes as graphs see them: document.h. Everything is checked here once, so that what is behind may trust it. */
#include "registry/document.h"

#include <pthread.h>

#include "base/limits.h"
#include "image/media_types.h"

#define MEDIA_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_ARTIFACT "application/vnd.oci.artifact.manifest.v1+json"
#define MEDIA_SCHEMA_1 "application/vnd.docker.distribution.manifest.v1+"

bool is_index_type(struct str t) {
    return str_eq(t, S(MEDIA_INDEX)) || str_eq(t, S(MEDIA_DOCKER_LIST));
}

bool is_manifest_type(struct str t) {
    return is_index_type(t) || str_eq(t, S(MEDIA_MANIFEST)) || str_eq(t, S(MEDIA_DOCKER_MANIFEST)) || str_eq(t, S(MEDIA_ARTIFACT));
}

yyjson_doc *manifest_parse(struct str bytes, const char *what, struct err *e) {
    return json_parse_few(bytes, LIMIT_MANIFEST_BYTES, LIMIT_MANIFEST_VALUES, what, e);
}

static pthread_mutex_t large = PTHREAD_MUTEX_INITIALIZER;

void manifest_turn(size_t bytes) {
    if (bytes > LIMIT_MANIFEST_SMALL_BYTES)
        pthread_mutex_lock(&large);
}

void manifest_turn_ends(size_t bytes) {
    if (bytes > LIMIT_MANIFEST_SMALL_BYTES)
        pthread_mutex_unlock(&large);
}

static bool is_image_config(struct str t) {
    return str_eq(t, S(MEDIA_CONFIG)) || str_eq(t, S(MEDIA_DOCKER_CONFIG));
}

const char *reference_tag(const struct digest *d, const char *suffix, char out[REFERENCE_TAG_BYTES]) {
    char hex[DIGEST_HEX + 1];
    snprintf(out, REFERENCE_TAG_BYTES, "sha256-%s%s", digest_hex(d, hex), suffix);
    return out;
}

/* Most are not there, and then take no memory. */
static struct str keep(struct arena *a, struct str s) {
    return s.n ? arena_str(a, s) : S("");
}

static bool read_descriptor(yyjson_val *v, struct arena *a, struct descriptor *out, struct err *e) {
    int64_t bytes = json_get_int(v, "size", -1);
    char text[DIGEST_TEXT + 1];
    if (!yyjson_is_obj(v))
        return err_set(e, ERR_FAILED, "there is no descriptor");
    if (!digest_parse(json_get_str(v, "digest"), &out->digest, e))
        return false;
    if (bytes < 0)
        return err_set(e, ERR_FAILED, "the descriptor of %s has no size", digest_text(&out->digest, text));
    if (yyjson_arr_size(json_get_array(v, "urls")) > 0)
        return err_set(e, ERR_FAILED, "%s is a foreign layer: its bytes lie at URLs of its own (\"urls\"), and are not fetched from there",
                       digest_text(&out->digest, text));
    out->bytes = (uint64_t)bytes;
    out->media_type = keep(a, json_get_str(v, "mediaType"));
    out->artifact_type = keep(a, json_get_str(v, "artifactType"));
    return true;
}

/* --- An index --- */

static bool read_child(yyjson_val *v, struct arena *a, struct child *out, struct err *e) {
    yyjson_val *p = json_get_object(v, "platform");
    if (!read_descriptor(v, a, &out->descriptor, e))
        return false;
    out->os = keep(a, json_get_str(p, "os"));
    out->architecture = keep(a, json_get_str(p, "architecture"));
    out->variant = keep(a, json_get_str(p, "variant"));
    return out->descriptor.bytes <= LIMIT_MANIFEST_BYTES || err_set(e, ERR_FAILED, "a manifest of %llu bytes is over the limit of %zu",
                                                                    (unsigned long long)out->descriptor.bytes, LIMIT_MANIFEST_BYTES);
}

static bool read_index(yyjson_val *list, struct arena *a, struct document *out, struct err *e) {
    size_t i, max, n = yyjson_arr_size(list);
    yyjson_val *v;
    if (n > LIMIT_INDEX_CHILDREN)
        return err_set(e, ERR_FAILED, "an index of %zu manifests is over the limit of %d", n, LIMIT_INDEX_CHILDREN);
    out->is_index = true;
    out->children = arena_array(a, struct child, n);
    yyjson_arr_foreach(list, i, max, v) {
        if (!read_child(v, a, &out->children[out->n_children++], e))
            return err_wrap(e, "manifests[%zu]", i);
    }
    return true;
}

/* --- A manifest --- */

static bool read_blob(yyjson_val *v, struct arena *a, struct descriptor *out, struct err *e) {
    return read_descriptor(v, a, out, e) &&
           (out->bytes <= LIMIT_BLOB_BYTES || err_set(e, ERR_FAILED, "a blob of %llu bytes is over the limit of %llu",
                                                      (unsigned long long)out->bytes, (unsigned long long)LIMIT_BLOB_BYTES));
}

static bool read_blobs(yyjson_val *list, struct arena *a, struct document *out, struct err *e) {
    size_t i, max, n = yyjson_arr_size(list), most = out->is_image ? LIMIT_IMAGE_LAYERS : LIMIT_ARTIFACT_BLOBS;
    yyjson_val *v;
    if (n > most)
        return err_set(e, ERR_FAILED, "%zu layers are over the limit of %zu", n, most);
    struct descriptor *all = arena_array(a, struct descriptor, n + out->n_blobs);
    for (i = 0; i < out->n_blobs; i++)
        all[i] = out->blobs[i];
    out->blobs = all;
    yyjson_arr_foreach(list, i, max, v) {
        if (!read_blob(v, a, &all[out->n_blobs++], e))
            return err_wrap(e, "layers[%zu]", i);
    }
    return true;
}

static bool read_config(yyjson_val *config, struct arena *a, struct document *out, struct err *e) {
    out->blobs = arena_new(a, struct descriptor);
    if (!read_descriptor(config, a, &out->blobs[0], e))
        return err_wrap(e, "config");
    out->n_blobs = 1;
    out->is_image = is_image_config(out->blobs[0].media_type);
    if (!out->artifact_type.n)
        out->artifact_type = out->blobs[0].media_type;
    return out->blobs[0].bytes <= LIMIT_IMAGE_CONFIG_BYTES ||
           err_set(e, ERR_FAILED, "a configuration of %llu bytes is over the limit of %zu", (unsigned long long)out->blobs[0].bytes,
                   LIMIT_IMAGE_CONFIG_BYTES);
}

static bool read_manifest(yyjson_val *root, struct arena *a, struct document *out, struct err *e) {
    yyjson_val *config = json_get_object(root, "config"), *blobs = json_get_array(root, "blobs");
    if (!config && !(blobs && str_eq(out->media_type, S(MEDIA_ARTIFACT))))
        return err_set(e, ERR_FAILED, "neither a manifest (it has no \"config\") nor an index (it has no \"manifests\")");
    if (config && !read_config(config, a, out, e))
        return false;
    return read_blobs(json_get_array(root, "layers"), a, out, e) && read_blobs(blobs, a, out, e);
}

/* --- Either --- */

static bool check_version(yyjson_val *root, const struct document *d, struct err *e) {
    int64_t version = json_get_int(root, "schemaVersion", 2);
    if (version == 1 || str_starts(d->media_type, S(MEDIA_SCHEMA_1)))
        return err_set(e, ERR_FAILED,
                       "a manifest of docker's schema 1, which no registry should hold since 2017: pull and push it with a docker older "
                       "than 28 to make a new one of it");
    return version == 2 || err_set(e, ERR_FAILED, "a manifest of schemaVersion %lld is not supported", (long long)version);
}

static bool read_subject(yyjson_val *root, struct arena *a, struct document *out, struct err *e) {
    yyjson_val *subject = yyjson_obj_get(root, "subject");
    if (!subject || yyjson_is_null(subject))
        return true;
    out->has_subject = true;
    return read_descriptor(subject, a, &out->subject, e) || err_wrap(e, "subject");
}

static bool read_root(yyjson_val *root, struct arena *a, struct document *out, struct err *e) {
    if (!yyjson_is_obj(root))
        return err_set(e, ERR_FAILED, "it is no JSON object");
    out->media_type = arena_str(a, json_get_str(root, "mediaType"));
    out->artifact_type = arena_str(a, json_get_str(root, "artifactType"));
    yyjson_val *list = json_get_array(root, "manifests");
    if (list && json_get_object(root, "config"))
        return err_set(e, ERR_FAILED, "it is a manifest and an index at once (\"config\" and \"manifests\")");
    if (out->media_type.n && is_manifest_type(out->media_type) && is_index_type(out->media_type) != (list != NULL))
        return err_set(e, ERR_FAILED, "its mediaType %s is not what it is", SHOWN(out->media_type));
    return check_version(root, out, e) && json_keys_differ(root, "manifest", e) &&
           (list ? read_index(list, a, out, e) : read_manifest(root, a, out, e)) && read_subject(root, a, out, e);
}

bool document_read(struct str bytes, struct arena *a, struct document *out, struct err *e) {
    *out = (struct document){0};
    manifest_turn(bytes.n);
    yyjson_doc *doc = manifest_parse(bytes, "manifest", e);
    bool good = doc && read_root(yyjson_doc_get_root(doc), a, out, e);
    yyjson_doc_free(doc);
    manifest_turn_ends(bytes.n);
    return good;
}

bool document_type(const struct document *d, struct str said, struct str *out, struct err *e) {
    if (said.n && d->media_type.n && is_manifest_type(said) && !str_eq(said, d->media_type))
        return err_set(e, ERR_FAILED, "it is called a %s, and says of itself that it is a %s", SHOWN(said), SHOWN(d->media_type));
    if (said.n && is_manifest_type(said) && is_index_type(said) != d->is_index)
        return err_set(e, ERR_FAILED, "it is called a %s, which it is not", SHOWN(said));
    *out = d->media_type.n ? d->media_type : is_manifest_type(said) ? said : d->is_index ? S(MEDIA_INDEX) : S(MEDIA_MANIFEST);
    return true;
}

/* --- Platforms --- */

static struct str child_platform(struct arena *a, const struct child *c) {
    bool variant = c->variant.n > 0;
    return arena_printf(a, "%s/%s%s%s", SHOWN(c->os), SHOWN(c->architecture), variant ? "/" : "", SHOWN(c->variant));
}

/* The first that fits, as docker takes it; one without a variant is taken before others where none is asked for. */
const struct child *document_choose(const struct document *d, struct str platform) {
    struct str rest = platform, os, architecture, variant;
    const struct child *found = NULL;
    str_next(&rest, '/', &os);
    if (!str_next(&rest, '/', &architecture))
        architecture = STR_NULL;
    variant = rest.p ? rest : STR_NULL;
    for (size_t i = 0; i < d->n_children; i++) {
        const struct child *c = &d->children[i];
        if (!str_eq(c->os, os) || !str_eq(c->architecture, architecture))
            continue;
        if (str_eq(c->variant, variant))
            return c;
        if (!variant.n && !found)
            found = c;
    }
    return found ? found : d->n_children == 1 && !d->children[0].os.n ? &d->children[0] : NULL;
}

struct str document_platforms(const struct document *d, struct arena *a) {
    struct str text = STR_NULL;
    for (size_t i = 0; i < d->n_children; i++) {
        const struct child *c = &d->children[i];
        if (c->os.n && !str_eq(c->os, S("unknown")) && text.n < 1000)
            text = arena_join3(a, text, text.n ? S(", ") : STR_NULL, child_platform(a, c));
    }
    return text;
}
