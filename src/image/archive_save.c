/* SPDX-License-Identifier: Apache-2.0
 * Images -> one tar file. It is an OCI image layout (image-spec image-layout.md), and for docker-archive also what `docker load` reads:
 * manifest.json, whose layers name the same blobs, as docker 25 and later write it. Blobs are copied as they are stored: nothing is packed
 * again. Names sorted, times 0: equal images give equal archives. */
#include <assert.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/vec.h"
#include "image/image.h"
#include "image/media_types.h"
#include "layer/tar.h"

enum { COPY_BYTES = 256 << 10 };

struct saved_image {
    struct str name;             /* "" when it was asked for by ID */
    struct digest found;         /* what the name leads to: perhaps an index */
    struct image image;
};

struct save {
    struct store *store;
    int fd;
    struct arena arena;
    VEC(struct saved_image) images;
    VEC(struct digest) blobs;
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

/* Bytes that leave the store are hashed once more: rot must not be handed on. */
static bool copy_checked(struct save *s, int fd, const struct digest *d, uint64_t size, struct err *e) {
    _cleanup_(mem_freep) char *piece = mem_alloc(COPY_BYTES);
    char text[DIGEST_TEXT + 1];
    struct sha256 hash;
    sha256_init(&hash);
    while (hash.bytes < size) {
        size_t n = size - hash.bytes < COPY_BYTES ? (size_t)(size - hash.bytes) : (size_t)COPY_BYTES;
        if (!file_pread_all(fd, piece, n, hash.bytes, "blob", e) || !file_write_all(s->fd, piece, n, "archive", e))
            return false;
        sha256_update(&hash, piece, n);
    }
    struct digest got = sha256_final(&hash);
    if (digest_eq(&got, d))
        return true;
    return err_set(e, ERR_FAILED, "blob %s in the store is damaged: its bytes do not hash to its name (croze fsck --deep)",
                   digest_text(d, text));
}

static bool put_blob(struct save *s, const struct digest *d, struct err *e) {
    char hex[DIGEST_HEX + 1];
    uint64_t size;
    struct entry en = {.type = ENTRY_FILE, .mode = 0644};
    en.path = arena_printf(&s->arena, "blobs/sha256/%s", digest_hex(d, hex));
    _cleanup_fd_ int fd = store_open_blob(s->store, d, &size, e);
    if (fd < 0)
        return false;
    en.size = size;
    return put_header(s, &en, e) && copy_checked(s, fd, d, size, e) && put_padding(s, size, e);
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
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, root, "manifests");
    for (size_t i = 0; i < s->images.n; i++) {
        const struct saved_image *one = &s->images.p[i];
        char digest[DIGEST_TEXT + 1];
        yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, list);
        json_add_str(d, o, "mediaType", one->image.manifest_media_type);
        json_add_str(d, o, "digest", str_z(digest_text(&one->image.manifest, digest)));
        yyjson_mut_obj_add_uint(d, o, "size", one->image.manifest_bytes);
        if (one->name.n) {
            yyjson_mut_val *annotations = yyjson_mut_obj_add_obj(d, o, "annotations");
            json_add_str(d, annotations, "org.opencontainers.image.ref.name", one->name);
        }
    }
    return put_document(s, "index.json", d, e);
}

static struct str blob_path(struct save *s, const struct digest *d) {
    char hex[DIGEST_HEX + 1];
    return arena_printf(&s->arena, "blobs/sha256/%s", digest_hex(d, hex));
}

/* The first of the images given that is this one. */
static const struct saved_image *first_of(const struct save *s, const struct saved_image *one) {
    size_t i = 0;
    while (!digest_eq(&s->images.p[i].image.manifest, &one->image.manifest))
        i++;
    return &s->images.p[i];
}

/* All names under which the image was asked for. */
static void add_tags(const struct save *s, const struct saved_image *one, yyjson_mut_doc *d, yyjson_mut_val *tags) {
    for (size_t i = 0; i < s->images.n; i++)
        if (s->images.p[i].name.n && first_of(s, &s->images.p[i]) == one)
            json_push_str(d, tags, s->images.p[i].name);
}

/* docker's list: one object an image with its configuration, its names and its layers' paths. */
static bool put_docker_manifest(struct save *s, struct err *e) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *list = yyjson_mut_arr(d);
    yyjson_mut_doc_set_root(d, list);
    for (size_t i = 0; i < s->images.n; i++) {
        const struct saved_image *one = &s->images.p[i];
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

/* --- gathering --- */

/* One name, or one image without a name, given twice counts once. */
static bool was_given(const struct save *s, struct str name, const struct digest *manifest) {
    for (size_t i = 0; i < s->images.n; i++)
        if (str_eq(s->images.p[i].name, name) && digest_eq(&s->images.p[i].found, manifest))
            return true;
    return false;
}

static bool gather(struct save *s, struct str name, struct err *e) {
    struct store_ref ref;
    struct saved_image one = {0};
    /* leased before it is read: gc keeps all that a leased manifest reaches */
    if (!image_find(s->store, name, &s->arena, &ref, e) || !store_lease(s->store, &ref.manifest, e))
        return false;
    struct image_name asked;
    struct err no_name = ERR_INIT; /* by its ID an image is saved without a name, as docker does */
    if (image_name_parse(&s->arena, name, &asked, &no_name) && str_eq(image_name_text(&s->arena, &asked), ref.name))
        one.name = ref.name;
    err_clear(&no_name);
    if (was_given(s, one.name, &ref.manifest))
        return true;
    if (!image_read(s->store, &ref.manifest, S("linux/" CROZE_ARCH), &one.image, e))
        return err_wrap(e, "%.*s", STR_ARG(name));
    one.found = ref.manifest;
    vec_push(&s->images, one);
    vec_push(&s->blobs, one.image.manifest);
    vec_push(&s->blobs, one.image.config_digest);
    for (size_t i = 0; i < one.image.n_layers; i++)
        vec_push(&s->blobs, one.image.layers[i].blob);
    return true;
}

static int by_digest(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct digest));
}

static bool put_blobs(struct save *s, struct err *e) {
    if (s->blobs.n)
        qsort(s->blobs.p, s->blobs.n, sizeof *s->blobs.p, by_digest);
    for (size_t i = 0; i < s->blobs.n; i++)
        if (i == 0 || !digest_eq(&s->blobs.p[i], &s->blobs.p[i - 1]))
            if (!put_blob(s, &s->blobs.p[i], e))
                return false;
    return true;
}

static bool put_all(struct save *s, enum archive_format format, struct err *e) {
    static const char end[TAR_END_BYTES];
    return put_dir(s, "blobs", e) && put_dir(s, "blobs/sha256", e) && put_blobs(s, e) && put_index(s, e) &&
           (format != ARCHIVE_DOCKER || put_docker_manifest(s, e)) &&
           put_bytes(s, "oci-layout", S("{\"imageLayoutVersion\":\"1.0.0\"}"), e) && file_write_all(s->fd, end, sizeof end, "archive", e);
}

bool archive_save(struct store *store, const struct str *names, size_t n, enum archive_format format, int fd, struct err *e) {
    struct save s = {.store = store, .fd = fd};
    bool good = true;
    for (size_t i = 0; good && i < n; i++)
        good = gather(&s, names[i], e);
    good = good && put_all(&s, format, e);
    for (size_t i = 0; i < s.images.n; i++)
        image_fini(&s.images.p[i].image);
    vec_fini(&s.images);
    vec_fini(&s.blobs);
    arena_fini(&s.arena);
    return good;
}
