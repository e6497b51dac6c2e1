/* SPDX-License-Identifier: Apache-2.0
 * Images -> one tar file. It is an OCI image layout (image-spec image-layout.md), and for docker-archive also what `docker load` reads:
 * manifest.json, whose layers name the same blobs, as docker 25 and later write it. Blobs are copied as they are stored: nothing is packed
 * again. Names sorted, times 0: equal images give equal archives. */
#include <unistd.h>

#include "base/limits.h"
#include "image/layout.h"
#include "image/media_types.h"
#include "layer/tar.h"

struct save {
    struct outgoing out;
    int fd;
    struct arena arena;
};

static bool put_header(struct save *s, const struct entry *en, struct err *e) {
    struct buf header = BUF_INIT(TAR_HEADERS_MAX);
    bool good = tar_header(en, &header, e) && file_write_all(s->fd, header.p, header.n, "archive", e);
    buf_fini(&header);
    return good;
}

static bool put_padding(struct save *s, uint64_t size, struct err *e) {
    static const char zeros[TAR_BLOCK];
    return file_write_all(s->fd, zeros, tar_padding(size), "archive", e);
}

static bool put_dir(struct save *s, const char *path, struct err *e) {
    struct entry en = {.path = str_z(path), .type = ENTRY_DIR, .mode = 0755};
    return put_header(s, &en, e);
}

static bool put_bytes(struct save *s, const char *path, struct str bytes, struct err *e) {
    struct entry en = {.path = str_z(path), .type = ENTRY_FILE, .mode = 0644, .size = bytes.n};
    return put_header(s, &en, e) && file_write_all(s->fd, bytes.p, bytes.n, "archive", e) && put_padding(s, bytes.n, e);
}

static bool put_blob(struct save *s, const struct digest *d, struct err *e) {
    char hex[DIGEST_HEX + 1];
    uint64_t size;
    struct entry en = {.type = ENTRY_FILE, .mode = 0644};
    en.path = arena_printf(&s->arena, "blobs/sha256/%s", digest_hex(d, hex));
    _cleanup_fd_ int fd = store_open_blob(s->out.store, d, &size, e);
    if (fd < 0)
        return false;
    en.size = size;
    return put_header(s, &en, e) && outgoing_copy(fd, d, size, s->fd, "archive", e) && put_padding(s, size, e);
}

/* --- documents --- */

static bool put_document(struct save *s, const char *path, yyjson_mut_doc *d, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_INDEX_BYTES);
    json_write(d, false, &text);
    bool good = put_bytes(s, path, buf_str(&text), e);
    buf_fini(&text);
    return good;
}

static bool put_index(struct save *s, struct err *e) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    yyjson_mut_obj_add_int(d, root, "schemaVersion", 2);
    json_add_str(d, root, "mediaType", S(MEDIA_INDEX));
    outgoing_describe(&s->out, d, yyjson_mut_obj_add_arr(d, root, "manifests"));
    return put_document(s, "index.json", d, e);
}

static struct str blob_path(struct save *s, const struct digest *d) {
    char hex[DIGEST_HEX + 1];
    return arena_printf(&s->arena, "blobs/sha256/%s", digest_hex(d, hex));
}

/* The first of the images given that is this one. */
static const struct outgoing_image *first_of(const struct save *s, const struct outgoing_image *one) {
    size_t i = 0;
    while (!digest_eq(&s->out.images.p[i].image.manifest, &one->image.manifest))
        i++;
    return &s->out.images.p[i];
}

/* All names under which the image was asked for. */
static void add_tags(const struct save *s, const struct outgoing_image *one, yyjson_mut_doc *d, yyjson_mut_val *tags) {
    for (size_t i = 0; i < s->out.images.n; i++)
        if (s->out.images.p[i].name.n && first_of(s, &s->out.images.p[i]) == one)
            json_push_str(d, tags, s->out.images.p[i].name);
}

/* docker's list: one object an image with its configuration, its names and its layers' paths. */
static bool put_docker_manifest(struct save *s, struct err *e) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *list = yyjson_mut_arr(d);
    yyjson_mut_doc_set_root(d, list);
    for (size_t i = 0; i < s->out.images.n; i++) {
        const struct outgoing_image *one = &s->out.images.p[i];
        if (first_of(s, one) != one)
            continue; /* its names stand there */
        yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, list);
        json_add_str(d, o, "Config", blob_path(s, &one->image.config_digest));
        add_tags(s, one, d, yyjson_mut_obj_add_arr(d, o, "RepoTags"));
        yyjson_mut_val *layers = yyjson_mut_obj_add_arr(d, o, "Layers");
        for (size_t k = 0; k < one->image.n_layers; k++)
            json_push_str(d, layers, blob_path(s, &one->image.layers[k].blob));
    }
    return put_document(s, "manifest.json", d, e);
}

/* --- the whole --- */

static bool put_blobs(struct save *s, struct err *e) {
    for (size_t i = 0; i < s->out.blobs.n; i++)
        if (!put_blob(s, &s->out.blobs.p[i], e))
            return false;
    return true;
}

static bool put_all(struct save *s, enum archive_format format, struct err *e) {
    static const char end[TAR_END_BYTES];
    return put_dir(s, "blobs", e) && put_dir(s, "blobs/sha256", e) && put_blobs(s, e) && put_index(s, e) &&
           (format != ARCHIVE_DOCKER || put_docker_manifest(s, e)) && put_bytes(s, "oci-layout", S(LAYOUT_FILE), e) &&
           file_write_all(s->fd, end, sizeof end, "archive", e);
}

bool archive_write(struct store *store, const struct archive_item *items, size_t n, enum archive_format format, int fd, struct err *e) {
    struct save s = {.fd = fd};
    bool good = outgoing_gather(&s.out, store, items, n, e) && put_all(&s, format, e);
    outgoing_fini(&s.out);
    arena_fini(&s.arena);
    return good;
}

/* By its ID an image is saved without a name, as docker does. */
static struct str name_asked(struct arena *a, struct str text, const struct store_ref *found) {
    struct image_name asked;
    struct err no_name = ERR_INIT;
    bool by_name = image_name_parse(a, text, &asked, &no_name) && str_eq(image_name_text(a, &asked), found->name);
    err_clear(&no_name);
    return by_name ? found->name : STR_NULL;
}

/* What is given twice counts once. */
static void add_item(struct archive_item *items, size_t *n, struct archive_item item) {
    for (size_t i = 0; i < *n; i++)
        if (str_eq(items[i].name, item.name) && digest_eq(&items[i].manifest, &item.manifest))
            return;
    items[(*n)++] = item;
}

bool archive_save(struct store *store, const struct str *names, size_t n, enum archive_format format, int fd, struct err *e) {
    struct arena a = ARENA_INIT;
    struct archive_item *items = arena_array(&a, struct archive_item, n);
    size_t n_items = 0;
    bool good = true;
    for (size_t i = 0; good && i < n; i++) {
        struct store_ref ref;
        good = image_find(store, names[i], &a, &ref, e);
        if (good)
            add_item(items, &n_items, (struct archive_item){name_asked(&a, names[i], &ref), ref.manifest});
    }
    good = good && archive_write(store, items, n_items, format, fd, e);
    arena_fini(&a);
    return good;
}
