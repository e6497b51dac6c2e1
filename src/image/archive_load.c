/* SPDX-License-Identifier: Apache-2.0
 * A docker-archive or oci-archive -> images of the store. The archive is streamed once: each file becomes a blob under its own digest,
 * whatever its name claims, and is remembered by its path; then the documents (index.json, manifest.json) say what belongs together. Files
 * that no document names are left to gc. Nothing gets a name before everything it needs is here and fits. */
#include <errno.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "image/config_json.h"
#include "image/media_types.h"
#include "layer/read.h"

enum { ARCHIVE_FILES_MAX = 20000 };

/* A file of the archive, now a blob. */
struct stored {
    struct digest digest;
    uint64_t bytes;
    struct str link;            /* a link of old docker archives: the path it means */
    enum compression compression;
};

struct load {
    struct store *store;
    int fd;
    const char *what;
    struct arena arena;
    struct map files;           /* path -> struct stored */
    void (*loaded)(void *ctx, struct str name, const struct digest *id);
    void *ctx;
    struct arena *texts;        /* of `nameless` */
    struct archive_items *nameless; /* gets the images instead of the store's index; else NULL */
};

/* --- the stream --- */

static ptrdiff_t read_archive(void *ctx, void *to, size_t n, struct err *e) {
    struct load *l = ctx;
    for (;;) {
        ssize_t got = read(l->fd, to, n);
        if (got >= 0)
            return got;
        if (errno != EINTR) {
            err_sys(e, errno, "read %s", l->what);
            return -1;
        }
    }
}

static enum compression sniff(const unsigned char *p, size_t n) {
    if (n >= 2 && p[0] == 0x1f && p[1] == 0x8b)
        return COMPRESSION_GZIP;
    return n >= 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0 ? COMPRESSION_ZSTD : COMPRESSION_NONE;
}

/* Streams a file of the archive into a blob. */
static bool store_file(struct load *l, const struct content *c, struct stored *out, struct err *e) {
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    _cleanup_(mem_freep) unsigned char *piece = mem_alloc(256 << 10);
    struct sha256 hash;
    sha256_init(&hash);
    if (!store_draft(l->store, &draft, e))
        return false;
    while (c->kind == CONTENT_STREAM) {
        ptrdiff_t n = c->pull(c->pull_ctx, piece, 256 << 10, e);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        if (hash.bytes == 0)
            out->compression = sniff(piece, (size_t)n);
        sha256_update(&hash, piece, (size_t)n);
        if (!file_write_all(draft.fd, piece, (size_t)n, "blob", e))
            return false;
    }
    out->digest = sha256_final(&hash);
    out->bytes = hash.bytes;
    return store_publish_blob(l->store, &draft, &out->digest, e);
}

static bool take_entry(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct load *l = ctx;
    if (en->type == ENTRY_DIR)
        return true;
    if (l->files.n == ARCHIVE_FILES_MAX)
        return err_set(e, ERR_FAILED, "more than %d files: this is not an image archive", ARCHIVE_FILES_MAX);
    struct stored *s = arena_new(&l->arena, struct stored);
    if (en->type == ENTRY_FILE) {
        if (!store_file(l, c, s, e))
            return err_wrap(e, "%s", SHOWN(en->path));
    } else if (en->type == ENTRY_SYMLINK || en->type == ENTRY_HARDLINK) {
        s->link = arena_str(&l->arena, en->link);
    } else {
        return err_set(e, ERR_FAILED, "%s: only files, directories and links belong into an image archive", SHOWN(en->path));
    }
    map_put(&l->files, arena_str(&l->arena, en->path), s);
    return true;
}

/* --- documents --- */

/* The file at `path`, one link followed ("../<id>/layer.tar" as docker once wrote, or a hard link's full path). */
static const struct stored *find_file(struct load *l, struct str path) {
    const struct stored *s = map_get(&l->files, path);
    if (!s || !s->link.n)
        return s;
    struct str target = s->link;
    if (str_starts(target, S("../")))
        target = str_from(target, 3);
    s = map_get(&l->files, target);
    return s && s->link.n ? NULL : s;
}

static yyjson_doc *read_document(struct load *l, const char *path, struct err *e) {
    const struct stored *s = find_file(l, str_z(path));
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    yyjson_doc *doc = NULL;
    if (!s)
        err_set(e, ERR_FAILED, "%s is missing", path);
    else if (store_get_blob(l->store, &s->digest, &text, e))
        doc = json_parse(buf_str(&text), LIMIT_JSON_BYTES, path, e);
    buf_fini(&text);
    return doc;
}

/* What is not compressed can be told at once to be another layer than the configuration means; the others when they are unpacked. */
static bool check_plain(const struct layer *l, struct err *e) {
    char text[2][DIGEST_TEXT + 1];
    return l->compression != COMPRESSION_NONE || digest_eq(&l->blob, &l->diff_id) ||
           err_set(e, ERR_FAILED, "layer %s is not the %s that the configuration names (diff_ids)", digest_text(&l->blob, text[0]),
                   digest_text(&l->diff_id, text[1]));
}

/* Every blob of an image must be here with the size that its descriptor says. */
static bool check_complete(struct load *l, const struct image *im, struct err *e) {
    for (size_t i = 0; i < im->n_layers; i++) {
        uint64_t size;
        char text[DIGEST_TEXT + 1];
        if (!store_has_blob(l->store, &im->layers[i].blob, &size))
            return err_set(e, ERR_FAILED, "layer %s is missing", digest_text(&im->layers[i].blob, text));
        if (size != im->layers[i].blob_bytes)
            return err_set(e, ERR_FAILED, "layer %s has %llu bytes, its descriptor says %llu", digest_text(&im->layers[i].blob, text),
                           (unsigned long long)size, (unsigned long long)im->layers[i].blob_bytes);
        if (!check_plain(&im->layers[i], e))
            return false;
    }
    return true;
}

static bool check_count(size_t names, struct err *e) {
    return names <= LIMIT_ARCHIVE_NAMES ||
           err_set(e, ERR_FAILED, "%zu images and names are over the limit of %d", names, LIMIT_ARCHIVE_NAMES);
}

static bool name_it(struct load *l, struct str name, const struct image *im, struct err *e) {
    struct store_ref ref = {STR_NULL, im->manifest, im->manifest_bytes, im->manifest_media_type};
    struct image_name parsed;
    struct str full = STR_NULL;
    if (name.n) {
        if (!image_name_parse(&l->arena, name, &parsed, e)) {
            e->kind = ERR_FAILED; /* the archive's fault, not the command line's */
            return err_wrap(e, "name in the archive");
        }
        if (parsed.tag.n) /* containerd's "NAME@sha256:..." names no tag */
            full = image_name_text(&l->arena, &parsed);
    }
    if (l->nameless) {
        struct archive_item item = {arena_str(l->texts, full), im->manifest};
        vec_push(l->nameless, item);
        return true;
    }
    if (!store_refs_set(l->store, full, &ref, e))
        return false;
    l->loaded(l->ctx, full, &im->config_digest);
    return true;
}

/* --- OCI layout --- */

/* docker and containerd keep the full name in one annotation, croze, skopeo and buildah in the other (docker puts the bare tag there). */
static struct str oci_name(yyjson_val *descriptor) {
    yyjson_val *annotations = json_get_object(descriptor, "annotations");
    struct str containerd = json_get_str(annotations, "io.containerd.image.name");
    return containerd.n ? containerd : json_get_str(annotations, "org.opencontainers.image.ref.name");
}

static bool load_oci_image(struct load *l, yyjson_val *descriptor, struct err *e) {
    struct digest manifest;
    struct image im;
    if (!digest_parse(json_get_str(descriptor, "digest"), &manifest, e))
        return false;
    /* leased before it is read: what it reaches may have been in the store before this archive came, and a gc may be about to take it */
    if (!store_lease(l->store, &manifest, e) || !image_read(l->store, &manifest, S("linux/" CROZE_ARCH), &im, e))
        return false;
    bool good = check_complete(l, &im, e) && name_it(l, oci_name(descriptor), &im, e);
    image_fini(&im);
    return good;
}

static bool load_oci(struct load *l, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = read_document(l, "index.json", e);
    if (!doc)
        return false;
    yyjson_val *list = json_get_array(yyjson_doc_get_root(doc), "manifests"), *v;
    size_t i, max;
    if (yyjson_arr_size(list) == 0)
        return err_set(e, ERR_FAILED, "index.json names no image");
    if (!check_count(yyjson_arr_size(list), e))
        return err_wrap(e, "index.json");
    yyjson_arr_foreach(list, i, max, v) {
        if (!load_oci_image(l, v, e))
            return err_wrap(e, "index.json, image %zu", i + 1);
    }
    return true;
}

/* --- docker-archive --- */

static bool docker_layers(struct load *l, yyjson_val *paths, const struct digest *diff_ids, size_t n, struct image *im, struct err *e) {
    yyjson_val *v;
    size_t i, max;
    if (yyjson_arr_size(paths) != n)
        return err_set(e, ERR_FAILED, "%zu layers, and %zu diff_ids in the configuration", yyjson_arr_size(paths), n);
    yyjson_arr_foreach(paths, i, max, v) {
        struct str path = str_n(yyjson_get_str(v), yyjson_get_len(v));
        const struct stored *s = yyjson_is_str(v) ? find_file(l, path) : NULL;
        if (!s)
            return err_set(e, ERR_FAILED, "layer %s is missing", SHOWN(path));
        struct layer layer = {.diff_id = diff_ids[i], .blob = s->digest, .blob_bytes = s->bytes, .compression = s->compression};
        if (!check_plain(&layer, e))
            return false;
        image_add_layer(im, &layer);
    }
    return true;
}

/* Gives the image an OCI manifest over the configuration's own bytes, so that its ID stays what it was. */
static bool docker_image(struct load *l, yyjson_val *o, struct image *im, struct err *e) {
    const struct stored *config = find_file(l, json_get_str(o, "Config"));
    struct digest *diff_ids;
    size_t n;
    if (!config)
        return err_set(e, ERR_FAILED, "its configuration \"%s\" is missing", SHOWN(json_get_str(o, "Config")));
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    bool good = store_get_blob(l->store, &config->digest, &text, e) &&
                config_json_read(buf_str(&text), "configuration", im, &diff_ids, &n, e) &&
                docker_layers(l, json_get_array(o, "Layers"), diff_ids, n, im, e);
    buf_fini(&text);
    im->config_digest = config->digest;
    im->config_bytes = config->bytes;
    return good && manifest_write(l->store, im, e);
}

static bool load_docker_image(struct load *l, yyjson_val *o, struct err *e) {
    struct image im;
    yyjson_val *tags = json_get_array(o, "RepoTags"), *v;
    size_t i, max;
    image_init(&im);
    bool good = docker_image(l, o, &im, e);
    if (good && yyjson_arr_size(tags) == 0)
        good = name_it(l, STR_NULL, &im, e);
    yyjson_arr_foreach(tags, i, max, v) {
        good = good && name_it(l, str_n(yyjson_get_str(v), yyjson_get_len(v)), &im, e);
    }
    image_fini(&im);
    return good;
}

static bool load_docker(struct load *l, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = read_document(l, "manifest.json", e);
    if (!doc)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc), *v;
    size_t i, max;
    if (!yyjson_is_arr(root) || yyjson_arr_size(root) == 0)
        return err_set(e, ERR_FAILED, "manifest.json names no image");
    size_t names = yyjson_arr_size(root);
    yyjson_arr_foreach(root, i, max, v) {
        names += yyjson_arr_size(json_get_array(v, "RepoTags"));
    }
    if (!check_count(names, e))
        return err_wrap(e, "manifest.json");
    yyjson_arr_foreach(root, i, max, v) {
        if (!load_docker_image(l, v, e))
            return err_wrap(e, "manifest.json, image %zu", i + 1);
    }
    return true;
}

static bool load_files(struct load *l, struct err *e) {
    if (find_file(l, S("index.json")) && find_file(l, S("oci-layout")))
        return load_oci(l, e);
    if (find_file(l, S("manifest.json")))
        return load_docker(l, e);
    return err_set(e, ERR_FAILED,
                   "not an image archive: neither manifest.json nor an OCI layout is in it (a root file system is for `croze import`)");
}

static bool load(struct load *l, struct err *e) {
    struct entry_sink sink = {take_entry, l};
    bool read = tar_read(read_archive, l, l->what, sink, e); /* an error of its names the archive */
    bool good = read ? load_files(l, e) || err_wrap(e, "load %s", l->what) : err_wrap(e, "load");
    map_fini(&l->files);
    arena_fini(&l->arena);
    return good;
}

bool archive_load(struct store *s, int fd, const char *what, void (*loaded)(void *, struct str, const struct digest *), void *ctx,
                  struct err *e) {
    struct load l = {.store = s, .fd = fd, .what = what, .loaded = loaded, .ctx = ctx};
    return load(&l, e);
}

bool archive_load_nameless(struct store *s, int fd, const char *what, struct arena *a, struct archive_items *out, struct err *e) {
    struct load l = {.store = s, .fd = fd, .what = what, .texts = a, .nameless = out};
    return load(&l, e);
}
