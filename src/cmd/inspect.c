/* SPDX-License-Identifier: Apache-2.0
 * croze inspect: everything about images as JSON (docker's member names), or the part that a template picks. */
#include <stdio.h>

#include "base/limits.h"
#include "cmd/cmd.h"
#include "cmd/inspect_type.h"
#include "cmd/print.h"
#include "image/config_json.h"
#include "sys/clock.h"

static const char *format;

static const struct opt options[] = {
    OPT_STR('f', "format", "TEMPLATE", &format, "json (the default), or a Go template, e.g. '{{.Config.User}}' or '{{json .Config.Env}}'"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_inspect = {
    .name = "inspect",
    .summary = "Show everything about images",
    .usage = "[OPTIONS] IMAGE...",
    .flags = CMD_STORE | CMD_READS,
    .options = options,
    .run = run,
};

/* Adds "repository@digest" unless an earlier name of the image has given it. */
static void add_repo_digest(yyjson_mut_doc *d, yyjson_mut_val *list, struct str text) {
    size_t i, max;
    yyjson_mut_val *have;
    yyjson_mut_arr_foreach(list, i, max, have) {
        if (str_eq(str_n(yyjson_mut_get_str(have), yyjson_mut_get_len(have)), text))
            return;
    }
    json_push_str(d, list, text);
}

/* Whether a name is one of the image `im`, which `found` led to: the same manifest or index, or an index that has this manifest for us. */
static bool is_name_of(struct store *s, const struct store_ref *r, const struct store_ref *found, const struct image *im) {
    struct digest manifest, config;
    struct err quiet = ERR_INIT;
    if (digest_eq(&r->manifest, &found->manifest) || digest_eq(&r->manifest, &im->manifest))
        return true;
    bool known = str_find(r->media_type, S("manifest.v")) < 0 &&
                 image_resolve(s, &r->manifest, S("linux/" CROZE_ARCH), &manifest, &config, &quiet);
    err_clear(&quiet);
    return known && digest_eq(&manifest, &im->manifest);
}

static void add_names(yyjson_mut_doc *d, yyjson_mut_val *o, struct store *s, const struct store_refs *refs, const struct store_ref *found,
                      const struct image *im) {
    char digest[DIGEST_TEXT + 1];
    struct arena a = ARENA_INIT;
    yyjson_mut_val *tags = yyjson_mut_obj_add_arr(d, o, "RepoTags"), *digests = yyjson_mut_obj_add_arr(d, o, "RepoDigests");
    for (size_t i = 0; i < refs->n; i++) {
        struct str name = refs->p[i].name;
        if (!name.n || !is_name_of(s, &refs->p[i], found, im))
            continue;
        json_push_str(d, tags, name);
        ptrdiff_t colon = str_rindex(name, ':');
        struct str repository = str_first(name, colon < 0 ? name.n : (size_t)colon);
        add_repo_digest(d, digests, arena_join3(&a, repository, S("@"), str_z(digest_text(&refs->p[i].manifest, digest))));
    }
    arena_fini(&a);
}

static void add_layers(yyjson_mut_doc *d, yyjson_mut_val *o, const struct image *im) {
    char text[DIGEST_TEXT + 1];
    yyjson_mut_val *rootfs = yyjson_mut_obj_add_obj(d, o, "RootFS");
    json_add_str(d, rootfs, "Type", S("layers"));
    yyjson_mut_val *ids = yyjson_mut_obj_add_arr(d, rootfs, "Layers");
    yyjson_mut_val *blobs = yyjson_mut_arr(d);
    uint64_t size = im->manifest_bytes + im->config_bytes;
    for (size_t i = 0; i < im->n_layers; i++) {
        json_push_str(d, ids, str_z(digest_text(&im->layers[i].diff_id, text)));
        json_push_str(d, blobs, str_z(digest_text(&im->layers[i].blob, text)));
        size += im->layers[i].blob_bytes;
    }
    yyjson_mut_obj_add_val(d, rootfs, "Blobs", blobs);
    yyjson_mut_obj_add_uint(d, o, "Size", size);
}

static yyjson_mut_val *describe(yyjson_mut_doc *d, struct store *s, const struct image *im, const struct store_ref *found,
                                const struct store_refs *refs) {
    char text[DIGEST_TEXT + 1], created[CLOCK_TEXT];
    yyjson_mut_val *o = yyjson_mut_obj(d);
    json_add_str(d, o, "Id", str_z(digest_text(&im->config_digest, text)));
    json_add_str(d, o, "Digest", str_z(digest_text(&found->manifest, text)));
    add_names(d, o, s, refs, found, im);
    json_add_str(d, o, "Created", im->has_created ? str_z(clock_rfc3339(im->created, created)) : STR_NULL);
    json_add_str(d, o, "Author", im->author);
    yyjson_mut_obj_add_val(d, o, "Config", config_json_container(d, &im->config));
    json_add_str(d, o, "Architecture", im->architecture);
    json_add_str(d, o, "Os", im->os);
    add_layers(d, o, im);
    return o;
}

static bool print_template(yyjson_mut_val *o, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES), out = BUF_INIT(LIMIT_JSON_BYTES);
    _cleanup_(json_mut_freep) yyjson_mut_doc *one = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_val_mut_copy(one, o);
    yyjson_mut_doc_set_root(one, root);
    json_write(one, false, &text);
    if (!buf_ok(&text)) {
        buf_fini(&text);
        return err_set(e, ERR_FAILED, "inspect: the image has more to tell than the limit of %zu bytes", LIMIT_JSON_BYTES);
    }
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(buf_str(&text), LIMIT_JSON_BYTES, "image", e);
    bool good = doc && template_run(str_z(format), &inspect_type, yyjson_doc_get_root(doc), &out, e);
    if (good)
        printf("%.*s\n", STR_ARG(buf_str(&out)));
    buf_fini(&text);
    buf_fini(&out);
    return good;
}

static bool as_json(void) {
    return !format || strcmp(format, "json") == 0;
}

static bool inspect_all(struct context *c, struct arena *a, char **names, size_t n, yyjson_mut_doc *d, yyjson_mut_val *list,
                        struct err *e) {
    struct store_refs refs;
    if (!store_refs_read(&c->store, a, &refs, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct store_ref ref;
        struct image im;
        if (!image_find(&c->store, str_z(names[i]), a, &ref, e) || !image_read(&c->store, &ref.manifest, S("linux/" CROZE_ARCH), &im, e))
            return false;
        yyjson_mut_val *o = describe(d, &c->store, &im, &ref, &refs);
        image_fini(&im);
        yyjson_mut_arr_append(list, o);
        if (!as_json() && !print_template(o, e))
            return false;
    }
    return true;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    if (n == 0) {
        err_set(e, ERR_USAGE, "inspect takes at least one image");
        return -1;
    }
    struct arena a = ARENA_INIT;
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *list = yyjson_mut_arr(d);
    yyjson_mut_doc_set_root(d, list);
    bool good = inspect_all(c, &a, args, n, d, list, e);
    if (good && as_json())
        good = print_json(d, true, "inspect", e);
    arena_fini(&a);
    return good ? 0 : -1;
}
